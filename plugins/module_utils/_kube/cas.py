# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Compare and swap: change an object of the cluster only as it was read, however many others change it, too.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

import random
import time
import typing

from ansible_collections.osmigrate.fleet.plugins.module_utils._errors import FleetError

# How long those who met at a write keep apart at first: in times of what an attempt took, and in seconds.
SPREAD, LEAST_SPREAD, LONGEST_SPREAD = 8, 0.3, 1.0
CONFLICT = 409


def update(
    cluster: typing.Any,
    read: typing.Callable[[float], typing.Tuple[typing.Any, typing.Optional[str]]],
    decide: typing.Callable[[typing.Any, float], typing.Any],
    write: typing.Callable[[typing.Any, typing.Optional[str], float], typing.Any],
) -> typing.Tuple[typing.Any, typing.Any, typing.Any]:
    """Read, decide, and write, as often as somebody else writes in between.

    :param cluster: client.Cluster.
    :param read: returns the object and its version; takes the time.monotonic() until which it may try.
    :param decide: takes the object and the time, returns a plan with C(actions). It is called again after a conflict,
        with the object as it is then. Without actions nothing is written.
    :param write: takes the plan, the version and the time until which it may try, returns the object as it is then.
    :returns: tuple (object before, plan, object after).
    :raises ApiError: others were faster for as long as an API server that does not answer is waited for.
    """
    until = time.monotonic() + cluster.api_timeout
    conflicts = 0
    while True:
        started = time.monotonic()
        before, version = read(until)
        plan = decide(before, cluster.now())
        if not plan.actions:
            return before, plan, before
        try:
            return before, plan, write(plan, version, until)
        except FleetError as error:
            if getattr(error, "status", None) != CONFLICT or time.monotonic() > until:
                raise
            # Those who met here should not meet again, however slow the API server is. Who has lost more often waits
            # less, or some would wait very long.
            conflicts += 1
            spread = min(max(SPREAD * (time.monotonic() - started), LEAST_SPREAD), LONGEST_SPREAD)
            time.sleep(random.uniform(0, spread / conflicts))

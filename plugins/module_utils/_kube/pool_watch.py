# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Wait until a place of a pool may have become free.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

import math
import random
import time
import typing

from ansible_collections.osmigrate.fleet.plugins.module_utils._kube import pool_object, pool_plan
from ansible_collections.osmigrate.fleet.plugins.module_utils._kube.client import ApiError, Cluster

# All who wait are woken by the same change; so that not all of them ask at the same moment.
APART = 0.3


class Room:
    """Watches a pool's object for a place that is given back, and for a halt.

    What else makes room, such as a node that is Ready again, is seen by whoever asks again after the pause.

    :param name: of the pool.
    :param may_watch: False under a cap on all pools. Who finds there that he is one too many gives a place back that he
        has just taken, and would wake all others, who would do the same.
    """

    def __init__(
        self,
        cluster: Cluster,
        name: str,
        may_watch: bool,
        now: typing.Callable[[], float] = time.monotonic,
        sleep: typing.Callable[[float], typing.Any] = time.sleep,
    ) -> None:
        self._cluster, self._name, self._now, self._sleep = cluster, name, now, sleep
        self._may_watch = may_watch

    def wait(self, pool: pool_plan.Pool, seconds: float) -> None:
        """Return as soon as there may be room, and after so many seconds in any case.

        :param pool: the pool as it was when it had no room: what was given back since then counts, too.
        """
        end = self._now() + seconds
        if self._may_watch and seconds > 0:
            try:
                if self._frees(pool, math.ceil(seconds)):
                    self._sleep(random.uniform(0, min(APART, seconds)))
                    return
            except ApiError as error:
                # With the rights of a former release there is no watch, and who waits asks again and again.
                self._may_watch = error.status not in (403, 404)
        self._sleep(max(0, end - self._now()))

    def _frees(self, pool: pool_plan.Pool, seconds: int) -> bool:
        held = set(pool.claims)
        query = {"fieldSelector": "metadata.name=" + pool_object.object_name(self._name)}
        # Without a version the watch begins with the object as it is.
        for kind, thing in self._cluster.watch(pool_object.OBJECTS, query, "", seconds):
            try:
                seen = pool_object.parse(thing)
            except pool_object.BrokenPool:
                # Whoever asks next says what is wrong.
                return True
            claims = set(seen.claims)
            if held - claims or seen.halt or kind == "DELETED":
                return True
            held = claims
        return False

# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How well places of a budget are used where Ansible takes no time: each node's claim, cordon, uncordon and release are
written to a real API server by the functions that modules call, one thread for each fork. Drains and boots are played.
"""

from __future__ import annotations

import concurrent.futures
import functools
import os
import random
import sys
import time
from pathlib import Path
from typing import Any
from unittest import mock

from ansible_collections.osmigrate.fleet.plugins.module_utils._kube import claim, cordon_plan, pool_watch
from ansible_collections.osmigrate.fleet.plugins.module_utils._kube.client import MANAGER, update_node

from tests.bench.figures import figure
from tests.bench.plane import Plane, connect
from tests.bench.rollout import AHEAD, LONG, SEED, USUAL
from tests.cluster.fleet_of_nodes import Fleet

SHARE = 10  # one node of ten is out of service at most, and one of ten takes its time
ROLLOUT = "window"


def takes(count: int) -> list[float]:
    """Return for how many seconds each node is out of service: of a heavy tail."""
    dice = random.Random(SEED)
    long = set(dice.sample(range(count), count // SHARE))
    return [dice.uniform(*(LONG if number in long else USUAL)) for number in range(count)]


def run(
    plane: Plane, admin: Any, robot: Path, count: int, watched: bool = True, slow_first: bool = True
) -> tuple[float, float]:
    """Take all nodes their way.

    :param watched: whether who waits watches the pool's object, or asks every few seconds.
    :param slow_first: whether nodes go in the order of what they take, as where that is known from their last moves.
    :returns: seconds from the first cordon to the last place that was given back, and their bound.
    """
    fleet, window, seconds = Fleet(plane, admin, count), count // SHARE, takes(count)
    if slow_first:
        seconds.sort(reverse=True)
    ways: list[tuple[float, float]] = []

    def take(number: int) -> None:
        cluster, node = connect(robot), fleet.nodes[number]
        claim.claim(cluster, fleet.request(number, str(window), 3600, ROLLOUT))
        begun = time.monotonic()
        update_node(cluster, node, lambda one, now: cordon_plan.plan_cordon(one, ROLLOUT, now))
        time.sleep(seconds[number])
        update_node(cluster, node, lambda one, now: cordon_plan.plan_uncordon(one, MANAGER, now))
        claim.release(cluster, node, "pool")
        ways.append((begun, time.monotonic()))

    with mock.patch.object(claim.pool_watch, "Room", functools.partial(_room, watched)):
        with concurrent.futures.ThreadPoolExecutor(window + AHEAD) as threads:
            for _done in threads.map(take, range(count)):
                pass
    fleet.close()
    whole = max(end for _begin, end in ways) - min(begin for begin, _end in ways)
    each = [end - begin for begin, end in ways]
    bound = max(*each, sum(each) / window)
    how = f"{'watched' if watched else 'asked'}, {'slow first' if slow_first else 'as they come'}"
    said = f"{count} nodes, {how}: {whole:.0f} s, at least {bound:.0f} s, load {os.getloadavg()[0]:.0f}"
    print(f"  {said}", file=sys.stderr, flush=True)
    return whole, bound


_ROOM = pool_watch.Room


def _room(watched: bool, cluster: Any, name: str, _may_watch: bool, *clocks: Any) -> pool_watch.Room:
    return _ROOM(cluster, name, watched, *clocks)


def bench(plane: Plane, admin: Any, robot: Path, counts: tuple[int, ...] = (60, 600)) -> list[dict[str, Any]]:
    """Measure, and return the figures."""
    figures = []
    for count in counts:
        named = f"{count} nodes, {count // SHARE} at once, without Ansible: seconds"
        for more, how, goal in (
            ("", {}, 1.10),
            (", asking every few seconds", {"watched": False}, None),
            (", as they come", {"slow_first": False}, None),
        ):
            whole, bound = run(plane, admin, robot, count, **how)
            figures.append(figure(named + more, whole, bound, "longest, or all / places", goal))
    return figures

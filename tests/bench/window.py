# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How well places of a budget are used where Ansible takes no time: each node's claim, cordon, uncordon and release are
written to a real API server by the functions that modules call, one thread for each fork. Drains and boots are played,
and nobody plays kubelets: nodes were made Ready once.
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

from ansible_collections.osmigrate.fleet.plugins.module_utils._kube import (
    claim,
    cordon_plan,
    pool_plan,
    pool_watch,
)
from ansible_collections.osmigrate.fleet.plugins.module_utils._kube.client import (
    MANAGER,
    MERGE_PATCH,
    NODES,
    Cluster,
    node_path,
    update_node,
)

from tests.bench.figures import figure
from tests.bench.plane import Plane, connect
from tests.bench.rollout import AHEAD, LONG, SEED, USUAL
from tests.cluster.fleet_of_nodes import ANY_TIME
from tests.lab import simulated

COUNTS = (60, 600)
SHARE = 10  # one node of ten is out of service at most, and one of ten takes its time
ROLLOUT = "window"


def takes(count: int) -> list[float]:
    """Return for how many seconds each node is out of service: of a heavy tail."""
    dice = random.Random(SEED)
    long = set(dice.sample(range(count), count // SHARE))
    return [dice.uniform(*(LONG if number in long else USUAL)) for number in range(count)]


def run(admin: Cluster, robot: Path, count: int, watched: bool = True, slow_first: bool = True) -> tuple[float, float]:
    """Take all nodes their way.

    :param watched: whether who waits watches the pool's object, or asks every few seconds.
    :param slow_first: whether nodes go in the order of what they take, as where that is known from their last moves.
    :returns: seconds from the first cordon to the last place that was given back, and their bound.
    """
    window, seconds, nodes = count // SHARE, takes(count), _nodes(admin, count)
    if slow_first:
        seconds.sort(reverse=True)
    ways: list[tuple[float, float]] = []

    def take(number: int) -> None:
        cluster, node = connect(robot), nodes[number]
        limits = pool_plan.Limits(str(window), None)
        claim.claim(cluster, claim.Request(node, ROLLOUT, limits, 3600, node, [], "pool", ANY_TIME))
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
    whole = max(end for _begin, end in ways) - min(begin for begin, _end in ways)
    each = [end - begin for begin, end in ways]
    bound = max(*each, sum(each) / window)
    how = f"{'watched' if watched else 'asked'}, {'slow first' if slow_first else 'as they come'}"
    said = f"{count} nodes, {how}: {whole:.0f} s, at least {bound:.0f} s, load {os.getloadavg()[0]:.0f}"
    print(f"  {said}", file=sys.stderr, flush=True)
    return whole, bound


def _nodes(admin: Cluster, count: int) -> list[str]:
    """Make a pool of so many nodes, if it is not there, and return their names."""
    pool = f"window-{count}"
    names = [f"{pool}-{number}" for number in range(count)]
    there = {one["metadata"]["name"] for one in admin.list(NODES, {"labelSelector": f"pool={pool}"}).items}

    def make(name: str) -> None:
        if name not in there:
            admin.request("POST", NODES, None, simulated.node(name, {"pool": pool}))
            ready = {"conditions": [{"type": "Ready", "status": "True"}]}
            admin.request("PATCH", f"{node_path(name)}/status", None, {"status": ready}, MERGE_PATCH)

    with concurrent.futures.ThreadPoolExecutor(8) as threads:
        for _made in threads.map(make, names):
            pass
    return names


_ROOM = pool_watch.Room


def _room(watched: bool, cluster: Any, name: str, _may_watch: bool, *clocks: Any) -> pool_watch.Room:
    return _ROOM(cluster, name, watched, *clocks)


def bench(plane: Plane, admin: Cluster, robot: Path) -> list[dict[str, Any]]:
    """Measure, and return the figures."""
    # They would look after nodes whose kubelets never report.
    plane.rest("kube-scheduler", "kube-controller-manager")
    figures = []
    for count in COUNTS:
        named = f"{count} nodes, {count // SHARE} at once, without Ansible: seconds"
        for more, how, goal in (
            ("", {}, 1.10),
            (", asking every few seconds", {"watched": False}, None),
            (", as they come", {"slow_first": False}, None),
        ):
            whole, bound = run(admin, robot, count, **how)
            figures.append(figure(named + more, whole, bound, "longest, or all / places", goal))
    return figures

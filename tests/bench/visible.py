# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What it costs to be seen: reducer, report and status of large fleets, and how true estimates are. No cluster."""

from __future__ import annotations

import random
import statistics
import time
from collections.abc import Callable, Iterator
from typing import Any

from ansible_collections.osmigrate.fleet.plugins.plugin_utils import (
    _events as events,
    _outlook as outlook,
    _page as page,
    _rollout as rollout,
    _run_report as run_report,
    _status,
)

from tests.bench.figures import figure

NODES, FLEET = 5000, 6000
AT_ONCE, ROLLOUTS = 10, 100
# By what factor a node's drain is longer or shorter than its last one, as the deviation of a logarithm.
DIFFERS = 0.25
OTHER_STEPS = 15.0
WAY = ("look", "claim", "cordon", "drain", "arm", "reboot", "verify", "confirm", "uncordon")
# A rollout may cost its callback so much of its time, in seconds of a node's way of minutes.
REPORT_SECONDS, EVENTS_SECONDS, ESTIMATE_PERCENT = 5.0, 0.02 * 300, 15.0
SAME = {"ready": True, "schedulable": True, "os_image": "Debian 13", "kernel_version": "6.12"}


def habits(nodes: int, chance: random.Random) -> list[float]:
    """Return seconds that the drains of nodes usually take: of a heavy tail."""
    return [min(1800.0, 30 * chance.paretovariate(1.3)) for _node in range(nodes)]


def told(usual: list[float], at_once: int, chance: random.Random, known: bool = True) -> Iterator[events.Event]:
    """Yield the events of a rollout in the order of time.

    :param usual: as habits() returns it; drains differ from that by DIFFERS.
    :param known: whether Node objects say what the last moves took.
    """
    free = [0.0] * at_once
    found: list[tuple[float, str, dict[str, Any]]] = []
    names = [f"w{number}" for number in range(len(usual))]
    for name, habit in zip(names, usual):
        place = min(range(at_once), key=free.__getitem__)
        at = free[place]
        for step in WAY:
            found.append((at, "step", {"node": name, "step": step}))
            if step in ("cordon", "uncordon"):
                found.append((at, "service", {"node": name, "serving": step == "uncordon"}))
            at += _this_time(habit, chance) if step == "drain" else OTHER_STEPS
        found.append((at, "result", {"node": name, "outcome": "done"}))
        free[place] = at
    last = [int(_this_time(habit, chance) + 5 * OTHER_STEPS) if known else 0 for habit in usual]
    rest = {"pools": ["worker"] * len(names), "places": {"worker": at_once}, "sliding": True}
    first = [
        (0.0, "ahead", {"nodes": names, "last": last, **rest}),
        (0.0, "batch", {"play": "p", "number": 1, "of": 1, "nodes": names, "total": len(names)}),
    ]
    ordered = [*first, *sorted(found, key=lambda one: one[0])]
    for number, (at, kind, said) in enumerate([*ordered, (ordered[-1][0], "end", {})], 1):
        yield events.event("r", number, at, kind, **said)


def _this_time(habit: float, chance: random.Random) -> float:
    return habit * chance.lognormvariate(0.0, DIFFERS)


def seconds(action: Callable[[], object]) -> float:
    begun = time.process_time()
    action()
    return time.process_time() - begun


def errors(nodes: int, known: bool) -> float:
    """Return the median of how wrong the estimate at half of a rollout is, as a share, over many of them."""
    found = []
    for seed in range(ROLLOUTS):
        chance = random.Random(seed)
        all_of_it = list(told(habits(nodes, chance), AT_ONCE, chance, known))
        end, state = all_of_it[-1].at, rollout.Rollout()
        for one in all_of_it:
            if one.at > end / 2:
                break
            rollout.apply(state, one)
        left = outlook.seconds_left(state, end / 2)
        found.append(abs((left or 0.0) - end / 2) / (end / 2))
    return statistics.median(found)


def bench() -> list[dict[str, Any]]:
    """Measure, and return the figures."""
    chance = random.Random(1)
    lines = [events.written(one) for one in told(habits(NODES, chance), AT_ONCE, chance)]
    state = rollout.reduce(events.read_all(lines))
    reduced = seconds(lambda: rollout.reduce(events.read_all(lines)))
    report = seconds(lambda: page.as_html(run_report.facts(state)))
    ours = {"phase": "done", "release": "d-1", "since": "2026-11-20T00:00:00Z", "timings": "drain=60 reboot=60"}
    fleet = [{**SAME, "name": f"w{number}", "osmigrate": ours} for number in range(FLEET)]
    shown = seconds(lambda: _status.as_html(_status.facts([{"server": "s", "nodes": fleet, "pools": []}], 1.8e9)))
    ways = EVENTS_SECONDS * NODES / AT_ONCE
    return [
        figure(f"seconds of the reducer for {NODES} nodes", reduced, ways, "2 % of the run", 1.0),
        figure(f"seconds for the report of {NODES} nodes", reduced + report, REPORT_SECONDS, "bound", 1.0),
        figure(f"seconds for the page of status of {FLEET} nodes", shown, REPORT_SECONDS, "bound", 1.0),
        *(
            figure(
                f"error of the estimate at half of {nodes} nodes, {named}, median of {ROLLOUTS}, %",
                100 * errors(nodes, known),
                ESTIMATE_PERCENT,
                "bound",
                1.0,
            )
            for nodes in (60, 600)
            for known, named in ((True, "moved before"), (False, "for the first time"))
        ),
    ]

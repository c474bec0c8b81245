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
    _page as page,
    _rollout as rollout,
    _run_report as run_report,
    _status,
)

from tests.bench.figures import figure

NODES, FLEET = 5000, 6000
AT_ONCE, MONTH = 10, 40
WAY = ("look", "claim", "cordon", "drain", "arm", "reboot", "verify", "confirm", "uncordon")
# A rollout may cost its callback so much of its time, in seconds of a node's way of minutes.
REPORT_SECONDS, EVENTS_SECONDS = 5.0, 0.02 * 300
SAME = {"ready": True, "schedulable": True, "os_image": "Debian 13", "kernel_version": "6.12"}


def told(nodes: int, at_once: int, chance: random.Random) -> Iterator[events.Event]:
    """Yield the events of a rollout with drains of a heavy tail, in the order of time."""
    free = [0.0] * at_once
    found: list[tuple[float, str, dict[str, Any]]] = []
    names = [f"w{number}" for number in range(nodes)]
    for name in names:
        place = min(range(at_once), key=free.__getitem__)
        at = free[place]
        for step in WAY:
            found.append((at, "step", {"node": name, "step": step}))
            if step in ("cordon", "uncordon"):
                found.append((at, "service", {"node": name, "serving": step == "uncordon"}))
            at += min(1800.0, 30 * chance.paretovariate(1.3)) if step == "drain" else 15.0
        found.append((at, "result", {"node": name, "outcome": "done"}))
        free[place] = at
    first = (0.0, "batch", {"play": "p", "number": 1, "of": 1, "nodes": names, "total": nodes})
    ordered = [first, *sorted(found, key=lambda one: one[0])]
    for number, (at, kind, said) in enumerate([*ordered, (ordered[-1][0], "end", {})], 1):
        yield events.event("r", number, at, kind, **said)


def seconds(action: Callable[[], object]) -> float:
    begun = time.process_time()
    action()
    return time.process_time() - begun


def errors(nodes: int) -> float:
    """Return the median of how wrong the estimate at half of a rollout is, as a share, over a month of them."""
    found = []
    for seed in range(MONTH):
        all_of_it = list(told(nodes, AT_ONCE, random.Random(seed)))
        end, state = all_of_it[-1].at, rollout.Rollout()
        for one in all_of_it:
            if one.at > end / 2:
                break
            rollout.apply(state, one)
        left = rollout.seconds_left(state, end / 2)
        found.append(abs((left or 0.0) - end / 2) / (end / 2))
    return statistics.median(found)


def bench() -> list[dict[str, Any]]:
    """Measure, and return the figures."""
    lines = [events.written(one) for one in told(NODES, AT_ONCE, random.Random(1))]
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
                f"error of the estimate at half of {nodes} nodes, median of {MONTH}, %",
                100 * errors(nodes),
                15.0,
                "bound",
                1.0,
            )
            for nodes in (60, 600)
        ),
    ]

# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes the tables and the chart of docs/scale-out.md, by arithmetic over what was measured and what is assumed.

Usage: scale.py [--check]
"""

from __future__ import annotations

import math
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs/scale-out.md"
CHART = ROOT / "docs/scale-out.svg"


class Figure(NamedTuple):
    """A number that the arithmetic takes, and where it is from."""

    name: str
    value: float
    unit: str
    source: str


NODES = 130_000
AWAY = Figure("A node is out of service for", 900, "s", "assumed: a server's firmware, its drain and its checks")
HOURS = Figure("Windows are open for", 120, "hours a month", "assumed: 20 nights of 6 hours")
BUDGET = Figure("Of a pool may be out of service", 10, "%", "the default of `osmigrate_max_unavailable`")
FAILS = Figure("Nodes that are tried twice", 2, "%", "assumed")
CPU = Figure("CPU of the controller for each node", 15, "s", "assumed: 150 tasks of a tenth of a second")
EVENTS = Figure("Events for each node", 300, "", "assumed: one at the begin and one at the end of a task")
FORKS = Figure("Forks of a job", 20, "", "the project's `ansible.cfg`")
FORK_MEMORY = Figure("Memory that AWX counts for a fork", 100, "MB", "AWX's default, `SYSTEM_TASK_FORKS_MEM`")
FORKS_A_CORE = Figure("Forks that AWX counts for a core", 4, "", "AWX's default, `SYSTEM_TASK_FORKS_CPU`")
TAKEN = (AWAY, HOURS, BUDGET, FAILS, CPU, EVENTS, FORKS, FORK_MEMORY, FORKS_A_CORE)


class Need(NamedTuple):
    """What a month of a fleet takes."""

    an_hour: float
    at_once: int
    jobs: int
    forks: int
    cores: float
    awx_cores: int
    awx_memory: float  # GB
    events: float  # in the month
    events_a_second: float
    smallest: int  # nodes of all pools, for the budgets to let so many go at once


def need(nodes: int) -> Need:
    tries = nodes * (1 + FAILS.value / 100)
    an_hour = tries / HOURS.value
    at_once = math.ceil(an_hour * AWAY.value / 3600)
    jobs = math.ceil(at_once / FORKS.value)
    forks = jobs * int(FORKS.value)
    return Need(
        an_hour=an_hour,
        at_once=at_once,
        jobs=jobs,
        forks=forks,
        cores=tries * CPU.value / (HOURS.value * 3600),
        # AWX counts one more for each job.
        awx_cores=math.ceil((forks + jobs) / FORKS_A_CORE.value),
        awx_memory=(forks + jobs) * FORK_MEMORY.value / 1000,
        events=tries * EVENTS.value,
        events_a_second=tries * EVENTS.value / (HOURS.value * 3600),
        smallest=math.ceil(at_once * 100 / BUDGET.value),
    )


def number(value: float) -> str:
    return f"{value:,.0f}" if value >= 10 or value == int(value) else f"{value:.1f}"


def rows(lines: Sequence[Sequence[str]]) -> str:
    head, *rest = lines
    return "\n".join("| " + " | ".join(line) + " |" for line in (head, ["---"] * len(head), *rest))


def assumptions() -> str:
    told = [[one.name, f"{number(one.value)} {one.unit}".strip(), one.source] for one in TAKEN]
    return rows([["taken", "value", "from"], *told])


def result() -> str:
    sizes = (600, 6_000, NODES)
    needs = [need(size) for size in sizes]
    what = (
        ("nodes an hour, while windows are open", "an_hour"),
        ("nodes out of service at once, over all pools", "at_once"),
        ("nodes that the pools must have together for that", "smallest"),
        ("jobs (slices) at work at once", "jobs"),
        ("forks of all jobs", "forks"),
        ("cores that are busy", "cores"),
        ("cores that AWX wants to see for them", "awx_cores"),
        ("GB of memory that AWX wants to see", "awx_memory"),
        ("events a second", "events_a_second"),
        ("events a month", "events"),
    )
    lines = [[said, *(number(getattr(one, field)) for one in needs)] for said, field in what]
    return rows([["a month of", *(f"{size:,} nodes" for size in sizes)], *lines])


def chart() -> str:
    """Draw how many nodes are out of service at once, over the size of the fleet, for four lengths of a move."""
    width, height, left, bottom = 640, 320, 70, 270
    right, top = 500, 20
    lengths = (300, 600, 900, 1800)
    most = math.ceil(max(NODES / HOURS.value * length / 3600 for length in lengths) / 100) * 100

    def at(nodes: float, at_once: float) -> str:
        across = left + (right - left) * nodes / NODES
        return f"{across:.1f},{bottom - (bottom - top) * at_once / most:.1f}"

    text = 'font-family="sans-serif" font-size="12" fill="#333"'
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img">',
        # REUSE-IgnoreStart
        "<!-- SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors -->",
        "<!-- SPDX-License-Identifier: GPL-3.0-or-later -->",
        # REUSE-IgnoreEnd
        "<!-- Written by tests/gate/scale.py (make references), not by hand. -->",
        "<title>Nodes out of service at once, over the nodes that are moved in a month</title>",
        f'<rect width="{width}" height="{height}" fill="#fff"/>',
    ]
    for step in range(5):
        value = most * step / 4
        x, y = at(0, value).split(",")
        parts.append(f'<line x1="{x}" y1="{y}" x2="{right}" y2="{y}" stroke="#ddd"/>')
        parts.append(f'<text x="{left - 8}" y="{float(y) + 4:.1f}" text-anchor="end" {text}>{value:,.0f}</text>')
    for size in (0, 32_500, 65_000, 97_500, NODES):
        x = at(size, 0).split(",")[0]
        parts.append(f'<text x="{x}" y="{bottom + 18}" text-anchor="middle" {text}>{size:,}</text>')
    for shade, length in zip(("#9ecae1", "#4292c6", "#08519c", "#08306b"), lengths):
        end = at(NODES, NODES / HOURS.value * length / 3600)
        x, y = end.split(",")
        parts.append(f'<polyline points="{at(0, 0)} {end}" fill="none" stroke="{shade}" stroke-width="2"/>')
        said = f"{length // 60} minutes a node"
        parts.append(f'<text x="{float(x) + 6:.1f}" y="{float(y) + 4:.1f}" {text}>{said}</text>')
    under = f"nodes a month, windows open for {number(HOURS.value)} hours of it"
    parts.append(f'<text x="{(left + right) / 2}" y="{bottom + 38}" text-anchor="middle" {text}>{under}</text>')
    parts.append("</svg>")
    return "\n".join(parts) + "\n"


def written(page: str) -> str:
    """Return the page with what stands between its markers anew."""
    for name, made in (("taken", assumptions()), ("result", result())):
        begin, end = f"<!-- {name} -->\n", f"<!-- /{name} -->"
        before, _begin, rest = page.partition(begin)
        page = before + begin + made + "\n" + end + rest.partition(end)[2]
    return page


def main(check: bool) -> int:
    right = {PAGE: written(PAGE.read_text()), CHART: chart()}
    wrong = [path for path, text in right.items() if not path.is_file() or path.read_text() != text]
    if check and wrong:
        print(f"{wrong[0].relative_to(ROOT)} is not what tests/gate/scale.py makes of its figures: run make references")
        return 1
    for path in wrong:
        path.write_text(right[path])
    return 0


if __name__ == "__main__":
    sys.exit(main("--check" in sys.argv[1:]))

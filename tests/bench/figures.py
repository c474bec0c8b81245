# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a figure is, how a command is measured, and how figures are shown and kept."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).resolve().parents[2]

# A process inherits the peak memory of the one that it was forked from: a small one in between forgets ours.
_LAUNCH = """
import os, sys, time
started = time.monotonic()
pid = os.fork()
if pid == 0:
    os.execv(sys.argv[2], sys.argv[2:])
status, used = os.wait4(pid, 0)[1:]
with open(sys.argv[1], "w") as out:
    out.write("%f %f %f" % (time.monotonic() - started, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024))
sys.exit(os.waitstatus_to_exitcode(status))
"""


class Cost(NamedTuple):
    """What a command took: seconds of wall clock, seconds of CPU, MiB of its largest process at its peak."""

    wall: float
    cpu: float
    memory: float


def figure(name: str, ours: float, reference: float, reference_name: str, goal: float | None = None) -> dict[str, Any]:
    """Make one object of bench.json; goal is the largest ratio that is good enough, None where there is none."""
    ratio = ours / reference
    return {
        "figure": name,
        "ours": round(ours, 2),
        "reference": round(reference, 2),
        "reference_name": reference_name,
        "ratio": round(ratio, 3),
        "goal": goal,
        "met": None if goal is None else ratio <= goal,
    }


def measure(argv: Sequence[str | Path], env: Mapping[str, str]) -> Cost:
    """Run a command to its end, which has to be a good one."""
    with tempfile.NamedTemporaryFile("r") as out:
        full = [sys.executable, "-S", "-c", _LAUNCH, out.name, *map(str, argv)]
        done = subprocess.run(full, env={**os.environ, **env}, capture_output=True, text=True, check=False)
        if done.returncode:
            said = (done.stdout + done.stderr)[-3000:]
            sys.exit(f"{' '.join(map(str, argv))} failed, so there are no figures:\n{said}")
        return Cost(*map(float, out.read().split()))


def interleaved(repetitions: int, runs: Mapping[str, Callable[[], Sequence[float]]]) -> dict[str, list[float]]:
    """Do each run once, then each once more and so on; per run the median of each number that it gave."""
    seen: dict[str, list[Sequence[float]]] = {name: [] for name in runs}
    for _repetition in range(repetitions):
        for name, run in runs.items():
            seen[name].append(run())
            print(f"  {name}: {', '.join(f'{number:.2f}' for number in seen[name][-1])}", file=sys.stderr, flush=True)
    return {name: [statistics.median(column) for column in zip(*rows)] for name, rows in seen.items()}


def table(figures: Sequence[Mapping[str, Any]]) -> str:
    rows = [("FIGURE", "OURS", "REFERENCE", "", "RATIO", "GOAL", "MET")]
    for item in figures:
        met = {None: "-", True: "yes", False: "NO"}[item["met"]]
        rows.append(
            (item["figure"], f"{item['ours']:.1f}", f"{item['reference']:.1f}", item["reference_name"],
             f"{item['ratio']:.3f}", str(item["goal"] or "-"), met)
        )  # fmt: skip
    widths = [max(map(len, column)) for column in zip(*rows)]
    return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip() for row in rows)


def keep(name: str, figures: Sequence[Mapping[str, Any]]) -> None:
    """Write build/<name>.json."""
    path = ROOT / "build" / f"{name}.json"
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(figures, indent=1) + "\n")

# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the callback `progress` adds to a run: the same play with it and without, in turns, and what it takes itself.

Two runs differ by more than the callback takes where others work on the machine. So it counts its own CPU seconds, too:
those of its import, of all that Ansible calls, and of its ticks.
"""

from __future__ import annotations

import functools
import tempfile
from pathlib import Path
from typing import Any

from tests.bench import tasks
from tests.bench.figures import figure, interleaved
from tests.bench.plane import Plane
from tests.cluster.playing import make_collection

SPENT = "OSMIGRATE_BENCH_SPENT"
GOAL = 0.02
_FIRST = "\nimport atexit\n"
_BEFORE = "\nimport time as _clock\n_BEGUN = _clock.thread_time()"
# At the end of the copy that is played.
_AFTER = f"""

_SPENT = {{"import": _clock.thread_time() - _BEGUN, "calls": 0.0, "depth": 0, "process": os.getpid()}}


def _counted(method):
    @functools.wraps(method)
    def counted(*args, **kwargs):
        begun, _SPENT["depth"] = _clock.thread_time(), _SPENT["depth"] + 1
        try:
            return method(*args, **kwargs)
        finally:
            _SPENT["depth"] -= 1
            if not _SPENT["depth"]:
                _SPENT["calls"] += _clock.thread_time() - begun

    return counted


def _keep():
    if os.getpid() == _SPENT["process"]:
        Path(os.environ["{SPENT}"]).write_text(str(_SPENT["import"] + _SPENT["calls"]))


for _name in [name for name in vars(CallbackModule) if name.startswith("v2_") or name == "_beat"]:
    setattr(CallbackModule, _name, _counted(getattr(CallbackModule, _name)))
atexit.register(_keep)
"""


def bench(plane: Plane, admin: Any, robot: Path, directory: Path, repetitions: int) -> list[dict[str, Any]]:
    """Measure, and return the figures."""
    copy = make_collection(directory / "counted") / "plugins/callback/progress.py"
    written = copy.read_text()
    copy.write_text(written.replace(_FIRST, _BEFORE + _FIRST, 1) + _AFTER)
    plane.kubectl("create", "namespace", tasks.NAMESPACE)
    way = functools.partial(
        tasks.way, plane, admin, robot, directory, directory / "counted", "osmigrate.fleet.rollback"
    )

    def seen() -> tuple[float, float]:
        with tempfile.TemporaryDirectory(dir=directory) as place:
            told = {
                "ANSIBLE_CALLBACKS_ENABLED": "osmigrate.fleet.progress",
                "OSMIGRATE_PROGRESS_DIRECTORY": place,
                SPENT: f"{place}/spent",
            }
            cpu = way(told)[0]
            return cpu, float(Path(place, "spent").read_text())

    found = interleaved(repetitions, {"without": lambda: way()[:1], "with": seen})
    (without,), (cpu, spent) = found["without"], found["with"]
    return [
        figure("CPU seconds of a play with the callback", cpu, without, "without", 1 + GOAL),
        figure("CPU seconds that the callback itself takes", spent, cpu, "the play with it", GOAL),
    ]

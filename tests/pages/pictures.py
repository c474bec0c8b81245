# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The pictures of the guides: what plan, run, report and status of a rollout look like, in a real Chromium.

They are of a rollout that is made up, at one moment, so that a picture changes only where its page does.

Usage: pictures.py <directory>
"""

from __future__ import annotations

import io
import random
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from ansible_collections.osmigrate.fleet.plugins.module_utils._kube import windows
from ansible_collections.osmigrate.fleet.plugins.plugin_utils import (
    _events as events,
    _live as live,
    _page as page,
    _plan as plan,
    _plan_page as plan_page,
    _rollout as rollout,
    _run_report as run_report,
    _status as status,
    _terminal as terminal,
)
from rich import terminal_theme
from rich.console import Console

from tests.bench import visible
from tests.pages import browser

NOW = 1_795_910_400  # 2026-11-29 00:00:00 UTC
WIDTH = 1000
# Whoever opens a guide fetches all of them.
LARGEST = 150_000
MOVE = ["drain", "trial", "verify", "confirm"]
FINDING = {
    "key": "boot-space",
    "severity": "inhibitor",
    "title": "/boot has no room for a kernel",
    "remedy": "Remove old kernels.",
}
PODS = "The pod shop/db-0 is left: the budget shop/db allows no disruption."
FELL_BACK = "The candidate's deadman ended the trial: nobody confirmed it within 900 seconds."
COMMAND = "$ ansible-playbook osmigrate.fleet.migrate -i inventory.k8s_nodes.yml -e @release.yml"
COLUMNS = 118
# Seconds since the beginning of the rollout whose live view is shown.
MIDDLE = 900.0
# What nodes wait for in steps that last.
WAITS = {"drain": "pod shop/db-0: budget shop/db allows no disruption", "reboot": "the node does not answer yet"}
SAME = {"ready": True, "schedulable": True, "os_image": "Debian GNU/Linux 13 (trixie)", "kernel_version": "6.12.48"}


def planned() -> str:
    nodes: list[dict[str, Any]] = [
        {"name": f"w{number}", "pool": "worker", "steps": MOVE, "refusal": "", "seconds": "400", "bytes": 900_000_000}
        for number in range(1, 9)
    ]
    nodes[-1].update(refusal="There is 1 inhibitor: /boot has no room for a kernel", findings=[FINDING])
    opens = [{"days": ["sun"], "start": "22:00", "duration": "6h", "timezone": "UTC"}]
    terms = plan.Terms([1, 3], "3", 1800, windows.parse(opens, []), NOW)
    made = plan.make(nodes, {"worker": 8}, terms)
    held = {"severity": "high", "node": "w4", "object": "StatefulSet shop/db", "detail": PODS, "pods": ["shop/db-0"],
            "remedy": "Let the budget allow one."}  # fmt: skip
    summary = plan.summary(made, terms, [])
    return plan_page.as_html({**made, "summary": summary, "at": NOW, "blockers": [held]})


# Of the report: the step in which a node fails, what becomes of it, and the steps that it takes instead of others.
FAILS: dict[str, tuple[str, dict[str, str], dict[str, str]]] = {
    "w7": ("verify", {"outcome": "failed", "verdict": "fell_back", "why": FELL_BACK}, {"confirm": "revert"}),
    "w12": ("drain", {"outcome": "held", "why": PODS}, dict.fromkeys(("arm", "reboot", "verify", "confirm"), "")),
}


def _told() -> list[events.Event]:
    chance = random.Random(1)
    told = visible.told(visible.habits(24, chance), 4, chance)
    first = [(0.0, "run", {"playbook": "migrate", "check": False}), (0.0, "release", {"release": "debian-13-13.2"})]
    ways = [*first, *(one for event in told for one in _bent(event))]
    return [events.event("r", number, NOW + at, kind, **said) for number, (at, kind, said) in enumerate(ways, 1)]


def watched() -> str:
    """The live view, in the middle of the rollout that is reported on."""
    now = NOW + MIDDLE
    state = rollout.reduce(one for one in _told() if one.at <= now)
    seen = live.picture(state, now, lambda node, _since: WAITS.get(_step(state, node), ""))
    console = Console(record=True, width=COLUMNS, file=io.StringIO())
    console.print(COMMAND, highlight=False)
    console.print()
    console.print(terminal.drawn(seen))
    return console.export_html(theme=terminal_theme.MONOKAI)


def _step(state: rollout.Rollout, node: str) -> str:
    span = state.nodes[node].now_in
    return span.step if span else ""


def reported() -> str:
    return page.as_html(run_report.facts(rollout.reduce(_told())))


def _bent(one: events.Event) -> Iterator[tuple[float, str, Mapping[str, Any]]]:
    """Yield an event, or what happens instead where a node fails."""
    fails, end, instead = FAILS.get(one.said.get("node", ""), ("", {}, {}))
    said = dict(one.said)
    if one.kind == "step":
        said["step"] = instead.get(said["step"], said["step"])
    elif one.kind == "result":
        said.update(end)
    if said.get("step") != "":
        yield one.at, one.kind, said
    if fails and said.get("step") == fails:
        yield one.at + 1, "trouble", {"node": said["node"], "why": end["why"]}


def shown() -> str:
    mine = {"holder": "r", "until": "2026-11-29T00:00:30Z", "lapsed": False}
    left = {"holder": "q", "until": "2026-11-28T21:57:20Z", "lapsed": True}
    done = {
        "phase": "done",
        "release": "debian-13-13.2",
        "since": "2026-11-28T22:31:00Z",
        "verdict": "booted_candidate",
    }
    done.update(cordoned_seconds="300", timings="drain=120 reboot=65 verify=60")
    old = {**SAME, "os_image": "Debian GNU/Linux 12 (bookworm)", "kernel_version": "6.1.0-41"}
    nodes = [{**SAME, "name": f"w{number}", "osmigrate": done, "lease": mine} for number in range(1, 6)]
    drain = {"step": "drain", "step_since": "2026-11-28T23:59:12Z", "cordoned_at": "2026-11-28T23:59:12Z"}
    failed = {"phase": "failed", "release": "debian-13-13.2", "since": "2026-11-28T22:47:00Z", "verdict": "fell_back"}
    nodes += [
        {**old, "name": "w6", "osmigrate": drain, "lease": mine, "schedulable": False},
        {**old, "name": "w7", "osmigrate": {**failed, "reason": FELL_BACK}, "lease": mine},
        {**old, "name": "w8", "osmigrate": {"step": "stage", "step_since": "2026-11-28T21:56:00Z"}, "lease": left},
    ]
    pool = {"name": "worker", "nodes": 8, "failures": {"w7": "r"}, "held": {}, "halt": {}}
    pool["unavailable"] = [{"node": "w6", "why": "holds a place"}]
    return status.as_html(
        status.facts([{"server": "https://api.prod.example:6443", "nodes": nodes, "pools": [pool]}], NOW)
    )


# Of each its page, and how much of that is in the picture.
PICTURES: dict[str, tuple[Callable[[], str], int]] = {
    "plan": (planned, 900),
    "terminal": (watched, 220),
    "report": (reported, 1100),
    "status": (shown, 900),
}


def too_large(pictures: Sequence[Path]) -> list[str]:
    """Return a sentence for each picture that is larger than one may be."""
    sizes = {picture: picture.stat().st_size for picture in pictures}
    return [f"{one.name} has {size} bytes, and may have {LARGEST}" for one, size in sizes.items() if size > LARGEST]


def main(directory: Path) -> int:
    directory.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as there:
        for name, (make, height) in PICTURES.items():
            shows = Path(there) / f"{name}.html"
            shows.write_text(make())
            said = browser.picture(Path(there), shows, "light", (WIDTH, height), directory / f"{name}.png")
            if said:
                print("\n".join([f"The page {name} has written to the console of the browser:", *said]))
                return 1
    wrong = too_large([directory / f"{name}.png" for name in PICTURES])
    print("\n".join(wrong) or f"The pictures are in {directory}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))

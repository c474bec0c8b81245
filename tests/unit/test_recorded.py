# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What guides show of a command's output is what the collection says of this example: a fleet at work, and one halted.

The blocks follow `<!-- recorded: NAME -->`. A failure shows what has to stand there.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from ansible_collections.osmigrate.fleet.plugins.module_utils._kube import windows
from ansible_collections.osmigrate.fleet.plugins.plugin_utils import _plan as plan, _table as table

DOCS = Path(__file__).resolve().parents[2] / "docs"
NOW = 1_795_910_400.0  # 2026-11-29 00:00:00 UTC
OLD, NEW = "Debian GNU/Linux 12 (bookworm)", "Debian GNU/Linux 13 (trixie)"
MOVED = {"phase": "done", "release": "debian-13-13.1", "since": "2026-11-28T22:41:07Z", "previous_os": OLD}
FAILED = {
    "phase": "failed",
    "release": "debian-13-13.1",
    "since": "2026-11-28T23:20:51Z",
    "verdict": "fell_back",
    "reason": "The candidate's deadman ended the trial: nobody confirmed it within 900 seconds.",
    "attempts": "1",
}


def node(name, ours, image=OLD, kernel="6.1.0-41-amd64", **more):
    made = {"name": name, "os_image": image, "kernel_version": kernel, "ready": True, "schedulable": True}
    return {**made, "excluded_by": "", "osmigrate": ours, **more}


FLEET = [
    node("w1", {**MOVED, "cordoned_seconds": "412"}, NEW, "6.12.48+deb13-amd64"),
    node("w2", {**MOVED, "cordoned_seconds": "388"}, NEW, "6.12.48+deb13-amd64"),
    node("w3", FAILED),
    node("w4", {}),
]
POOL = {
    "name": "worker",
    "nodes": 4,
    "unavailable": [],
    "failures": {"w3": "debian-13-13.1"},
    "held": {},
    "questions": {},
    "halt": {"since": "2026-11-28T23:24:03Z", "reason": "the new kernel loses packets"},
}


def planned():
    steps = ["drain", "trial", "verify", "confirm"]
    nodes = [
        {"name": f"w{number}", "pool": "worker", "steps": steps, "refusal": "", "seconds": "400"}
        for number in range(2, 9)
    ]
    nodes[-1]["refusal"] = "There is 1 inhibitor: /boot has no room for a kernel"
    nodes.append({"name": "w1", "pool": "worker", "steps": [], "refusal": "", "seconds": "412"})
    opens = [{"days": ["sun"], "start": "22:00", "duration": "6h", "timezone": "UTC"}]
    terms = plan.Terms([1, 3], "3", 1800, windows.parse(opens, []), NOW)
    return plan.lines(plan.make(nodes, {"worker": 8}, terms), terms, [])


SHOWN = {
    ("recovery.md", "status"): lambda: [
        *table.fleet_summary(FLEET, NOW),
        *table.node_table(FLEET),
        *table.pool_table([POOL]),
    ],
    ("rollouts.md", "plan"): planned,
}


@pytest.mark.parametrize("page, name", SHOWN)
def test_a_guide_shows_what_is_said(page, name):
    found = re.search(rf"(?s)<!-- recorded: {name} -->\n\n?```\n(.*?)\n```", (DOCS / page).read_text())
    assert found, f"{page} has no block {name}"
    assert found[1].splitlines() == [line.rstrip() for line in SHOWN[page, name]()]

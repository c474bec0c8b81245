# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The pages in a real browser: no errors, contrast and keyboard by axe, and pictures in build/pages to look at."""

from __future__ import annotations

import os
import random
from collections.abc import Callable
from pathlib import Path

import pytest
from ansible_collections.osmigrate.fleet.plugins.filter.rollout_plan import rollout_plan_filter
from ansible_collections.osmigrate.fleet.plugins.plugin_utils import (
    _events as events,
    _page as page,
    _plan_page as plan_page,
    _rollout as rollout,
    _run_report as run_report,
    _status as status,
)

from tests.bench import visible
from tests.pages import browser

LOOKED_AT = Path(os.environ["OSMIGRATE_PAGES"])
MOVE = ["drain", "trial", "verify", "confirm"]
FINDING = {
    "severity": "high",
    "key": "space",
    "title": "/boot has no room for a kernel",
    "remedy": "Remove old kernels.",
}
LONG = "The pods shop/db-0 (needs the budget shop/db, which allows no disruption) and shop/db-1 are left. " * 3
# What a page of 5,000 nodes may be.
LARGEST = 10_000_000


def plan(nodes: int) -> str:
    told = [
        {
            "name": f"worker-{number}.example",
            "pool": "worker",
            "steps": ["stage", *MOVE],
            "refusal": "",
            "seconds": "240",
        }
        for number in range(nodes)
    ]
    told[1] = {**told[1], "refusal": LONG, "findings": [FINDING], "bytes": 900_000_000}
    held = {"severity": "high", "node": "worker-2.example", "object": "Deployment shop/web", "detail": LONG,
            "pods": ["shop/web-1"], "remedy": "Run two of it."}  # fmt: skip
    pools = [{"name": "worker", "nodes": nodes}]
    return plan_page.as_html(rollout_plan_filter(told, pools, blockers=[held], remarks=["kured drains nodes, too."]))


def report(nodes: int) -> str:
    chance = random.Random(1)
    told = list(visible.told(visible.habits(nodes, chance), 10, chance))
    last = told.pop()
    bad = [("trouble", {"why": LONG}), ("result", {"outcome": "failed", "verdict": "fell_back", "why": LONG}),
           ("findings", {"findings": [{**FINDING, "detail": "d", "accepted": False}]})]  # fmt: skip
    for kind, more in bad:
        told.append(events.event("r", len(told) + 1, last.at, kind, node="w1", **more))
    return page.as_html(run_report.facts(rollout.reduce(told)))


def fleet(nodes: int) -> str:
    ours = {"phase": "done", "release": "d-1", "since": "2026-11-20T00:00:00Z", "timings": "drain=60 reboot=60"}
    seen = [{**visible.SAME, "name": f"w{number}", "osmigrate": ours} for number in range(nodes)]
    seen[1]["osmigrate"] = {**ours, "phase": "failed", "reason": LONG, "step": "drain", "step_since": ours["since"]}
    away = [{"node": "w1", "why": "is not Ready"}]
    pool = {"name": "worker", "nodes": nodes, "unavailable": away, "failures": {"w1": "r"}, "held": {}}
    pool["halt"] = {"reason": LONG}
    return status.as_html(status.facts([{"server": "https://api.example:6443", "nodes": seen, "pools": [pool]}], 1.8e9))


PAGES: dict[str, Callable[[int], str]] = {"plan": plan, "report": report, "status": fleet}


@pytest.fixture(scope="module")
def script():
    LOOKED_AT.mkdir(parents=True, exist_ok=True)
    return browser.axe(LOOKED_AT)


@pytest.mark.parametrize("width", browser.SIZES)
@pytest.mark.parametrize("scheme", browser.SCHEMES)
@pytest.mark.parametrize("name", PAGES)
def test_a_browser_has_nothing_against_a_page(name, scheme, width, script, tmp_path):
    text = PAGES[name](60)
    shown = LOOKED_AT / f"{name}.html"
    shown.write_text(text)
    size = browser.SIZES[width]
    assert browser.picture(tmp_path, shown, scheme, size, LOOKED_AT / f"{name}-{scheme}-{width}.png") == []
    assert browser.violations(tmp_path, text, script, scheme, size) == []


@pytest.mark.parametrize("name", PAGES)
def test_a_page_of_a_large_fleet_opens(name, tmp_path):
    text = PAGES[name](5000)
    assert len(text.encode()) < LARGEST
    shown = LOOKED_AT / f"{name}-5000.html"
    shown.write_text(text)
    assert browser.picture(tmp_path, shown, "light", browser.SIZES["desktop"], LOOKED_AT / f"{name}-5000.png") == []

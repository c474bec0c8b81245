# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The plan as JSON and as a page."""

from __future__ import annotations

import json
from html.parser import HTMLParser
from typing import Any

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.osmigrate.fleet.plugins.filter.rollout_plan import rollout_plan_filter
from ansible_collections.osmigrate.fleet.plugins.filter.rollout_plan_page import rollout_plan_page_filter

EVIL = "<script>alert(1)</script>\x1b[2J\u202e"
FINDING = {"key": "boot-room", "severity": "inhibitor", "title": "/boot is full", "detail": "", "remedy": "Make room."}
BLOCKER = {
    "key": "budget-never-allows",
    "severity": "inhibitor",
    "node": "w1",
    "pods": ["shop/db-0"],
    "object": "PodDisruptionBudget shop/db",
    "detail": "needs 1 healthy pod and has 1 replica",
    "remedy": "Add replicas",
}


def made(many: int = 3, text: str = "", **more: Any) -> dict[str, Any]:
    nodes = [
        {
            "name": f"w{number}{text}",
            "pool": f"worker{text}",
            "steps": ["stage", "drain", "trial", "verify", "confirm"],
            "refusal": text or ("There is 1 inhibitor." if number == 2 else ""),
            "seconds": str(100 * number),
            "findings": [{**FINDING, "title": text or FINDING["title"]}] if number == 2 else [],
            "bytes": 5 << 20,
        }
        for number in range(1, many + 1)
    ]
    blocked = [{**BLOCKER, **{key: text for key in BLOCKER if text and key != "pods"}}]
    return rollout_plan_filter(nodes, serial=2, max_unavailable="2", blockers=blocked, **more)


class Reader(HTMLParser):
    """Collects the tags of a page, the cells of each row, and its text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, list[str]]] = []
        self.rows: list[list[str]] = []
        self.text = ""
        self.in_cell = False
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.tags.append((tag, [name for name, _value in attrs]))
        if tag == "tr":
            self.rows.append([])
        elif tag in ("td", "th"):
            self.rows[-1].append("")
            self.in_cell = True

    def handle_endtag(self, tag: str) -> None:
        self.in_cell = self.in_cell and tag not in ("td", "th")

    def handle_data(self, data: str) -> None:
        self.text += data
        if self.in_cell:
            self.rows[-1][-1] += data


def test_the_page_has_what_an_operator_asks_for() -> None:
    page = Reader(rollout_plan_page_filter(made()))
    assert "2 of 3 nodes would leave service, in 2 batches." in page.text and "Nothing was changed." in page.text
    assert ["worker", "1", "2", "3 min 20 s", "5 min", "3 nodes"] in page.rows
    assert ["w2", "There is 1 inhibitor."] in page.rows
    assert ["inhibitor", "boot-room", "/boot is full", "Make room.", "w2"] in page.rows
    assert ["inhibitor", "w1", BLOCKER["object"], BLOCKER["detail"], "shop/db-0", "Add replicas"] in page.rows
    (w1,) = (row for row in page.rows if row[0] == "w1" and len(row) == 7)
    assert w1[1:3] == ["worker", "1"] and w1[4:] == ["stage -> drain -> trial -> verify -> confirm", "5 MiB", "0"]


def test_programs_get_all_of_it() -> None:
    found = json.loads(rollout_plan_page_filter(made(), "json"))
    assert found["version"] == 1 and found["allowed"] == {"worker": 2}
    assert found["expected"] == {"worker": {"seconds": 200, "p95": 300, "measured": 3}}
    assert found["end"] - found["at"] == 400 and found["late"] - found["at"] == 600
    assert found["batches"][0]["nodes"][1]["findings"] == [FINDING] and found["blockers"] == [BLOCKER]


def test_what_others_write_is_text_on_the_page() -> None:
    page = Reader(rollout_plan_page_filter(made(text=EVIL, remarks=[EVIL])))
    assert not {tag for tag, _names in page.tags} & {"script", "img", "link", "iframe", "object"}
    assert not [name for _tag, names in page.tags for name in names if name.startswith("on")]
    assert "<script>alert(1)</script>" in page.text and "\x1b" not in page.text and "\u202e" not in page.text


def test_a_page_of_a_large_fleet_is_no_larger_than_it_has_to_be() -> None:
    assert len(rollout_plan_page_filter(made(6000))) < 10_000_000


def test_a_batch_in_no_window_says_so() -> None:
    page = Reader(rollout_plan_page_filter(made(windows=[{"start": "22:00", "duration": "1m"}])))
    assert "in no window" in page.text


@pytest.mark.parametrize(("given", "form"), [({}, "html"), ("x", "html"), ({}, "pdf")])
def test_what_cannot_be_meant_is_refused(given: Any, form: str) -> None:
    with pytest.raises(AnsibleFilterError, match="rollout_plan_page"):
        rollout_plan_page_filter(given, form)

# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The state of a fleet as JSON and as a page, of Node objects that kubelets have written."""

from __future__ import annotations

import json
from html.parser import HTMLParser
from typing import Any

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.osmigrate.fleet.plugins.filter.fleet_status import fleet_status_filter
from ansible_collections.osmigrate.fleet.plugins.module_utils._kube import node_view, pool_object, pool_plan
from ansible_collections.osmigrate.fleet.plugins.plugin_utils import _status as status, _table as table

NOW = 1_795_910_400.0  # 2026-11-29 00:00:00 UTC
EVIL = "<script>alert(1)</script><img src=x onerror=alert(1)>\x1b[2J\u202e\"'&" + "x" * 2000


def node(name: str, unschedulable: bool = False, **noted: str) -> dict[str, Any]:
    annotations = {node_view.PREFIX + key.replace("_", "-"): said for key, said in noted.items()}
    info = {"osImage": noted.get("previous_os", "Debian 13"), "kernelVersion": "6.12"}
    return node_view.describe(
        {
            "metadata": {"name": name, "uid": "u", "annotations": annotations},
            "spec": {"unschedulable": unschedulable},
            "status": {"nodeInfo": info, "conditions": [{"type": "Ready", "status": "True"}]},
        }
    )


def moved(name: str, away: str, timings: str = "", boot: str = "") -> dict[str, Any]:
    noted = {"phase": "done", "release": "d-2", "since": "2026-11-20T00:00:00Z"}
    return node(name, cordoned_seconds=away, timings=timings, boot_seconds=boot, **noted)


FLEET = [
    moved("w1", "300", "drain=120 reboot=60 verify=100", "kernel 5.5, until kubelet 30.0"),
    moved("w2", "500", "drain=300 reboot=80 verify=100"),
    moved("w3", "9" * 30, "drain=-4 reboot=x"),
    node("w4", unschedulable=True, phase="failed", release="d-2", reason="It fell back."),
]
POOL = {
    **{"name": "general", "nodes": 4, "failures": {"w4": "r1"}, "held": {}, "questions": {}, "halt": {}},
    "unavailable": [{"node": "w4", "why": "is cordoned"}],
}


def cluster(*nodes: dict[str, Any], **pool: Any) -> list[dict[str, Any]]:
    return [{"server": "https://api.example", "nodes": list(nodes), "pools": [{**POOL, **pool}]}]


def test_json_has_all_of_it() -> None:
    (found,) = json.loads(status.as_json(status.facts(cluster(*FLEET), NOW)))["clusters"]
    assert found["releases"] == {"d-2": 3, table.NO_RELEASE: 1} and found["patched"] == 3
    assert found["timings"] == {
        "away": {"nodes": 2, "p50": 300, "p95": 500},
        "drain": {"nodes": 2, "p50": 120, "p95": 300},
        "reboot": {"nodes": 2, "p50": 60, "p95": 80},
        "verify": {"nodes": 2, "p50": 100, "p95": 100},
        "boot: kernel": {"nodes": 1, "p50": 5, "p95": 5},
        "boot: until kubelet": {"nodes": 1, "p50": 30, "p95": 30},
    }
    assert [one["name"] for one in found["nodes"]] == ["w1", "w2", "w3", "w4"]
    assert found["nodes"][3]["reason"] == "It fell back." and found["pools"][0]["name"] == "general"


def test_text_says_what_moves_took_where_that_is_known() -> None:
    assert table.fleet_summary(FLEET, NOW)[-1] == (
        "The last moves of 2 nodes took (p50 and p95): away 5 min and 8 min 20 s, drain 2 min and 5 min, "
        "reboot 1 min and 1 min 20 s, verify 1 min 40 s and 1 min 40 s."
    )
    assert "moves" not in " ".join(table.fleet_summary([node("w1")], NOW))


class Reader(HTMLParser):
    """Collects what a browser would make of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, list[str]]] = []
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.tags.append((tag, [name for name, _value in attrs]))

    def handle_data(self, data: str) -> None:
        self.text += data


def test_what_others_write_is_text_on_the_page() -> None:
    evil = dict.fromkeys(("phase", "release", "since", "verdict", "reason", "previous_os", "wave", "timings"), EVIL)
    wicked = {"halt": {"reason": EVIL, "since": EVIL}, "unavailable": [{"node": EVIL, "why": EVIL}]}
    held = {EVIL: {"why": EVIL, "rollout": EVIL, "since": EVIL}}
    page = Reader(fleet_status_filter(cluster({**node("w1", **evil), "name": EVIL}, **wicked, held=held, name=EVIL)))
    assert not {tag for tag, _names in page.tags} & {"script", "img", "link", "iframe", "object"}
    assert not [name for _tag, names in page.tags for name in names if name.startswith("on")]
    assert "<script>alert(1)</script>" in page.text and "\x1b" not in page.text and "\u202e" not in page.text
    assert Reader(fleet_status_filter(cluster())).text.count("api.example") == 1


def test_a_page_of_a_large_fleet_is_no_larger_than_it_has_to_be() -> None:
    many = [moved(f"w{number}", "300", "drain=120") for number in range(6000)]
    assert len(fleet_status_filter(cluster(*many))) < 10_000_000


def test_the_pools_are_those_of_the_module() -> None:
    assert {*pool_object.describe(pool_plan.EMPTY)} - {"claims", "releases"} < {*POOL}


@pytest.mark.parametrize(("given", "form"), [([{}], "html"), ("x", "json"), ([], "pdf")])
def test_what_cannot_be_meant_is_refused(given: Any, form: str) -> None:
    with pytest.raises(AnsibleFilterError, match="fleet_status"):
        fleet_status_filter(given, form)

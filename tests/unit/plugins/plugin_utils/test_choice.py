# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which nodes of a fleet are shown, as text, as JSON and as a page; all of them are counted."""

from __future__ import annotations

import json
from typing import Any

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.osmigrate.fleet.plugins.filter.fleet_choice import fleet_choice_filter
from ansible_collections.osmigrate.fleet.plugins.plugin_utils import _choice, _status as status, _table as table
from ansible_collections.osmigrate.fleet.plugins.plugin_utils._choice import Choice, choose
from ansible_collections.osmigrate.fleet.plugins.plugin_utils._variables import registry

NOW = 1_795_910_400.0  # 2026-11-29 00:00:00 UTC
SAME = {"ready": True, "schedulable": True, "os_image": "x", "kernel_version": "y", "excluded_by": "", "selected": True}

MINE = {"holder": "r", "until": "2026-11-29T00:00:30Z", "lapsed": False}
NOBODYS = {"holder": "", "until": "", "lapsed": False}


def node(name: str, pool: str = "general", zone: str = "z1", **noted: str) -> dict[str, Any]:
    return {**SAME, "name": name, "pool": pool, "zone": zone, "osmigrate": noted}


FLEET = [
    node("w1", phase="done", release="d-2", since="2026-11-20T00:00:00Z"),
    node("w2", zone="z2", phase="failed", release="d-2", reason="It fell back.", since="2026-11-28T00:00:00Z"),
    node("w3", pool="gpu", phase="done", release="d-1", since="2026-01-01T00:00:00Z"),
    {**node("w4", pool="gpu", zone="", step="drain", step_since="2026-11-28T23:59:00Z"), "lease": MINE},
    {**node("w5", pool="gpu", zone="", step="stage"), "selected": False, "lease": NOBODYS},
]
HELD = {"w3": {"rollout": "r1", "since": "2026-11-21T09:00:00Z", "why": "its pods"}}
SAID = {"unavailable": [], "failures": {}, "questions": {}, "halt": {}}
POOLS = [{**SAID, "name": "general", "nodes": 2, "held": {}}, {**SAID, "name": "gpu", "nodes": 3, "held": HELD}]
CLUSTER = {"server": "https://api.example", "nodes": FLEET, "pools": POOLS}


def shown(choice: Choice) -> list[str]:
    (one,) = choose([CLUSTER], choice, NOW)["clusters"]
    assert [node["name"] for node in one["nodes"]] == [node["name"] for node in FLEET]
    return [node["name"] for node in one["nodes"] if node["shown"]]


@pytest.mark.parametrize(
    ("choice", "names"),
    [
        (Choice(), "w1 w2 w3 w4 w5"),
        (Choice(pools=("gpu",)), "w3 w4 w5"),
        (Choice(pools=("gpu", "general"), zones=("z1",)), "w1 w3"),
        (Choice(releases=("d-2",)), "w1 w2"),
        (Choice(states=("failed",)), "w2"),
        (Choice(states=("held",)), "w3"),
        (Choice(states=("behind",)), "w2 w3 w4 w5"),
        (Choice(states=("moving",)), "w4"),
        (Choice(states=("moving", "failed")), "w2 w4"),
        (Choice(states=("stale",)), "w5"),
        (Choice(pools=("gpu",), states=("failed",)), ""),
        (Choice(label_selector="a=b"), "w1 w2 w3 w4"),
    ],
)
def test_a_node_has_one_of_each_of_what_is_asked_for(choice, names):
    assert shown(choice) == names.split()
    assert not choose([CLUSTER], choice, NOW)["refusal"], "that no node is in a state is an answer"


@pytest.mark.parametrize(
    ("choice", "says"),
    [
        (Choice(pools=("general", "genral")), "No node has pool genral; there are general, gpu."),
        (Choice(zones=("z9",)), "No node has zone z9; there are z1, z2."),
        (Choice(zones=("",)), "No node has zone ''; there are z1, z2."),
        (Choice(releases=("d-3\x1b[2J",)), "No node has release d-3\\x1b[2J; there are d-1, d-2."),
        (Choice(pools=("gpu",), zones=("z2",)), "There are nodes of each, and none with all of pool gpu, zone z2."),
    ],
)
def test_a_name_that_no_node_has_is_one_sentence(choice, says):
    assert choose([CLUSTER], choice, NOW)["refusal"] == says


def test_a_selector_that_matches_nobody_and_a_fleet_without_zones():
    bare = {**CLUSTER, "nodes": [{**node("w1", zone=""), "selected": False}]}
    found = choose([bare], Choice(label_selector="a=b"), NOW)["refusal"]
    assert found == "No node matches the label selector a=b."
    assert choose([bare], Choice(zones=("z1",)), NOW)["refusal"] == "No node has zone z1; no node has a zone."


def test_one_cluster_of_several_may_have_none():
    other = {"server": "https://b.example", "nodes": [node("w1", pool="edge")]}
    found = choose([CLUSTER, other], Choice(pools=("edge",)), NOW)
    assert not found["refusal"] and [one["choice"] for one in found["clusters"]] == ["pool edge", "pool edge"]
    assert [one["server"] for one in found["pools"]] == ["https://api.example"], "what could not be read stays unknown"


def test_text_counts_all_and_names_those_that_are_shown():
    (one,) = choose([CLUSTER], Choice(pools=("gpu",), states=("moving", "held")), NOW)["clusters"]
    assert table.fleet_summary(one["nodes"], NOW, one["choice"]) == [
        "3 of 5 nodes (60 %) run no release of ours.",
        "1 of 5 nodes (20 %) run d-1.",
        "1 of 5 nodes (20 %) run d-2.",
        "20 % arrived at theirs within 30 days; not w2, w3, w4, w5.",
        "2 of 5 nodes are shown: pool gpu, state moving or held.",
        "drain: w4 since 1 min.",
    ]
    assert [line.split()[0] for line in table.node_table(one["nodes"])] == ["NODE", "w3", "w4"]
    assert [pool["name"] for pool in one["pools"]] == ["gpu"]
    (none,) = choose([CLUSTER], Choice(pools=("gpu",), states=("failed",)), NOW)["clusters"]
    assert table.fleet_summary(none["nodes"], NOW, none["choice"])[-1] == (
        "None of 5 nodes is shown: pool gpu, state failed."
    )


def test_json_and_the_page_show_the_same():
    said = status.facts(choose([CLUSTER], Choice(releases=("d-2",)), NOW)["clusters"], NOW)
    (found,) = json.loads(status.as_json(said))["clusters"]
    assert [one["name"] for one in found["nodes"]] == ["w1", "w2"] and found["nodes"][1]["zone"] == "z2"
    assert (found["total"], found["choice"], sum(found["releases"].values())) == (5, "release d-2", 5)
    assert [one["stale"] for one in found["nodes"]] == ["", ""]
    page = status.as_html(said)
    assert "2 of 5 nodes are shown: release d-2." in page and "Nodes that are shown" in page
    assert '<td class="w">w1</td>' in page and '<td class="w">w3</td>' not in page


def test_the_filter_takes_lists_and_texts_with_commas():
    for states in (["failed", "held"], "failed, held"):
        (one,) = fleet_choice_filter([CLUSTER], states=states)["clusters"]
        assert [node["name"] for node in one["nodes"] if node["shown"]] == ["w2", "w3"]
    with pytest.raises(AnsibleFilterError, match="knows the states failed, held, .* not 'fialed'"):
        fleet_choice_filter([CLUSTER], states="fialed")
    with pytest.raises(AnsibleFilterError, match="what are no clusters"):
        fleet_choice_filter([{}])


def test_the_states_are_those_of_the_variable():
    assert registry()["osmigrate_status_states"].choices == _choice.STATES


def test_json_and_the_page_say_what_is_stale():
    said = status.facts([CLUSTER], NOW)
    assert said["clusters"][0]["nodes"][4]["stale"] == "no run holds its lease"
    assert '<td class="w">stage; stale: no run holds its lease</td>' in status.as_html(said)


def test_who_waits_for_a_run_that_is_over_is_in_no_state():
    waiting = {**CLUSTER, "nodes": [{**node("w1", step="wait"), "lease": NOBODYS}]}
    for state in ("moving", "stale"):
        assert not choose([waiting], Choice(states=(state,)), NOW)["clusters"][0]["nodes"][0]["shown"]

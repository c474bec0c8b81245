# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The plan of a rollout on a real API server: boots are played, what is found is that of the controller itself."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from ansible_collections.osmigrate.fleet.plugins.module_utils._kube import pool_plan

from tests.cluster.played.node import Node
from tests.cluster.playing import end

MANIFEST = Path(__file__).resolve().parents[1] / "unit/fixtures/release/release.yml"

# Nobody serves the release.
UNCHECKED = {"osmigrate_require_signature": False, "osmigrate_check_payload": False}


@pytest.mark.long
def test_a_plan_names_every_node_and_changes_nothing(make_fleet, play, tmp_path):
    fleet = make_fleet(2)
    one, other = fleet.nodes
    Node(tmp_path, other).fall_silent()
    options = {"osmigrate_release": str(MANIFEST), **UNCHECKED}
    options["osmigrate_plan_directory"] = str(tmp_path)
    code, output = end(play("plan", fleet.nodes, **options))
    assert code == 2
    assert "Batch 1 of 2" in output and "Batch 2 of 2" in output
    assert f"Refused: {one}" in output
    assert f"Refused: {other}: The node does not answer: " in output
    assert "Nothing was changed" in output
    told = json.loads((tmp_path / "plan.json").read_text())
    assert {node["name"] for batch in told["batches"] for node in batch["nodes"]} == {one, other}
    assert f'<td class="w">{one}</td>' in (tmp_path / "plan.html").read_text()
    assert fleet.state() == pool_plan.EMPTY
    assert fleet.unavailable() == [] and fleet.notes() == [{}, {}]


@pytest.mark.long
def test_a_rehearsal_begins_with_the_plan_of_all_nodes(make_fleet, play, tmp_path):
    fleet = make_fleet(2)
    one, other = fleet.nodes
    Node(tmp_path, one).fall_silent()
    options = {"osmigrate_release": str(MANIFEST), **UNCHECKED}
    _code, output = end(play("migrate", fleet.nodes, check=True, **options))
    assert "Batch 1 of 2" in output and "Batch 2 of 2" in output
    assert f"Refused: {one}: The node does not answer: " in output
    assert output.index("Refused: ") < output.index("Prepare every node while it serves")
    assert other in output[output.index("Prepare every node while it serves") :], "it is rehearsed all the same"
    assert fleet.state() == pool_plan.EMPTY
    assert fleet.unavailable() == [] and fleet.notes() == [{}, {}]

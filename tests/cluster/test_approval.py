# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Others who have to agree before a node leaves service, on a real API server."""

from __future__ import annotations

from fleet_of_nodes import wait_for
from playing import end

ASK = {"osmigrate_approvals_required": ["storage", "network"]}


def annotate(fleet, *values):
    fleet.kubectl("annotate", "--overwrite", "node", fleet.nodes[0], *[f"osmigrate.fleet/{one}" for one in values])


def test_a_node_goes_when_all_have_agreed_and_the_next_way_needs_new_approvals(make_fleet, play):
    fleet = make_fleet(1)
    running = play("rollback", fleet.nodes, **ASK)
    wait_for(lambda: fleet.notes()[0].get("approval_wanted_of") == "storage,network", 120)
    annotate(fleet, "approved-by-storage=r1", "approved-by-network=r0")
    assert (fleet.unavailable(), fleet.state().claims) == ([], {})
    assert fleet.notes()[0]["approval_wanted"] == "r1"
    annotate(fleet, "approved-by-network=r1")
    code, output = end(running)
    assert code == 0
    (note,) = fleet.notes()
    assert note["phase"] == "done"
    assert not [name for name in note if name.startswith("appro")]


def test_whoever_does_not_answer_is_named_and_the_node_serves(make_fleet, play):
    fleet = make_fleet(1)
    annotate(fleet, "approved-by-storage=r1")
    code, output = end(play("rollback", fleet.nodes, osmigrate_approvals_timeout=3, **ASK))
    assert code == 2
    node = fleet.nodes[0]
    assert f"Node {node} was not approved for rollout r1 within 3 seconds: there was no answer of network. " in output
    assert f"{node} runs its default r-1 and no cordon of ours is left on it" in output
    assert "Cordon node" not in output
    assert (fleet.unavailable(), fleet.state().claims, fleet.state().failures) == ([], {}, {})
    assert not [name for name in fleet.notes()[0] if name.startswith("appro")]


def test_a_veto_ends_the_wait_and_stays(make_fleet, play):
    fleet = make_fleet(1)
    running = play("rollback", fleet.nodes, **ASK)
    wait_for(lambda: "approval_wanted" in fleet.notes()[0], 120)
    annotate(fleet, "vetoed-by-storage=a rebuild is under way")
    code, output = end(running)
    assert code == 2
    assert f"Node {fleet.nodes[0]} may not go in rollout r1: storage says: a rebuild is under way" in output
    assert fleet.unavailable() == []
    assert fleet.notes()[0]["vetoed_by_storage"] == "a rebuild is under way"


def test_a_rehearsal_asks_nobody(make_fleet, play):
    fleet = make_fleet(1)
    code, output = end(play("rollback", fleet.nodes, check=True, **ASK))
    assert (code, fleet.notes()) == (0, [{}])

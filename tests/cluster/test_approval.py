# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Others who have to agree before a node leaves service, on a real API server."""

from __future__ import annotations

import json

import pytest
from ansible_collections.osmigrate.fleet.plugins.module_utils._kube import approval, pool_plan
from ansible_collections.osmigrate.fleet.plugins.module_utils._kube.client import ApiError

from tests.cluster.fleet_of_nodes import wait_for
from tests.cluster.playing import end
from tests.lab import host

ASK = {"osmigrate_approvals_required": ["storage", "network"]}
RIGHTS = "playbooks/files/rbac-approver.yml"


@pytest.fixture(scope="module", autouse=True)
def approvers(control_plane, repository):
    """Two approvers, by what is shipped for one."""
    for name in ASK["osmigrate_approvals_required"]:
        text = (repository / RIGHTS).read_text().replace("storage", name)
        control_plane.kubectl("apply", "--filename", "-", input=text)


def answer(fleet, approver, text, by=None):
    """Answer as a member of the approver's team, or of another one."""
    patch = json.dumps({"data": {fleet.nodes[0]: text}})
    fleet.kubectl(
        *("patch", "configmap", approver, "--namespace", approval.NAMESPACE, "--type", "merge", "--patch", patch),
        *("--as", "alice", "--as-group", f"{by or approver}-team"),
    )


def question(fleet):
    asked = fleet.state().questions.get(fleet.nodes[0])
    return asked and asked.id


def test_a_node_goes_when_all_have_agreed_and_the_next_way_needs_new_approvals(make_fleet, play):
    fleet = make_fleet(1)
    running = play("rollback", fleet.nodes, **ASK)
    asked = wait_for(lambda: question(fleet), 120)
    wait_for(lambda: fleet.notes()[0].get("approval_wanted_of") == "storage,network")
    assert fleet.notes()[0]["approval_wanted"] == asked
    answer(fleet, "storage", asked)
    answer(fleet, "network", "r1")
    assert (fleet.unavailable(), fleet.state().claims) == ([], {})
    assert question(fleet) == asked
    answer(fleet, "network", asked)
    code, output = end(running)
    assert code == 0
    (note,) = fleet.notes()
    assert note["phase"] == "done"
    assert not [name for name in note if name.startswith("appro")]
    assert fleet.state() == pool_plan.EMPTY
    code, output = end(play("rollback", fleet.nodes, osmigrate_approvals_timeout=1, osmigrate_rollback_to="r-1", **ASK))
    assert code == 2
    assert "there was no answer of storage, network to the question r1." in output


def test_what_a_kubelet_or_the_token_that_moves_nodes_writes_approves_nothing(make_fleet, play, kubelet, admin, robot):
    fleet = make_fleet(1)
    node = fleet.nodes[0]
    running = play("rollback", fleet.nodes, osmigrate_approvals_timeout=8, **ASK)
    asked = wait_for(lambda: question(fleet), 120)
    noted = [f"osmigrate.fleet/approved-by-{name}={asked}" for name in ("storage", "network")]
    # The policies refuse that to a kubelet. Where there are none, it approves nothing either.
    fleet.kubectl("annotate", "--overwrite", "node", node, *noted, "osmigrate.fleet/approval-wanted-of=nobody")
    for attacker in (kubelet(node), robot):
        for approver in ASK["osmigrate_approvals_required"]:
            with pytest.raises(ApiError, match="may not patch configmaps|forbidden"):
                attacker.patch(approval.ANSWERS + approver, {"data": {node: asked}})
    code, output = end(running)
    assert code == 2
    assert f"there was no answer of storage, network to the question {asked}" in output
    assert (fleet.unavailable(), fleet.state().claims) == ([], {})


def test_an_approver_answers_for_itself_alone(make_fleet):
    fleet = make_fleet(1)
    answer(fleet, "storage", "veto: maintenance")
    with pytest.raises(host.HostError, match='cannot (get|patch) resource "configmaps"'):
        answer(fleet, "network", "r1", by="storage")
    with pytest.raises(host.HostError, match='cannot (get|patch) resource "configmaps"'):
        answer(fleet, "storage", "r1", by="strangers")


@pytest.mark.long
def test_whoever_does_not_answer_is_named_and_the_node_serves(make_fleet, play):
    fleet = make_fleet(1)
    running = play("rollback", fleet.nodes, osmigrate_approvals_timeout=5, **ASK)
    asked = wait_for(lambda: question(fleet), 120)
    answer(fleet, "storage", asked)
    code, output = end(running)
    assert code == 2
    node = fleet.nodes[0]
    assert f"Node {node} was not approved for rollout r1 within 5 seconds: there was no answer of network " in output
    assert "kubectl patch configmap network --namespace osmigrate-approvals" in output
    assert f"{node} runs its default r-1 and no cordon of ours is left on it" in output
    assert "Cordon node" not in output
    assert (fleet.unavailable(), fleet.state().claims, fleet.state().failures) == ([], {}, {})
    assert (question(fleet), [name for name in fleet.notes()[0] if name.startswith("appro")]) == (None, [])


@pytest.mark.long
def test_a_veto_ends_the_wait_and_stays(make_fleet, play):
    fleet = make_fleet(1)
    running = play("rollback", fleet.nodes, **ASK)
    wait_for(lambda: question(fleet), 120)
    answer(fleet, "storage", "veto: a rebuild is under way")
    code, output = end(running)
    assert code == 2
    assert f"Node {fleet.nodes[0]} may not go in rollout r1: storage says: a rebuild is under way" in output
    assert fleet.unavailable() == []
    code, output = end(play("rollback", fleet.nodes, **ASK))
    assert code == 2
    assert "storage says: a rebuild is under way" in output


@pytest.mark.long
def test_a_rehearsal_asks_nobody(make_fleet, play):
    fleet = make_fleet(1)
    code, output = end(play("rollback", fleet.nodes, check=True, **ASK))
    assert (code, fleet.notes(), fleet.state()) == (0, [{}], pool_plan.EMPTY)

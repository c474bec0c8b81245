# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whole playbooks on a real API server. Boots are played on the controller; cordon, drain, claim, health are real."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import time
from pathlib import Path

import pytest
from ansible_collections.osmigrate.fleet.plugins.module_utils._kube import claim, pool_plan, times
from ansible_collections.osmigrate.fleet.plugins.module_utils._steps import STEPS
from ansible_collections.osmigrate.fleet.plugins.module_utils._trial import record

from tests.cluster.fleet_of_nodes import wait_for, watched
from tests.cluster.played.node import BOOT_ID, Node
from tests.cluster.playing import end, kill_when


def put(tmp_path, node, **how):
    """Make a node before a playbook looks, which behaves so; see played/node.py."""
    played = Node(tmp_path, node)
    played.make()
    played.how(**how)
    return played


def got(tmp_path, node):
    played = Node(tmp_path, node)
    return played.menu() if played.exists() else {}


def closed_window(robot, node):
    """A maintenance window that opens in two hours by the API server's clock."""
    robot.get(f"/api/v1/nodes/{node}")
    return [{"start": time.strftime("%H:%M", time.gmtime(robot.now() + 7200)), "duration": "1h"}]


@pytest.mark.fault("ansible-playbook killed with SIGKILL", "each step")
def test_a_batch_that_is_larger_than_the_budget_takes_turns_after_a_killed_run_too(make_fleet, play):
    fleet = make_fleet(2)
    with watched(fleet) as seen:
        kill_when(fleet.unavailable, play("rollback", fleet.nodes[1:]))
        assert set(fleet.state().claims) == {fleet.nodes[1]}
        code, output = end(play("rollback", fleet.nodes, osmigrate_serial=2))
    assert code == 0
    assert max(seen) == (1, 1)
    assert fleet.unavailable() == []
    assert not fleet.state().claims
    assert all(note["phase"] == "done" for note in fleet.notes())


# How it is seen from outside that a run has come to a step.
REACHED = {
    "claim": lambda fleet, menu: fleet.state().claims,
    "cordon": lambda fleet, menu: fleet.unavailable(),
    "arm": lambda fleet, menu: menu.get("trial") == "package",
    "reboot": lambda fleet, menu: menu.get("booted") == "package",
    "confirm": lambda fleet, menu: menu.get("default") == "package",
    "uncordon": lambda fleet, menu: not fleet.unavailable(),
}


@pytest.mark.fault("ansible-playbook killed with SIGKILL", "each step")
def test_a_run_that_is_killed_at_each_step(make_fleet, play, tmp_path, full, record_property):
    if not full:
        pytest.skip("a run for each step; the others meet a kill during a drain and a reboot")
    fleet = make_fleet(2)

    def menu():
        return got(tmp_path, fleet.nodes[0])

    with watched(fleet) as seen:
        for reached in REACHED.values():
            kill_when(lambda reached=reached: reached(fleet, menu()), play("rollback", fleet.nodes[:1]))
            with pytest.raises(claim.ClaimError, match="1 of 2 nodes may be unavailable"):
                claim.claim(fleet.admin, fleet.request(1))
        assert end(play("rollback", fleet.nodes[:1]))[0] == 0
    assert (menu()["booted"], menu()["default"], menu()["trial"]) == ("package", "package", "")
    assert (fleet.unavailable(), fleet.state()) == ([], pool_plan.EMPTY)
    assert fleet.notes()[0]["phase"] == "done"
    record_property("unavailable", (max(unavailable for unavailable, claims in seen), 1))


def kill_tree(pid):
    """Kill a process with all it started, as the end of a pod does."""
    with contextlib.suppress(OSError):  # it has ended by itself
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        os.kill(pid, signal.SIGKILL)
        for child in children:
            kill_tree(int(child))


@pytest.mark.fault("five slices of one rollout, two of them killed and restarted", "ansible-runner")
def test_five_slices_of_which_two_are_killed(make_fleet, play, full, record_property):
    if not full:
        pytest.skip("five times ansible-runner; test_claim has the same with jobs that are smaller")
    fleet = make_fleet(full)
    budget = full // 10
    slices = [fleet.nodes[number::5] for number in range(5)]

    def start(share):
        return play("rollback", share, by_runner=True, osmigrate_serial=len(share))

    with watched(fleet) as seen:
        runs = [start(share) for share in slices]
        for victim in (1, 3):
            wait_for(lambda victim=victim: set(fleet.unavailable()) & set(slices[victim]), 600)
            kill_tree(runs[victim].pid)
            runs[victim].communicate()
            runs[victim] = start(slices[victim])
        assert [end(run)[0] for run in runs] == [0] * 5
    assert all(note["phase"] == "done" for note in fleet.notes())
    assert (fleet.unavailable(), fleet.state()) == ([], pool_plan.EMPTY)
    most = max(unavailable for unavailable, claims in seen)
    record_property("unavailable", (most, budget))
    assert 1 < most <= budget


def test_a_second_run_changes_nothing(make_fleet, play):
    fleet = make_fleet(1)
    there = {"osmigrate_rollback_to": "r-2", "osmigrate_reboot_method": "kexec"}
    assert end(play("rollback", fleet.nodes, **there))[0] == 0
    (note,) = fleet.notes()
    assert (note["release"], note["kexec_boot"]) == ("r-2", BOOT_ID)
    assert note["boot_seconds"] == "kernel 5.5, initramfs 12.1, until kubelet 31.4"
    code, output = end(play("rollback", fleet.nodes, **there))
    assert code == 0
    assert "changed=0" in output


@pytest.mark.long
def test_nodes_at_their_own_pace_wait_for_a_place_and_take_no_turns(make_fleet, play):
    fleet = make_fleet(3)
    with watched(fleet) as seen:
        code, output = end(play("rollback", fleet.nodes, osmigrate_serial="100%", osmigrate_strategy="host_pinned"))
    assert code == 0
    assert max(seen) == (1, 1)
    assert output.count("turn.yml for") == len(fleet.nodes)
    assert all(note["phase"] == "done" for note in fleet.notes())


def test_what_a_killed_run_left_is_given_back(admin, make_fleet, play):
    fleet = make_fleet(2)
    kill_when(fleet.unavailable, play("rollback", fleet.nodes[:1]))
    claim.claim(admin, fleet.request(1, "2"))
    code, output = end(play("recover", fleet.nodes[:1], osmigrate_recover_older_than=0))
    assert code == 0
    assert f"no hosts of this run: {fleet.nodes[1]}." in output
    assert f"Give the place of node {fleet.nodes[0]} back" in output
    assert fleet.unavailable() == []
    assert set(fleet.state().claims) == {fleet.nodes[1]}


def test_a_rehearsal_claims_nothing_and_tells_what_would_be_done(make_fleet, play):
    fleet = make_fleet(2)
    code, output = end(play("rollback", fleet.nodes, check=True, osmigrate_serial=2))
    assert code == 0
    assert all(f"changed: [{name} -> localhost]" in output for name in fleet.nodes)
    assert fleet.state() == pool_plan.EMPTY
    assert fleet.unavailable() == []
    assert fleet.notes() == [{}, {}]


def test_failures_halt_the_pool_until_somebody_resumes_it(make_fleet, play, tmp_path):
    fleet = make_fleet(1)
    node = fleet.nodes[0]
    put(tmp_path, node, good=False)
    code, output = end(play("rollback", fleet.nodes, osmigrate_halt_after=1))
    assert code != 0
    assert f"{node} runs its default r-1 and no cordon of ours is left on it" in output
    assert fleet.state().halt["reason"] == f"1 node failed in rollout r1: {node}"
    assert (fleet.unavailable(), fleet.state().claims) == ([], {})

    assert end(play("halt", osmigrate_pools=[fleet.pool], osmigrate_reason="Bad kernel"))[0] == 0
    code, output = end(play("rollback", fleet.nodes, osmigrate_retry=True))
    assert code != 0
    assert f"Pool {fleet.pool} is halted since" in output
    assert "Bad kernel" in output
    assert (fleet.unavailable(), fleet.state().claims) == ([], {})
    code, output = end(play("resume"))
    assert code == 0
    assert "end the halt: Bad kernel" in output
    assert (fleet.state().halt, fleet.state().failures) == (None, {})


def test_what_a_tenant_holds_up_is_named_and_halts_nobody(scene, make_fleet, play, tmp_path):
    fleet = make_fleet(1)
    (node,) = fleet.nodes
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "web", "labels": {"app": "web"}}}
    scene.apply({**pod, "spec": {"nodeName": node, "containers": [{"name": "app", "image": "none"}]}})
    scene.apply(
        {
            "apiVersion": "policy/v1",
            "kind": "PodDisruptionBudget",
            "metadata": {"name": "never"},
            "spec": {"maxUnavailable": 0, "selector": {"matchLabels": {"app": "web"}}},
        }
    )
    held = {"osmigrate_halt_after": 1, "osmigrate_drain_timeout": 5, "osmigrate_delete_unmanaged": True}
    code, output = end(play("rollback", fleet.nodes, **held))
    assert code != 0
    assert "so this counts neither against package nor towards a halt of the pool" in output
    state = fleet.state()
    assert (state.halt, state.failures, state.claims) == (None, {}, {})
    assert all(name in state.held[node].why for name in (f"{scene.namespace}/web", f"{scene.namespace}/never"))
    assert got(tmp_path, node)["reboots"] == 0
    for playbook, hosts in (("status", []), ("recover", fleet.nodes)):
        code, output = end(play(playbook, hosts))
        assert code == 0
        assert (
            f"{node} was held up in rollout r1 since {state.held[node].since}: Node {node} still has 1 pods" in output
        )
    scene.kubectl("delete", "poddisruptionbudget", "never", namespaced=True)
    code, output = end(play("rollback", fleet.nodes, **held))
    assert (code, fleet.state()) == (0, pool_plan.EMPTY)


def test_what_is_held_up_while_it_serves_is_kept_too(make_fleet, play):
    fleet = make_fleet(1)
    (node,) = fleet.nodes
    asked = {"osmigrate_approvals_required": ["storage"], "osmigrate_approvals_timeout": 1}
    code, output = end(play("rollback", fleet.nodes, osmigrate_halt_after=1, **asked))
    assert code != 0
    assert "there was no answer of storage" in fleet.state().held[node].why
    assert (fleet.state().halt, fleet.state().failures) == (None, {})


def test_a_drilled_node_is_back_and_nothing_of_it_counts_as_a_failure(make_fleet, play, tmp_path):
    fleet = make_fleet(1)
    code, output = end(play("drilled", fleet.nodes))
    assert code == 0
    menu = got(tmp_path, fleet.nodes[0])
    assert (menu["booted"], menu["default"], menu["trial"]) == ("r-1", "r-1", "")
    (note,) = fleet.notes()
    assert times.parse(note["drilled_at"]) == menu["drills"]["r-2"]["at"]
    assert (note["release"], note["phase"], note["verdict"]) == ("r-1", "done", "fell_back")
    assert (fleet.unavailable(), fleet.state()) == ([], pool_plan.EMPTY)


def test_a_drill_whose_candidate_does_not_boot_fails_as_a_move_would(make_fleet, play, tmp_path):
    fleet = make_fleet(1)
    put(tmp_path, fleet.nodes[0], good=False)
    code, output = end(play("drilled", fleet.nodes))
    assert code != 0
    assert f"{fleet.nodes[0]} runs r-1 instead of r-2 on a drill" in output
    assert fleet.unavailable() == []
    assert "drilled_at" not in fleet.notes()[0]


@pytest.mark.long
@pytest.mark.fault("ansible-playbook killed with SIGKILL", "each step")
def test_a_killed_drill_is_settled_by_the_next_run_of_another_playbook(make_fleet, play, tmp_path):
    fleet = make_fleet(1)
    put(tmp_path, fleet.nodes[0], away=60)
    killed = play("drilled", fleet.nodes)
    wait_for(lambda: got(tmp_path, fleet.nodes[0])["booted"] == "r-2", 120)
    kill_when(lambda: True, killed)
    assert fleet.unavailable() == fleet.nodes
    code, output = end(play("rollback", fleet.nodes, osmigrate_rollback_to="r-1"))
    assert code == 0
    menu = got(tmp_path, fleet.nodes[0])
    assert (menu["booted"], menu["default"], menu["trial"]) == ("r-1", "r-1", "")
    assert (fleet.unavailable(), fleet.state()) == ([], pool_plan.EMPTY)


@pytest.mark.long
def test_a_node_that_does_not_come_home_from_what_was_left_stays_cordoned(make_fleet, play, tmp_path):
    fleet = make_fleet(1)
    (node,) = fleet.nodes
    kill_when(fleet.unavailable, play("rollback", fleet.nodes))
    played = put(tmp_path, node)
    played.arm("r-2", record.DRILL)
    played.reboot()
    played.how(stuck=True)
    code, output = end(play("rollback", fleet.nodes, osmigrate_rollback_to="r-1"))
    assert code != 0
    assert f"{node} was left on a trial and does not come home. {node} stays cordoned" in output
    assert fleet.unavailable() == fleet.nodes
    assert fleet.notes()[0]["phase"] == "failed"


def test_a_failure_before_anything_was_begun_reboots_no_node_that_runs_what_is_not_its_default(
    robot, make_fleet, play, tmp_path
):
    fleet = make_fleet(1)
    (node,) = fleet.nodes
    put(tmp_path, node).runs("r-2")
    closed = closed_window(robot, node)
    code, output = end(
        play("rollback", fleet.nodes, osmigrate_windows=closed, lookahead_way_back=False, budget_way_back=False)
    )
    assert code != 0
    assert f"{node} runs r-2 as before, and no cordon of ours is left on it. Its default is r-1." in output
    assert (got(tmp_path, node)["reboots"], fleet.unavailable()) == (0, [])


@pytest.mark.long
def test_the_trial_of_another_rollout_is_left_alone(make_fleet, play, tmp_path):
    fleet = make_fleet(1)
    (node,) = fleet.nodes
    kill_when(fleet.unavailable, play("rollback", fleet.nodes))
    played = put(tmp_path, node)
    played.arm("r-2")
    played.reboot()
    menu = played.menu()
    before = fleet.notes()
    code, output = end(play("rollback", fleet.nodes))
    assert code != 0
    assert "It runs r-2 on trial, which another rollout has to confirm or revert. It was left as it is." in output
    assert got(tmp_path, node) == menu
    assert (fleet.unavailable(), fleet.notes()) == (fleet.nodes, before)


def test_a_node_that_is_refused_has_not_failed_and_is_given_back(make_fleet, play, tmp_path):
    fleet = make_fleet(1)
    kill_when(fleet.unavailable, play("rollback", fleet.nodes))
    played = put(tmp_path, fleet.nodes[0])
    played.arm("r-2")
    played.reboot()
    played.confirm("r-2")
    code, output = end(play("drilled", fleet.nodes))
    assert code != 0
    assert "nothing to come home from. It was not touched, and no cordon of ours is left on it." in output
    assert (fleet.unavailable(), fleet.state()) == ([], pool_plan.EMPTY)
    assert fleet.notes()[0].get("phase") != "failed"


@pytest.mark.long
def test_a_node_that_falls_silent_on_its_trial_is_brought_home_and_counted(make_fleet, play, tmp_path):
    fleet = make_fleet(1)
    (node,) = fleet.nodes
    put(tmp_path, node, silent=1)
    code, output = end(play("rollback", fleet.nodes, osmigrate_halt_after=1))
    assert code != 0
    assert "The node does not answer: " in output
    assert f"{node} runs its default r-1 and no cordon of ours is left on it" in output
    assert fleet.state().halt["reason"] == f"1 node failed in rollout r1: {node}"
    assert (fleet.unavailable(), fleet.notes()[0]["phase"]) == ([], "failed")


@pytest.mark.long
def test_a_node_that_cannot_be_given_back_is_told_with_what_failed_first(control_plane, make_fleet, play, tmp_path):
    fleet = make_fleet(1)
    (node,) = fleet.nodes
    kubectl = f"{control_plane.programs}/kubectl --kubeconfig {control_plane.admin_kubeconfig}"
    hook = tmp_path / "gone.yml"
    hook.write_text(f"- name: Lose it\n  ansible.builtin.command: sh -c '{kubectl} delete node {node}; exit 3'\n")
    code, output = end(play("rollback", fleet.nodes, osmigrate_hooks_post=[str(hook)]))
    assert code != 0
    told = output.rpartition("fatal: ")[2]
    assert "exit 3" in told or "return code" in told
    assert f"{node} runs r-1, but could not be given back: " in told
    assert got(tmp_path, node)["booted"] == "r-1"


def test_windows_hold_nodes_back_but_not_on_their_way_back(robot, make_fleet, play):
    fleet = make_fleet(2)
    closed = closed_window(robot, fleet.nodes[0])
    code, output = end(
        play("rollback", fleet.nodes, osmigrate_windows=closed, lookahead_way_back=False, budget_way_back=False)
    )
    assert code != 0
    assert f"{fleet.nodes[0]} may not go now: no maintenance window is open. It can go from" in output
    state = fleet.state()
    assert (fleet.unavailable(), state.claims, state.failures, state.halt) == ([], {}, {}, None)
    assert "no maintenance window is open" in state.held[fleet.nodes[0]].why
    assert end(play("rollback", fleet.nodes, osmigrate_windows=closed))[0] == 0
    assert all(note["phase"] == "done" for note in fleet.notes())


@pytest.mark.long
def test_nodes_that_are_still_to_be_moved_have_a_soft_taint_that_goes_on_every_way_out(make_fleet, play, tmp_path):
    fleet = make_fleet(2)
    soft = {"osmigrate_soft_taint": True, "osmigrate_serial": 1}
    kill_when(fleet.unavailable, play("rollback", fleet.nodes, **soft))
    assert fleet.marked() == {name: "r1" for name in fleet.nodes}

    code, output = end(play("recover", fleet.nodes[:1], osmigrate_recover_older_than=0))
    assert (code, fleet.marked()) == (0, {})

    put(tmp_path, fleet.nodes[0], good=False)
    code, output = end(play("rollback", fleet.nodes, **soft))
    assert code != 0
    assert "Take the marks off all nodes that are still to be moved" in output
    assert fleet.marked() == {}

    put(tmp_path, fleet.nodes[0], good=True)
    assert end(play("rollback", fleet.nodes, osmigrate_retry=True, **soft))[0] == 0
    assert (fleet.marked(), fleet.unavailable()) == ({}, [])


@pytest.mark.long
def test_nodes_whose_budgets_have_room_go_first(scene, play):
    """In a rehearsal, which takes the nodes in the same order."""
    scene.deploy("web", 2)
    scene.budget("web", maxUnavailable=0)
    nodes = [scene.node, scene.other]
    for sort, expected in ((False, nodes), (True, nodes[::-1])):
        options = {"osmigrate_serial": 1, "osmigrate_order_by_budgets": sort}
        output = end(play("rollback", nodes, check=True, **options))[1]
        assert re.findall(r"included: osmigrate.fleet.node for (\S+)", output) == expected


@pytest.mark.long
def test_a_node_object_says_what_the_node_does(make_fleet, play):
    fleet = make_fleet(1)
    seen, run = [], play("rollback", fleet.nodes)
    while run.poll() is None:
        (note,) = fleet.notes()
        seen += [note.get("step")] * (seen[-1:] != [note.get("step")])
    assert end(run)[0] == 0
    told = [step for step in seen if step]
    assert {"look", "drain", "arm", "verify"} <= set(told)
    assert told == [step.key for step in STEPS if step.key in told], "in their order"
    assert "step" not in fleet.notes()[0] and "step_since" not in fleet.notes()[0]

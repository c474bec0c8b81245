# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What tasks mean for nodes: the sequences that the roles make, and lines of progress from them."""

from __future__ import annotations

import pytest
from ansible_collections.osmigrate.fleet.plugins.plugin_utils import (
    _batches as batches,
    _progress as progress,
    _watch as watch,
)
from ansible_collections.osmigrate.fleet.plugins.plugin_utils._events import event
from ansible_collections.osmigrate.fleet.plugins.plugin_utils._rollout import Rollout, apply

# As roles/node and those that it includes run them: module, state, role. "" is a task of Ansible's own.
PREPARE = [("k8s_node_lease", "", "node"), ("boot_info", "", "node"), ("node_preflight", "", "preflight")]
PREPARE += [("node_candidate", "", "stage"), ("node_carry", "", "stage"), ("boot_trial", "staged", "stage")]
CLAIM = [("k8s_node_lease", "", "node"), ("k8s_node_approval", "", "drain"), ("k8s_node_claim", "claimed", "drain")]
DRAIN = [("k8s_node_cordon", "cordoned", "drain"), ("k8s_node_drain", "", "drain")]
# The second claim and the second drain are parts of the drain.
AGAIN = [("k8s_node_claim", "claimed", "drain"), ("k8s_node_last_look", "", "node"), ("k8s_node_drain", "", "drain")]
TRIAL = [("boot_trial", "armed", "trial"), ("node_reboot", "", "trial")]
VERIFY = [("boot_info", "", "verify"), ("k8s_node_health", "", "verify")]
CONFIRM = [("boot_trial", "confirmed", "confirm")]
BACK = [("k8s_node_cordon", "uncordoned", "drain"), ("k8s_node_claim", "released", "drain")]
REVERT = [("boot_trial", "reverted", "revert"), ("node_reboot", "", "revert"), ("boot_info", "", "revert")]
RETURN = [("boot_info", "", "drill"), ("node_reboot", "", "drill"), *VERIFY, ("boot_trial", "drilled", "drill")]

RESULTS = {
    ("k8s_node_claim", "claimed"): {"pool": "worker"},
    ("node_preflight", ""): {"findings": [{"key": "space", "severity": "low", "title": "t"}]},
}


class Run:
    def __init__(self):
        self.events, self.state, self.lines = [], Rollout(), []
        self.watch = watch.Watch(self.tell)

    def tell(self, kind, **said):
        one = event("r", len(self.events) + 1, 10.0 * len(self.events), kind, **said)
        self.events.append(one)
        apply(self.state, one)
        self.lines += filter(None, [progress.line(self.state, one)])

    def play(self, *nodes, number=1, of=1, total=0):
        self.watch.play("Move", number, of, nodes, total or len(nodes))

    def tasks(self, host, *parts, check=False):
        for module, state, role in [one for part in parts for one in part]:
            task = watch.Task("A task", module, state, role, check)
            self.watch.begun(host, task)
            self.watch.ended(host, task, RESULTS.get((module, state), {}))

    def record(self, host, **after):
        self.watch.ended(host, watch.Task("Say so", "k8s_node_record"), {"after": after})

    def fail(self, host, msg, caught=False, module="", **more):
        self.watch.failed(host, watch.Task("A task", module, caught=caught), {"msg": msg, **more})

    def steps(self, host):
        return [one.said["step"] for one in self.events if one.kind == "step" and one.said["node"] == host]


@pytest.fixture
def run():
    return Run()


def test_what_drains_halts_and_looks_tell(run):
    run.play("w1")
    drain, claim, look = (watch.Task("A task", module) for module in ("k8s_node_drain", "k8s_node_claim", "boot_info"))
    booted = {"booted": {"os": "Debian 12", "kernel": "6.1"}}
    # Nothing of a node that takes no step: status looks, too.
    run.watch.ended("w1", look, booted)
    assert run.events == []
    run.tasks("w1", CLAIM, DRAIN)
    run.watch.ended("w1", look, booted)
    run.watch.ended("w1", look, booted)
    pods = [{"name": "a", "namespace": "n", "action": "evict"}, {"name": "d", "namespace": "n", "action": "leave"}]
    run.watch.failed("w1", drain, {"msg": "A pod is left.", "pods": pods})
    for halt in ({}, {"reason": "One failed."}, {"reason": "One failed."}, {}):
        run.watch.ended("w1", claim, {"pool": "worker", "after": {"halt": halt}})
    assert [one.kind for one in run.events if one.kind in ("system", "pods", "halt")] == [
        "system",
        "pods",
        "halt",
        "halt",
    ]
    node = run.state.nodes["w1"]
    assert list(node.pods) == ["n/a"] and node.before == node.after == ("Debian 12", "6.1") and run.state.halts == {}


def test_the_look_that_verifies_tells_where_the_seconds_of_the_boot_went(run):
    run.play("w1")
    run.tasks("w1", CLAIM, DRAIN, TRIAL)
    took = {"boot_seconds": {"kernel": 5.5, "initramfs": 12.1}}
    for role in ("node", "verify", "verify"):
        run.watch.begun("w1", watch.Task("A task", "boot_info", "", role))
        run.watch.ended("w1", watch.Task("A task", "boot_info", "", role), took if role == "verify" else {})
    assert {one.said["parts"] for one in run.events if one.kind == "boot"} == {"kernel 5.5, initramfs 12.1"}
    assert run.state.nodes["w1"].boot == {"kernel": 5.5, "initramfs": 12.1}


WAYS = {
    "a move": (
        [CLAIM, DRAIN, AGAIN, TRIAL, VERIFY, CONFIRM, BACK],
        "look claim cordon drain arm reboot verify confirm",
    ),
    "a drill": ([CLAIM, DRAIN, TRIAL, RETURN, BACK], "look claim cordon drain arm reboot return"),
    "goes on after a killed run": ([CLAIM[:1], VERIFY, CONFIRM, BACK], "look verify confirm"),
    "settled first": (
        [CLAIM[:1], REVERT, CLAIM[1:], DRAIN, TRIAL, VERIFY, CONFIRM, BACK],
        "look revert claim cordon drain arm reboot verify confirm",
    ),
    "fails in its trial": ([CLAIM, DRAIN, TRIAL, REVERT, BACK], "look claim cordon drain arm reboot revert"),
    "fails in its drain": ([CLAIM, DRAIN, REVERT, BACK], "look claim cordon drain revert"),
    "several turns": ([CLAIM, CLAIM[1:], CLAIM[1:], DRAIN], "look claim cordon drain"),
}


@pytest.mark.parametrize("way", WAYS)
def test_steps_of_a_way(run, way):
    parts, steps = WAYS[way]
    run.play("w1")
    run.tasks("w1", *parts)
    assert run.steps("w1") == steps.split() + ["uncordon"] * (BACK in parts)


def test_what_the_plan_means_for_the_node_is_found_as_well(run):
    """Both modules look again in a later part of a run, and what they found then counts."""
    run.play("w1")
    run.tasks("w1", PREPARE)
    lost = {"key": "carry-lost", "severity": "high", "title": "t", "detail": "d", "remedy": "r"}
    task = watch.Task("Carry", "node_carry", role="stage")
    run.watch.ended("w1", task, {"findings": [lost]})
    assert [one["key"] for one in run.state.nodes["w1"].findings] == ["space", "carry-lost"]
    run.watch.failed("w1", task, {"msg": "no", "findings": [{**lost, "key": "carry-refused-nft"}]})
    run.watch.ended("w1", watch.Task("Look", "node_preflight"), RESULTS["node_preflight", ""])
    assert [one["key"] for one in run.state.nodes["w1"].findings] == ["space", "carry-refused-nft"]
    run.watch.ended("w1", task, {"findings": []})
    assert [one["key"] for one in run.state.nodes["w1"].findings] == ["space"]


def test_preparing_and_moving(run):
    run.watch.play("Prepare", 1, 1, ["w1", "w2"], 2)
    for host in ("w1", "w2"):
        run.tasks(host, PREPARE)
    run.play("w1", number=1, of=2, total=2)
    run.tasks("w1", CLAIM, DRAIN, TRIAL, VERIFY, CONFIRM, BACK)
    run.record("w1", phase="done", verdict="booted_candidate", release="d-1")
    assert run.steps("w1")[:3] == ["look", "preflight", "stage"]
    node, other = run.state.nodes["w1"], run.state.nodes["w2"]
    assert (node.outcome, node.verdict, node.pool) == ("done", "booted_candidate", "worker")
    assert node.findings[0]["key"] == "space"
    assert other.now_in.step == "wait"
    none = " | 0 done, 0 failed, 0 held up, 2 to go"
    assert run.lines == [
        "Prepare: w1, w2 | 0 done, 0 failed, 0 held up, 2 to go",
        f"w1 gets the release beside what runs (look 10 s, preflight 20 s){none}",
        f"w2 gets the release beside what runs (look 10 s, preflight 20 s){none}",
        "Move: w1 | batch 1 of 2, 0 done, 0 failed, 0 held up, 2 to go",
        "w1 waits for those who have to agree, and for its place in the budget (look 10 s)"
        " | batch 1 of 2, 0 done, 0 failed, 0 held up, 2 to go",
        "w1 is drained (claim 20 s, cordon 20 s) | batch 1 of 2, 0 done, 0 failed, 0 held up, 2 to go",
        "w1 reboots into its trial (drain 10 s, arm 10 s) | batch 1 of 2, 0 done, 0 failed, 0 held up, 2 to go",
        "w1 is verified (reboot 10 s) | batch 1 of 2, 0 done, 0 failed, 0 held up, 2 to go",
        "w1 is done after 2 min 10 s, 1 min 10 s of them out of service"
        " | batch 1 of 2, 1 done, 0 failed, 0 held up, 1 to go, about 1 min 10 s left",
    ]


def test_a_failure_is_told_once_with_all_that_was_said(run):
    run.play("w1")
    run.tasks("w1", CLAIM, DRAIN, TRIAL)
    run.fail("w1", "It fell back.", caught=True)
    run.tasks("w1", REVERT, BACK)
    run.record("w1", phase="failed", verdict="fell_back")
    run.fail("w1", "It fell back. w1 runs its default package.")
    run.fail("w1", "Something else.")
    assert run.state.nodes["w1"].outcome == "failed"
    assert [line for line in run.lines if "FAILED" in line] == [
        "w1 FAILED in reboot: It fell back. w1 runs its default package. | 0 done, 1 failed, 0 held up, 0 to go"
    ]


@pytest.mark.parametrize(
    ("parts", "more", "outcome"),
    [
        ([CLAIM], {}, "held"),
        ([CLAIM, DRAIN], {}, "held"),
        ([CLAIM, DRAIN], {"unreachable": True}, "unfinished"),
        ([CLAIM, DRAIN, TRIAL], {}, "failed"),
        ([CLAIM, DRAIN, TRIAL, REVERT, BACK], {}, "failed"),
        ([CLAIM, DRAIN, REVERT, BACK], {}, "held"),
        ([VERIFY], {}, "failed"),
        ([REVERT], {}, "held"),
    ],
)
def test_what_fails_before_a_trial_is_held_up(run, parts, more, outcome):
    run.play("w1")
    run.tasks("w1", *parts)
    run.fail("w1", "why", **more)
    assert run.state.nodes["w1"].outcome == outcome


def test_a_step_that_is_skipped_is_taken_back_where_no_other_follows(run):
    run.play("w1", "w2")
    approval = watch.Task("Ask", "k8s_node_approval", "", "drain")
    for host in ("w1", "w2"):
        run.tasks(host, CLAIM[:1])
        run.watch.begun(host, approval)
        run.watch.skipped(host, approval)
    run.tasks("w1", CLAIM[2:], DRAIN)
    run.watch.end()
    assert run.steps("w1") == ["look", "claim", "claim", "cordon", "drain"]
    assert [span.step for span in run.state.nodes["w1"].spans] == ["wait", "look", "claim", "cordon", "drain"]
    assert len([line for line in run.lines if "w1 waits for those" in line]) == 1
    assert run.steps("w2") == ["look", "claim", "look"]


def test_the_roles_own_word_on_it_counts(run):
    run.play("w1")
    run.tasks("w1", CLAIM, REVERT)
    noted = {"invocation": {"module_args": {"state": "failed"}}}
    run.watch.ended("w1", watch.Task("Note it", "k8s_node_claim"), noted)
    run.fail("w1", "why")
    assert run.state.nodes["w1"].outcome == "failed"


@pytest.mark.parametrize(
    ("way", "told"),
    [("a move", [False, True]), ("goes on after a killed run", [False, True]), ("settled first", [False, True])],
)
def test_who_is_out_of_service_is_told_once_and_of_whichever_run_it_was(run, way, told):
    run.play("w1")
    run.tasks("w1", *WAYS[way][0], PREPARE)
    assert [one.said["serving"] for one in run.events if one.kind == "service"] == told


def test_a_rehearsal_takes_nobody_out_of_service(run):
    run.play("w1")
    run.tasks("w1", CLAIM, DRAIN, check=True)
    assert run.state.nodes["w1"].out_since is None


def test_what_stops_a_run_before_any_step_is_told_of_the_node(run):
    run.play("w1", "w2")
    run.fail("w1", "kured drains nodes, too.", module="k8s_preflight")
    run.tell("end")
    assert run.state.nodes["w1"].outcome == "held" and "kured" in run.state.nodes["w1"].why
    assert run.state.nodes["w2"].outcome == "unreached"


def test_other_plays_and_other_hosts_are_no_nodes(run):
    run.watch.play("Validate", 1, 1, ["localhost"], 1)
    run.fail("localhost", "wrong", module="validate_input")
    run.tasks("localhost", [("", "", "")])
    run.fail("elsewhere", "wrong", module="k8s_preflight")
    assert run.events == []


def test_wrong_types_in_results_do_no_harm(run):
    run.play("w1")
    for module in watch.LOOKED_AT:
        for result in ({}, {"release": 7}, {"after": []}, {"pool": 7, "invocation": 3}, {"findings": "x"}):
            run.watch.ended("w1", watch.Task("t", module), result)


@pytest.mark.parametrize(
    ("hosts", "serial", "sizes"),
    [
        (23, [1, "10%"], [1, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2]),
        (5, [1, "100%"], [1, 4]),
        (5, [], [5]),
        (5, 0, [5]),
        (5, "2", [2, 2, 1]),
        (3, ["1%"], [1, 1, 1]),
        (0, [1], []),
    ],
)
def test_batches_are_those_of_ansible(hosts, serial, sizes):
    assert batches.sizes(hosts, serial) == sizes


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.4, "0 s"), (59.9, "59 s"), (60, "1 min"), (3725, "1 h 2 min"), (180000, "2 d 2 h")]
)
def test_durations_are_read_at_a_glance(seconds, text):
    assert progress.duration(seconds) == text

# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

import pytest
from ansible_collections.osmigrate.fleet.plugins.module_utils._kube import cordon_plan, pending_plan

OTHER = {"key": "gpu", "effect": "NoSchedule"}
MARK = {"key": "osmigrate.fleet/pending", "value": "r1", "effect": "PreferNoSchedule"}
OLD = {**MARK, "value": "r0"}


def tainted(make_node, taints, **more):
    node = make_node(**more)
    node["spec"]["taints"] = taints
    return node


# Taints of the node, those after it was marked for rollout r1, those after the mark was taken off; None: not touched.
CASES = [
    ([], [MARK], None),
    ([OTHER], [OTHER, MARK], None),
    ([OTHER, MARK], None, [OTHER]),
    ([MARK], None, []),
    ([OLD, OTHER], [OTHER, MARK], [OTHER]),
]


def written(plan):
    assert bool(plan.patch) == bool(plan.actions)
    return (plan.patch["spec"]["taints"] or []) if plan.patch else None


@pytest.mark.parametrize("taints, marked, unmarked", CASES)
def test_mark_and_unmark(make_node, taints, marked, unmarked):
    node = tainted(make_node, taints)
    assert written(pending_plan.plan_mark(node, "r1")) == marked
    assert written(pending_plan.plan_unmark(node)) == unmarked


@pytest.mark.parametrize(
    "rollout, value",
    [("debian-13-13.1", "debian-13-13.1"), ("my rollout/2", "my-rollout-2"), ("x" * 70, "x" * 63), ("-a-", "a")],
)
def test_the_value_is_one_that_a_taint_may_have(rollout, value):
    assert pending_plan.value(rollout) == value


@pytest.mark.parametrize("ours", [True, False])
def test_who_gives_a_node_back_takes_the_mark_off(make_node, ours):
    notes = {cordon_plan.BY: "r1"} if ours else {}
    plan = cordon_plan.plan_uncordon(tainted(make_node, [MARK, OTHER], annotations=notes, unschedulable=True), "m", 0)
    assert plan.patch["spec"] == ({"taints": [OTHER], "unschedulable": None} if ours else {"taints": [OTHER]})
    assert "Take the mark that it is still to be moved off node w1" in plan.actions

# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

import pytest
from ansible_collections.osmigrate.fleet.plugins.module_utils._errors import FleetError
from ansible_collections.osmigrate.fleet.plugins.module_utils._kube import approval_plan

P = "osmigrate.fleet/"
ASKED = {P + "approval-wanted": "r1", P + "approval-wanted-of": "storage,network", P + "approval-until": "then"}
NAMES = ["storage", "network"]


def test_only_the_value_of_this_rollout_is_an_approval(make_node):
    node = make_node(annotations={P + "approved-by-storage": "r1", P + "approved-by-network": "r0"})
    assert approval_plan.judge(node, NAMES, "r1") == (["network"], {})
    assert approval_plan.judge(node, [], "r1") == ([], {})


def test_a_veto_counts_of_those_who_are_asked(make_node):
    node = make_node(annotations={P + "vetoed-by-network": "no", P + "vetoed-by-stranger": "I"})
    assert approval_plan.judge(node, NAMES, "r1").vetoes == {"network": "no"}


def test_the_question_is_asked_once_and_keeps_its_deadline(make_node):
    asked = approval_plan.plan_question(make_node(), NAMES, "r1", "then")
    assert asked.patch["metadata"]["annotations"] == ASKED
    assert asked.actions == ["Ask storage, network whether node w1 may go in rollout r1"]
    assert approval_plan.plan_question(make_node(annotations=ASKED), NAMES, "r1", "later").actions == []
    assert approval_plan.plan_question(make_node(annotations=ASKED), NAMES, "r2", "later").actions
    assert approval_plan.plan_question(make_node(), [], "r1", "then").actions == []


def test_the_end_removes_question_and_approvals_and_no_veto(make_node):
    noted = {**ASKED, P + "approved-by-storage": "r1", P + "vetoed-by-network": "no", P + "phase": "done"}
    removed = approval_plan.plan_end(make_node(annotations=noted)).patch["metadata"]["annotations"]
    assert removed == dict.fromkeys([*ASKED, P + "approved-by-storage"])
    assert approval_plan.plan_end(make_node()).actions == []


@pytest.mark.parametrize(("names", "rollout"), [(["Storage"], "r1"), (["a/b"], "r1"), (["x" * 52], "r1"), (["a"], "")])
def test_what_cannot_be_asked_is_refused(names, rollout):
    with pytest.raises(FleetError):
        approval_plan.examine(names, rollout)

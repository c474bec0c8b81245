# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

import pytest
from ansible_collections.osmigrate.fleet.plugins.module_utils._errors import FleetError
from ansible_collections.osmigrate.fleet.plugins.module_utils._kube import approval_plan, pool_plan
from ansible_collections.osmigrate.fleet.plugins.module_utils._kube.pool_plan import EMPTY, Question

P = "osmigrate.fleet/"
NAMES = ["storage", "network"]
ASKED = Question("r1.ab", "r1", "storage,network", "then")
SHOWN = {P + "approval-wanted": "r1.ab", P + "approval-wanted-of": "storage,network", P + "approval-until": "then"}

# What one of the two answers, whether it is missing then, and the veto that it is.
ANSWERS = [
    ("the question", "r1.ab", False, None),
    ("nothing", None, True, None),
    ("nothing at all", "", True, None),
    ("the question of another way", "r1.cd", True, None),
    ("only the rollout", "r1", True, None),
    ("a little more", "r1.ab x", True, None),
    ("a line break more, as of a file or a block of YAML", "r1.ab\n", False, None),
    ("yes", "yes", True, None),
    ("no", "veto", True, "no"),
    ("no, with a reason", "veto: a rebuild is under way", True, "a rebuild is under way"),
    ("no, loudly", "VETO - not now", True, "not now"),
    ("no, over several lines", "veto: one\ntwo\x1b[2J", True, "one two\\x1b[2J"),
    ("what only begins like it", "vetoed-earlier", True, None),
]


@pytest.mark.parametrize(("text", "missing", "veto"), [one[1:] for one in ANSWERS], ids=[one[0] for one in ANSWERS])
def test_only_the_id_of_the_question_is_an_approval(text, missing, veto):
    judged = approval_plan.judge(ASKED, {"storage": text, "network": "r1.ab"})
    assert judged.missing == (["storage"] if missing else [])
    assert judged.vetoes == ({"storage": veto} if veto else {})


def test_a_rollout_that_is_called_veto_can_be_approved():
    asked = Question("veto.ab", "veto", "storage", "then")
    assert approval_plan.judge(asked, {"storage": "veto.ab"}) == ([], {}, {})


def test_what_was_said_instead_is_known():
    answers = {"storage": "r1.cd\n", "network": "", "power": "veto: no", "cooling": "x\x1b[2J", "facility": None}
    assert approval_plan.judge(ASKED, answers).others == {"storage": "r1.cd", "cooling": "x\\x1b[2J"}


def test_the_question_is_asked_once_for_each_way_and_keeps_its_deadline():
    plan = approval_plan.plan_question(EMPTY, "w1", NAMES, "r1", "then", "ab", "now")
    assert plan.pool == EMPTY._replace(questions={"w1": ASKED})
    assert plan.actions == ["Ask storage, network whether node w1 may go in rollout r1"]
    again = approval_plan.plan_question(plan.pool, "w1", NAMES, "r1", "later", "cd", "now")
    assert (again.pool, again.actions) == (plan.pool, [])
    for names, rollout in ((NAMES, "r2"), (["storage"], "r1")):
        other = approval_plan.plan_question(plan.pool, "w1", names, rollout, "later", "cd", "now")
        assert other.pool.questions["w1"].id == rollout + ".cd"
    ended = approval_plan.plan_no_question(plan.pool, "w1")
    assert (ended.pool, ended.actions) == (EMPTY, ["Remove the approvals of node w1"])
    assert approval_plan.plan_no_question(EMPTY, "w1").actions == []
    assert (
        approval_plan.plan_question(ended.pool, "w1", NAMES, "r1", "then", "cd", "now").pool.questions["w1"].id
        != ASKED.id
    )


def test_a_question_that_a_killed_run_has_left_is_asked_until_later():
    pool = EMPTY._replace(questions={"w1": ASKED._replace(until="2026-11-29T00:00:00Z")})
    until, now = "2026-11-29T02:00:00Z", "2026-11-29T01:00:00Z"
    plan = approval_plan.plan_question(pool, "w1", NAMES, "r1", until, "cd", now)
    assert plan.pool.questions == {"w1": ASKED._replace(until=until)}, "what was answered counts"
    assert plan.actions == [f"Ask about node w1 until {until}"]
    assert approval_plan.plan_question(plan.pool, "w1", NAMES, "r1", "later", "cd", now).actions == []


def test_a_place_that_is_given_back_ends_no_question():
    asked = EMPTY._replace(questions={"w1": ASKED})
    assert pool_plan.plan_release(asked, "w1").pool.questions == {"w1": ASKED}


def test_the_node_shows_the_question_as_long_as_it_is_asked(make_node):
    shown = approval_plan.plan_hint(make_node(), ASKED).patch["metadata"]["annotations"]
    assert shown == SHOWN
    node = make_node(annotations={**SHOWN, P + "phase": "done"})
    assert approval_plan.plan_hint(node, ASKED).actions == []
    assert approval_plan.plan_hint(node, None).patch["metadata"]["annotations"] == dict.fromkeys(SHOWN)
    forged = make_node(annotations={**SHOWN, P + "approval-wanted": "r9"})
    assert approval_plan.plan_hint(forged, ASKED).patch["metadata"]["annotations"] == {P + "approval-wanted": "r1.ab"}
    assert approval_plan.plan_hint(make_node(), None).actions == []


@pytest.mark.parametrize(("names", "rollout"), [(["Storage"], "r1"), (["a/b"], "r1"), (["x" * 52], "r1"), (["a"], "")])
def test_what_cannot_be_asked_is_refused(names, rollout):
    with pytest.raises(FleetError):
        approval_plan.examine(names, rollout)

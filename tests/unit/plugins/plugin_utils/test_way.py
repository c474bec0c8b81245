# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""One node's way, from every state in which a killed run can leave a node."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from ansible_collections.osmigrate.fleet.plugins.module_utils._errors import FleetError
from ansible_collections.osmigrate.fleet.plugins.plugin_utils._way import Way, next_steps


def boot(booted="package", default="package", trial="", verdict="", entries=("d-1", "d-2"), failed=(), **more):
    return {
        "booted": {"entry": booted},
        "default": default,
        "trial": {"entry": trial, "purpose": more.get("purpose", "move")} if trial else None,
        "verdict": verdict,
        "reason": "because",
        "block": {"usable": more.get("usable", True)},
        "called_off": more.get("called_off", False),
        "entries": {name: {"purpose": more.get("staged", "move")} for name in entries},
        "finalized": more.get("finalized"),
        "contradictions": more.get("contradictions", ()),
        "failures": {name: {"verdict": "fell_back", "reason": "because"} for name in failed},
    }


MOVE = ("drain", "trial", "verify", "confirm")
CASES = {
    "untouched": (boot(entries=()), Way(("stage", *MOVE))),
    "staged": (boot(), Way(MOVE)),
    "armed": (boot(trial="d-1", verdict="never_rebooted"), Way(MOVE)),
    "armed and never started": (boot(trial="d-1", verdict="never_started"), Way(MOVE)),
    "on trial": (boot("d-1", trial="d-1", verdict="booted_candidate"), Way(("verify", "confirm"))),
    "arrived": (boot("d-1", "d-1"), Way(())),
    "arrived for want of a block": (boot("d-1", "d-1", usable=False), Way(("confirm",))),
    "confirmed, but something else was booted by hand": (boot("package", "d-1"), Way(MOVE)),
    "the next release": (boot("d-2", "d-2"), Way(MOVE)),
    "staged for a drill": (boot(staged="drill"), Way(("stage", *MOVE))),
    "called off, and the run died before the reboot": (boot("d-1", called_off=True), Way(("revert", *MOVE))),
    "arrived, and the record does not know": (boot("d-1", "d-1", contradictions=["x"]), Way(("repair",))),
    "arrived, and a change waits for its trial": (
        {**boot("d-1", "d-1"), "entries": {"d-1": {"changed": {"options": "x"}}}},
        Way(MOVE),
    ),
    "staged, and record and block differ": (boot(contradictions=["x"]), Way(("repair", *MOVE))),
    "another trial was armed and never booted": (boot(trial="d-2", verdict="never_rebooted"), Way(("revert", *MOVE))),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_next_steps(case):
    assert next_steps(case[0], "d-1") == case[1]


def test_a_node_that_is_left_as_it_is_waits_with_its_repair():
    assert next_steps(boot(failed=["d-1"], contradictions=["x"]), "d-1").steps == ()


DRILL = ("drain", "trial", "return")
RUNS = {"booted": "d-1", "trial": "d-1", "verdict": "booted_candidate"}
# state -> what is left of a drill of d-1
DRILLS = {
    "untouched": (boot(entries=()), Way(("stage", *DRILL))),
    "staged": (boot(), Way(DRILL)),
    "staged for a drill": (boot(staged="drill"), Way(DRILL)),
    "armed for a move": (boot(trial="d-1", verdict="never_rebooted"), Way(DRILL)),
    "armed": (boot(trial="d-1", verdict="never_rebooted", purpose="drill"), Way(DRILL)),
    "armed and never started": (boot(trial="d-1", verdict="never_started", purpose="drill"), Way(DRILL)),
    "away": (boot(**RUNS, purpose="drill"), Way(("return",))),
    "home, and nobody saw it": (boot(trial="d-1", verdict="fell_back", purpose="drill"), Way(("revert", *DRILL))),
    "between two releases": (boot("d-2", "d-2"), Way(DRILL)),
}


@pytest.mark.parametrize("case", DRILLS.values(), ids=DRILLS)
def test_next_steps_of_a_drill(case):
    assert next_steps(case[0], "d-1", drill=True) == case[1]


# What a drill whose controller died leaves to other playbooks, here a move to d-1: nothing that needs a word.
LEFT_BY_A_DRILL = {
    "armed": (boot(trial="d-1", verdict="never_rebooted", purpose="drill"), Way(MOVE)),
    "away": (boot(**RUNS, purpose="drill"), Way(("revert", *MOVE))),
    "home": (boot(trial="d-1", verdict="fell_back", purpose="drill"), Way(("revert", *MOVE))),
    "somewhere else": (boot("", trial="d-1", verdict="unknown", purpose="drill"), Way(("revert", *MOVE))),
    "another release is away": (
        boot("d-2", trial="d-2", verdict="booted_candidate", purpose="drill"),
        Way(("revert", *MOVE)),
    ),
    "the target is what it came from": (
        boot("d-2", "d-1", trial="d-2", verdict="booted_candidate", purpose="drill"),
        Way(("revert",)),
    ),
}


@pytest.mark.parametrize("case", LEFT_BY_A_DRILL.values(), ids=LEFT_BY_A_DRILL)
def test_a_drill_that_a_dead_run_left(case):
    assert next_steps(case[0], "d-1") == case[1]


# a drill of d-1 -> steps, a word of the refusal
DRILLS_REFUSED = {
    "it is the default": (boot("d-1", "d-1"), (), "nothing to come home from"),
    "a move has booted it": (boot(**RUNS), (), "another rollout"),
    "it failed here": (boot(failed=["d-1"]), (), "verdict was fell_back"),
    "a move of it fell back": (boot(trial="d-1", verdict="fell_back"), ("revert",), "verdict was fell_back"),
    "it failed here before the drill": (
        boot(trial="d-1", verdict="fell_back", purpose="drill", failed=["d-1"]),
        ("revert",),
        "verdict was fell_back",
    ),
}


@pytest.mark.parametrize("case", DRILLS_REFUSED.values(), ids=DRILLS_REFUSED)
def test_next_steps_of_a_drill_fail(case):
    way = next_steps(case[0], "d-1", drill=True)
    assert way.steps == case[1]
    assert case[2] in way.refusal


GIVEN_UP = {"at": 1, "entry": "d-1"}


@pytest.mark.parametrize(
    ("entries", "words"), [(("d-1", "d-2"), "osmigrate_rollback_to=d-2"), (("d-1",), "No earlier release is staged")]
)
def test_what_was_given_up_is_no_target(entries, words):
    way = next_steps(boot("d-1", "d-1", entries=entries, finalized=GIVEN_UP), "package")
    assert way.steps == ()
    assert "was given up" in way.refusal
    assert words in way.refusal
    assert next_steps(boot("d-1", "d-1", finalized=GIVEN_UP), "d-2") == Way(MOVE)


def test_back_to_the_package_managed_root_stages_nothing():
    assert next_steps(boot("d-1", "d-1"), "package") == Way(MOVE)
    assert next_steps(boot("package", "d-1", "package", "booted_candidate"), "package") == Way(("verify", "confirm"))
    assert next_steps(boot(), "package") == Way(())


REFUSED = {
    "fell back": (boot(trial="d-1", verdict="fell_back"), ("revert",), "verdict was fell_back: because"),
    "failed before": (boot(failed=["d-1"]), (), "verdict was fell_back: because"),
    "runs another trial": (boot("d-2", trial="d-2", verdict="booted_candidate"), (), "another rollout"),
}


@pytest.mark.parametrize("case", REFUSED.values(), ids=REFUSED)
def test_next_steps_fail(case):
    way = next_steps(case[0], "d-1")
    assert way.steps == case[1]
    assert case[2] in way.refusal


# failed before, an undecided fall-back -> times that the refusal names, None where it may go on
CAPPED = {
    "twice": (2, "", None),
    "twice, and again": (2, "fell_back", 3),
    "three times": (3, "", 3),
    "more often, under a higher limit then": (7, "", 7),
}


@pytest.mark.parametrize("case", CAPPED.values(), ids=CAPPED)
def test_a_word_from_the_operator_counts_until_there_were_too_many_attempts(case):
    attempts, verdict, times = case
    state = boot(trial="d-1" if verdict else "", verdict=verdict, failed=["d-1"])
    state["failures"]["d-1"]["attempts"] = attempts
    way = next_steps(state, "d-1", retry=True, attempts_max=3)
    assert ("trial" in way.steps) is (times is None)
    assert (f"failed here {times} times" in way.refusal) is (times is not None)
    assert ("revert" in way.steps) is bool(verdict)
    again = next_steps(state, "d-1", retry=True, attempts_max=9)
    assert (again.steps[-4:], again.refusal) == (MOVE, "")


@pytest.mark.parametrize("state", [boot(trial="d-1", verdict="fell_back"), boot(failed=["d-1"])])
def test_a_word_from_the_operator_tries_again(state):
    way = next_steps(state, "d-1", retry=True)
    assert way.steps[-4:] == MOVE
    assert not way.refusal


def test_no_module_returns_a_result_that_ansible_takes_for_a_failure():
    """boot_info once returned what failed here under the name "failed", and every look at such a node failed."""
    modules = Path(__file__).parents[4] / "plugins/modules"
    reserved = re.compile(r"^(failed|skipped|unreachable):$", re.MULTILINE)
    assert [path.stem for path in modules.glob("*.py") if reserved.search(path.read_text())] == []


KEY = "5e" * 32


def known(state, commit="aa" * 32, signed_by=(KEY,)):
    """The same, with entries as they are recorded since their signers are."""
    for name in state["entries"]:
        state["entries"][name].update(
            commit=commit, release={"name": "d", "version": "1", "signed_by": list(signed_by)}
        )
    return state


@pytest.mark.parametrize(
    ("revoked", "why"),
    [
        (["d-1"], "Release d-1 is revoked by osmigrate_revoked."),
        (["AA" * 32], "which has its commit aaaaaaaaaaaa."),
        ([KEY], f"signed by nobody but {KEY[:16]}, which is revoked"),
        (["d-1", "e-1", "bb" * 32], "Release d-1 is revoked by osmigrate_revoked."),
    ],
)
def test_what_is_revoked_is_no_target_fail(revoked, why):
    for state in (boot(), boot("d-2", "d-2"), boot("d-1", "d-1"), boot("d-2", "d-2", trial="d-2")):
        way = next_steps(known(state), "d-1", revoked=revoked)
        assert way.steps == () and why in way.refusal
    # One that runs on trial is not confirmed, but sent home.
    way = next_steps(known(boot(**RUNS)), "d-1", revoked=revoked)
    assert way.steps == ("revert",) and why in way.refusal


def test_what_is_revoked_is_left_all_the_same():
    assert next_steps(known(boot("d-1", "d-1")), "d-2", revoked=["d-1"]) == Way(MOVE)
    assert next_steps(known(boot("d-1", "d-1")), "package", revoked=["d-1"]) == Way(MOVE)
    assert next_steps(known(boot(), signed_by=(KEY, "6f" * 32)), "d-1", revoked=[KEY]) == Way(MOVE)
    assert next_steps(known(boot(), signed_by=()), "d-1", revoked=[KEY]) == Way(MOVE)


def test_a_misspelt_revocation_fail():
    with pytest.raises(FleetError, match="d_1 in osmigrate_revoked is neither"):
        next_steps(known(boot()), "d-1", revoked=["d_1"])


def test_an_entry_is_its_commit_fail():
    for state in (boot(), boot("d-1", "d-1"), boot(trial="d-2", verdict="never_rebooted")):
        way = next_steps(known(state), "d-1", commit="bb" * 32)
        assert way.steps == () and "aa" * 32 in way.refusal and "bb" * 32 in way.refusal
    assert next_steps(known(boot(**RUNS)), "d-1", commit="bb" * 32).steps == ("revert",)
    assert next_steps(known(boot("d-1", "d-1")), "d-1", commit="aa" * 32) == Way(())
    assert next_steps(boot(), "d-1", commit="bb" * 32) == Way(MOVE)

# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
import pytest
from ansible_collections.osmigrate.fleet.plugins.module_utils._errors import FleetError
from ansible_collections.osmigrate.fleet.plugins.module_utils._trial import evidence as evidences, record

TRIAL = {
    "entry": "d-1",
    "incumbent": "package",
    "armed_boot_id": "a",
    "armed_at": 0,
    "tries": 2,
    "rollout": "",
    "purpose": "move",
    "node": "node-1",
    "run": "",
    "fence": 0,
    "method": "firmware",
}
STATE = {**record.empty(), "trial": TRIAL}
ARMED = {"osm_default": "package", "osm_trial": "d-1", "osm_tries": "xx"}

# block, booted entry, boot id -> verdict, a word of its reason
CASES = {
    "the node did not reboot": (ARMED, "package", "a", "never_rebooted", "not rebooted"),
    "the candidate runs": ({**ARMED, "osm_tries": "x"}, "d-1", "b", "booted_candidate", "running"),
    "GRUB did not count": (ARMED, "package", "b", "never_started", "could not count"),
    "the tries are used up": ({**ARMED, "osm_tries": "0"}, "package", "b", "fell_back", "left no word before"),
    "reset after the count": (
        {**ARMED, "osm_tries": "0", "osm_started": ""},
        "package",
        "b",
        "never_started",
        "a reset or a power cut",
    ),
    "started, and not heard of": (
        {**ARMED, "osm_tries": "0", "osm_started": "yes"},
        "package",
        "b",
        "fell_back",
        "left no word before",
    ),
    "not loaded": ({**ARMED, "osm_tries": "0", "osm_started": "no"}, "package", "b", "fell_back", "could not load"),
    "somebody chose the incumbent": ({**ARMED, "osm_tries": "x"}, "package", "b", "fell_back", "still had tries"),
    "the block is gone": (None, "package", "b", "fell_back", "could not use"),
    "something third runs": (ARMED, "", "b", "unknown", "another OS"),
    "confirmed, but the record is older": ({"osm_default": "d-1"}, "d-1", "b", "", ""),
    "recorded, but the block was never armed": ({"osm_default": "package"}, "package", "b", "", ""),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_judge(case):
    block, booted, boot_id, verdict, word = case
    found = record.judge(STATE, block, booted, boot_id)
    assert found.verdict == verdict
    assert word in found.reason


SOFT_CASES = {
    "the node did not reboot": ("package", "a", "never_rebooted"),
    "the candidate runs": ("d-1", "a", "booted_candidate"),
    "it was reset": ("package", "b", "fell_back"),
}


@pytest.mark.parametrize("case", SOFT_CASES.values(), ids=SOFT_CASES)
def test_judge_a_soft_reboot_by_the_root_that_runs(case):
    booted, boot_id, verdict = case
    state = {**STATE, "trial": {**TRIAL, "method": "soft"}}
    assert record.judge(state, {**ARMED, "osm_tries": "0"}, booted, boot_id, on_trial=False).verdict == verdict


def test_a_note_of_a_soft_reboot_has_the_boot_id_of_before():
    note = evidences.Evidence({"entry": "d-1", "boot_id": "a", "cause": "deadman", "detail": "nobody confirmed it"}, "")
    assert evidences.explain({**TRIAL, "method": "soft"}, note, "no word") == "nobody confirmed it"
    assert evidences.explain(TRIAL, note, "no word") == "no word"


ENDED = {"entry": "d-1", "boot_id": "b", "cause": "deadman", "detail": "nobody confirmed it"}
PANIC = "Kernel panic - not syncing: Fatal exception"
USED_UP = {**ARMED, "osm_tries": "0"}
# the candidate's note, a panic -> the reason
EVIDENCE = {
    "none": ({}, "", "left no word before the incumbent booted"),
    "a note": (ENDED, "", "nobody confirmed it"),
    "a note of another entry": ({**ENDED, "entry": "d-2"}, "", "left no word before"),
    "a note of the boot that armed": ({**ENDED, "boot_id": "a"}, "", "left no word before"),
    "a panic": ({}, PANIC, "before the incumbent booted; " + PANIC),
    "a note and a panic": (ENDED, PANIC, "nobody confirmed it; " + PANIC),
}


@pytest.mark.parametrize("case", EVIDENCE.values(), ids=EVIDENCE)
def test_judge_by_evidence(case):
    ended, panic, reason = case
    found = record.judge(STATE, USED_UP, "package", "c", evidences.Evidence(ended, panic))
    assert found.verdict == "fell_back"
    assert reason in found.reason


def test_grub_counts_nothing_where_kexec_starts_the_candidate():
    for change in ({"control": {"tier": "kexec"}}, {"trial": {**TRIAL, "method": "kexec"}}):
        found = record.judge({**STATE, **change}, USED_UP, "package", "c")
        assert found.verdict == "fell_back"
        assert "by kexec" in found.reason and "GRUB" not in found.reason


def test_evidence_changes_no_other_verdict():
    evidence = evidences.Evidence(ENDED, PANIC)
    for block, booted, boot_id in ((ARMED, "package", "a"), (USED_UP, "d-1", "b"), (USED_UP, "", "b")):
        assert record.judge(STATE, block, booted, boot_id, evidence) == record.judge(STATE, block, booted, boot_id)


def test_traces_tell_one_trial_from_the_next():
    states = [
        {**STATE, "failed": failed, "drills": drills}
        for failed in ({}, {"old": {"verdict": "fell_back"}}, {"old": {"attempts": 2}})
        for drills in ({}, {"old": {"at": 1764547200}}, {"old": {"at": 1764547201.5}})
    ]
    found = [record.traces(state, "old") for state in states]
    assert len(set(found)) == len(found) and found[0] == "" == record.traces(states[-1], "new")
    assert all(set(one) <= set("0123456789abcdef") for one in found)


def test_attempts():
    state = {**STATE, "failed": {"old": {"verdict": "fell_back"}, "new": {"attempts": 2}}}
    assert [record.attempts(state, entry) for entry in ("none", "old", "new")] == [0, 1, 2]


def test_no_trial_no_verdict():
    assert record.judge(record.empty(), {}, "package", "a") == record.NO_TRIAL


def test_the_record_reads_back():
    assert record.parse(record.render(STATE)) == STATE
    assert record.parse(None) == record.empty()


@pytest.mark.parametrize("text", ["", "{", "[]", '{"schema": 2}', '{"schema": 1}', "null"])
def test_parse_fail(text):
    with pytest.raises(FleetError, match="not a record"):
        record.parse(text)


def test_a_record_of_before_calls_the_root_of_an_entry_its_deployment():
    old = {"id": "d-1", "backend": "ostree", "deployment": "/ostree/deploy/debian/deploy/1.0", "boot_uuid": "1-2"}
    state = record.parse(record.render({**record.empty(), "entries": {"d-1": old}}))
    assert state["entries"]["d-1"] == {
        "id": "d-1",
        "backend": "ostree",
        "root": "/ostree/deploy/debian/deploy/1.0",
        "boot_uuid": "1-2",
    }
    assert record.parse(record.render(state)) == state


LATER = ("purpose", "node", "run", "fence", "method")


def test_a_record_of_before_has_neither_drills_nor_a_purpose_nor_a_node_nor_a_run():
    older = {name: STATE[name] for name in record.REQUIRED}
    older["trial"] = {name: value for name, value in TRIAL.items() if name not in LATER}
    assert record.parse(record.render(older)) == {**STATE, "trial": {**TRIAL, "node": ""}}


FINALIZED = {**record.empty(), "default": "d-2", "finalized": {"at": 1, "entry": "d-1"}}
# entries, default of the block -> what grub.cfg boots by itself
FALLBACKS = {
    "the default": (["d-1", "d-2", "d-3"], "d-3", "d-3"),
    "no block": (["d-1", "d-2", "d-3"], "", "d-2"),
    "the recorded default is gone": (["d-1", "d-3"], "package", "d-1"),
    "never one that was not confirmed": (["d-3"], "", ""),
}


@pytest.mark.parametrize("case", FALLBACKS.values(), ids=FALLBACKS)
def test_fallback(case):
    entries, default, wanted = case
    assert record.fallback({**FINALIZED, "entries": dict.fromkeys(entries)}, default) == wanted


def test_until_it_is_given_up_the_package_managed_root_is_the_fallback():
    assert record.fallback({**FINALIZED, "entries": {"d-1": {}}, "finalized": None}, "d-1") == "package"

# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
import pytest
from ansible_collections.osmigrate.fleet.plugins.module_utils import _bootstate
from ansible_collections.osmigrate.fleet.plugins.module_utils._errors import FleetError

TRIAL = {"entry": "d-1", "incumbent": "package", "armed_boot_id": "a", "armed_at": 0, "tries": 2, "rollout": ""}
STATE = {**_bootstate.empty(), "trial": TRIAL}
ARMED = {"osm_default": "package", "osm_trial": "d-1", "osm_tries": "xx"}

# block, booted entry, boot id -> verdict, a word of its reason
CASES = {
    "the node did not reboot": (ARMED, "package", "a", "never_rebooted", "not rebooted"),
    "the candidate runs": ({**ARMED, "osm_tries": "x"}, "d-1", "b", "booted_candidate", "running"),
    "GRUB did not count": (ARMED, "package", "b", "fell_back", "could not count"),
    "the tries are used up": ({**ARMED, "osm_tries": "0"}, "package", "b", "fell_back", "did not stay up"),
    "somebody chose the incumbent": ({**ARMED, "osm_tries": "x"}, "package", "b", "fell_back", "still had tries"),
    "the block is gone": (None, "package", "b", "fell_back", "could not use"),
    "something third runs": (ARMED, "", "b", "unknown", "another OS"),
    "confirmed, but the record is older": ({"osm_default": "d-1"}, "d-1", "b", "", ""),
    "recorded, but the block was never armed": ({"osm_default": "package"}, "package", "b", "", ""),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_judge(case):
    block, booted, boot_id, verdict, word = case
    found = _bootstate.judge(STATE, block, booted, boot_id)
    assert found.verdict == verdict
    assert word in found.reason


def test_no_trial_no_verdict():
    assert _bootstate.judge(_bootstate.empty(), {}, "package", "a") == _bootstate.NO_TRIAL


def test_the_record_reads_back():
    assert _bootstate.parse(_bootstate.render(STATE)) == STATE
    assert _bootstate.parse("") == _bootstate.empty()


@pytest.mark.parametrize("text", ["{", "[]", '{"schema": 2}', '{"schema": 1}', "null"])
def test_parse_fail(text):
    with pytest.raises(FleetError, match="not a record"):
        _bootstate.parse(text)

# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

import os

import pytest
from ansible_collections.osmigrate.fleet.plugins.module_utils._trial import evidence

NOTE = "entry=d-1\nboot_id=b\ncause=health\ndetail=the check failed: a=b\n"
TRIAL = {"entry": "d-1", "armed_boot_id": "a", "armed_at": 1000}
RECORD = "Panic#2 Part1\n<4>[    4.1] RIP: 0010:sysrq+0x14\n<0>[    4.2] %s\n<0>[    4.3] Kernel Offset: disabled\n"
CRASH = "Kernel panic - not syncing: sysrq triggered crash"


def test_read_collects_the_note_and_the_newest_panic(tmp_path):
    (tmp_path / "ended").write_text(NOTE)
    (tmp_path / "moved/17637").mkdir(parents=True)
    (tmp_path / "fresh").mkdir()
    for name, text, when in (
        ("fresh/dmesg-efi-1", RECORD % "Kernel panic - not syncing: before it was armed", 999),
        ("fresh/console-ramoops-0", RECORD % "Kernel panic - not syncing: of no dmesg record", 3000),
        ("fresh/dmesg-efi-2", "no panic, but an oops", 3000),
        ("moved/17637/dmesg.txt", RECORD % CRASH, 2000),
        ("moved/17637/dmesg-efi-3", RECORD % "Kernel panic - not syncing: the first of two", 1500),
    ):
        (tmp_path / name).write_text(text)
        os.utime(str(tmp_path / name), (when, when))
    places = [str(tmp_path / name) for name in ("none", "fresh", "moved")]
    found = evidence.read(TRIAL, str(tmp_path / "ended"), places)
    assert (found.ended["cause"], found.ended["detail"]) == ("health", "the check failed: a=b")
    assert found.panic == CRASH
    assert evidence.explain(TRIAL, found, "") == "the check failed: a=b; " + CRASH
    evidence.forget(str(tmp_path / "ended"))
    evidence.forget(str(tmp_path / "ended"))
    assert evidence.read(TRIAL, str(tmp_path / "ended"), []) == evidence.NONE


@pytest.mark.parametrize("text", ["", "entry=d-1\n", NOTE.replace("detail=", "detial="), "\0" * 512])
def test_half_a_note_is_none(text):
    assert evidence.parse_ended(text) == {}


def test_without_a_trial_nothing_is_looked_at():
    assert evidence.read(None) == evidence.NONE

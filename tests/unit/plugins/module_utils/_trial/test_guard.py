# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The guard of a trial by soft-reboot, in a shell whose sleep takes no time and where files stand for the kernel."""

import re
import subprocess

import pytest
from ansible_collections.osmigrate.fleet.plugins.module_utils._boot import soft
from ansible_collections.osmigrate.fleet.plugins.module_utils._trial import ending, guard, healthstate

ARMED = "osm_default=d-1\nosm_trial=d-2\nosm_tries=0\n"


@pytest.mark.parametrize(
    "marked, block, reset",
    [
        (True, ARMED, True),
        (True, "", True),
        (False, ARMED, False),
        # Confirmed, and cut off before the guard was stopped.
        (True, "osm_default=d-2\nosm_trial=\nosm_tries=\n", False),
    ],
)
def test_it_resets_what_nobody_has_confirmed(tmp_path, marked, block, reset):
    for path, text in (("mark", "d-2\n"), ("env", block), ("health", "state\tpassed\n")):
        (tmp_path / path).write_text(text)
    if not marked:
        (tmp_path / "mark").unlink()
    text = guard.script("d-2", 900)
    assert f"sleep {900 + guard.LATER}\n" in text
    for path in ending.BLOCKS:
        text = text.replace(path, str(tmp_path / "env"))
    text = text.replace(soft.MARK, str(tmp_path / "mark")).replace(healthstate.RESULTS, str(tmp_path / "health"))
    text = text.replace(f">{soft.RESET}", f">>{tmp_path}/reset").replace("/dev/kmsg", "/dev/null")
    text = re.sub(r"/proc/sys/kernel/(\w+)", rf"{tmp_path}/\1", text)
    program = "sleep() { [ $1 -eq 10 ] || return 0; wait; }\n" + text
    assert subprocess.run(["sh", "-c", program], check=False).returncode == 0
    assert (tmp_path / "panic").read_text() == "30\n"
    assert not (tmp_path / "health").exists()
    assert (tmp_path / "reset").exists() is reset
    if reset:
        assert (tmp_path / "reset").read_text() == "s\nb\n"

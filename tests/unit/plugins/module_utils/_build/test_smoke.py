# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a console said is read as a boot that is done, that goes on, or that failed. The lines are a real one's."""

import pytest
from ansible_collections.osmigrate.fleet.plugins.module_utils._build import smoke

ON_ITS_WAY = "[\x1b[0;32m  OK  \x1b[0m] Reached target \x1b[0;1;39mbasic.target\x1b[0m - Basic System.\r\n"
FAILED = "[\x1b[0;1;31mFAILED\x1b[0m] Failed to start \x1b[0;1;39mssh.service\x1b[0m - OpenBSD Secure Shell server.\r\n"
END = "\r\nDebian GNU/Linux 13 localhost ttyS0\r\n\r\nlocalhost login: \r\nosmigrate-smoke end\r\n"
LATE = "\r\nosmigrate-smoke failed cron.service\r\n"
PANIC = "[    3.141592] Kernel panic - not syncing: VFS: Unable to mount root fs on unknown-block(0,0)\r\n"
EMERGENCY = "You are in emergency mode. After logging in, type journalctl.\r\n"


@pytest.mark.parametrize(
    ("said", "outcome"),
    [
        ("", (False, "", [])),
        (ON_ITS_WAY, (False, "", [])),
        (ON_ITS_WAY + END, (True, "", [])),
        (ON_ITS_WAY + FAILED + LATE + END, (True, "", ["cron.service", "ssh.service"])),
        (PANIC, (False, "said: Kernel panic - not syncing: VFS: Unable to mount root fs on unknown-block(0,0)", [])),
        (EMERGENCY, (False, "said: You are in emergency mode", [])),
        (ON_ITS_WAY + "localhost login: ", (False, "", [])),
        ("osmigrate-smoke writable /usr\r\n" + END, (True, "lets /usr be written, which belongs to the release", [])),
        ("osmigrate-smoke silent sshd\r\n" + END, (True, "has sshd, which does not answer", [])),
        (
            "osmigrate-smoke deaf 22\r\n",
            (False, "has nothing that answers on port 22, by which nodes are reached", []),
        ),
        ("osmigrate-smoke broken /usr/bin/kubelet\r\n", (False, "has /usr/bin/kubelet, which does not run", [])),
    ],
)
def test_a_console_is_judged(said, outcome):
    assert smoke.judge(said) == outcome

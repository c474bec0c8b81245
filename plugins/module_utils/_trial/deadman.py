# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The deadman: a trial that nobody confirms in time reboots into the incumbent.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

import typing

from ansible_collections.osmigrate.fleet.plugins.module_utils._files.item import ABSENT, FILE, LINK, Item, item

DIRECTORY = "/etc/systemd/system"
TIMER, SERVICE = "osmigrate-deadman.timer", "osmigrate-deadman.service"
# Started before anything can fail: a candidate whose mounts do not come up has to go back, too.
TIMER_UNIT = """\
# Written by osmigrate.fleet.
[Unit]
Description=Time that a trial of this system has until it is confirmed
ConditionKernelCommandLine=osmigrate.trial
DefaultDependencies=no
Conflicts=shutdown.target
Before=shutdown.target

[Timer]
OnBootSec=%d
AccuracySec=1

[Install]
WantedBy=sysinit.target
"""
# Whatever keeps the program from its work, the unit has failed then, and systemd reboots by itself.
SERVICE_UNIT = """\
# Written by osmigrate.fleet.
[Unit]
Description=Reboot into the system that is the default, because nobody confirmed this trial
ConditionKernelCommandLine=osmigrate.trial
DefaultDependencies=no
Conflicts=shutdown.target
Before=shutdown.target
FailureAction=reboot-force

[Service]
Type=oneshot
NoNewPrivileges=yes
ExecStart=/bin/sh %s deadman "nobody confirmed it within %d seconds (deadman)"
TimeoutStartSec=60
TimeoutStopSec=5
"""


def plan(seconds: int, end_trial: str) -> typing.List[Item]:
    """Return the Items of the deadman; 0 seconds: that it is not there.

    :param seconds: int, counted from the start of the kernel.
    :param end_trial: str, path of the program that ends the trial.
    """
    wanted = f"{DIRECTORY}/sysinit.target.wants/{TIMER}"
    timer, service = f"{DIRECTORY}/{TIMER}", f"{DIRECTORY}/{SERVICE}"
    if seconds == 0:
        return [item(ABSENT, path, "", "deadman") for path in (wanted, timer, service)]
    return [
        item(FILE, service, "", "deadman", SERVICE_UNIT % (end_trial, seconds), shown=True),
        item(FILE, timer, "", "deadman", TIMER_UNIT % seconds, shown=True),
        item(LINK, wanted, "", "deadman", "../" + TIMER),
    ]

# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The deadman: a trial that nobody confirms in time reboots into the incumbent.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

import typing

from ansible_collections.osmigrate.fleet.plugins.module_utils._boot import soft
from ansible_collections.osmigrate.fleet.plugins.module_utils._files.item import ABSENT, FILE, LINK, Item, item

DIRECTORY = "/etc/systemd/system"
TIMER, SERVICE = "osmigrate-deadman.timer", "osmigrate-deadman.service"
# The same for a trial by soft-reboot, whose kernel may have run for months.
SOFT_TIMER = "osmigrate-deadman-soft.timer"
# Started before anything can fail: a candidate whose mounts do not come up has to go back, too.
TIMER_UNIT = """\
# Written by osmigrate.fleet.
[Unit]
Description=Time that a trial of this system has until it is confirmed
ConditionKernelCommandLine=osmigrate.trial
ConditionPathExists=!@MARK@
DefaultDependencies=no
Conflicts=shutdown.target
Before=shutdown.target

[Timer]
OnBootSec=%d
AccuracySec=1

[Install]
WantedBy=sysinit.target
""".replace("@MARK@", soft.MARK)
SOFT_TIMER_UNIT = """# Written by osmigrate.fleet.
[Unit]
Description=Time that a trial of this system by soft-reboot has until it is confirmed
ConditionPathExists=@MARK@
DefaultDependencies=no
Conflicts=shutdown.target
Before=shutdown.target

[Timer]
Unit=@SERVICE@
OnActiveSec=%d
AccuracySec=1

[Install]
WantedBy=sysinit.target
""".replace("@MARK@", soft.MARK).replace("@SERVICE@", SERVICE)
# Whatever keeps the program from its work, the unit has failed then, and systemd reboots by itself.
SERVICE_UNIT = """\
# Written by osmigrate.fleet.
[Unit]
Description=Reboot into the system that is the default, because nobody confirmed this trial
ConditionKernelCommandLine=|osmigrate.trial
ConditionPathExists=|@MARK@
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
""".replace("@MARK@", soft.MARK)


def plan(seconds: int, end_trial: str) -> typing.List[Item]:
    """Return the Items of the deadman; 0 seconds: that it is not there.

    :param seconds: int, counted from the start of the kernel, or of a system that a soft-reboot starts.
    :param end_trial: str, path of the program that ends the trial.
    """
    service = f"{DIRECTORY}/{SERVICE}"
    timers = {TIMER: TIMER_UNIT, SOFT_TIMER: SOFT_TIMER_UNIT}
    wanted = {f"{DIRECTORY}/sysinit.target.wants/{name}": name for name in timers}
    if seconds == 0:
        gone = [*wanted, *(f"{DIRECTORY}/{name}" for name in timers), service]
        return [item(ABSENT, path, "", "deadman") for path in gone]
    return [
        item(FILE, service, "", "deadman", SERVICE_UNIT % (end_trial, seconds), shown=True),
        *(
            item(FILE, f"{DIRECTORY}/{name}", "", "deadman", unit % seconds, shown=True)
            for name, unit in timers.items()
        ),
        *(item(LINK, link, "", "deadman", "../" + name) for link, name in wanted.items()),
    ]

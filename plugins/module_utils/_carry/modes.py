# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Programs that run with rights of others: where the node lets fewer people do so than the release. Only reads.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

import os
import stat
import typing

from ansible_collections.osmigrate.fleet.plugins.module_utils._carry.model import Situation

PLACES = ("/usr/bin", "/usr/sbin", "/usr/libexec", "/usr/lib/openssh", "/usr/lib/dbus-1.0")
# Of what is in these directories, all that may be run is started.
STARTED = (
    "/etc/cron.hourly/* /etc/cron.daily/* /etc/cron.weekly/* /etc/cron.monthly/* /etc/update-motd.d/* "
    "/etc/network/if-*.d/* /etc/NetworkManager/dispatcher.d/*"
).split()
RAISED = ((stat.S_ISUID, "setuid"), (stat.S_ISGID, "setgid"))


def compare(situation: Situation) -> typing.List[str]:
    """Return in sentences which programs of the release somebody took such rights from on the node."""
    told = []
    for place in PLACES:
        for name in situation.candidate.names(place):
            path = os.path.join(place, name)
            own, other = situation.incumbent.lstat(path), situation.candidate.lstat(path)
            if own is None or other is None or not (stat.S_ISREG(own.st_mode) and stat.S_ISREG(other.st_mode)):
                continue
            raised = [word for bit, word in RAISED if other.st_mode & bit]
            missing = [word for bit, word in RAISED if other.st_mode & bit & ~own.st_mode]
            if missing:
                told.append(f"{path} is {' and '.join(missing)} on the candidate only")
            elif raised and other.st_mode & stat.S_IXOTH and not own.st_mode & stat.S_IXOTH:
                told.append(f"{path} is {' and '.join(raised)}, and everybody may run it on the candidate only")
    return told + _started(situation)


def _started(situation: Situation) -> typing.List[str]:
    """Say which scripts of the release somebody has switched off on the node by taking the right to run them."""
    told = []
    for pattern in STARTED:
        for path, brought in situation.brought(pattern).items():
            own, other = situation.incumbent.lstat(path), situation.candidate.lstat(brought)
            if own is None or other is None or not (stat.S_ISREG(own.st_mode) and stat.S_ISREG(other.st_mode)):
                continue
            if other.st_mode & stat.S_IXUSR and not own.st_mode & stat.S_IXUSR:
                told.append(f"{path} is run on the candidate only")
    return told

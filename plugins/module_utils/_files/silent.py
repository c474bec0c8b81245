# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Mounted file systems that do not answer: whoever looks at one waits for ever, so a child process looks.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

import time
import typing

from ansible_collections.osmigrate.fleet.plugins.module_utils._command import start
from ansible_collections.osmigrate.fleet.plugins.module_utils._storage import Mount, is_below

# Types whose answers come from another machine or from a program.
DISTANT = "9p afs beegfs ceph cifs coda gfs2 glusterfs lustre ncpfs nfs nfs4 ocfs2 orangefs smb3 smbfs virtiofs".split()
PROGRAMS = "fuse"
# Volumes of pods, at which nobody looks here.
PODS = "/var/lib/kubelet"
SECONDS, AT_ONCE, PAUSE = 5, 32, 0.02


def find(mounted: typing.Iterable[Mount], seconds: float = SECONDS) -> typing.List[str]:
    """Return the mount points that do not answer, sorted.

    :param mounted: all mounts of this system.
    :param seconds: how long each of them has; they are asked in groups.
    """
    asked = sorted({mount.target for mount in mounted if _may_hang(mount)})
    found = []
    for first in range(0, len(asked), AT_ONCE):
        # Nothing waits for a process that a dead server holds.
        looks = {place: start(["stat", "--", place]) for place in asked[first : first + AT_ONCE]}
        ends = time.monotonic() + seconds
        while time.monotonic() < ends and any(process.poll() is None for process in looks.values()):
            time.sleep(PAUSE)
        for place, process in looks.items():
            if process.poll() is None:
                process.kill()
                found.append(place)
    return found


def _may_hang(mount: Mount) -> bool:
    distant = mount.fstype in DISTANT or mount.fstype.partition(".")[0] in (PROGRAMS, PROGRAMS + "blk")
    return distant and not is_below(mount.target, PODS)

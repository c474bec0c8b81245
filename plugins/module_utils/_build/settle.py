# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the first boot of a release would do on every node anew is done once, when it is built.

systemd makes accounts, the hardware database and the cache of libraries where /etc is older than /usr, or says of no
time at all. The node is out of service meanwhile.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

import os
import typing

from ansible_collections.osmigrate.fleet.plugins.module_utils._build.tools import Log
from ansible_collections.osmigrate.fleet.plugins.module_utils._constants import UPDATED
from ansible_collections.osmigrate.fleet.plugins.module_utils._files.tree import Tree

# What is asked for, what has to be there for it, and the program that does it.
_PROGRAMS: typing.Tuple[typing.Tuple[str, str, typing.List[str]], ...] = (
    ("/usr/bin/systemd-sysusers", "/usr/lib/sysusers.d", ["systemd-sysusers"]),
    ("/usr/bin/systemd-hwdb", "/usr/lib/udev/hwdb.d", ["systemd-hwdb", "--usr", "update"]),
    ("/usr/sbin/ldconfig", "/etc/ld.so.conf", ["ldconfig", "-i"]),
)
_NEEDS = "/usr/lib/systemd/system/systemd-update-done.service"


def make(tree: str, time: int, log: Log) -> None:
    """Do it in a tree, and leave the stamp by which systemd knows.

    :param time: of the lock, in seconds of the epoch: that of the stamp, as of all else.
    """
    root = Tree(tree)
    for program, what, argv in _PROGRAMS:
        if os.path.lexists(root.place(program)) and os.path.lexists(root.place(what)):
            log.inside(tree, argv, argv[0], time)
    if os.path.lexists(root.place(_NEEDS)):
        path = root.place(UPDATED)
        with open(path, "w", encoding="ascii") as stream:
            stream.write("# Made with the release: nothing is left to do at its first boot.\n")
        os.utime(path, (time, time))

# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""State of kubelet that one version must not read from another, though both systems use its directory.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

from ansible_collections.osmigrate.fleet.plugins.module_utils._carry.model import FILE, LINK, Found, item

DIRECTORY = "/var/lib/kubelet"
FORGOTTEN = ("cpu_manager_state", "memory_manager_state")
UNITS = "/etc/systemd/system"
UNIT = "osmigrate-kubelet-state.service"
# Each boot starts all containers anew, so nothing of it is still true then. What ends last began first: the files go
# again after kubelet has stopped, and the incumbent does not find them.
TEXT = """\
# Written by osmigrate.fleet.
[Unit]
Description=Forget what kubelet noted about processors and memory of the last boot
Before=kubelet.service
RequiresMountsFor=%(directory)s

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/bin/rm -f %(files)s
ExecStop=/bin/rm -f %(files)s

[Install]
WantedBy=kubelet.service
""" % {"directory": DIRECTORY, "files": " ".join("%s/%s" % (DIRECTORY, name) for name in FORGOTTEN)}


def plan(shared):
    """Return Found.

    :param shared: list of str, the directories that both systems use.
    """
    if DIRECTORY not in shared:
        return Found([], [], set())
    wanted = "%s/kubelet.service.wants/%s" % (UNITS, UNIT)
    return Found(
        [
            item(FILE, "%s/%s" % (UNITS, UNIT), "", "kubelet", TEXT),
            item(LINK, wanted, "", "kubelet", "../" + UNIT),
        ],
        [],
        set(),
    )

# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who the node is, also to its storage.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

from ansible_collections.osmigrate.fleet.plugins.module_utils._carry.area import ALWAYS, area, take

AREA = area(
    "identity",
    [
        take(ALWAYS, "/etc/machine-id /etc/machine-info /etc/hostname", shown=True),
        take(ALWAYS, "/etc/hosts"),
        # ZFS imports no pool of another host, and knows itself by the first one.
        take(ALWAYS, "/etc/hostid", as_is=True),
        take(ALWAYS, "/etc/iscsi/initiatorname.iscsi /etc/nvme/hostnqn /etc/nvme/hostid", shown=True, as_is=True),
    ],
)

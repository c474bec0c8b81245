# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who may become root.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

from ansible_collections.osmigrate.fleet.plugins.module_utils._carry.area import MADE, area, take

AREA = area(
    "sudo",
    [take(MADE, "/etc/sudoers.d/* /etc/sudo.conf /etc/sudo_logsrvd.conf", needs="/usr/bin/sudo")],
    words=[("%sudo", "%wheel")],
)

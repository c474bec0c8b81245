# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where messages go.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

from ansible_collections.osmigrate.fleet.plugins.module_utils._carry.area import MADE, area, take

AREA = area(
    "logging",
    [
        take(MADE, "/etc/logrotate.d/*", needs="/usr/sbin/logrotate"),
        take(MADE, "/etc/rsyslog.d/*.conf", needs="/usr/sbin/rsyslogd"),
        take(MADE, "/etc/audit/rules.d/*.rules", needs="/usr/sbin/auditctl"),
        # There are no drop-ins of it, and it says what becomes of a node whose disk is full.
        take(MADE, "/etc/audit/auditd.conf", needs="/usr/sbin/auditd"),
        take(
            MADE,
            "/etc/audit/plugins.d/*.conf /etc/audit/audisp-*.conf /etc/audisp/plugins.d/*.conf",
            needs="/usr/sbin/auditd",
        ),
    ],
)

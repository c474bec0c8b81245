# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Time servers and the hardware clock; the time zone is in names.py.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

from ansible_collections.osmigrate.fleet.plugins.module_utils._carry.area import MADE, area, take

AREA = area(
    "time",
    [
        take(MADE, "/etc/adjtime", shown=True),
        take(MADE, "/etc/systemd/timesyncd.conf.d/*.conf"),
        take(
            MADE,
            "/etc/chrony/chrony.conf /etc/chrony/chrony.keys /etc/chrony/conf.d/*.conf /etc/chrony/sources.d/*.sources "
            "/etc/chrony.conf /etc/chrony.keys /etc/chrony.d/*.conf /etc/default/chrony /etc/sysconfig/chronyd",
            needs="/usr/sbin/chronyd",
        ),
        take(MADE, "/etc/ntpsec/ntp.conf /etc/ntpsec/ntp.d/*.conf /etc/ntp.conf", needs="/usr/sbin/ntpd"),
    ],
    same=[
        ("/etc/chrony/chrony.conf", "/etc/chrony.conf"),
        ("/etc/chrony/chrony.keys", "/etc/chrony.keys"),
        ("/etc/chrony/conf.d/", "/etc/chrony.d/"),
        ("/etc/default/chrony", "/etc/sysconfig/chronyd"),
        ("/etc/ntpsec/ntp.conf", "/etc/ntp.conf"),
        ("chrony.service", "chronyd.service"),
    ],
    words=[("DAEMON_OPTS", "OPTIONS")],
)

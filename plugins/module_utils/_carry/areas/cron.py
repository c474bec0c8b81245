# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Jobs by the clock; the tables of users are in crontabs.py.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

from ansible_collections.osmigrate.fleet.plugins.module_utils._carry.area import MADE, area, take

AREA = area(
    "cron",
    [
        take(
            MADE,
            "/etc/crontab /etc/cron.d/* /etc/cron.allow /etc/cron.deny "
            "/etc/cron.hourly/* /etc/cron.daily/* /etc/cron.weekly/* /etc/cron.monthly/*",
            needs="/usr/sbin/cron",
        ),
        take(MADE, "/etc/anacrontab", needs="/usr/sbin/anacron"),
        take(MADE, "/etc/default/cron /etc/sysconfig/crond", needs="/usr/sbin/cron"),
        # Who may, and who may not.
        take(MADE, "/etc/at.allow /etc/at.deny", needs="/usr/bin/at"),
    ],
    same=[
        ("/usr/sbin/cron", "/usr/sbin/crond"),
        ("/etc/default/cron", "/etc/sysconfig/crond"),
        ("cron.service", "crond.service"),
    ],
    words=[("EXTRA_OPTS", "CRONDARGS")],
)

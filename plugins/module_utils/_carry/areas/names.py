# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Name resolution, beside /etc/resolv.conf (see names.py).

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

from ansible_collections.osmigrate.fleet.plugins.module_utils._carry.area import MADE, area, take

AREA = area(
    "names",
    [take(MADE, "/etc/gai.conf /etc/host.conf /etc/networks", shown=True)],
    stays=[("belongs to the packages of the release", "/etc/nsswitch.conf /etc/authselect/**")],
)

# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Proxies and other variables for every process; containerd's own are drop-ins of its unit (units.py).

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

from ansible_collections.osmigrate.fleet.plugins.module_utils._carry.area import MADE, area, take

AREA = area("proxies", [take(MADE, "/etc/environment /etc/environment.d/*.conf /etc/security/pam_env.conf")])

# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Kernel parameters that can be set at run time; what they come to is in sysctl.py.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

from ansible_collections.osmigrate.fleet.plugins.module_utils._carry.area import MADE, area, take

AREA = area(
    "sysctl",
    [take(MADE, "/etc/sysctl.d/*.conf")],
    stays=[("tuned decides it from its profiles, which are not carried", "/etc/tuned/**")],
)

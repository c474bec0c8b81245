# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The network of pods.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

from ansible_collections.osmigrate.fleet.plugins.module_utils._carry.area import MADE, NEEDED, area, take

AREA = area(
    "cni",
    [
        take(NEEDED, "/etc/cni /etc/cni/**", as_is=True),
        take(MADE, "/etc/calico/** /etc/flannel/** /etc/cilium/**", as_is=True),
    ],
)

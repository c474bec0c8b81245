# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The node's place in its cluster.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

from ansible_collections.osmigrate.fleet.plugins.module_utils._carry.area import NEEDED, area, take

AREA = area(
    "kubelet",
    [
        # Manifests name paths inside of containers, too.
        take(NEEDED, "/etc/kubernetes /etc/kubernetes/**", as_is=True),
        # Of what lies in /var/lib/rancher, which is shared, the node's password is the other half.
        take(NEEDED, "/etc/rancher /etc/rancher/**", as_is=True),
        take(NEEDED, "/etc/default/kubelet /etc/sysconfig/kubelet"),
    ],
    same=[("/etc/default/kubelet", "/etc/sysconfig/kubelet")],
)

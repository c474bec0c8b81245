# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Container runtimes.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

from ansible_collections.osmigrate.fleet.plugins.module_utils._carry.area import MADE, NEEDED, area, take

AREA = area(
    "runtime",
    [
        take(MADE, "/etc/containerd/** /etc/containers/**", as_is=True),
        take(MADE, "/etc/crio/**", needs="/usr/bin/crio", as_is=True),
        take(MADE, "/etc/docker/**", needs="/usr/bin/dockerd", as_is=True),
        take(NEEDED, "/etc/crictl.yaml", as_is=True),
        take(MADE, "/etc/nerdctl/** /etc/nri/** /etc/kata-containers/**", as_is=True),
        # Pods name profiles that their node has loaded.
        take(MADE, "/etc/apparmor.d/**", needs="/usr/sbin/apparmor_parser"),
    ],
)

# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The CSI drivers that are registered on a node.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

import typing
from urllib.parse import quote

from ansible_collections.osmigrate.fleet.plugins.module_utils._kube.client import Cluster, find

NODES = "/apis/storage.k8s.io/v1/csinodes/"


def drivers(cluster: Cluster, node: str, until: typing.Optional[float] = None) -> list:
    """Return their names, sorted; none for a node that never had one."""
    found = find(cluster, NODES + quote(node, safe=""), until)
    return sorted(one["name"] for one in found["spec"].get("drivers") or []) if found else []

# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What speaks against a node by its network. Pure.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

from ansible_collections.osmigrate.fleet.plugins.module_utils._network.tables import UNDERSTOOD
from ansible_collections.osmigrate.fleet.plugins.module_utils._node import check

CHECKS: check.Checks = []
_check = check.into(CHECKS)


@_check("inhibitor", "The network is configured by a tool that cannot be carried", "Move it to systemd-networkd first")
def network_renderer(node: check.Facts, wanted: check.Facts) -> str:
    strange = [name for name in node["network"]["renderers"] if name not in UNDERSTOOD]
    if strange:
        return f"The network of the node is configured by {' and '.join(strange)}"
    return "" if node["network"]["renderers"] else "Nothing known configures the network of the node"


@_check(
    "inhibitor",
    "A part of the network's configuration cannot be carried",
    "Take it out, or put it where the release has a place for it (docs/carry-network.md); accept this finding if the "
    "node does without it, or if the release configures its network by the same tool",
    acceptable=True,
)
def network_lost(node: check.Facts, wanted: check.Facts) -> str:
    return check.some(node["network"]["lost"])


@_check(
    "high",
    "The network has something that is in no file",
    "Nothing has to be done for what a program makes (keepalived, a CNI plugin); write the rest into a file",
)
def network_undeclared(node: check.Facts, wanted: check.Facts) -> str:
    return check.some(node["network"]["undeclared"])


@_check(
    "high",
    "Several interfaces have names that the kernel gives in any order",
    "See that nothing on the node and in the cluster names them, or boot with names that do not change first",
)
def network_names(node: check.Facts, wanted: check.Facts) -> str:
    names = node["network"]["kernel_names"]
    return f"The interfaces {' and '.join(names)} may be called otherwise after the move" if len(names) > 1 else ""

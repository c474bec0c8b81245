# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from ansible_collections.osmigrate.fleet.plugins.modules import node_preflight

FINDINGS = [
    {"key": "root-space", "detail": "The root has 1 MB free, and 9 MB are needed", "remedy": "Free the space"},
    {"key": "secure-boot", "detail": "The firmware would only start kernels that it trusts", "remedy": "Turn it off"},
    {"key": "kubelet", "detail": "The kubelet of the node is not active", "remedy": "Look why"},
]


def test_one_message_names_everything_that_stops_the_node():
    wanted = {"name": "debian-13", "version": "13.1"}
    assert str(node_preflight.refusal(wanted, FINDINGS, ["root-space", "secure-boot"])) == (
        "The node cannot be moved to debian-13 13.1: The root has 1 MB free, and 9 MB are needed (root-space); "
        "The firmware would only start kernels that it trusts (secure-boot). Nothing was changed. "
        "For root-space: Free the space. For secure-boot: Turn it off."
    )

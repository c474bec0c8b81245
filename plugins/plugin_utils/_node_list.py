# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fetch the nodes of a cluster, in a child process (_child.py): the controller stays without the kubernetes client.

This plugin util is PRIVATE to the collection.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ansible_collections.osmigrate.fleet.plugins.module_utils._errors import FleetError
from ansible_collections.osmigrate.fleet.plugins.module_utils._kube import auth, client, node_view
from ansible_collections.osmigrate.fleet.plugins.module_utils._kube.auth_options import Auth
from ansible_collections.osmigrate.fleet.plugins.plugin_utils import _nodes


def fetch(given: dict[str, Any]) -> Iterator[Any]:
    """Yield the server with the names of the nodes that a label hides, and then each node, trimmed.

    :param given: `auth`, the fields of Auth; `query`, the selectors as the API takes them.
    :raises FleetError: the kubernetes client is missing, or the cluster cannot be asked.
    """
    if auth.IMPORT_ERROR:
        raise FleetError("The Python library kubernetes is missing", _nodes.NONE, "Install it with pip")
    server = client.Cluster.connect(Auth(**given["auth"]))
    nodes = server.list(client.NODES, given["query"], keep=_nodes.trim).items
    yield server.server, [node["metadata"]["name"] for node in nodes if node_view.excluded_by(node)]
    yield from nodes

# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes Events on Node objects, so that `kubectl describe node` tells what happens to a node.

Nothing depends on them. Who says the same again renews what is there, so a run that fails and is repeated a hundred
times leaves no more Events than one.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

import typing

from ansible_collections.osmigrate.fleet.plugins.module_utils._kube.client import (
    MERGE_PATCH,
    ApiError,
    Cluster,
    get_node,
    writing,
)
from ansible_collections.osmigrate.fleet.plugins.module_utils._kube.event_plan import NAMESPACE, Told, body

PATH = f"/api/v1/namespaces/{NAMESPACE}/events"
DENIED, CONFLICT = 403, 409


def tell(cluster: Cluster, node: typing.Union[dict, str], told: Told) -> typing.List[str]:
    """Write an Event, once: nobody waits for it.

    :param node: the Node object, or its name.
    :returns: what speaks against it, a sentence that is the same for all nodes; empty if it was written.
    """
    try:
        found = get_node(cluster, node, until=0) if isinstance(node, str) else node
        event = body(found, told, cluster.now())
        try:
            cluster.request("POST", PATH, writing(False), event, until=0)
        except ApiError as error:
            if error.status != CONFLICT:
                raise
            again = {"lastTimestamp": event["lastTimestamp"]}
            path = f"{PATH}/{event['metadata']['name']}"
            cluster.request("PATCH", path, writing(False), again, MERGE_PATCH, until=0)
    except ApiError as error:
        if error.status == DENIED:
            why = "the account may not write them; apply rbac.yml anew"
        else:
            why = f"the API server did not take them (HTTP status {error.status})"
        return [f"Nodes get no Events: {why}. The run goes on without."]
    return []

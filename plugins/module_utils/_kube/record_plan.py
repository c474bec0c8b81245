# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which of our annotations to write on a node. Pure.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

import typing

from ansible_collections.osmigrate.fleet.plugins.module_utils._kube import node_view, times


class NodePlan(typing.NamedTuple):
    patch: dict
    actions: typing.List[str]


FIELDS = ("rollout", "release", "phase", "verdict", "reason", "previous_os", "attempts", "drilled_at")
LONGEST = 500
# When what these say came to be; the node has not written it, the API server's clock has.
DATED = ("rollout", "release", "phase")
SINCE = node_view.PREFIX + "since"


def plan(node: dict, wanted: typing.Dict[str, typing.Optional[str]], now: float) -> NodePlan:
    """Plan the annotations of one node.

    :param wanted: dict of FIELDS; None leaves the annotation, an empty string removes it.
    :param now: seconds since the epoch.
    """
    name, present = node["metadata"]["name"], node_view.osmigrate(node)
    changes: typing.Dict[str, typing.Optional[str]] = {}
    actions = []
    for field in FIELDS:
        value = wanted[field]
        if value is None or value[:LONGEST] == present.get(field, ""):
            continue
        changes[node_view.PREFIX + field.replace("_", "-")] = value[:LONGEST] or None
        if value:
            actions.append(f"Set {field} of node {name} to {value[:LONGEST]}")
        else:
            actions.append(f"Remove {field} from node {name}")
    if any(node_view.PREFIX + field in changes for field in DATED):
        changes[SINCE] = times.stamp(now)
    return NodePlan({"metadata": {"annotations": changes}} if changes else {}, actions)

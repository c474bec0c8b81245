# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who has to agree before a node leaves service, asked and answered by annotations of the Node object. Pure.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.

The node's ``approval-wanted`` holds a rollout. Whoever agrees copies that value to ``approved-by-<name>``; whoever does
not writes why to ``vetoed-by-<name>``. An approval holds for one way of the node: it is removed when that has ended.
"""

import re
import typing

from ansible_collections.osmigrate.fleet.plugins.module_utils._errors import FleetError
from ansible_collections.osmigrate.fleet.plugins.module_utils._kube import node_view
from ansible_collections.osmigrate.fleet.plugins.module_utils._kube.record_plan import NodePlan

APPROVED, VETOED = node_view.PREFIX + "approved-by-", node_view.PREFIX + "vetoed-by-"
WANTED, WANTED_OF, UNTIL = (
    node_view.PREFIX + name for name in ("approval-wanted", "approval-wanted-of", "approval-until")
)
# What comes after the slash of an annotation's name may have 63 characters.
_NAME = re.compile(r"[a-z0-9]([a-z0-9-]{0,49}[a-z0-9])?\Z")


class Judgement(typing.NamedTuple):
    missing: typing.List[str]
    vetoes: typing.Dict[str, str]


def examine(names, rollout):
    """Refuse what cannot be asked.

    :raises FleetError: a name does not fit into that of an annotation, or there is no rollout to agree to.
    """
    for name in names:
        if not _NAME.match(name):
            raise FleetError(
                f"{str(name)!r} cannot be part of an annotation's name",
                todo="Use up to 51 small letters, digits and dashes",
            )
    if names and not rollout:
        raise FleetError("There is no rollout that could be approved", todo="Give the rollout a name")


def judge(node, names, rollout):
    """Say who has not agreed to the rollout yet, and who is against it."""
    noted = node_view.annotations(node)
    vetoes = {name: noted[VETOED + name] for name in names if VETOED + name in noted}
    return Judgement([name for name in names if noted.get(APPROVED + name) != rollout], vetoes)


def plan_question(node, names, rollout, until):
    """Plan what tells the others that they are asked.

    :param until: str, as RFC 3339; a question that was asked before keeps its own.
    """
    noted = node_view.annotations(node)
    wanted = {WANTED: rollout, WANTED_OF: ",".join(names)}
    if all(noted.get(key) == value for key, value in wanted.items()) or not names:
        return NodePlan({}, [])
    name = node["metadata"]["name"]
    action = f"Ask {', '.join(names)} whether node {name} may go in rollout {rollout}"
    return NodePlan({"metadata": {"annotations": dict(wanted, **{UNTIL: until})}}, [action])


def plan_end(node):
    """Plan to remove the question and the approvals. A veto is somebody else's, and stays."""
    ours = [key for key in node_view.annotations(node) if key in (WANTED, WANTED_OF, UNTIL) or key.startswith(APPROVED)]
    if not ours:
        return NodePlan({}, [])
    action = f"Remove the approvals of node {node['metadata']['name']}"
    return NodePlan({"metadata": {"annotations": dict.fromkeys(ours)}}, [action])

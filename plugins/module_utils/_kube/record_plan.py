# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which of our annotations to write on a node. Pure.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

import typing

from ansible_collections.osmigrate.fleet.plugins.module_utils._kube import event_plan, node_view, times
from ansible_collections.osmigrate.fleet.plugins.module_utils._steps import DONE, FAILED, ON_TRIAL


class NodePlan(typing.NamedTuple):
    patch: dict
    actions: typing.List[str]


FIELDS = (
    "rollout",
    "release",
    "phase",
    "verdict",
    "reason",
    "previous_os",
    "attempts",
    "drilled_at",
    "kexec_boot",
    "not_whole",
    "boot_seconds",
)
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


def events(before: typing.Dict[str, str], after: typing.Dict[str, str]) -> typing.List[event_plan.Told]:
    """Return the Events of a change of what is noted: one where the node has come to another phase.

    :param before: as node_view.osmigrate returns it, and so is after.
    """
    phase, release, rollout = (after.get(key, "") for key in ("phase", "release", "rollout"))
    if all(before.get(key, "") == after.get(key, "") for key in DATED):
        return []
    if phase == ON_TRIAL:
        return [event_plan.Told("TrialBegins", f"Reboots into {release} on trial", rollout)]
    if phase == DONE:
        return [event_plan.Told("Arrived", f"Runs {release}. {after.get('reason', '')}".strip(), rollout)]
    if phase == FAILED:
        why = after.get("reason", "") or "nobody knows why"
        return [event_plan.Told("MoveFailed", f"Did not arrive at {release}: {why}", rollout, event_plan.WARNING)]
    return []

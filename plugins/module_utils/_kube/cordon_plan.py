# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who cordoned a node, and what to write to cordon it or to give it back. Pure.

A cordon is ours if the annotation C(cordoned-by) is there. Everything else belongs to somebody else.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

import typing

from ansible_collections.osmigrate.fleet.plugins.module_utils._kube import (
    lease_plan,
    node_view,
    pending_plan,
    resources,
    times,
    timings,
)

BY = node_view.PREFIX + "cordoned-by"
PRIOR = node_view.PREFIX + "prior-unschedulable"
RUN = node_view.PREFIX + "cordoned-run"
AT = node_view.PREFIX + "cordoned-at"
SECONDS = node_view.PREFIX + "cordoned-seconds"
# The CSI drivers that were registered before the drain, with commas: as many have to be back after the reboot.
DRIVERS = node_view.PREFIX + "csi-drivers"
# What it had for pods then.
RESOURCES = node_view.PREFIX + "resources"


class Plan(typing.NamedTuple):
    patch: dict
    actions: typing.List[str]
    seconds: typing.Optional[int]


NOTHING = Plan({}, [], None)


def plan_cordon(
    node: dict,
    rollout: str,
    now: float,
    drivers: typing.Sequence[str] = (),
    asks: lease_plan.Owner = lease_plan.BY_HAND,
) -> Plan:
    """Cordon a node for a rollout, or take over the cordon of an earlier one.

    A node that somebody else has cordoned is only noted as such. One that was uncordoned although the cordon was ours
    is cordoned anew: whoever did it wants the node schedulable afterwards, and that is what is noted.

    :param drivers: list of str, the CSI drivers that are registered on the node. What is noted already stays.
    :param asks: lease_plan.Owner, who asks. A cordon by hand notes no run.
    """
    require_owner(node, asks)
    name, cordoned = node["metadata"]["name"], not node_view.is_schedulable(node)
    owner, run = node_view.annotations(node).get(BY), node_view.annotations(node).get(RUN, "")
    if (owner, run) == (rollout, asks.run) and cordoned:
        return NOTHING
    if owner is not None and cordoned:
        return Plan(
            {"metadata": {"annotations": dict(_noted_run(node, asks), **{BY: rollout})}},
            [f"Take the cordon of node {name} over from rollout {owner}"],
            None,
        )
    notes: typing.Dict[str, typing.Optional[str]] = {
        BY: rollout,
        PRIOR: "true" if cordoned else "false",
        AT: times.stamp(now),
    }
    notes.update(_noted_run(node, asks))
    if drivers and DRIVERS not in node_view.annotations(node):
        notes[DRIVERS] = ",".join(drivers)
    if RESOURCES not in node_view.annotations(node) and resources.note(node):
        notes[RESOURCES] = resources.note(node)
    if cordoned:
        action = f"Note that node {name} was cordoned by somebody else"
        return Plan({"metadata": {"annotations": notes}}, [action], None)
    return Plan({"metadata": {"annotations": notes}, "spec": {"unschedulable": True}}, [f"Cordon node {name}"], None)


def _noted_run(node: dict, asks: lease_plan.Owner) -> typing.Dict[str, typing.Optional[str]]:
    """The note of the run that cordons; None takes that of an earlier one away."""
    return {RUN: asks.run or None} if asks.run or RUN in node_view.annotations(node) else {}


def require_owner(node: dict, asks: lease_plan.Owner) -> None:
    """Refuse to touch a cordon of ours that is another run's.

    :raises FleetError: it is.
    """
    name, notes = node["metadata"]["name"], node_view.annotations(node)
    lease_plan.require(name, asks, notes.get(RUN, "") if BY in notes else "", f"The cordon of node {name}")


def plan_uncordon(node: dict, manager: str, now: float, asks: lease_plan.Owner = lease_plan.BY_HAND) -> Plan:
    """Give a node back as it was found. A foreign cordon, also one set after ours was lifted, stays.

    Whoever gives a node back is done with it, so it is no longer marked as one that is still to be moved.

    :param asks: lease_plan.Owner, who asks.
    """
    require_owner(node, asks)
    name, notes = node["metadata"]["name"], node_view.annotations(node)
    unmark = pending_plan.plan_unmark(node)
    if BY not in notes:
        return Plan(unmark.patch, unmark.actions, None)
    since = times.parse(notes.get(AT, ""))
    seconds = max(0, int(now - since)) if since is not None else None
    changes: typing.Dict[str, typing.Optional[str]]
    changes = {key: None for key in (BY, RUN, PRIOR, AT, DRIVERS, RESOURCES) if key in notes}
    if seconds is not None:
        changes[SECONDS] = str(seconds)
    took = timings.of_move(node, since, now) if since is not None else ""
    if took:
        changes[timings.TIMINGS] = took
    patch = dict(unmark.patch, metadata={"annotations": changes})
    actions = unmark.actions + [f"Remove the notes about the cordon from node {name}"]
    setter = cordon_setter(node)
    foreign = notes.get(PRIOR) == "true" or (setter is not None and setter != manager)
    if not node_view.is_schedulable(node) and not foreign:
        patch["spec"] = dict(patch.get("spec", {}), unschedulable=None)
        actions.insert(0, f"Uncordon node {name}")
    return Plan(patch, actions, seconds)


def cordon_setter(node: dict) -> typing.Optional[str]:
    """The client that the API server noted as the one that last set C(unschedulable), None if it noted nobody."""
    for entry in node["metadata"].get("managedFields") or []:
        if "f:unschedulable" in ((entry.get("fieldsV1") or {}).get("f:spec") or {}):
            return entry.get("manager")
    return None


def noted_drivers(node: dict) -> typing.List[str]:
    """The CSI drivers that a cordon of ours noted, as a list of str."""
    return [name for name in node_view.annotations(node).get(DRIVERS, "").split(",") if name]


def noted_resources(node: dict) -> typing.Dict[str, str]:
    """What it had for pods when a cordon of ours began, as resources.parse does."""
    return resources.parse(node_view.annotations(node).get(RESOURCES, ""))


def is_ours(node: dict) -> bool:
    return BY in node_view.annotations(node)


def state(node: dict) -> dict:
    """What this module manages of a node, for results and diffs."""
    notes = node_view.annotations(node)
    shown = {
        key: notes[key] for key in (BY, RUN, PRIOR, AT, SECONDS, timings.TIMINGS, DRIVERS, RESOURCES) if key in notes
    }
    return {"unschedulable": not node_view.is_schedulable(node), "annotations": shown}

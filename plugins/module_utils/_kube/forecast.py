# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What would hold the drain of each node, before any is cordoned. Pure.

Each node is looked at as if it were drained alone. What is told is what can be seen now: a budget that is used up at
this moment may have room when the drain comes, and the other way round.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

import typing

from ansible_collections.osmigrate.fleet.plugins.module_utils import _text
from ansible_collections.osmigrate.fleet.plugins.module_utils._constants import SEVERITIES
from ansible_collections.osmigrate.fleet.plugins.module_utils._kube import (
    capacity,
    daemons,
    delete_plan,
    drain_plan,
    node_view,
)

# What a drain cannot get past comes as an inhibitor. Keys stay what they are once released.
KINDS = {
    drain_plan.UNMANAGED: (
        "inhibitor",
        "Give it a controller, move it by hand, or allow it (osmigrate_delete_unmanaged)",
    ),
    drain_plan.ORPHANED: (
        "inhibitor",
        "Delete it, or allow it (osmigrate_delete_unmanaged)",
    ),
    drain_plan.EMPTYDIR_DATA: (
        "inhibitor",
        "Keep what matters on another volume, or allow the loss (osmigrate_delete_emptydir_data)",
    ),
    drain_plan.SEVERAL_BUDGETS: ("inhibitor", "Leave one budget for each pod"),
    "budget-never-allows": ("inhibitor", "Add replicas, or let the budget allow at least one disruption"),
    "budget-not-computed": (
        "inhibitor",
        "Give its pods a controller that has a scale, or write the budget with a number in minAvailable",
    ),
    "budget-allows-none-now": ("medium", "See that all pods of the budget are healthy"),
    "no-node-allowed": ("high", "Widen its node selector, affinity or tolerations, or add such a node"),
    "no-room": ("high", "Add room on other nodes, or lower its requests"),
    "grace-too-long": ("high", "Shorten its grace period, or give the drain more time"),
    "do-not-disrupt": (
        "medium",
        "Ask its owner, or let it end by itself before the drain: a drain evicts it all the same",
    ),
    "finalizer": ("low", "See that whoever set the finalizer will remove it"),
}


# What is told by another key, with a remedy of its own.
TOLD_AS = {"budget-not-computed": "budget-never-allows"}
# By what annotations or labels pods ask autoscalers and their like to be left alone. The eviction API knows of none.
DO_NOT_DISRUPT = (
    ("karpenter.sh/do-not-disrupt", "true"),
    ("karpenter.sh/do-not-evict", "true"),
    ("cluster-autoscaler.kubernetes.io/safe-to-evict", "false"),
    ("autoscaling.cast.ai/removal-disabled", "true"),
    ("spotinst.io/restrict-scale-down", "true"),
)


class Wanted(typing.NamedTuple):
    policy: drain_plan.Policy
    timeout: int
    grace_period: typing.Optional[int]


class Finding(typing.NamedTuple):
    key: str
    severity: str
    node: str
    pods: typing.List[str]
    object: str  # the one that has to change, as Kind namespace/name
    detail: str
    remedy: str


def examine(
    names: typing.List[str],
    nodes: typing.List[dict],
    pods: typing.List[dict],
    budgets: typing.List[dict],
    known: typing.Dict[str, daemons.Daemon],
    wanted: Wanted,
) -> typing.List[Finding]:
    """Find what would hold the drains.

    :param names: list of str, the nodes to be drained.
    :param nodes: list of dict, all Node objects.
    :param pods: list of dict, all pods that are bound to a node.
    :param budgets: list of dict, all disruption budgets.
    :param known: dict of daemons.Daemon by UID, all DaemonSets.
    :returns: list of Finding, the worst first.
    """
    by_node: dict = {}
    for pod in pods:
        by_node.setdefault(pod["spec"]["nodeName"], []).append(pod)
    named = {one["metadata"]["name"]: one for one in nodes}
    free = {name: capacity.left(one, by_node.get(name, [])) for name, one in named.items()}
    findings = []
    for name in names:
        owned = [(pod, daemons.judge(pod, known, named.get(name))) for pod in by_node.get(name, [])]
        owned = [(pod, how) for pod, how in owned if _leaves(pod, wanted.policy, how)]
        leaving = [pod for pod, how in owned if how == drain_plan.OWNED]
        reasons = [reason for pod, how in owned for reason in _reasons(pod, budgets, wanted, how)]
        others = [one for one in nodes if one["metadata"]["name"] != name and _takes_pods(one)]
        reasons += _without_room(leaving, others, free)
        findings += _gather(name, reasons)
    return sorted(findings, key=lambda one: (-SEVERITIES.index(one.severity), one.key, one.object, one.node))


def order(names: typing.List[str], findings: typing.List[Finding]) -> typing.List[str]:
    """The nodes in the order in which they should go: those first whose pods' budgets have room now.

    Nodes with as many pods that a budget holds stay in the order in which they are given.
    """
    held = dict.fromkeys(names, 0)
    for one in findings:
        if one.key.startswith("budget-"):
            held[one.node] += len(one.pods)
    return sorted(names, key=lambda name: held[name])


def report(findings: typing.List[Finding]) -> typing.List[str]:
    """One line for each key and object, for people."""
    grouped: dict = {}
    for one in findings:
        grouped.setdefault((one.severity, one.key, one.object, one.detail, one.remedy), []).append(one.node)
    return [
        f"{severity} {key}: {_text.printable(f'{thing} {detail}')} (on {', '.join(where)}). {remedy}."
        for (severity, key, thing, detail, remedy), where in grouped.items()
    ]


def _leaves(pod: dict, policy: drain_plan.Policy, owned: str) -> bool:
    action = drain_plan.classify(pod, policy, [], owned).action
    return action in (drain_plan.EVICT, drain_plan.REFUSE)


def _takes_pods(node: dict) -> bool:
    return node_view.is_schedulable(node) and node_view.is_ready(node)


def _gather(name: str, reasons: typing.Iterable[typing.Tuple[str, str, str, str]]) -> typing.List[Finding]:
    """One finding for what several pods have in common."""
    grouped: dict = {}
    for key, thing, detail, pod in reasons:
        grouped.setdefault((key, thing, detail), []).append(pod)
    return [
        Finding(TOLD_AS.get(key, key), KINDS[key][0], name, sorted(pods), thing, detail, KINDS[key][1])
        for (key, thing, detail), pods in grouped.items()
    ]


def _reasons(
    pod: dict, budgets: typing.List[dict], wanted: Wanted, owned: str = drain_plan.OWNED
) -> typing.Iterator[typing.Tuple[str, str, str, str]]:
    """Yield (key, object, detail, pod) for what speaks against evicting one pod."""
    name = _full_name(pod)
    covering = drain_plan.covering_budgets(pod, budgets)
    for key in drain_plan.objections(pod, wanted.policy, covering, owned):
        several = "PodDisruptionBudget " + " and ".join(drain_plan.budget_name(one) for one in covering)
        thing = several if key == drain_plan.SEVERAL_BUDGETS else workload(pod)
        yield key, thing, drain_plan.OBJECTIONS[key], name
    if len(covering) == 1 and not delete_plan.allowing(
        pod, drain_plan.controller(pod), True, wanted.policy.delete_allowed
    ):
        for key, detail in _about_budget(pod, covering[0]):
            yield key, "PodDisruptionBudget " + drain_plan.budget_name(covering[0]), detail, name
    grace = wanted.grace_period
    if grace is None:
        grace = pod["spec"].get("terminationGracePeriodSeconds", 30)
    if grace > wanted.timeout:
        detail = f"may take {grace} seconds to end, and the drain has {wanted.timeout}"
        yield "grace-too-long", workload(pod), detail, name
    asked = pod["metadata"].get("annotations") or {}, pod["metadata"].get("labels") or {}
    for key, value in DO_NOT_DISRUPT:
        if any(one.get(key) == value for one in asked):
            yield "do-not-disrupt", workload(pod), f"asks not to be disrupted ({key}={value})", name
    if pod["metadata"].get("finalizers"):
        detail = f"stays until {', '.join(pod['metadata']['finalizers'])} lets it go"
        yield "finalizer", workload(pod), detail, name


def _about_budget(pod: dict, budget: dict) -> typing.Iterator[typing.Tuple[str, str]]:
    """Yield (key, detail) if the eviction API would refuse; the rules are its own."""
    status = budget.get("status") or {}
    if status.get("disruptionsAllowed", 0) > 0:
        return
    if not drain_plan.is_ready(pod) and drain_plan.lets_unready_go(budget):
        return
    healthy, needed = status.get("currentHealthy", 0), status.get("desiredHealthy", 0)
    failed = drain_plan.sync_failure(budget)
    expected = status.get("expectedPods", 0)
    if failed:
        yield "budget-not-computed", f"cannot be computed: {failed}"
    elif status.get("observedGeneration", 0) < budget["metadata"].get("generation", 0):
        yield "budget-allows-none-now", "has not been looked at by the cluster since it was made or changed"
    elif expected and needed >= expected:
        yield "budget-never-allows", f"needs {needed} healthy pods and has {expected} replicas"
    else:
        yield "budget-allows-none-now", f"needs {needed} healthy pods and has {healthy} of {expected}"


def _without_room(
    leaving: typing.List[dict], others: typing.List[dict], free: dict
) -> typing.Iterator[typing.Tuple[str, str, str, str]]:
    """Yield reasons for pods that find no place, the largest placed first."""
    free = {one["metadata"]["name"]: free[one["metadata"]["name"]] for one in others}
    managed = [pod for pod in leaving if drain_plan.controller(pod)]
    for pod in sorted(managed, key=_size, reverse=True):
        allowed = [one["metadata"]["name"] for one in others if capacity.may_go(pod, one)]
        asked = capacity.requests(pod)
        chosen = [name for name in allowed if capacity.fits(asked, free[name])]
        if not allowed:
            yield "no-node-allowed", workload(pod), "may run on no other node that takes pods", _full_name(pod)
        elif not chosen:
            detail = f"finds no room on any other node where it may run ({len(allowed)})"
            yield "no-room", workload(pod), detail, _full_name(pod)
        else:
            free[chosen[0]] = capacity.take(asked, free[chosen[0]])


def _size(pod: dict) -> typing.Tuple[int, int, str]:
    asked = capacity.requests(pod)
    return asked.get("memory", 0), asked.get("cpu", 0), _full_name(pod)


def workload(pod: dict) -> str:
    """The object that people change: the controller, for a ReplicaSet the Deployment that it is of, or the pod."""
    namespace, owner = pod["metadata"]["namespace"], drain_plan.controller(pod)
    kind, name = owner.split("/", 1) if owner else ("Pod", pod["metadata"]["name"])
    mark = "-" + (pod["metadata"].get("labels") or {}).get("pod-template-hash", "/")
    if kind == "ReplicaSet" and name.endswith(mark):
        kind, name = "Deployment", name[: -len(mark)]
    return f"{kind} {namespace}/{name}"


def _full_name(pod: dict) -> str:
    return f"{pod['metadata']['namespace']}/{pod['metadata']['name']}"

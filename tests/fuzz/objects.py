# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Objects of a cluster in which everything is any text, and nothing is of another type than an API server lets in.

A text is read as JSON. Of that, what has the type that the API's schema gives it stays, and everything else is left
out, but for what the schema requires.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from ansible_collections.osmigrate.fleet.plugins.module_utils._errors import FleetError
from ansible_collections.osmigrate.fleet.plugins.module_utils._kube import (
    approval_plan,
    capacity,
    controllers,
    cordon_plan,
    daemons,
    drain_plan,
    forecast,
    health,
    identity_plan,
    lease_plan,
    pending_plan,
    pod_warnings,
    pool_object,
    pool_plan,
    preflight,
    quorum,
    recover_plan,
)
from ansible_collections.osmigrate.fleet.plugins.module_utils._kube.client import Listing
from ansible_collections.osmigrate.fleet.plugins.plugin_utils import _nodes, _table as table

# Between the texts of an input that is several.
NEXT = "\n=====\n"
NOW = 1_800_000_000
TEXTS = {...: str}
TAINT = {"key": str, "value": str, "effect": str}
CONDITION = {"type": str, "status": str, "reason": str, "message": str}
EXPRESSION = {"key": str, "operator": ("In", "NotIn", "Exists", "DoesNotExist"), "values": [str]}
SELECTOR = {"matchLabels": TEXTS, "matchExpressions": [EXPRESSION]}
TERMS = {
    "nodeSelectorTerms": [{"matchExpressions": [{**EXPRESSION, "operator": (*EXPRESSION["operator"], "Gt", "Lt")}]}]
}
POD_SPEC = {
    "nodeSelector": TEXTS,
    "affinity": {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": TERMS}},
    "tolerations": [{**TAINT, "operator": str}],
    "terminationGracePeriodSeconds": int,
    "containers": [{"image": str}],
    "volumes": [{"name": str, "emptyDir": {}}],
}
NODE = {
    "metadata": {"labels": TEXTS, "annotations": TEXTS},
    "spec": {"unschedulable": bool, "providerID": str, "taints": [TAINT]},
    "status": {"addresses": [{"type": str, "address": str}], "conditions": [CONDITION], "nodeInfo": TEXTS},
}
POD = {
    "metadata": {
        "labels": TEXTS,
        "annotations": TEXTS,
        "finalizers": [str],
        "deletionTimestamp": str,
        "ownerReferences": [{"kind": str, "name": str, "uid": str, "controller": bool}],
    },
    "spec": POD_SPEC,
    "status": {"phase": str, "conditions": [CONDITION]},
}
BUDGET = {
    "metadata": {},
    "spec": {"selector": SELECTOR, "unhealthyPodEvictionPolicy": str},
    "status": {
        "disruptionsAllowed": int,
        "currentHealthy": int,
        "desiredHealthy": int,
        "expectedPods": int,
        "conditions": [CONDITION],
    },
}
WORKLOAD = {"metadata": {}, "spec": {"template": {"spec": POD_SPEC}}}
EVENT = {"message": str, "lastTimestamp": str, "eventTime": str, "series": {"lastObservedTime": str}}
LEASE = {"spec": {"holderIdentity": str, "acquireTime": str, "renewTime": str, "leaseDurationSeconds": int}}
REQUIRED = {"key", "effect", "type", "status", "address", "operator", "kind", "name", "uid", "metadata", "spec"}
REQUIRED |= {"template", "image"}


def shaped(shape: Any, value: Any) -> Any:
    """What of a value the API's schema leaves; None for nothing."""
    if isinstance(shape, tuple):
        return value if value in shape else shape[0]
    if isinstance(shape, type):
        # True is no number here, as it is none of the API's.
        fits = isinstance(value, shape) and isinstance(value, bool) is (shape is bool)
        return value if fits else shape() if shape is str else None
    if isinstance(shape, list):
        return [shaped(shape[0], one) for one in value] if isinstance(value, list) else None
    given = value if isinstance(value, dict) else {}
    if ... in shape:
        return {key: one for key, one in given.items() if isinstance(one, str)}
    kept = {key: shaped(one, given.get(key)) for key, one in shape.items() if key in given or key in REQUIRED}
    return {key: one for key, one in kept.items() if one is not None}


def of_text(shape: Any, text: str) -> dict[str, Any]:
    """An object with names that only an API server gives."""
    try:
        given = json.loads(text)
    except (ValueError, RecursionError):
        given = {"metadata": {"labels": {text: text}, "annotations": {text: text}}, "message": text}
    made = shaped(shape, given)
    made.setdefault("metadata", {}).update(namespace="shop", name="w1", uid="u1", resourceVersion="7")
    return made


def require_printable(*texts: str) -> None:
    assert all(one.isprintable() for one in texts), texts


def of_node(text: str) -> None:
    node = _nodes.trim(of_text(NODE, text))
    for label in ("pool", next(iter(node["metadata"].get("labels") or {}), "pool")):
        facts = _nodes.variables(node, label, ("*",), ("*",))
        _nodes.choose_address(node, ["InternalIP", "Hostname"], lambda address: True)
        list(_nodes.groups(facts, False))
        pool_plan.pool_of(node, label)
    require_printable(*table.node_table([facts]), *table.fleet_summary([facts], 0))
    member = pool_plan.member(node)
    pool_plan.plan_claim(pool_plan.EMPTY, [member], "w2", pool_plan.Limits("1", "1"), pool_plan.Claim(*"abcd"))
    for plan in (cordon_plan.plan_cordon(node, "r-1", NOW), cordon_plan.plan_uncordon(node, "me", NOW)):
        json.dumps(plan.patch)
    cordon_plan.noted_drivers(node)
    pending_plan.plan_mark(node, "r-1")
    approval_plan.plan_hint(node, None)
    recover_plan.objections(node, [], {}, 60, NOW)
    machine = identity_plan.claimed(node)
    identity_plan.objection(machine, identity_plan.Identity("m", "b", ("192.0.2.1",)), [machine])
    health.judge_node(node, health.Wanted("u", "b", version_skew=True, node_conditions=True), "v1.36.0")
    capacity.left(node, [])
    controllers.examine([node], [], [])


def of_pod(text: str) -> None:
    """A pod, the budgets and the DaemonSets beside it: three objects."""
    parts = (text.split(NEXT) + ["", ""])[:3]
    pod, budget = of_text(POD, parts[0]), of_text(BUDGET, parts[1])
    pod["spec"]["nodeName"] = "w1"
    daemon = daemons.daemon(of_text(WORKLOAD, parts[2]))
    nodes = [{"metadata": {"name": name, "labels": {}}, "spec": {}, "status": {}} for name in ("w1", "w2")]
    for policy in (drain_plan.Policy(False, False), drain_plan.Policy(True, True)):
        wanted = forecast.Wanted(policy, 60, None)
        owned = daemons.judge(pod, {"u1": daemon}, nodes[0])
        classified = drain_plan.classify(pod, policy, [budget], owned)
        drain_plan.enumerate_pods([classified])
        require_printable(*forecast.report(forecast.examine(["w1"], nodes, [pod], [budget], {"u1": daemon}, wanted)))
    quorum.parts(nodes, [pod])
    health.judge_daemonsets([pod])


def of_workload(text: str) -> None:
    found = of_text(WORKLOAD, text)
    node = {"metadata": {"name": "w1", "labels": {}}, "spec": {}, "status": {}}
    for one in controllers.examine([node], [controllers.workload("DaemonSet", found)], []):
        require_printable(preflight.tell(one))


class Events:
    """Answers with some events, and with nothing else: what is tried is how they are read."""

    def __init__(self, events: list[dict[str, Any]]) -> None:
        self._events = events

    def list(self, path: str, query: dict[str, Any], until: float) -> Listing:
        return Listing(self._events, "1")


def of_events(text: str) -> None:
    pod = drain_plan.Pod("shop", "w1", "u1", "", drain_plan.EVICT, "", (), "")
    require_printable(pod_warnings.last_warning(Events([of_text(EVENT, one) for one in text.split("\n")]), pod))


def of_pool(text: str) -> None:
    """The ConfigMap of a pool, which whoever may write in its namespace can break."""
    data = dict(zip(("claims", "failures", "halt", "held", "questions"), text.split(NEXT)))
    pool = pool_object.parse({"metadata": {"name": "pool-worker"}, "data": data})
    json.dumps(pool_object.describe(pool))
    claim = pool_plan.Claim("r-1", "2026-11-29T00:00:00Z", "2026-11-29T00:00:00Z", "h")
    for name in ("w1", *pool.claims, *pool.held):
        for _plan in _plans(pool, name, claim):
            pass
    require_printable(
        *table.pool_table([{"name": "worker", "nodes": 1, "unavailable": [], **pool_object.describe(pool)}])
    )


def _plans(pool: pool_plan.Pool, name: str, claim: pool_plan.Claim) -> Iterator[pool_plan.Plan]:
    members = [pool_plan.Member(name, "", True, True, None, None, None)]
    yield pool_plan.plan_claim(pool, members, name, pool_plan.Limits("1", None), claim)
    yield pool_plan.plan_failure(pool, name, "r-1", 1, claim.since)
    yield pool_plan.plan_held(pool, name, "r-1", "a budget", claim.since)
    yield pool_plan.plan_resume(pool)
    yield approval_plan.plan_question(pool, name, ["storage"], "r-1", claim.since, "t", claim.asked)
    try:
        yield pool_plan.plan_release(pool, name)
    except FleetError:
        pass  # another run's


def of_approval(text: str) -> None:
    """What an approver answers."""
    found = approval_plan.judge(pool_plan.Question("r-1.t", "r-1", "storage", "then"), {"storage": text})
    require_printable(*found.vetoes.values())


def of_lease(text: str) -> None:
    lease = lease_plan.parse(of_text(LEASE, text))
    lease_plan.plan_acquire("w1", lease, "me", 60, NOW)
    recover_plan.objections({"metadata": {"name": "w1"}}, [], {}, 60, NOW, lease)


TARGETS = {
    "approval": of_approval,
    "event": of_events,
    "lease": of_lease,
    "node": of_node,
    "pod": of_pod,
    "pool": of_pool,
    "workload": of_workload,
}

# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a drain does with each pod of a node, and why. Pure.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

import typing

from ansible_collections.osmigrate.fleet.plugins.module_utils import _text
from ansible_collections.osmigrate.fleet.plugins.module_utils._constants import PREFIX
from ansible_collections.osmigrate.fleet.plugins.module_utils._kube import delete_plan

MIRROR = "kubernetes.io/config.mirror"
# On the pods of our own that a killed run may leave. They are nobody's loss.
PROBE_LABEL = PREFIX + "probe"

# What to do with a pod.
EVICT = "evict"  # ask for its eviction, which a disruption budget may refuse for now
DELETE = "delete"  # it has run to its end: an eviction that no budget can refuse
WAIT = "wait"  # it is leaving already
LEAVE = "leave"  # the node's own: stays
REFUSE = "refuse"  # would lose data or not come back: needs a word from the operator

# How a pod stands to the DaemonSet that it names as its owner. One that the DaemonSet does not want on the node leaves
# as any other pod does.
OWNED, ORPHANED, UNWANTED = "owned", "orphaned", "unwanted"

UNMANAGED, EMPTYDIR_DATA, SEVERAL_BUDGETS = "unmanaged", "emptydir-data", "several-budgets"
OBJECTIONS = {
    UNMANAGED: "has no controller that would start it again",
    ORPHANED: "belongs to a DaemonSet that is gone, so nothing would start it again",
    EMPTYDIR_DATA: "would lose the data of its emptyDir volume",
    SEVERAL_BUDGETS: "is covered by more than one disruption budget, which the eviction API cannot do",
}


class Pod(typing.NamedTuple):
    namespace: str
    name: str
    uid: str
    owner: str
    action: str
    reason: str
    budgets: typing.Tuple[str, ...]
    deletable_by: str  # the operator's entry that lets it be deleted if it cannot be evicted, or empty
    ready: bool = True  # while it is not, its budget may let it go though it has no room


class Policy(typing.NamedTuple):
    delete_emptydir_data: bool
    delete_unmanaged: bool
    delete_allowed: typing.Tuple[delete_plan.Allowed, ...] = ()


# Phases of pods for which the eviction API looks at no budget.
UNASKED = ("Pending", "Succeeded", "Failed")


def classify(pod: dict, policy: Policy, budgets: typing.List[dict], owned: str = OWNED) -> Pod:
    """Decide what a drain does with one pod.

    :param pod: dict, the Pod object.
    :param budgets: list of dict, the PodDisruptionBudget objects of its namespace (others do no harm).
    :param owned: str, how it stands to its DaemonSet, as C(daemons) has seen.
    """
    metadata = pod["metadata"]
    covering = tuple(budget_name(budget) for budget in covering_budgets(pod, budgets))
    owner = controller(pod)
    action, reason = _decide(pod, policy, covering, owned)
    entry = delete_plan.allowing(pod, owner, bool(covering), policy.delete_allowed) if action == EVICT else ""
    found = (metadata["namespace"], metadata["name"], metadata["uid"], owner, action, reason, covering, entry)
    return Pod(*found, is_ready(pod))


def covering_budgets(pod: dict, budgets: typing.List[dict]) -> typing.List[dict]:
    """The disruption budgets that cover a pod; the eviction API asks none for one that has not begun or has ended."""
    metadata = pod["metadata"]
    if pod.get("status", {}).get("phase") in UNASKED or metadata.get("deletionTimestamp"):
        return []
    return [
        budget
        for budget in budgets
        if budget["metadata"]["namespace"] == metadata["namespace"]
        and selects(budget["spec"].get("selector"), metadata.get("labels") or {})
    ]


def is_ready(pod: dict) -> bool:
    """Whether the eviction API takes a pod for a healthy one."""
    ready = [one["status"] for one in pod.get("status", {}).get("conditions") or [] if one["type"] == "Ready"]
    return ready == ["True"]


def lets_unready_go(budget: dict) -> bool:
    """Whether the eviction API lets pods go that are not Ready, though their budget allows no disruption."""
    status = budget.get("status") or {}
    healthy, needed = status.get("currentHealthy", 0), status.get("desiredHealthy", 0)
    return budget["spec"].get("unhealthyPodEvictionPolicy") == "AlwaysAllow" or 0 < needed <= healthy


def sync_failure(budget: dict) -> str:
    """Why the disruption controller cannot compute a budget, as it says itself; empty if it can."""
    conditions = (budget.get("status") or {}).get("conditions") or []
    failed = [one.get("message") or "no reason given" for one in conditions if one.get("reason") == "SyncFailed"]
    return _text.printable(failed[0]).rstrip(".") if failed else ""


def budget_name(budget: dict) -> str:
    return f"{budget['metadata']['namespace']}/{budget['metadata']['name']}"


def _decide(pod: dict, policy: Policy, covering: typing.Tuple[str, ...], owned: str) -> typing.Tuple[str, str]:
    metadata = pod["metadata"]
    if MIRROR in (metadata.get("annotations") or {}):
        return LEAVE, "mirror of a static pod"
    if is_daemon(pod) and owned == OWNED:
        return LEAVE, "belongs to a DaemonSet"
    if metadata.get("deletionTimestamp"):
        return WAIT, "is terminating" + _finalizers(metadata)
    if pod.get("status", {}).get("phase") in ("Succeeded", "Failed"):
        return DELETE, "has run to its end"
    if PROBE_LABEL in (metadata.get("labels") or {}):
        return EVICT, ""
    against = [objection(key, covering) for key in objections(pod, policy, covering, owned)]
    return (REFUSE, " and ".join(against)) if against else (EVICT, "")


def objection(key: str, covering: typing.Tuple[str, ...]) -> str:
    """What speaks against evicting a pod, as the end of a sentence about it.

    :param covering: the names of the disruption budgets that cover it.
    """
    return OBJECTIONS[key] + (f" ({' and '.join(covering)})" if key == SEVERAL_BUDGETS else "")


def objections(
    pod: dict, policy: Policy, covering: typing.Sequence[typing.Any], owned: str = OWNED
) -> typing.List[str]:
    """The keys of what speaks against evicting a pod that runs.

    :param covering: the disruption budgets that cover it.
    """
    found = []
    if not policy.delete_unmanaged and (owned == ORPHANED or not controller(pod)):
        found.append(ORPHANED if owned == ORPHANED else UNMANAGED)
    if not policy.delete_emptydir_data and any("emptyDir" in volume for volume in pod["spec"].get("volumes") or []):
        found.append(EMPTYDIR_DATA)
    if len(covering) > 1 and not delete_plan.allowing(pod, controller(pod), True, policy.delete_allowed):
        found.append(SEVERAL_BUDGETS)
    return found


def _finalizers(metadata: dict) -> str:
    held = metadata.get("finalizers") or []
    return f", held by the finalizer {', '.join(held)}" if held else ""


def controller(pod: dict) -> str:
    """The owner that would start the pod again, as Kind/name, or an empty string."""
    owner = controlling(pod)
    return f"{owner['kind']}/{owner['name']}" if owner else ""


def controlling(pod: dict) -> dict:
    """The owner reference of that owner, or an empty dict."""
    owners = pod["metadata"].get("ownerReferences") or []
    return next((one for one in owners if one.get("controller")), {})


def is_daemon(pod: dict) -> bool:
    """Whether a pod says that a DaemonSet owns it."""
    return controlling(pod).get("kind") == "DaemonSet"


def selects(selector: typing.Optional[dict], labels: typing.Dict[str, str]) -> bool:
    """Whether a label selector matches. No selector matches nothing, an empty one everything."""
    if selector is None:
        return False
    if any(labels.get(key) != value for key, value in (selector.get("matchLabels") or {}).items()):
        return False
    return all(_satisfied(term, labels) for term in selector.get("matchExpressions") or [])


def _satisfied(term: dict, labels: typing.Dict[str, str]) -> bool:
    key, values = term["key"], term.get("values") or []
    if term["operator"] == "In":
        return labels.get(key) in values
    if term["operator"] == "NotIn":
        return key not in labels or labels[key] not in values
    return (key in labels) == (term["operator"] == "Exists")


def full_name(pod: Pod) -> str:
    return f"{pod.namespace}/{pod.name}"


def enumerate_pods(pods: typing.List[Pod], limit: int = 10) -> str:
    """Name pods with their reasons for a message that a person can still read: those with the same reason together."""
    by_reason: dict = {}
    for pod in pods:
        by_reason.setdefault(pod.reason, []).append(full_name(pod))
    share = max(1, limit // max(1, len(by_reason)))
    told = []
    for reason, names in list(by_reason.items())[:limit]:
        more = len(names) - share
        named = ", ".join(names[:share]) + (f" and {more} more" if more > 0 else "")
        told.append(f"{named} ({reason})" if reason else named)
    rest = sum(len(names) for names in list(by_reason.values())[limit:])
    return ", ".join(told) + (f", and {rest} more" if rest else "")

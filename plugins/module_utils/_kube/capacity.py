# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What pods ask for, what nodes have left, and where a pod may go. Pure.

Amounts are whole thousandths, so that sums of them are exact. Volumes, affinity to other pods and topology spread are
not looked at: the scheduler may find less room than this, but not more.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

import decimal
import re
import typing

from ansible_collections.osmigrate.fleet.plugins.module_utils._kube import drain_plan, node_view

_QUANTITY = re.compile(
    r"([+-]?(?:[0-9]{1,40}\.?[0-9]{0,40}|\.[0-9]{1,40})(?:[eE][+-]?[0-9]{1,2})?)([numkMGTPE]|[KMGTPE]i)?$"
)
_DECIMAL = {"n": -9, "u": -6, "m": -3, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18}
_BINARY = ("Ki", "Mi", "Gi", "Ti", "Pi", "Ei")
_HARD = ("NoSchedule", "NoExecute")


def is_quantity(value: object) -> bool:
    """Say whether parse() can read something."""
    return isinstance(value, (str, int)) and _QUANTITY.match(str(value)) is not None


def parse(quantity: typing.Any) -> int:
    """Read a quantity as Kubernetes writes it, into thousandths, rounded up."""
    found = _QUANTITY.match(str(quantity))
    if found is None:
        raise ValueError(f"{quantity} is no quantity")
    number, suffix = found.groups()
    value = decimal.Decimal(number) * 1000
    if suffix in _BINARY:
        value *= 1024 ** (_BINARY.index(suffix) + 1)
    elif suffix:
        value = value.scaleb(_DECIMAL[suffix])
    return int(value.to_integral_value(decimal.ROUND_CEILING))


def requests(pod: dict) -> typing.Dict[str, int]:
    """What the scheduler sets aside for a pod."""
    spec = pod["spec"]
    running: dict = {}
    first: dict = {}
    for container in spec.get("initContainers") or []:
        asked = _asked(container)
        if container.get("restartPolicy") == "Always":
            running = _add(running, asked)
            first = _most(first, running)
        else:
            first = _most(first, _add(running, asked))
    for container in spec.get("containers") or []:
        running = _add(running, _asked(container))
    # What is asked for the pod as a whole stands instead of what its containers ask.
    total = dict(_most(first, running), **_asked(spec))
    return dict(_add(total, _amounts(spec.get("overhead"))), pods=1000)


def left(node: dict, pods: typing.List[dict]) -> typing.Dict[str, int]:
    """What a node has left beside the pods that are on it."""
    free = _amounts(node.get("status", {}).get("allocatable"))
    for pod in pods:
        if pod.get("status", {}).get("phase") not in ("Succeeded", "Failed"):
            free = take(requests(pod), free)
    return free


def fits(asked: typing.Dict[str, int], free: typing.Dict[str, int]) -> bool:
    return all(amount <= free.get(name, 0) for name, amount in asked.items() if amount)


def take(asked: typing.Dict[str, int], free: typing.Dict[str, int]) -> typing.Dict[str, int]:
    return {name: amount - asked.get(name, 0) for name, amount in free.items()}


def may_go(pod: dict, node: dict) -> bool:
    """Whether a pod may run on a node, however full that is."""
    spec = pod["spec"]
    if not is_meant_for(spec, node):
        return False
    taints = [taint for taint in node.get("spec", {}).get("taints") or [] if taint["effect"] in _HARD]
    return all(any(_tolerates(one, taint) for one in spec.get("tolerations") or []) for taint in taints)


def placement(spec: dict) -> dict:
    """What of a pod's spec the next function looks at."""
    return {key: spec[key] for key in ("nodeSelector", "affinity") if key in spec}


def is_meant_for(spec: dict, node: dict) -> bool:
    """Whether a pod's node selector and affinity allow a node. Which taints it has changes from moment to moment."""
    labels = node_view.labels(node)
    if any(labels.get(key) != value for key, value in (spec.get("nodeSelector") or {}).items()):
        return False
    terms = (((spec.get("affinity") or {}).get("nodeAffinity") or {}).get(_REQUIRED) or {}).get("nodeSelectorTerms")
    return terms is None or any(_agrees(term, node) for term in terms)


_REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"


def _agrees(term: typing.Dict[str, typing.List[dict]], node: dict) -> bool:
    fields = {"metadata.name": node["metadata"]["name"]}
    about = [(one, node_view.labels(node)) for one in term.get("matchExpressions") or []]
    about += [(one, fields) for one in term.get("matchFields") or []]
    return bool(about) and all(_holds(one, values) for one, values in about)


def _holds(expression: dict, values: typing.Dict[str, str]) -> bool:
    if expression["operator"] not in ("Gt", "Lt"):
        return drain_plan.selects({"matchExpressions": [expression]}, values)
    try:
        have, bound = int(values[expression["key"]]), int(expression["values"][0])
    except (KeyError, ValueError):
        return False
    return have > bound if expression["operator"] == "Gt" else have < bound


def _tolerates(toleration: dict, taint: typing.Dict[str, str]) -> bool:
    if toleration.get("effect") not in (None, "", taint["effect"]):
        return False
    if toleration.get("operator") == "Exists":
        return toleration.get("key") in (None, "", taint["key"])
    return (toleration.get("key"), toleration.get("value", "")) == (taint["key"], taint.get("value", ""))


def _asked(holder: dict) -> typing.Dict[str, int]:
    return _amounts((holder.get("resources") or {}).get("requests"))


def _amounts(quantities: typing.Optional[typing.Dict[str, str]]) -> typing.Dict[str, int]:
    return {name: parse(quantity) for name, quantity in (quantities or {}).items()}


def _add(one: typing.Dict[str, int], other: typing.Dict[str, int]) -> typing.Dict[str, int]:
    return {name: one.get(name, 0) + other.get(name, 0) for name in set(one) | set(other)}


def _most(one: typing.Dict[str, int], other: typing.Dict[str, int]) -> typing.Dict[str, int]:
    return {name: max(one.get(name, 0), other.get(name, 0)) for name in set(one) | set(other)}

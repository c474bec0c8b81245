# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a node is what it should be and serves: gates, judged from the Node object and its DaemonSet pods.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import re
import time
import typing

from ansible_collections.osmigrate.fleet.plugins.module_utils._errors import FleetError
from ansible_collections.osmigrate.fleet.plugins.module_utils._kube import drain_plan, node_view
from ansible_collections.osmigrate.fleet.plugins.module_utils._kube.client import get_node

POLL_SECONDS = 1

Wanted = typing.NamedTuple(
    "Wanted",
    [
        ("uid", typing.Optional[str]),
        ("boot_id", typing.Optional[str]),
        ("boot_id_not", typing.Optional[str]),
        ("os_image", typing.Optional[str]),
        ("kernel_version", typing.Optional[str]),
        ("daemonsets", bool),
    ],
)
Gate = typing.NamedTuple("Gate", [("name", str), ("passed", bool), ("value", str)])


class HealthError(FleetError):
    """A node that did not pass its gates, with them."""

    def __init__(self, problem, todo, result):
        super(HealthError, self).__init__(problem, "The node was only looked at", todo)
        self.result = result


def judge_node(node, wanted):
    """Judge the gates that the Node object can answer."""
    facts = node_view.describe(node)
    gates = []
    if wanted.uid:
        gates.append(Gate("uid", facts["uid"] == wanted.uid, facts["uid"]))
    if wanted.boot_id or wanted.boot_id_not:
        booted = facts["boot_id"] == wanted.boot_id if wanted.boot_id else facts["boot_id"] != wanted.boot_id_not
        gates.append(Gate("boot_id", booted, facts["boot_id"]))
    if wanted.os_image:
        gates.append(Gate("os_image", _resembles(facts["os_image"], wanted.os_image), facts["os_image"]))
    if wanted.kernel_version:
        kernel = facts["kernel_version"]
        gates.append(Gate("kernel_version", kernel == wanted.kernel_version, kernel))
    ready = node_view.conditions(node).get("Ready", "Unknown")
    gates.append(Gate("ready", ready == "True", ready))
    return gates


def judge_daemonsets(pods):
    """Judge the pods of DaemonSets on the node: all of them have to be Ready."""
    daemons = [pod for pod in pods if drain_plan.controller(pod).startswith("DaemonSet/")]
    late = sorted("%s/%s" % (pod["metadata"]["namespace"], pod["metadata"]["name"]) for pod in daemons if not _up(pod))
    value = "%d of %d pods Ready" % (len(daemons) - len(late), len(daemons))
    if late:
        value += ", waiting for " + ", ".join(late)
    return Gate("daemonsets", not late, value)


def hopeless(gates):
    """The gate that no waiting opens any more: another Node object, or another OS on the very boot that is judged."""
    named = dict((gate.name, gate) for gate in gates)
    if "uid" in named and not named["uid"].passed:
        return named["uid"]
    if "boot_id" in named and named["boot_id"].passed:
        for name in ("os_image", "kernel_version"):
            if name in named and not named[name].passed:
                return named[name]
    return None


def wait(cluster, name, wanted, ready_for, timeout, now=time.monotonic, sleep=time.sleep):
    """Look once a second until all gates are open and have been for a while.

    :param ready_for: int seconds that all gates have to stay open in one piece.
    :raises HealthError: a gate was not open in time, or cannot open any more.
    """
    started = now()
    deadline = started + timeout
    since = {}
    while True:
        node = get_node(cluster, name, deadline)
        gates = judge_node(node, wanted)
        if wanted.daemonsets:
            gates.append(_look_at_daemonsets(cluster, name, gates, deadline))
        moment = now()
        since = dict((gate.name, since.get(gate.name, moment)) for gate in gates if gate.passed)
        closed = [gate for gate in gates if not gate.passed]
        if not closed and moment - max(since.values()) >= ready_for:
            return _result(node, gates, since, started)
        lost = hopeless(gates)
        if lost or moment >= deadline:
            raise _failure(name, wanted, lost, closed, timeout, _result(node, gates, since, started))
        sleep(POLL_SECONDS)


def _look_at_daemonsets(cluster, name, gates, deadline):
    if not all(gate.passed for gate in gates):
        return Gate("daemonsets", False, "not looked at before the other gates are open")
    query = {"fieldSelector": "spec.nodeName=" + name}
    return judge_daemonsets(cluster.list("/api/v1/pods", query, until=deadline).items)


def _failure(name, wanted, lost, closed, timeout, result):
    todo = "Look at the node and at its kubelet, then run the same command again"
    if lost:
        expected = getattr(wanted, lost.name)
        problem = "Node %s failed the gate %s: it is %s instead of %s" % (name, lost.name, lost.value, expected)
    elif closed:
        said = ", ".join("%s (%s)" % (gate.name, gate.value) for gate in closed)
        problem = "Node %s did not pass the gate %s within %d seconds" % (name, said, timeout)
    else:
        problem = "Node %s did not stay healthy for long enough within %d seconds" % (name, timeout)
    return HealthError(problem, todo, result)


def _result(node, gates, since, started):
    return {
        "changed": False,
        "gates": [
            dict(gate._asdict(), seconds=round(since[gate.name] - started, 1) if gate.name in since else None)
            for gate in gates
        ],
        "node": node_view.describe(node),
    }


def _resembles(value, wanted):
    return wanted in value or re.search(wanted, value) is not None


def _up(pod):
    if pod["metadata"].get("deletionTimestamp"):
        return False
    ready = [one["status"] for one in pod.get("status", {}).get("conditions") or [] if one["type"] == "Ready"]
    return ready == ["True"]

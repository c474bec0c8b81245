# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a node may leave service now, apart from the budget: maintenance windows, and etcd on the control plane.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

import typing

from ansible_collections.osmigrate.fleet.plugins.module_utils._errors import FleetError
from ansible_collections.osmigrate.fleet.plugins.module_utils._kube import (
    cordon_plan,
    node_view,
    pool_plan,
    quorum,
    times,
    windows,
)
from ansible_collections.osmigrate.fleet.plugins.module_utils._kube.client import NODES, Cluster

PODS = "/api/v1/namespaces/kube-system/pods"
# As plugins/doc_fragments/k8s_terms.py documents them.
ARGUMENT_SPEC = {
    "windows": {"type": "list", "elements": "raw", "default": []},
    "blackouts": {"type": "list", "elements": "raw", "default": []},
    "expected_seconds": {"type": "int", "default": 1800},
    "accept_single_etcd": {"type": "bool", "default": False},
    "accept_external_etcd": {"type": "bool", "default": False},
    "way_back": {"type": "bool", "default": False},
}


class Terms(typing.NamedTuple):
    schedule: windows.Schedule
    expected_seconds: int
    accepted: quorum.Accepted
    way_back: bool  # the node goes back to what it ran


# wait: seconds after which it may be otherwise, None where waiting cannot help.
class Refusal(typing.NamedTuple):
    problem: str
    todo: str
    wait: typing.Optional[float]


def read_terms(params: dict) -> Terms:
    """Read the options of ARGUMENT_SPEC.

    :raises FleetError: one of them cannot be meant.
    """
    if params["expected_seconds"] < 0:
        raise FleetError(
            f"A node cannot be expected to be out of service for {params['expected_seconds']} seconds",
            todo="Correct osmigrate_expected_seconds",
        )
    accepted = quorum.Accepted(params["accept_single_etcd"], params["accept_external_etcd"])
    schedule = windows.parse(params["windows"], params["blackouts"])
    return Terms(schedule, params["expected_seconds"], accepted, params["way_back"])


def look(cluster: Cluster, pool_label: typing.Any) -> typing.Any:
    """Look at etcd and the API servers.

    :returns: tuple (list of quorum.Part, dict of checks).
    """
    selectors = pool_plan.selectors(pool_plan.CONTROL_PLANE, pool_label)
    nodes = [node for one in selectors for node in cluster.list(NODES, {"labelSelector": one}).items]
    queries = [{"fieldSelector": "spec.nodeName=" + node["metadata"]["name"]} for node in nodes]
    pods = [pod for query in queries for pod in cluster.list(PODS, query).items]
    return quorum.parts(nodes, pods), quorum.read_checks(cluster.readyz())


def of_window(
    node: dict, members: typing.List[pool_plan.Member], rollout: str, terms: Terms, now: float
) -> typing.Optional[Refusal]:
    """Refuse a node that cannot be expected to be back before a window closes. Pure.

    :param members: list of pool_plan.Member, the nodes of its pool.
    :returns: Refusal, or None.
    """
    name = node["metadata"]["name"]
    seconds, measured = expect(node, members, rollout, terms.expected_seconds, now)
    expected = f"{seconds} seconds are expected" + (f", the median of {measured} nodes" if measured else "")
    found = windows.opening(terms.schedule, now, seconds)
    if not found:
        problem = (
            f"Node {name} may not go: {expected}, and in the next {windows.HORIZON_DAYS} days no maintenance window "
            "outside of black-outs has as many"
        )
        more = ", or the annotation cordoned-seconds of nodes" if measured else ""
        todo = f"Make a window longer, or correct what is expected (osmigrate_expected_seconds{more})"
        return Refusal(problem, todo, None)
    if found[0] <= now:
        return None
    closed = _closed(terms.schedule, now, expected)
    problem = f"Node {name} may not go now: {closed}. It can go from {times.stamp(found[0])} on"
    return Refusal(problem, "Run the same command again then", found[0] - now)


def of_control_plane(node: typing.Any, found: typing.Any, checks: typing.Any, terms: typing.Any) -> typing.Any:
    """Refuse a control-plane node that etcd or the API servers cannot spare. Pure.

    :param node: str, its name.
    :returns: Refusal, or None.
    """
    objection = quorum.object_to(node, found, checks, terms.accepted, terms.way_back)
    return objection and Refusal(objection.problem, objection.todo, 0 if objection.waits else None)


def expect(
    node: dict, members: typing.List[pool_plan.Member], rollout: str, at_least: int, now: float
) -> typing.Tuple[int, int]:
    """How long a node is expected to be out of service from now on. Pure.

    As long as is said, or as the median of the nodes of its pool took in this rollout: nodes can write what they took,
    and none of them may decide for the others. One that is out already needs what is left of that, and half of it at
    least: the reboot is still to come.

    :returns: tuple (int seconds, int how many nodes they are the median of, 0 if they are what is said).
    """
    measured = sorted(one.seconds for one in members if one.seconds is not None and one.done_in == rollout)
    seconds, count = at_least, 0
    if len(measured) >= pool_plan.FEWEST and measured[len(measured) // 2] > at_least:
        seconds, count = measured[len(measured) // 2], len(measured)
    since = times.parse(node_view.annotations(node).get(cordon_plan.AT, "")) if cordon_plan.is_ours(node) else None
    if since is not None:
        seconds = max(seconds - max(0, int(now - since)), (seconds + 1) // 2)
    return seconds, count


def _closed(schedule: windows.Schedule, now: float, expected: str) -> str:
    black, ends = windows.blackout_ends(schedule, now), windows.closes(schedule, now)
    if black:
        return f"there is a black-out until {times.stamp(black)}"
    if ends:
        return f"{expected}, and {int(ends - now)} are left until nodes have to be back"
    return "no maintenance window is open"


class Admission:
    """Asks, as often as wanted, whether one node may leave service.

    :param node: dict, its Node object.
    :param read_members: callable that returns the nodes of its pool as a list of pool_plan.Member.
    """

    def __init__(
        self, cluster: Cluster, node: dict, rollout: str, terms: Terms, pool_label: str, read_members: typing.Callable
    ) -> None:
        self._cluster, self._node, self._rollout, self._terms = cluster, node, rollout, terms
        self._pool_label = pool_label
        self._read_members = read_members
        self.seen: dict = {}  # what the control plane showed last, as results tell it

    def refusal(self) -> typing.Optional[typing.Any]:
        """Look, and return a Refusal, or None if the node may go."""
        return self._of_window() or self._of_control_plane()

    def _of_window(self) -> typing.Optional[typing.Any]:
        if self._terms.way_back or self._terms.schedule == windows.ALWAYS:
            return None
        # What other nodes took only makes it stricter, so a pool is not read as long as no window is open.
        for read in (list, self._read_members):
            refused = of_window(self._node, read(), self._rollout, self._terms, self._cluster.now())
            if refused:
                return refused
        return None

    def _of_control_plane(self) -> typing.Optional[typing.Any]:
        if not pool_plan.is_control_plane(self._node):
            return None
        found, checks = look(self._cluster, self._pool_label)
        self.seen = quorum.describe(found, checks)
        return of_control_plane(self._node["metadata"]["name"], found, checks, self._terms)

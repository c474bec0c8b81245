# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a node is what it should be and serves: gates, judged from the Node object, its pods and what else is asked.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

import functools
import re
import time
import typing

from ansible_collections.osmigrate.fleet.plugins.module_utils import _waiting
from ansible_collections.osmigrate.fleet.plugins.module_utils._errors import FleetError
from ansible_collections.osmigrate.fleet.plugins.module_utils._kube import (
    conditions,
    cordon_plan,
    csi,
    daemons,
    drain_plan,
    node_view,
    probe as node_probe,
    resources,
    times,
)
from ansible_collections.osmigrate.fleet.plugins.module_utils._kube.client import Cluster, get_node
from ansible_collections.osmigrate.fleet.plugins.module_utils._kube.conditions import Condition

POLL_SECONDS = 1
# A kubelet may be so many minor versions older than the API server, and none newer.
OLDER = 3
NOT_LOOKED_AT = "not looked at before the other gates are open"
NAMES = (
    "uid",
    "boot_id",
    "told",
    "kubelet_version",
    "ready",
    "node_conditions",
    "resources",
    "csi_drivers",
    "daemonsets",
    "probe",
)

_VERSION = re.compile(r"v([0-9]{1,4})\.([0-9]{1,4})(?![0-9])")


class Wanted(typing.NamedTuple):
    uid: typing.Optional[str] = None
    boot_id: typing.Optional[str] = None
    told_since: int = 0
    daemonsets: bool = False
    version_skew: bool = False
    node_conditions: bool = False
    ignored_conditions: typing.Iterable[str] = ()
    csi_drivers: bool = False
    conditions: typing.Iterable[Condition] = ()
    probe: typing.Optional[node_probe.Probe] = None
    resources: bool = False
    ignored_resources: typing.Sequence[str] = ()


class Gate(typing.NamedTuple):
    name: str
    passed: bool
    value: str


class HealthError(FleetError):
    """A node that did not pass its gates, with them."""

    def __init__(self, problem: str, todo: str, result: dict) -> None:
        super().__init__(problem, "The node was only looked at", todo)
        self.result = result


def judge_node(node: dict, wanted: Wanted, server_version: str = "") -> typing.List[Gate]:
    """Judge the gates that the Node object can answer.

    :param server_version: str, the API server's, where version_skew is wanted.
    """
    facts = node_view.describe(node)
    gates = []
    if wanted.uid:
        gates.append(Gate("uid", facts["uid"] == wanted.uid, facts["uid"]))
    if wanted.boot_id:
        gates.append(Gate("boot_id", facts["boot_id"] == wanted.boot_id, facts["boot_id"]))
    if wanted.told_since:
        told = node_view.told_at(node)
        gates.append(Gate("told", (times.parse(told) or 0) >= wanted.told_since, told or "never"))
    if wanted.version_skew:
        gates.append(judge_version(facts["kubelet_version"], server_version))
    ready = node_view.conditions(node).get("Ready", "Unknown")
    gates.append(Gate("ready", ready == "True", ready))
    if wanted.node_conditions:
        gates.append(judge_conditions(node, wanted.ignored_conditions))
    if wanted.resources:
        gates.append(judge_resources(node, wanted.ignored_resources))
    return gates


def judge_version(kubelet: str, server: str) -> Gate:
    """Judge a kubelet by the version skew policy: not newer than the API server, at most three minor versions older."""
    said = f"{kubelet or 'not known'}, and the API server is {server or 'not known'}"
    found = [_VERSION.match(version) for version in (kubelet, server)]
    if not all(found):
        return Gate("kubelet_version", False, said)
    (major, minor), (server_major, server_minor) = (tuple(map(int, one.groups())) for one in found if one)
    passed = major == server_major and 0 <= server_minor - minor <= OLDER
    return Gate("kubelet_version", passed, said)


def judge_conditions(node: dict, ignored: typing.Iterable[str]) -> Gate:
    """Judge what the kubelet and node-problem-detector say."""
    bad = node_view.problems(node, ignored)
    return Gate("node_conditions", not bad, ", ".join(bad) or "no problem")


def judge_resources(node: dict, ignored: typing.Sequence[str]) -> Gate:
    """Judge what the node has for pods: as much as when it was cordoned, as device plugins and the kubelet tell it."""
    noted = cordon_plan.noted_resources(node)
    less = resources.missing(noted, node.get("status", {}).get("allocatable"), ignored or ())
    enough = "as before" if noted else "nothing was noted"
    return Gate("resources", not less, f"less {', '.join(less)}" if less else enough)


def judge_drivers(noted: typing.List[str], registered: typing.List[str]) -> Gate:
    """Judge the CSI drivers: those that were registered before the drain have to be again."""
    late = sorted(set(noted) - set(registered))
    if late:
        return Gate("csi_drivers", False, "waiting for " + ", ".join(late))
    return Gate("csi_drivers", True, ", ".join(noted) or "none was noted")


def judge_daemonsets(pods: typing.List[dict]) -> Gate:
    """Judge the pods of DaemonSets on the node: all of them have to be Ready."""
    found = [pod for pod in pods if drain_plan.is_daemon(pod)]
    late = sorted(f"{pod['metadata']['namespace']}/{pod['metadata']['name']}" for pod in found if not _up(pod))
    value = f"{len(found) - len(late)} of {len(found)} pods Ready"
    if late:
        value += ", waiting for " + ", ".join(late)
    return Gate("daemonsets", not late, value)


def hopeless(gates: typing.List[Gate], first: typing.List[Gate]) -> typing.Optional[Gate]:
    """The gate that no waiting opens any more.

    That is another Node object, another boot than the one that is judged, or the wrong kubelet on that very boot.

    :param first: the gates at the first look, when the kubelet may have told of the boot before.
    """
    named = {gate.name: gate for gate in gates}
    if "uid" in named and not named["uid"].passed:
        return named["uid"]
    booted = named.get("boot_id")
    if not booted:
        return None
    if not booted.passed:
        before = next(gate.value for gate in first if gate.name == "boot_id")
        return None if booted.value in ("", before) else booted
    kubelet = named.get("kubelet_version")
    return kubelet if kubelet and not kubelet.passed else None


class _Looks:
    """Looks at everything that is wanted, what costs more only when the rest is as it should be."""

    def __init__(self, cluster: Cluster, name: str, wanted: Wanted, deadline: float, now: typing.Callable) -> None:
        self._cluster = cluster
        self._name = name
        self._wanted = wanted
        self._until = deadline
        self._reader = conditions.Reader(cluster)
        self._daemons = daemons.Daemons(cluster, name)
        self._server = cluster.get("/version", deadline)["gitVersion"] if wanted.version_skew else ""
        self._prober: typing.Any = None
        if wanted.probe:
            seconds = int(deadline - now())
            self._prober = node_probe.Prober(cluster, name, wanted.probe, seconds, now)

    def look(self, rehearse: bool = False) -> typing.Tuple[dict, typing.List[Gate]]:
        """Return the Node object and the gates.

        :param rehearse: bool, look at all of them, and start no probe.
        """
        node = get_node(self._cluster, self._name, self._until)
        gates = judge_node(node, self._wanted, self._server)
        is_open = rehearse or _open(gates)
        gates += [judge(node) if is_open else Gate(name, False, NOT_LOOKED_AT) for name, judge in self._dear()]
        if self._prober:
            gates.append(self._probe(_open(gates), rehearse))
        return node, gates

    def close(self) -> None:
        if self._prober:
            self._prober.close()

    def _dear(self) -> typing.List[typing.Tuple[str, typing.Callable]]:
        """Names of gates with what judges them, a callable with the Node object."""
        found = []
        if self._wanted.csi_drivers:
            found.append(("csi_drivers", self._drivers))
        if self._wanted.daemonsets:
            found.append(("daemonsets", self._daemonsets))
        for one in self._wanted.conditions or ():
            found.append((one.name, functools.partial(self._condition, one)))
        return found

    def _drivers(self, node: dict) -> Gate:
        noted = cordon_plan.noted_drivers(node)
        return judge_drivers(noted, csi.drivers(self._cluster, self._name, self._until) if noted else [])

    def _daemonsets(self, node: dict) -> Gate:
        query = {"fieldSelector": "spec.nodeName=" + self._name}
        pods = self._cluster.list("/api/v1/pods", query, until=self._until).items
        # Anybody who makes a pod can name a DaemonSet as its owner, and one that is never Ready would hold the node.
        return judge_daemonsets([pod for pod in pods if self._daemons.judge(pod) == drain_plan.OWNED])

    def _condition(self, condition: Condition, node: dict) -> Gate:
        return Gate(condition.name, *conditions.judge(condition, self._reader.get(condition, self._until)))

    def _probe(self, is_open: bool, rehearse: bool) -> Gate:
        if rehearse:
            return Gate("probe", *self._prober.rehearse())
        return Gate("probe", *self._prober.look(self._until)) if is_open else Gate("probe", False, NOT_LOOKED_AT)


def _open(gates: typing.List[Gate]) -> bool:
    return all(gate.passed for gate in gates)


def look(
    cluster: Cluster, name: str, wanted: typing.Any, timeout: typing.Any, now: typing.Any = time.monotonic
) -> typing.Any:
    """Look once, and fail for nothing but what cannot be judged. No probe is started."""
    started = now()
    node, gates = _Looks(cluster, name, wanted, started + timeout, now).look(rehearse=True)
    return _result(node, gates, {gate.name: started for gate in gates if gate.passed}, started)


def wait(
    cluster: Cluster,
    name: str,
    wanted: Wanted,
    ready_for: int,
    timeout: int,
    now: typing.Callable = time.monotonic,
    sleep: typing.Callable = time.sleep,
) -> dict:
    """Look once a second until all gates are open and have been for a while.

    :param ready_for: int seconds that all gates have to stay open in one piece.
    :raises HealthError: a gate was not open in time, or cannot open any more.
    """
    started = now()
    looks = _Looks(cluster, name, wanted, started + timeout, now)
    try:
        return _wait(looks, name, wanted, ready_for, timeout, started, now, sleep)
    finally:
        looks.close()


def _wait(
    looks: _Looks,
    name: str,
    wanted: Wanted,
    ready_for: int,
    timeout: int,
    started: float,
    now: typing.Callable,
    sleep: typing.Callable,
) -> dict:
    since: dict = {}
    first = None
    while True:
        node, gates = looks.look()
        first = first or gates
        moment = now()
        since = {gate.name: since.get(gate.name, moment) for gate in gates if gate.passed}
        closed = [gate for gate in gates if not gate.passed]
        if not closed and moment - max(since.values()) >= ready_for:
            return _result(node, gates, since, started)
        lost = hopeless(gates, first)
        late = _overdue(closed, wanted, moment - started)
        if lost or late or moment - started >= timeout:
            seconds = int(moment - started) if late else timeout
            raise _failure(name, wanted, lost, late or closed, seconds, _result(node, gates, since, started))
        _waiting.tell(name, ", ".join(f"{gate.name} ({gate.value})" for gate in closed) or "it has to stay healthy")
        sleep(POLL_SECONDS)


def _overdue(closed: typing.List[Gate], wanted: Wanted, seconds: float) -> list:
    """The gates that were to open sooner than the others, and did not."""
    limits = {one.name: one.timeout for one in wanted.conditions or () if one.timeout is not None}
    return [gate for gate in closed if gate.name in limits and seconds >= limits[gate.name]]


def _failure(
    name: str, wanted: Wanted, lost: typing.Optional[Gate], closed: typing.List[Gate], timeout: int, result: dict
) -> HealthError:
    todo = "Look at the node and at its kubelet, then run the same command again"
    # What was not looked at has not failed. If nothing was, the first gate says why.
    failed = [gate for gate in closed if gate.value != NOT_LOOKED_AT] or closed
    if lost:
        expected = getattr(wanted, lost.name, None)
        instead = f" instead of {expected}" if expected else ""
        again = ", because it has booted again" if lost.name == "boot_id" else ""
        problem = f"Node {name} failed the gate {lost.name}: it is {lost.value}{instead}{again}"
    elif closed:
        said = ", ".join(f"{gate.name} ({gate.value})" for gate in failed)
        problem = f"Node {name} did not pass the gate {said} within {timeout} seconds"
    else:
        problem = f"Node {name} did not stay healthy for long enough within {timeout} seconds"
    return HealthError(problem, todo, result)


def _result(node: dict, gates: typing.List[Gate], since: typing.Dict[str, float], started: float) -> dict:
    return {
        "changed": False,
        "gates": [
            dict(gate._asdict(), seconds=round(since[gate.name] - started, 1) if gate.name in since else None)
            for gate in gates
        ],
        "node": node_view.describe(node),
    }


def _up(pod: dict) -> bool:
    if pod["metadata"].get("deletionTimestamp"):
        return False
    ready = [one["status"] for one in pod.get("status", {}).get("conditions") or [] if one["type"] == "Ready"]
    return ready == ["True"]

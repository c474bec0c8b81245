# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether etcd and the API servers can spare a control-plane node. Pure.

What is looked at are static pods, named C(etcd-NODE) and C(kube-apiserver-NODE) in kube-system, and what the API server
says about its own connection to etcd. There is no client certificate of etcd for that, so a member is what a pod shows.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

import typing

from ansible_collections.osmigrate.fleet.plugins.module_utils._kube import drain_plan, node_view

ETCD, API_SERVER = "etcd", "kube-apiserver"
# The checks of /readyz; an older API server has only the first.
CHECKS = ("etcd", "etcd-readiness")
SMALLEST = 3
# As kubeadm labels their static pods, so that no list of all pods is needed.
SELECTED = {"labelSelector": f"component in ({ETCD},{API_SERVER})"}
READY, MISSING = "ready", "has no pod"


class Part(typing.NamedTuple):
    component: str  # ETCD or API_SERVER
    node: str
    state: str  # READY, MISSING, or what is wrong, as the end of a sentence


class Accepted(typing.NamedTuple):
    single_etcd: bool
    external_etcd: bool


# waits: whether it may be otherwise a moment later.
class Objection(typing.NamedTuple):
    problem: str
    todo: str
    waits: bool


def parts(nodes: typing.List[dict], pods: typing.List[dict]) -> typing.List[Part]:
    """Find the members of etcd and the API servers.

    :param nodes: list of dict, all nodes of the control plane.
    :param pods: list of dict, the pods in kube-system on them.
    :returns: list of Part, by component and node. A component that no node has as a static pod is not in it.
    """
    named = {pod["metadata"]["name"]: pod for pod in pods}
    found = []
    for component, hosts in ((ETCD, _etcd_nodes(nodes)), (API_SERVER, _api_nodes(nodes))):
        # A node that shows one although its role does not tell has it all the same.
        names = set(hosts) | {_name(one) for one in nodes if f"{component}-{_name(one)}" in named}
        states = {name: _state(named.get(f"{component}-{name}")) for name in names}
        if any(state != MISSING for state in states.values()):
            found += [Part(component, name, states[name]) for name in sorted(states)]
    return found


def unlabelled(nodes: typing.List[dict], pods: typing.List[dict]) -> typing.Dict[str, typing.List[str]]:
    """Find nodes that run a part of the control plane although no role says so: they would go as any worker does.

    :param pods: those in kube-system.
    :returns: the components of each such node, by its name.
    """
    mirrors = {
        pod["metadata"]["name"] for pod in pods if drain_plan.MIRROR in (pod["metadata"].get("annotations") or {})
    }
    found = {}
    for node in nodes:
        runs = [one for one in (ETCD, API_SERVER) if f"{one}-{_name(node)}" in mirrors]
        if runs and not set(node_view.roles(node)) & {*node_view.API_ROLES, node_view.ETCD_ROLE}:
            found[_name(node)] = runs
    return found


def object_to(
    node: str, found: typing.List[Part], checks: typing.Dict[str, bool], accepted: Accepted, way_back: bool = False
) -> typing.Optional[Objection]:
    """Say why a node may not leave service now.

    :param node: str, its name.
    :param found: list of Part.
    :param checks: dict of what the API server says about its parts, True where one is well.
    :param way_back: bool, the node goes back to what it ran: what is ill on it does not hold it.
    :returns: Objection, or None if it may go.
    """
    etcd = [one for one in found if one.component == ETCD]
    if not etcd and not accepted.external_etcd:
        return Objection(
            f"No static pod of etcd is seen in kube-system, so whether etcd can spare control-plane node {node} is not "
            "known",
            "See that etcd outside of it is healthy and can spare the node, then say so "
            "(osmigrate_accept_external_etcd=true)",
            False,
        )
    if node in [one.node for one in etcd] and len(etcd) < SMALLEST and not accepted.single_etcd:
        members = f"{len(etcd)} member" + ("" if len(etcd) == 1 else "s")
        return Objection(
            f"etcd has {members}, so it loses its quorum and the cluster its API while control-plane node {node} is "
            "away",
            f"Add members until there are {SMALLEST}, or bear that (osmigrate_accept_single_etcd=true)",
            False,
        )
    ill = [one for one in found if one.state != READY and not (one.node == node and _may_be_ill(one, way_back))]
    said = [f"{one.component} on node {one.node} {one.state}" for one in ill]
    said += [f"the API server says that its check {name} {how}" for name, how in _failed(checks)]
    if said:
        problem = f"The control plane cannot spare node {node}: {', '.join(said)}"
        return Objection(problem, "Mend it, then run the same command again", True)
    return None


def describe(found: typing.List[Part], checks: typing.Dict[str, bool]) -> dict:
    """What was seen, for results."""

    def told(component: str) -> typing.List[typing.Dict[str, str]]:
        return [{"node": one.node, "state": one.state} for one in found if one.component == component]

    return {"etcd": told(ETCD), "api_servers": told(API_SERVER), "checks": checks}


def read_checks(text: str) -> typing.Dict[str, bool]:
    """Read what C(/readyz?verbose) answers.

    :returns: dict from the names in CHECKS that are there to bool.
    """
    lines = [line for line in text.splitlines() if line[:3] in ("[+]", "[-]")]
    said = {line[3:].split(" ")[0]: line.startswith("[+]") for line in lines}
    return {name: said[name] for name in CHECKS if name in said}


def _may_be_ill(one: Part, way_back: bool) -> bool:
    """Its own API server goes with it, so only the others count; its own etcd member tells of the state of etcd."""
    return way_back or one.component == API_SERVER


def _failed(checks: typing.Dict[str, bool]) -> typing.Iterator[typing.Tuple[str, str]]:
    if CHECKS[0] not in checks:
        yield CHECKS[0], "is not there"
    for name, well in sorted(checks.items()):
        if not well:
            yield name, "fails"


def _etcd_nodes(nodes: typing.List[dict]) -> typing.List[str]:
    """Where members of etcd have to be: on nodes of that role if there are any, else on each API server's node."""
    return [_name(one) for one in nodes if node_view.ETCD_ROLE in node_view.roles(one)] or _api_nodes(nodes)


def _api_nodes(nodes: typing.List[dict]) -> typing.List[str]:
    return [_name(one) for one in nodes if set(node_view.roles(one)) & set(node_view.API_ROLES)]


def _name(node: dict) -> str:
    return node["metadata"]["name"]


def _state(pod: typing.Optional[dict]) -> str:
    """What a static pod says of its component."""
    if pod is None:
        return MISSING
    if pod["metadata"].get("deletionTimestamp"):
        return "is ending"
    phase = pod.get("status", {}).get("phase", "Unknown")
    if phase != "Running":
        return f"is {phase}"
    conditions = {one["type"]: one["status"] for one in pod["status"].get("conditions") or []}
    return READY if conditions.get("Ready") == "True" else "is not Ready"

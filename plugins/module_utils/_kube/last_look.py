# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The last look at a node before something is done to it that only a reboot ends: is it ours, empty, and the right one?

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

import time
import typing

from ansible_collections.osmigrate.fleet.plugins.module_utils._errors import FleetError
from ansible_collections.osmigrate.fleet.plugins.module_utils._kube import (
    cordon_plan,
    daemons,
    drain,
    drain_plan,
    identity_plan,
    lease,
    node_view,
    pool_object,
    pool_plan,
)
from ansible_collections.osmigrate.fleet.plugins.module_utils._kube.client import NODES, Cluster, get_node

LEASE, CORDON, PODS, IDENTITY, RELEASE = "lease", "cordon", "pods", "identity", "release"
CHECKS = (LEASE, CORDON, PODS, IDENTITY, RELEASE)
POLL_SECONDS = 2.0


class Seen(typing.NamedTuple):
    """What was seen.

    pods: those that a drain would have taken away. boot_id: what the Node object shows, "" if that was not looked at.
    """

    pods: typing.List[drain_plan.Pod]
    boot_id: str


class Request(typing.NamedTuple):
    node: str
    run: str
    duration: int
    policy: drain_plan.Policy
    machine: identity_plan.Identity
    timeout: int
    release: str = ""
    payload: str = ""
    commit: str = ""


def hold(cluster: Cluster, request: Request, checks: typing.Sequence[str]) -> None:
    """Renew the node's lease if that is asked for, before anything else. A rehearsal has taken none.

    :raises FleetError: the node is another run's.
    """
    if LEASE in checks and request.run:
        lease.renew(cluster, request.node, request.run, request.duration)


def look(cluster: Cluster, request: Request, checks: typing.Sequence[str]) -> Seen:
    """Look at what is asked.

    :raises FleetError: the node is in service, or is another machine; or what it is to boot was confirmed as something
        else in this cluster.
    """
    if RELEASE in checks and request.release and request.commit:
        _see_release(cluster, request)
    boot_id = _identify(cluster, request) if IDENTITY in checks else ""
    if CORDON in checks:
        _see_cordon(cluster, request.node)
    # The pods come last: what was looked at before them may have let some in.
    return Seen(_pods(cluster, request) if PODS in checks else [], boot_id)


def _see_cordon(cluster: Cluster, name: str) -> None:
    node = get_node(cluster, name)
    if cordon_plan.is_ours(node) and not node_view.is_schedulable(node):
        return
    raise FleetError(
        f"Node {name} was given back to the scheduler by somebody after it had been drained",
        "It serves, and was not rebooted",
        "Find out who uncordoned it, then run the same command again",
    )


def _see_release(cluster: Cluster, request: Request) -> None:
    pools = pool_object.list_readable(cluster)[0]
    said = pool_plan.conflict(pools, request.release, request.payload, request.commit)
    if said:
        raise FleetError(
            said,
            "Nothing was changed",
            "Find out who published it twice. What was built anew needs another version, so that all nodes of a release"
            " run the same",
        )


def _pods(cluster: Cluster, request: Request) -> typing.List[drain_plan.Pod]:
    listed = cluster.list(drain.PODS, {"fieldSelector": "spec.nodeName=" + request.node}).items
    stay = (drain_plan.LEAVE, drain_plan.DELETE)
    owners = daemons.Daemons(cluster, request.node)
    found = [drain_plan.classify(pod, request.policy, [], owners.judge(pod)) for pod in listed]
    return [pod for pod in found if pod.action not in stay]


def _identify(cluster: Cluster, request: Request) -> str:
    deadline = time.monotonic() + request.timeout
    while True:
        nodes = cluster.list(NODES, keep=identity_plan.claimed).items
        mine = next((one for one in nodes if one.name == request.node), None)
        if mine is None:
            get_node(cluster, request.node)  # says that there is none
            continue
        said = identity_plan.objection(mine, request.machine, nodes)
        if not said:
            return mine.identity.boot_id
        if not identity_plan.is_late(mine, request.machine) or time.monotonic() >= deadline:
            raise FleetError(
                said,
                "Nothing was changed",
                "Correct the host's address (ansible_host), or see whether a kubelet reports what is not its own",
            )
        time.sleep(POLL_SECONDS)

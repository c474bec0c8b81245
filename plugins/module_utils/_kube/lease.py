# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lease of a node: taken, renewed and given back by compare-and-swap, so that one run at a time works on it.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

import concurrent.futures
import time
import typing

from ansible_collections.osmigrate.fleet.plugins.module_utils._errors import FleetError
from ansible_collections.osmigrate.fleet.plugins.module_utils._kube import (
    cas,
    lease_plan,
    lease_watch,
    own_object,
    step_note,
    times,
)
from ansible_collections.osmigrate.fleet.plugins.module_utils._kube.client import ApiError, Cluster
from ansible_collections.osmigrate.fleet.plugins.module_utils._text import printable

OBJECTS = f"/apis/coordination.k8s.io/v1/namespaces/{own_object.NAMESPACE}/leases"
# A run that has died is waited for that long, and one that lives renews so often that it may miss it three times.
DURATION = 60
RENEW_EVERY = 15
# At once: one after the other, a write takes longer than that for a run that holds thousands.
RENEWED_AT_ONCE = 8
POLL_SECONDS = 2.0
# A lease that says that it lasts longer is not watched to its end by somebody who has none.
LONGEST_WATCH = 300
# As plugins/doc_fragments/k8s_run.py documents it.
ARGUMENT_SPEC = {"run": {"type": "str", "default": ""}}


class Outcome(typing.NamedTuple):
    """What became of a lease; waited: seconds."""

    before: lease_plan.Lease
    plan: lease_plan.Plan
    waited: float = 0.0


def read(
    cluster: Cluster, node: str, until: typing.Optional[float] = None
) -> typing.Tuple[lease_plan.Lease, typing.Optional[str]]:
    """Return the lease of a node and its version, a free one and None where there is no object yet."""
    found, version = own_object.read(cluster, f"{OBJECTS}/{lease_plan.object_name(node)}", until)
    return lease_plan.parse(found) if found else lease_plan.FREE, version


def list_all(cluster: Cluster) -> typing.Dict[str, lease_plan.Lease]:
    """Return all leases of nodes, by the names of their objects."""
    return {one["metadata"]["name"]: lease_plan.parse(one) for one in cluster.list(OBJECTS).items}


def make_watch(cluster: Cluster, path: str = "") -> lease_watch.Watch:
    """Watch the leases of a cluster from now on; see lease_watch.Watch."""
    return lease_watch.Watch(lambda: list_all(cluster), path)


def owner(
    cluster: Cluster,
    node: str,
    run: str,
    watch: lease_watch.Watch,
    sleep: typing.Callable[[float], None] = time.sleep,
) -> lease_plan.Owner:
    """Look who holds the lease of a node, for somebody who wants to act on what is left on it.

    A person, who has no lease to lose, waits until it is known whether the run that is named there lives.
    """
    name, since = lease_plan.object_name(node), time.monotonic()
    while True:
        lease = read(cluster, node)[0]
        if run or not lease.holder or lease.duration > LONGEST_WATCH:
            return lease_plan.Owner(run, lease.holder)
        sight = watch.look(name, lease)
        if sight.seconds > lease.duration:
            return lease_plan.Owner(run, "")
        # Renewed so often that it never lapses, and never seen to be: somebody writes what no run of ours writes.
        if sight.renewed or time.monotonic() - since > 2 * LONGEST_WATCH:
            return lease_plan.Owner(run, lease.holder)
        sleep(POLL_SECONDS)


def _update(
    cluster: Cluster,
    node: str,
    decide: typing.Callable[[lease_plan.Lease, float], lease_plan.Plan],
    dry_run: bool,
) -> typing.Tuple[lease_plan.Lease, lease_plan.Plan]:
    def write(plan: lease_plan.Plan, version: typing.Optional[str], until: float) -> None:
        _write(cluster, node, plan.lease, version, dry_run, until)

    return cas.update(cluster, lambda until: read(cluster, node, until), decide, write)[:2]


def _write(
    cluster: Cluster, node: str, lease: lease_plan.Lease, version: typing.Optional[str], dry_run: bool, until: float
) -> None:
    held = bool(lease.holder)
    spec = {
        # None takes a field away.
        "holderIdentity": lease.holder or None,
        "acquireTime": f"{lease.since}.000000Z" if held else None,
        "renewTime": times.micro(lease.renewed) if lease.renewed is not None else None,
        "leaseDurationSeconds": lease.duration if held else None,
        "leaseTransitions": lease.transitions,
    }
    metadata = {"labels": {lease_plan.LABEL: lease_plan.label(lease.holder) if held else None}}
    made = {
        "apiVersion": "coordination.k8s.io/v1",
        "kind": "Lease",
        "metadata": dict(metadata, name=lease_plan.object_name(node)),
        "spec": spec,
    }
    change = {"metadata": metadata, "spec": spec}
    own_object.write(cluster, OBJECTS, made, change, version, "the leases of nodes", dry_run, until)


def acquire(
    cluster: Cluster,
    node: str,
    holder: str,
    duration: int = DURATION,
    timeout: float = 0,
    take_over: bool = False,
    check_mode: bool = False,
    watch: typing.Optional[lease_watch.Watch] = None,
    now: typing.Callable[[], float] = time.monotonic,
    sleep: typing.Callable[[float], None] = time.sleep,
) -> Outcome:
    """Take the lease of a node for a run, or renew it if that run holds it.

    The lease of a run that has died is watched until it has lapsed; one that its holder renews meanwhile is refused at
    once.

    :param timeout: seconds to wait for the end of somebody else's.
    :param watch: lease_watch.Watch of this cluster, None for one of this call alone.
    :raises FleetError: another run holds it.
    """
    started, name = now(), lease_plan.object_name(node)
    watching = watch or make_watch(cluster)
    sight = lease_watch.Sight(0, False)

    def decide(lease: lease_plan.Lease, moment: float) -> lease_plan.Plan:
        nonlocal sight
        if lease.holder not in ("", holder) and not check_mode:
            sight = watching.look(name, lease)
        lapsed = sight.seconds > lease.duration
        return lease_plan.plan_acquire(node, lease, holder, duration, moment, lapsed, take_over)

    while True:
        before, plan = _update(cluster, node, decide, check_mode)
        if not plan.held or check_mode:
            return Outcome(before, plan, now() - started)
        if sight.renewed or now() - started >= timeout:
            raise _refused(node, before, sight.renewed)
        sleep(min(POLL_SECONDS, max(0.1, timeout - (now() - started))))


def renew(cluster: Cluster, node: str, holder: str, duration: int = DURATION, check_mode: bool = False) -> Outcome:
    """Renew the lease of a node that a run holds.

    :raises FleetError: it does not hold it any more.
    """
    before, plan = _update(
        cluster, node, lambda lease, moment: lease_plan.plan_renew(node, lease, holder, duration, moment), check_mode
    )
    if not plan.actions:
        raise _lost(node, holder, before)
    return Outcome(before, plan)


def release(cluster: Cluster, node: str, holder: str, check_mode: bool = False) -> Outcome:
    """Give the lease of a node back, if the run holds it."""
    return Outcome(
        *_update(cluster, node, lambda lease, moment: lease_plan.plan_release(node, lease, holder), check_mode)
    )


def renew_all(cluster: Cluster, holder: str, duration: int = DURATION) -> int:
    """Renew every lease that a run holds.

    :returns: how many there are.
    :raises ApiError: one could not be renewed. All others were tried.
    """
    held = _held(cluster, holder)

    def renew_one(one: typing.Dict[str, typing.Any]) -> None:
        renewed = lease_plan.renewal(lease_plan.parse(one), cluster.now())
        body = {
            "metadata": {"resourceVersion": one["metadata"]["resourceVersion"]},
            "spec": {"renewTime": times.micro(renewed), "leaseDurationSeconds": duration},
        }
        try:
            cluster.patch(f"{OBJECTS}/{one['metadata']['name']}", body)
        except ApiError as error:
            if error.status != cas.CONFLICT:
                raise
            # Somebody has just renewed it, given it back or taken it over: the next look tells.

    with concurrent.futures.ThreadPoolExecutor(RENEWED_AT_ONCE) as threads:
        asked = [threads.submit(renew_one, one) for one in held]
    for one in asked:
        one.result()
    return len(held)


def release_all(cluster: Cluster, holder: str) -> None:
    """Give every lease back that a run still holds, at its end."""
    for one in _held(cluster, holder):
        node = one["metadata"]["name"][len("node-") :]
        # First: afterwards another run may have let it wait.
        step_note.end_waiting(cluster, node)
        release(cluster, node, holder)


def _held(cluster: Cluster, holder: str) -> typing.List[typing.Dict[str, typing.Any]]:
    query = {"labelSelector": f"{lease_plan.LABEL}={lease_plan.label(holder)}"}
    return [one for one in cluster.list(OBJECTS, query).items if lease_plan.parse(one).holder == holder]


def _refused(node: str, lease: lease_plan.Lease, alive: bool) -> FleetError:
    more = ", and that run renews it" if alive else ""
    error = FleetError(
        f"Node {node} is held by another run, {printable(lease.holder, 200)}, since {lease.since}Z until "
        f"{times.stamp(lease_plan.ends(lease))}{more}",
        "The node was left as it is",
        "Let that run end, then run the same command again; osmigrate_take_over=true takes the node over from it",
    )
    error.result = {"held_by": lease.holder}
    return error


def _lost(node: str, holder: str, lease: lease_plan.Lease) -> FleetError:
    if lease.holder:
        problem = (
            f"This run has lost node {node} to {printable(lease.holder, 200)}, which holds it since {lease.since}Z"
        )
    else:
        problem = f"This run, {printable(holder, 200)}, does not hold the lease of node {node}"
    error = FleetError(
        problem,
        "The node was left as it is",
        "Let that run end, then run the same command again" if lease.holder else "Run the same command again",
    )
    error.result = {"lost": True, "held_by": lease.holder}
    return error

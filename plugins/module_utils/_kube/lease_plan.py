# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which run owns a node: who holds its lease, until when, and who may act on what a run has left. Pure.

As with client-go, the stamps in a lease are for people. Two controllers, and two API servers of one cluster, may have
clocks that differ by more than a lease lasts; a stamp that is compared with a clock would then give one node to two
runs. A lease ends when it was watched for as long as it lasts and nobody renewed it (lease_watch.py).

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

import hashlib
import typing

from ansible_collections.osmigrate.fleet.plugins.module_utils._errors import FleetError
from ansible_collections.osmigrate.fleet.plugins.module_utils._kube import node_view, times
from ansible_collections.osmigrate.fleet.plugins.module_utils._text import printable

# On a lease that is held, so that a run finds its own.
LABEL = node_view.PREFIX + "held-by"
_LONGEST_NAME = 253


class Lease(typing.NamedTuple):
    """Nobody holds it without a holder. The transitions only ever grow: they are the fence."""

    holder: str
    since: str
    renewed: typing.Optional[float]
    duration: int
    transitions: int


class Plan(typing.NamedTuple):
    """What a lease becomes. held: by whom, so that it stays; taken_from: who lost it, both empty if nobody."""

    lease: Lease
    actions: typing.List[str]
    held: str = ""
    taken_from: str = ""


class Owner(typing.NamedTuple):
    """Who asks, and who holds the lease of the node now.

    :param run: str, the holder string of the run that asks; empty for a person with a module in hand.
    :param holder: str, who holds the lease; empty if nobody.
    """

    run: str
    holder: str


FREE = Lease("", "", None, 0, 0)
BY_HAND = Owner("", "")


def object_name(node: str) -> str:
    """The name of a node's lease. The names of nodes may be as long as names may be."""
    name = "node-" + node
    if len(name) <= _LONGEST_NAME:
        return name
    return f"node-{hashlib.sha256(node.encode('utf-8')).hexdigest()}"


def label(holder: str) -> str:
    """What the label of a lease says: values of labels have fewer letters than holders."""
    return hashlib.sha256(holder.encode("utf-8")).hexdigest()[:32]


def parse(found: typing.Dict[str, typing.Any]) -> Lease:
    """Read a Lease object, whoever has written to it."""
    spec = found.get("spec") or {}
    renewed = times.parse((spec.get("renewTime") or "").partition(".")[0] + "Z")
    return Lease(
        spec.get("holderIdentity") or "",
        (spec.get("acquireTime") or "").partition(".")[0],
        renewed,
        spec.get("leaseDurationSeconds") or 0,
        spec.get("leaseTransitions") or 0,
    )


def ends(lease: Lease) -> float:
    """When it ends if nobody renews it, in seconds of the epoch, by the clock of who renewed it."""
    return (lease.renewed or 0) + lease.duration


def describe(lease: Lease, now: float) -> dict:
    """Return for people who holds a lease, and whether it seems to have ended. Nobody may take it because of that."""
    held = bool(lease.holder)
    return {
        "holder": lease.holder,
        "until": times.stamp(ends(lease)) if held else "",
        "lapsed": held and now > ends(lease),
    }


def renewal(lease: Lease, now: float) -> float:
    """The stamp of a renewal: another second than before, or nobody would see it where two clocks say the same."""
    return now + 1 if lease.renewed is not None and int(lease.renewed) == int(now) else now


def plan_acquire(
    node: str, lease: Lease, holder: str, duration: int, now: float, lapsed: bool = False, take_over: bool = False
) -> Plan:
    """Take a lease that is free or has lapsed, take it over, or renew one's own.

    :param lapsed: bool, it was watched for as long as it lasts, and its holder did not renew it.
    :param take_over: bool, the operator says that it is to be taken whoever holds it.
    """
    taken = Lease(holder, times.stamp(now).rstrip("Z"), now, duration, lease.transitions + 1)
    if lease.holder == holder:
        return plan_renew(node, lease, holder, duration, now)
    if not lease.holder:
        return Plan(taken, [f"Take the lease of node {node}"])
    told = printable(lease.holder, 200)
    if lapsed:
        action = f"Take the lease of node {node} over from {told}, which has not renewed it"
    elif take_over:
        action = f"Take the lease of node {node} over from {told}, as the operator says"
    else:
        return Plan(lease, [], held=lease.holder)
    return Plan(taken, [action], taken_from=lease.holder)


def plan_renew(node: str, lease: Lease, holder: str, duration: int, now: float) -> Plan:
    """Renew one's own lease, also one that has lapsed and that nobody has taken since."""
    if lease.holder != holder:
        return Plan(lease, [], held=lease.holder)
    return Plan(lease._replace(renewed=renewal(lease, now), duration=duration), [f"Renew the lease of node {node}"])


def plan_release(node: str, lease: Lease, holder: str) -> Plan:
    """Give one's own lease back; somebody else's stays. What it counted stays, too."""
    if lease.holder != holder:
        return Plan(lease, [], held=lease.holder)
    return Plan(FREE._replace(transitions=lease.transitions), [f"Give the lease of node {node} back"])


def require_lease(node: str, asks: Owner) -> None:
    """Refuse to begin anything on a node whose lease a run does not hold, also where nobody does any more.

    :raises FleetError: the run has lost it. A person has none to lose.
    """
    if asks.run and asks.holder != asks.run:
        raise FleetError(
            f"This run does not hold the lease of node {node}, which {printable(asks.holder, 200) or 'nobody'} holds",
            "The node was left as it is",
            "Run the same command again: it takes the lease first",
        )


def require(node: str, asks: Owner, noted: str, what: str) -> None:
    """Refuse to act on what another run has left on a node.

    Who holds the lease owns what is on the node, whoever began it. Where nobody holds it, that is the run that is
    noted, or a person with a module in hand. What older versions have left has no run noted and is anybody's.

    :param noted: str, the run that is noted on it, empty if none.
    :param what: str, what it is, as in "The cordon of node n1".
    :raises FleetError: it belongs to somebody else.
    """
    if asks.holder and asks.holder != asks.run:
        raise FleetError(
            f"{what} is the business of {printable(asks.holder, 200)}, which holds the lease of node {node}",
            f"{what} stays",
            "Let that run end; if nobody knows it, run the same command again with osmigrate_take_over=true",
        )
    if not asks.holder and asks.run and noted not in ("", asks.run):
        raise FleetError(
            f"{what} belongs to {printable(noted, 200)}, and this run does not hold the lease of node {node}",
            f"{what} stays",
            "Run the same command again: it takes the lease first",
        )

# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A pool's budget: who takes it up, who may still go, and when the pool is halted. Pure.

A node that is not Ready, that anybody has cordoned, or that holds a claim takes up one place. A claim belongs to its
node, not to the run that made it, and nothing but that node's return to service or a person's word ends it.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

import typing

from ansible_collections.osmigrate.fleet.plugins.module_utils._errors import FleetError
from ansible_collections.osmigrate.fleet.plugins.module_utils._kube import cordon_plan, lease_plan, node_view, times
from ansible_collections.osmigrate.fleet.plugins.module_utils._steps import DONE
from ansible_collections.osmigrate.fleet.plugins.module_utils._text import printable, whole_number

REFRESH_SECONDS = 60
# An object has room for so much: of nodes that were held up the last ones are kept.
MOST_HELD, LONGEST_WHY = 200, 400
# A fleet has few releases at a time; the last ones are kept.
MOST_RELEASES = 100
# Of fewer nodes than that, one alone could decide how long the others are expected to take.
FEWEST = 3
# Nobody plans with what took longer than a day.
LONGEST_CORDON = 86400
CONTROL_PLANE, WORKER = "control-plane", "worker"
# Nodes with any of these run etcd or an API server. Their pool is that of the control plane, whatever their labels say.
CONTROL_ROLES = (*node_view.API_ROLES, node_view.ETCD_ROLE)
ZONE_LABEL = "topology.kubernetes.io/zone"


class Member(typing.NamedTuple):
    name: str
    zone: str
    ready: bool
    schedulable: bool
    cordoned_by: typing.Optional[str]  # the rollout of a cordon of ours
    done_in: typing.Optional[str]  # the rollout that it has arrived in
    seconds: typing.Optional[int]  # how long it was cordoned last


# asked: when a run wanted it last; since decides who comes first and stays.
class Claim(typing.NamedTuple):
    rollout: str
    since: str
    asked: str
    host: str
    run: str = ""  # older versions note none


class Held(typing.NamedTuple):
    rollout: str
    since: str
    why: str  # who or what held the node up


class Question(typing.NamedTuple):
    id: str  # what an approver answers to agree
    rollout: str
    of: str  # names of those who are asked, with commas
    until: str


class Confirmed(typing.NamedTuple):
    """What a release was on the first node of the pool that it was confirmed on."""

    commit: str
    node: str
    since: str


class Pool(typing.NamedTuple):
    claims: typing.Dict[str, Claim]
    failures: typing.Dict[str, str]  # of nodes, each with the rollout that it failed in
    halt: typing.Optional[dict]  # reason and since
    held: typing.Dict[str, Held] = {}  # nodes that failed before their trial was armed
    questions: typing.Dict[str, Question] = {}  # of nodes, what others are asked before they go
    releases: typing.Dict[str, Confirmed] = {}  # that were confirmed here, by their ids


class Limits(typing.NamedTuple):
    pool: str
    zone: typing.Optional[str]


class Occupant(typing.NamedTuple):
    node: str
    zone: str
    why: str


# full: the limit that leaves no room as (what may be unavailable, who is), None if there is room.
class Plan(typing.NamedTuple):
    pool: Pool
    actions: typing.List[str]
    full: typing.Optional[typing.Tuple[str, typing.List[Occupant]]]


EMPTY = Pool({}, {}, None)


def member(node: dict) -> Member:
    """What counts of a Node object."""
    noted = node_view.osmigrate(node)
    seconds = whole_number(noted.get("cordoned_seconds", ""))
    return Member(
        node["metadata"]["name"],
        node_view.labels(node).get(ZONE_LABEL, ""),
        node_view.is_ready(node),
        node_view.is_schedulable(node),
        node_view.annotations(node).get(cordon_plan.BY),
        noted.get("rollout") if noted.get("phase") == DONE else None,
        seconds if seconds is not None and seconds <= LONGEST_CORDON else None,
    )


def is_control_plane(node: dict) -> bool:
    return any(role in CONTROL_ROLES for role in node_view.roles(node))


def pool_of(node: dict, label: str) -> str:
    """The pool of a node: that of the control plane by its role, else what its label says, else that of workers."""
    if is_control_plane(node):
        return CONTROL_PLANE
    return node_view.labels(node).get(label) or WORKER


def selectors(pool: str, label: str) -> typing.List[str]:
    """The label selectors that together find the nodes of a pool, each node by one of them."""
    roles = [node_view.ROLE_LABEL + role for role in CONTROL_ROLES]
    old = f"({','.join(CONTROL_ROLES)})"
    unnamed = ["!" + role for role in roles]
    none = unnamed + [f"{node_view.OLD_ROLE_LABEL} notin {old}"]
    terms = [[f"{label}={pool}"] + none]
    if pool == CONTROL_PLANE:
        terms += [unnamed[:number] + [role] for number, role in enumerate(roles)]
        terms += [unnamed + [f"{node_view.OLD_ROLE_LABEL} in {old}"]]
    elif pool == WORKER:
        # A label without a value is none.
        terms += [["!" + label] + none, [label + "="] + none]
    return [",".join(term) for term in terms]


def bounded(name: str, limits: Limits) -> Limits:
    """The limits of a pool: the control plane goes one node at a time, whatever is asked for."""
    return limits._replace(pool="1") if name == CONTROL_PLANE else limits


def occupants(pool: Pool, members: typing.List[Member]) -> typing.List[Occupant]:
    """Who takes up the budget, by name: nodes out of service for any reason, and nodes with a claim."""
    zones = {one.name: one.zone for one in members}
    found = {one.name: Occupant(one.name, one.zone, _why(one)) for one in members if _why(one)}
    for name, claim in pool.claims.items():
        why = f"holds a place for rollout {claim.rollout} since {claim.since}"
        found[name] = Occupant(name, zones.get(name, ""), why)
    return [found[name] for name in sorted(found)]


def _why(one: Member) -> str:
    if one.schedulable:
        return "" if one.ready else "is not Ready"
    if one.cordoned_by is None:
        return "is cordoned by somebody else"
    return f"is cordoned for rollout {one.cordoned_by}"


def plan_claim(pool: Pool, members: typing.List[Member], name: str, limits: Limits, claim: Claim) -> Plan:
    """Give a node a place if the budget has one, or let it keep the one that it holds.

    A node that holds a place counts only those before it: when others fail meanwhile, as many as are too many have to
    wait, the latest first, and not all.
    """
    before = [one for one in occupants(pool, members) if one.node != name and _comes_before(pool, one.node, name)]
    zones = {one.name: one.zone for one in members}
    zone = zones.get(name, "")
    full = _exceeded(limits.pool, before, len(members), "nodes")
    if not full and limits.zone and zone:
        there = [one for one in before if one.zone == zone]
        full = _exceeded(limits.zone, there, list(zones.values()).count(zone), "nodes of zone " + zone)
    if full:
        return Plan(pool, [], full)
    claim, actions = _take(name, pool.claims.get(name), claim)
    return Plan(pool._replace(claims=dict(pool.claims, **{name: claim})), actions, None)


def _take(name: str, held: typing.Optional[Claim], claim: Claim) -> typing.Tuple[Claim, typing.List[str]]:
    """Make a claim, or take over the one that the node holds."""
    if held is None:
        return claim, [f"Claim a place for node {name}"]
    if held.rollout != claim.rollout:
        action = f"Take the place of node {name} over from rollout {held.rollout}"
    elif (held.host, held.run) == (claim.host, claim.run) and _age(held, claim) < REFRESH_SECONDS:
        return held, []
    else:
        action = f"Note that the place of node {name} is still needed"
    return claim._replace(since=held.since), [action]


def _age(held: Claim, claim: Claim) -> int:
    # A stamp that somebody made unreadable is an old one.
    return (times.parse(claim.asked) or 0) - (times.parse(held.asked) or 0)


def _comes_before(pool: Pool, other: str, name: str) -> bool:
    mine, theirs = pool.claims.get(name), pool.claims.get(other)
    return mine is None or theirs is None or (theirs.since, other) < (mine.since, name)


def _exceeded(
    limit: str, before: typing.List[Occupant], size: int, what: str
) -> typing.Optional[typing.Tuple[str, typing.List[Occupant]]]:
    allowed = resolve(limit, size)
    return (f"{allowed} of {size} {what} may be unavailable", before) if len(before) >= allowed else None


def resolve(limit: str, size: int) -> int:
    """How many nodes a limit allows: a number, or a share of the size that is rounded down, one at least."""
    text = str(limit).strip()
    number = text[:-1] if text.endswith("%") else text
    allowed = whole_number(number)
    if not allowed or (text != number and allowed > 100):
        raise FleetError(
            f"{printable(text, 60) or 'An empty string'} is no limit of unavailable nodes",
            todo="Give a number from 1 on, or a percentage from 1% to 100%; to let nothing begin, halt the pool",
        )
    return allowed if text == number else max(1, size * allowed // 100)


def require_owner(pool: Pool, name: str, owner: lease_plan.Owner) -> None:
    """Refuse to take over or to give back the place of a node that is another run's.

    :raises FleetError: it is.
    """
    noted = pool.claims[name].run if name in pool.claims else ""
    lease_plan.require(name, owner, noted, place(name))


def place(name: str) -> str:
    """What a node's claim is called in messages."""
    return f"The place of node {name} in its budget"


def plan_release(pool: Pool, name: str, failed: bool = False, owner: lease_plan.Owner = lease_plan.BY_HAND) -> Plan:
    """Give a node's place back; the note that it failed goes as well, unless that is what it did.

    :param owner: lease_plan.Owner, who asks.
    """
    require_owner(pool, name, owner)
    actions = [f"Give the place of node {name} back"] if name in pool.claims else []
    if name in pool.failures and not failed:
        actions.append(f"Forget that node {name} failed")
    if name in pool.held and not failed:
        actions.append(f"Forget that node {name} was held up")
    left = pool._replace(claims=_without(pool.claims, name))
    if not failed:
        left = left._replace(failures=_without(pool.failures, name), held=_without(pool.held, name))
    return Plan(left, actions, None)


def plan_failure(pool: Pool, name: str, rollout: str, halt_after: int, since: str) -> Plan:
    """Note that a node failed from arming its trial on, and halt the pool after so many of a rollout."""
    if name not in pool.claims:
        return Plan(pool, [], None)
    failures = dict(pool.failures, **{name: rollout})
    actions = [] if failures == pool.failures else [f"Note that node {name} failed"]
    noted = pool._replace(failures=failures, held=_without(pool.held, name))
    failed = sorted(node for node, where in failures.items() if where == rollout)
    if not halt_after or len(failed) < halt_after or pool.halt:
        return Plan(noted, actions, None)
    many = f"{len(failed)} node{'' if len(failed) == 1 else 's'}"
    reason = f"{many} failed in rollout {rollout}: {', '.join(failed)}"
    halted = plan_halt(noted, reason, since)
    return Plan(halted.pool, actions + halted.actions, None)


def plan_held(pool: Pool, name: str, rollout: str, why: str, since: str) -> Plan:
    """Note what held a node up before its trial was armed. It says nothing of the release, and never halts the pool."""
    why = printable(why, LONGEST_WHY)
    before = pool.held.get(name)
    if before and (before.rollout, before.why) == (rollout, why):
        return Plan(pool, [], None)
    held = dict(pool.held, **{name: Held(rollout, since, why)})
    last = sorted(held, key=lambda node: (held[node].since, node == name))[-MOST_HELD:]
    kept = {node: held[node] for node in last}
    return Plan(pool._replace(held=kept), [f"Note what held node {name} up"], None)


def noted_as(release: str, payload: str) -> str:
    """Return under which name a pool notes a release: each kind of its payloads has a commit of its own."""
    return f"{release} {payload}" if payload else release


def plan_confirmed(pool: Pool, release: str, payload: str, commit: str, node: str, since: str) -> Plan:
    """Note which commit a release was when it was confirmed on a node. What was noted first stays."""
    name = noted_as(release, payload)
    if name in pool.releases:
        return Plan(pool, [], None)
    known = dict(pool.releases, **{name: Confirmed(commit, node, since)})
    last = sorted(known, key=lambda one: (known[one].since, one == name))[-MOST_RELEASES:]
    kept = {one: known[one] for one in last}
    return Plan(pool._replace(releases=kept), [f"Note that {name} is commit {commit}"], None)


def conflict(pools: typing.Dict[str, Pool], release: str, payload: str, commit: str) -> str:
    """Return a sentence, without its full stop, if a release was confirmed anywhere as another commit, else ""."""
    for name, pool in sorted(pools.items()):
        known = pool.releases.get(noted_as(release, payload))
        if known and known.commit != commit:
            return (
                f"{release} is commit {printable(commit, 100)} by its manifest, and was confirmed as commit"
                f" {printable(known.commit, 100)} on node {printable(known.node, 253)} of pool {name} at {known.since}"
            )
    return ""


def plan_halt(pool: Pool, reason: str, since: str) -> Plan:
    if pool.halt and pool.halt["reason"] == reason:
        return Plan(pool, [], None)
    return Plan(pool._replace(halt={"reason": reason, "since": since}), [f"Halt the pool: {reason}"], None)


def plan_resume(pool: Pool) -> Plan:
    """End a halt. Failures are forgotten, or the next one would halt the pool again."""
    actions = [f"End the halt: {pool.halt['reason']}"] if pool.halt else []
    if pool.failures:
        actions.append(f"Forget that {', '.join(sorted(pool.failures))} failed")
    return Plan(pool._replace(halt=None, failures={}), actions, None)


def _without(mapping: dict, key: str) -> dict:
    return {name: value for name, value in mapping.items() if name != key}

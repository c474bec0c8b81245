# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Get a node a place in its pool's budget, wait for one, and give it back.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

import random
import time
import typing

from ansible_collections.osmigrate.fleet.plugins.module_utils import _waiting
from ansible_collections.osmigrate.fleet.plugins.module_utils._errors import FleetError
from ansible_collections.osmigrate.fleet.plugins.module_utils._kube import (
    admission,
    cordon_plan,
    guard,
    node_view,
    pool_plan,
    pool_watch,
    step_note,
    times,
)
from ansible_collections.osmigrate.fleet.plugins.module_utils._kube.client import Cluster, get_node
from ansible_collections.osmigrate.fleet.plugins.module_utils._kube.pool_object import (
    list_holding,
    list_members,
    list_pools,
    read_pool,
    update_pool,
)

FIRST_PAUSE, LONGEST_PAUSE = 1.0, 5.0
# Shorter than any pause: whoever has waited looks anew. Shorter than a drain, too (see _Members).
FRESH_SECONDS = 0.4
# Until a window opens there is only a halt to be seen.
WINDOW_PAUSE = 30.0
NAMED = 10


class Request(typing.NamedTuple):
    node: str
    rollout: str
    limits: pool_plan.Limits
    timeout: int
    host: str
    batch: typing.List[str]
    pool_label: str
    terms: admission.Terms
    run: str = ""
    cap: int = 0  # places of all pools together, 0 for no such limit


# waits_for_batch: the place is taken by nodes of the same batch, which go on only after this one has stopped waiting.
class Outcome(typing.NamedTuple):
    pool_name: str
    before: pool_plan.Pool
    plan: pool_plan.Plan
    waits_for_batch: bool
    refused: str  # why it may not go, apart from the budget
    control_plane: dict  # what was seen of it, empty where it was not looked at


class ClaimError(FleetError):
    """No place, with who takes the budget up, and what was seen of the control plane."""

    def __init__(
        self,
        problem: str,
        todo: str,
        pool_name: str,
        occupants: typing.Sequence[pool_plan.Occupant] = (),
        left: str = "The node was left as it is",
        control_plane: typing.Optional[typing.Any] = None,
    ) -> None:
        super().__init__(problem, left, todo)
        told = {"pool": pool_name, "unavailable": describe(occupants)}
        self.result = dict(told, control_plane=control_plane or {})


def claim(
    cluster: Cluster,
    request: Request,
    check_mode: bool = False,
    now: typing.Callable = time.monotonic,
    sleep: typing.Callable = time.sleep,
) -> Outcome:
    """Wait for a place in the budget, or find the one that the node holds.

    :raises ClaimError: the pool is halted, or the node may not go, or there was no place in time.
    """
    node = get_node(cluster, request.node)
    name = pool_plan.pool_of(node, request.pool_label)
    limits = pool_plan.bounded(name, request.limits)
    deadline = now() + request.timeout
    pause, waits = FIRST_PAUSE, False
    members = _Members(cluster, name, request.pool_label, now)
    room = pool_watch.Room(cluster, name, not request.cap, now, sleep)
    owned, place = guard.Guard(cluster, request.node, request.run, check_mode), pool_plan.place(request.node)
    gate = admission.Admission(cluster, node, request.rollout, request.terms, request.pool_label, members.recent)

    def decide(pool: pool_plan.Pool, moment: float) -> pool_plan.Plan:
        owned.begin(place)
        if pool.halt:
            raise _halted(request.node, name, pool.halt)
        stamp = times.stamp(moment)
        wanted = pool_plan.Claim(request.rollout, stamp, stamp, request.host, request.run)
        return pool_plan.plan_claim(pool, members.recent(), request.node, limits, wanted)

    while True:
        refusal = gate.refusal()
        if refusal:
            owned.begin(place)
            before = read_pool(cluster, name)[0]
            if before.halt:
                raise _halted(request.node, name, before.halt)
            if check_mode:
                return Outcome(name, before, pool_plan.Plan(before, [], None), False, refusal.problem, gate.seen)
            if refusal.wait is None or now() >= deadline or now() + refusal.wait > deadline:
                raise _refused(cluster, request, name, refusal, gate.seen, owned)
            waits = _begin_to_wait(cluster, request.node, waits)
            _waiting.tell(request.node, refusal.problem)
            sleep(min(refusal.wait or LONGEST_PAUSE, WINDOW_PAUSE, deadline - now()))
            continue
        before, plan = update_pool(cluster, name, decide, check_mode, prepare=members.recent)
        claims = before.claims
        if not plan.full and request.cap and request.node not in claims and not check_mode:
            claims = _all_claims(cluster)
            plan = _within_cap(cluster, request, name, plan, claims, owned)
        mates = [one for node, one in claims.items() if node != request.node and one.host in request.batch]
        if not plan.full or mates or check_mode:
            return Outcome(name, before, plan, bool(plan.full and mates), "", gate.seen)
        if now() >= deadline:
            raise _no_place(request, name, plan.full)
        waits = _begin_to_wait(cluster, request.node, waits)
        _waiting.tell(request.node, _who(plan.full))
        room.wait(before, min(pause * random.uniform(0.5, 1), max(0, deadline - now())))
        pause = min(pause * 1.5, LONGEST_PAUSE)


def _begin_to_wait(cluster: Cluster, node: str, waits: bool) -> bool:
    """Say on the Node object that it waits, the first time: who has a place at once never does."""
    if not waits:
        step_note.note(cluster, node, "claim")
    return True


def _all_claims(cluster: Cluster) -> typing.Dict[str, pool_plan.Claim]:
    return {node: one for pool in list_pools(cluster).values() for node, one in pool.claims.items()}


def _within_cap(
    cluster: Cluster,
    request: Request,
    name: str,
    plan: pool_plan.Plan,
    claims: typing.Dict[str, pool_plan.Claim],
    owned: guard.Guard,
) -> pool_plan.Plan:
    """Give a place back that was one too many over all pools.

    Pools are objects of their own, so nobody can take a place of the whole at once. Who has taken one looks at all of
    them afterwards: of those who are too many, the last one at least sees it.
    """
    if len(claims) <= request.cap:
        return plan
    given = update_pool(
        cluster, name, lambda pool, moment: pool_plan.plan_release(pool, request.node, True, owned.look())
    )[1]
    others = {node: one for node, one in claims.items() if node != request.node}
    said = f"{request.cap} nodes of all pools may be away for rollouts"
    occupants = pool_plan.occupants(pool_plan.EMPTY._replace(claims=others), [])
    return given._replace(actions=[], full=(said, occupants))


class _Members:
    """The nodes of a pool, read before its object, and once for several attempts at the same write.

    Who leaves service meanwhile has a claim, which is in the object that each attempt is decided on. A claim that was
    given back until then is that of a node which serves again, or of one that was refused after its drain and stays
    cordoned. That one is seen here, unless it was cordoned and refused after the nodes were read and before the object
    was. A drain lies between the two, so nodes that were asked for too long before are read again, after the object.
    """

    def __init__(self, cluster: Cluster, pool: str, label: str, now: typing.Callable) -> None:
        self._arguments = (cluster, pool, label)
        self._now = now
        self._found: typing.List[pool_plan.Member] = []
        self._until = None

    def recent(self) -> typing.List[pool_plan.Member]:
        asked = self._now()
        if self._until is None or asked >= self._until:
            self._found = list_members(*self._arguments)
            self._until = asked + FRESH_SECONDS
        return self._found


def release(
    cluster: Cluster,
    node: str,
    pool_label: str,
    check_mode: bool = False,
    failed: bool = False,
    run: str = "",
    confirmed: typing.Optional[typing.Tuple[str, str, str]] = None,
) -> Outcome:
    """Give a node's place back, in whichever pool it is. The Node object may be gone.

    :param failed: bool, keep the note that the node has failed.
    :param run: str, the run that asks, empty for a person.
    :param confirmed: tuple (id of the release that the node runs by default, kind of its payload, its commit), None if
        that is not known.
    """

    def decide(pool: pool_plan.Pool, moment: float) -> pool_plan.Plan:
        given = pool_plan.plan_release(pool, node, failed, owned.look())
        if not confirmed:
            return given
        noted = pool_plan.plan_confirmed(given.pool, *confirmed, node, times.stamp(moment))
        return noted._replace(actions=given.actions + noted.actions)

    owned = guard.Guard(cluster, node, run)
    found: typing.List[typing.Tuple[str, typing.Optional[typing.Tuple[pool_plan.Pool, str]]]] = []
    found += list_holding(cluster, node)
    found = found or [(pool_plan.pool_of(get_node(cluster, node), pool_label), None)]
    actions = []
    for name, read in found:
        before, plan = update_pool(cluster, name, decide, check_mode, read)
        actions += plan.actions
    return Outcome(name, before, plan._replace(actions=actions), False, "", {})


def fail(
    cluster: Cluster,
    request: Request,
    halt_after: int,
    check_mode: bool = False,
    held_by: typing.Optional[str] = None,
    now: typing.Callable = time.monotonic,
    sleep: typing.Callable = time.sleep,
) -> Outcome:
    """Note that a node failed. It keeps its place unless it is back in service, which is waited for.

    :param held_by: str, what held it up before its trial was armed; None if it failed from then on.
    """
    deadline = now() + request.timeout
    owned = guard.Guard(cluster, request.node, request.run)
    name = pool_plan.pool_of(get_node(cluster, request.node), request.pool_label)

    def note(pool: pool_plan.Pool, moment: float) -> pool_plan.Plan:
        pool_plan.require_owner(pool, request.node, owned.look())
        since = times.stamp(moment)
        if held_by is not None:
            return pool_plan.plan_held(pool, request.node, request.rollout, held_by, since)
        return pool_plan.plan_failure(pool, request.node, request.rollout, halt_after, since)

    before, noted = update_pool(cluster, name, note, check_mode)
    while request.node in noted.pool.claims and not _serves(cluster, request.node):
        if check_mode or now() >= deadline:
            return Outcome(name, before, noted, False, "", {})
        sleep(FIRST_PAUSE)
    given = update_pool(
        cluster, name, lambda pool, moment: pool_plan.plan_release(pool, request.node, True, owned.look()), check_mode
    )[1]
    return Outcome(name, before, given._replace(actions=noted.actions + given.actions), False, "", {})


def _serves(cluster: Cluster, name: str) -> bool:
    """Whether a node is out of our hands: Ready, and without a cordon of ours."""
    node = get_node(cluster, name)
    return node_view.is_ready(node) and not cordon_plan.is_ours(node)


def describe(occupants: typing.Iterable[pool_plan.Occupant]) -> typing.List[typing.Dict[str, str]]:
    return [{"node": one.node, "why": one.why} for one in occupants]


def _halted(node: str, name: str, halt: typing.Dict[str, str]) -> ClaimError:
    return ClaimError(
        f"Pool {name} is halted since {halt['since']}, so node {node} may not go: {halt['reason']}",
        "Mend the cause, run the playbook resume, then run the same command again",
        name,
    )


def _refused(
    cluster: Cluster, request: Request, name: str, refusal: typing.Any, control_plane: dict, owned: guard.Guard
) -> typing.Any:
    """Give a place back that may not be used now: the node did not fail, and it counts as long as it is cordoned."""

    def give_back(pool: pool_plan.Pool, unused_now: float) -> pool_plan.Plan:
        return pool_plan.plan_release(pool, request.node, True, owned.look())

    plan = update_pool(cluster, name, give_back)[1]
    left = "The node was left as it is" + (", without its place in the budget" if plan.actions else "")
    return ClaimError(refusal.problem, refusal.todo, name, left=left, control_plane=control_plane)


def _no_place(request: Request, name: str, full: typing.Tuple[str, typing.List[pool_plan.Occupant]]) -> ClaimError:
    more = "" if name == pool_plan.CONTROL_PLANE else " or raise osmigrate_max_unavailable"
    return ClaimError(
        f"Node {request.node} got no place in the budget of pool {name} within {request.timeout} seconds: {_who(full)}",
        f"Bring them back into service (the playbook recover does it for what dead runs left){more}, then run the same "
        "command again",
        name,
        full[1],
    )


def _who(full: typing.Any) -> typing.Any:
    """Who takes a budget up, as a clause."""
    limit, occupants = full
    said = [f"{one.node} {one.why}" for one in occupants[:NAMED]]
    if len(occupants) > NAMED:
        said.append(f"and {len(occupants) - NAMED} more")
    return f"{limit}, and {', '.join(said)}"

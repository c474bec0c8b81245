# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which node is in which wave, what speaks against a policy, and whether the next wave may begin. Pure.

A node keeps the wave that its Node object says, so a run that goes on where another ended has the same waves, and
nodes that came later get waves of their own behind those.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

import re
import typing

from ansible_collections.osmigrate.fleet.plugins.module_utils._errors import FleetError
from ansible_collections.osmigrate.fleet.plugins.module_utils._kube import (
    node_view,
    pool_plan,
    times,
    wave_policy,
)
from ansible_collections.osmigrate.fleet.plugins.module_utils._kube.record_plan import LONGEST, NodePlan
from ansible_collections.osmigrate.fleet.plugins.module_utils._steps import DONE, FAILED
from ansible_collections.osmigrate.fleet.plugins.module_utils._text import printable, some

WAVE, GATE = node_view.PREFIX + "wave", node_view.PREFIX + "gate"
OPEN, CLOSED = "open", "closed"
NAMED = 5
_MARK = re.compile(r"([1-9][0-9]{0,3})/([1-9][0-9]{0,3}) ([0-9a-f]{8}) (.+)\Z")


class Candidate(typing.NamedTuple):
    """What counts of a node: its value of the policy's `by`, how long its last move took, its mark, and whether it has
    got as far as its trial in this rollout."""

    name: str
    pool: str
    value: str
    seconds: int
    mark: str
    begun: bool = False


class Wave(typing.NamedTuple):
    """soak: seconds between its end and the next one. max_failed: how many of it may be unwell. pause: whether
    somebody has to release the next one."""

    number: int
    nodes: typing.List[str]
    soak: int
    max_failed: int
    pause: bool


class Waves(typing.NamedTuple):
    waves: typing.List[Wave]
    left_out: typing.List[str]  # nodes of the control plane, where those never go


class Seen(typing.NamedTuple):
    """What a node of an earlier wave has come to: arrived, failed, or neither; since when; whether it serves."""

    name: str
    number: int
    phase: str
    since: typing.Optional[int]
    serves: bool
    problems: typing.Sequence[str] = ()


class Refusal(typing.NamedTuple):
    why: str
    wait: typing.Optional[float]  # after which it may be otherwise, None where waiting cannot help


def candidate(node: dict, policy: wave_policy.Policy, pool_label: str, rollout: str) -> Candidate:
    """Read a Node object."""
    one = pool_plan.member(node)
    pool = pool_plan.pool_of(node, pool_label)
    known = {"": "", wave_policy.POOL: pool, wave_policy.ZONE: one.zone}
    value = known[policy.by] if policy.by in known else node_view.labels(node).get(policy.by, "")
    noted = node_view.osmigrate(node)
    begun = bool(noted.get("phase")) and noted.get("rollout") == rollout
    return Candidate(one.name, pool, value, one.seconds or 0, noted.get("wave", ""), begun)


def mark(wave: Wave, of: int, policy: wave_policy.Policy, rollout: str) -> str:
    """Return what the annotation says of a node in a wave."""
    return f"{wave.number}/{of} {wave_policy.digest(policy)} {rollout}"


def read_mark(text: str, policy: wave_policy.Policy, rollout: str) -> typing.Optional[int]:
    """Return the number of the wave that an annotation names, None if it is of another rollout or policy."""
    found = _MARK.match(text)
    ours = found and found.group(3) == wave_policy.digest(policy) and found.group(4) == rollout
    return int(found.group(1)) if found and ours else None


def plan_mark(node: dict, wanted: str) -> NodePlan:
    """Plan the mark of a node."""
    if node_view.annotations(node).get(WAVE) == wanted:
        return NodePlan({}, [])
    action = f"Note that node {node['metadata']['name']} is in wave {wanted.partition('/')[0]}"
    return NodePlan({"metadata": {"annotations": {WAVE: wanted}}}, [action])


def plan_gate(node: dict, run: str, why: str) -> NodePlan:
    """Note for the others of a batch whether they may begin."""
    wanted = f"{CLOSED if why else OPEN} {run} {why}".strip()[:LONGEST]
    if node_view.annotations(node).get(GATE) == wanted:
        return NodePlan({}, [])
    return NodePlan({"metadata": {"annotations": {GATE: wanted}}}, ["Note whether the wave may begin"])


def read_gate(node: dict, run: str) -> Refusal:
    """Read what the node that looks has noted in this run."""
    said, _blank, rest = node_view.annotations(node).get(GATE, "").partition(" ")
    by, _blank, why = rest.partition(" ")
    name = node["metadata"]["name"]
    if by != run or said not in (OPEN, CLOSED):
        return Refusal(f"{name}, which looks for its batch, has noted nothing yet", 0)
    return Refusal("", None) if said == OPEN else Refusal(why, None)


def plan(policy: wave_policy.Policy, nodes: typing.Sequence[Candidate], rollout: str) -> Waves:
    """Part nodes into waves.

    :param nodes: in the order in which they would go otherwise.
    :raises FleetError: the policy cannot be met with these nodes.
    """
    control = [one for one in nodes if one.pool == pool_plan.CONTROL_PLANE]
    workers = [one for one in nodes if one.pool != pool_plan.CONTROL_PLANE]
    never = policy.control_plane == wave_policy.NEVER
    kept, late = _kept(policy, workers if never else nodes, rollout)
    clashes = _clashes(policy, workers, control) + ([] if kept else _clashes_of_canary(policy, workers))
    if not clashes:
        parts = kept + _fresh(policy, late)
        clashes = [
            f"pause_after names wave {number}, and there are {len(parts)}, after the last of which nothing comes"
            for number in policy.pause_after
            if number >= len(parts) > 0
        ]
        if len(parts) > wave_policy.MOST_WAVES:
            clashes.append(f"it makes {len(parts)} waves, and has to make {wave_policy.MOST_WAVES} at most")
    if clashes:
        raise FleetError(
            f"{wave_policy.VARIABLE} cannot be met: {'; '.join(clashes)}", todo=f"Correct {wave_policy.VARIABLE}"
        )
    waves = [_wave(policy, number, part) for number, part in enumerate(parts, 1)]
    return Waves(waves, [one.name for one in control] if never else [])


def _clashes(
    policy: wave_policy.Policy, workers: typing.Sequence[Candidate], control: typing.Sequence[Candidate]
) -> typing.List[str]:
    found = []
    if policy.control_plane == wave_policy.NEVER and control and not workers:
        found.append("control_plane is never, and all nodes are of the control plane")
    values = {one.value for one in workers}
    strange = [value for value in policy.order if value not in values]
    if strange and workers:
        found.append(f"order names {some([printable(one, 60) for one in strange], NAMED)}, and no node has that")
    without = [one.name for one in workers if not one.value]
    if policy.by and without:
        found.append(f"by is {policy.by}, and {some(without, NAMED)} {'has' if len(without) == 1 else 'have'} none")
    return found


def _clashes_of_canary(policy: wave_policy.Policy, workers: typing.Sequence[Candidate]) -> typing.List[str]:
    """What speaks against the first wave, where there is none yet."""
    if not workers:
        return []
    found, first = [], _groups(policy, workers)[0]
    wanted = _canaries(policy, len(workers))
    # A share of all is cut to the first group.
    if policy.canary and not policy.canary.endswith("%") and wanted > len(first):
        has = f"{printable(first[0].value, 60)}, which goes first, has" if policy.by else "there are"
        found.append(f"canary is {policy.canary}, and {has} {_nodes(len(first))}")
    most = min(wanted, len(first))
    if policy.canary_max_failed >= most:
        found.append(
            f"canary_max_failed is {policy.canary_max_failed}, and the canary has {_nodes(most)}, one of which at "
            "least has to arrive"
        )
    return found


def _nodes(many: int) -> str:
    return f"{many} node{'' if many == 1 else 's'}"


def _kept(
    policy: wave_policy.Policy, nodes: typing.Sequence[Candidate], rollout: str
) -> typing.Tuple[typing.List[typing.List[Candidate]], typing.List[Candidate]]:
    """The waves that Node objects have already, none if they have none, and the nodes that are in none of them."""
    marked = [(one, read_mark(one.mark, policy, rollout)) for one in nodes]
    said = [_MARK.match(one.mark) for one, number in marked if number]
    parts: typing.List[typing.List[Candidate]] = [
        [] for _number in range(max((int(found.group(2)) for found in said if found), default=0))
    ]
    for one, number in marked:
        if number:
            parts[min(number, len(parts)) - 1].append(one)
    late = [one for one, number in marked if not number]
    if any(one.pool != pool_plan.CONTROL_PLANE for one in late):
        late += _behind_workers(parts)
    return parts, late


def _behind_workers(parts: typing.List[typing.List[Candidate]]) -> typing.List[Candidate]:
    """Take the nodes of the control plane out of their waves that can still go behind workers which came later."""
    moved: typing.List[Candidate] = []
    for number in reversed(range(len(parts))):
        waiting = [one for one in parts[number] if one.pool == pool_plan.CONTROL_PLANE and not one.begun]
        moved[:0] = waiting
        parts[number] = [one for one in parts[number] if one not in waiting]
        if waiting and not parts[number] and number == len(parts) - 1:
            parts.pop()
    return moved


def _fresh(policy: wave_policy.Policy, nodes: typing.Sequence[Candidate]) -> typing.List[typing.List[Candidate]]:
    workers = [one for one in nodes if one.pool != pool_plan.CONTROL_PLANE]
    parts: typing.List[typing.List[Candidate]] = []
    size = _canaries(policy, len(workers))
    for group in _groups(policy, workers):
        left = _spread(group)
        while left:
            parts.append(left[:size])
            left = left[size:]
            # What is left over of a group is small, and says nothing of how far the release is trusted.
            size = _next(policy, max(map(len, parts)), len(workers))
    # They go one at a time anyway, and each has to serve before the next one, also where they go without workers.
    return parts + [[one] for one in nodes if one.pool == pool_plan.CONTROL_PLANE]


def _groups(policy: wave_policy.Policy, workers: typing.Sequence[Candidate]) -> typing.List[typing.List[Candidate]]:
    """Part nodes by what no wave may have two values of, in the order in which they go."""
    values = [*policy.order, *sorted({one.value for one in workers} - set(policy.order))]
    groups = ([one for one in workers if one.value == value] for value in values)
    return [group for group in groups if group]


def _canaries(policy: wave_policy.Policy, nodes: int) -> int:
    if policy.canary:
        return wave_policy.many(policy.canary, nodes)
    return min(wave_policy.many(wave_policy.CANARY_SHARE, nodes), wave_policy.MOST_CANARIES)


def _next(policy: wave_policy.Policy, size: int, nodes: int) -> int:
    grown = size + wave_policy.many(policy.step, nodes) if policy.step else size * (policy.factor or 1)
    return min(grown, max(size, wave_policy.many(policy.largest, nodes)))


def _spread(nodes: typing.Sequence[Candidate]) -> typing.List[Candidate]:
    """Mix pools, so that each part of the whole has of each pool what the whole has of it."""
    places = []
    sizes: typing.Dict[str, int] = {}
    for one in nodes:
        sizes[one.pool] = sizes.get(one.pool, 0) + 1
    seen: typing.Dict[str, int] = {}
    for number, one in enumerate(nodes):
        seen[one.pool] = seen.get(one.pool, 0) + 1
        places.append(((seen[one.pool] - 1) / sizes[one.pool], number, one))
    return [one for _share, _number, one in sorted(places, key=lambda place: place[:2])]


def _wave(policy: wave_policy.Policy, number: int, part: typing.Sequence[Candidate]) -> Wave:
    canary = number == 1
    ordered = sorted(part, key=lambda one: -one.seconds) if policy.slow_first else part
    return Wave(
        number,
        [one.name for one in ordered],
        policy.canary_soak if canary else policy.soak,
        policy.canary_max_failed if canary else policy.max_failed,
        number in policy.pause_after,
    )


def released(waves: Waves, until: int) -> typing.List[Wave]:
    """Return the waves that may go: up to the first pause after a wave that nobody has released.

    :param until: number of the last wave after whose pause it goes on, 0 for none.
    """
    found = []
    for one in waves.waves:
        found.append(one)
        if one.pause and one.number > until:
            break
    return found


def seen(
    node: dict, policy: wave_policy.Policy, rollout: str, ignored: typing.Iterable[str] = ()
) -> typing.Optional[Seen]:
    """Read what a Node object says of a node in some wave of the rollout, None if it is in none.

    :param ignored: types of conditions that may be True all the same.
    """
    number = read_mark(node_view.annotations(node).get(WAVE, ""), policy, rollout)
    if number is None:
        return None
    noted = node_view.osmigrate(node)
    phase = noted.get("phase", "") if noted.get("rollout") == rollout else ""
    serves = node_view.is_ready(node) and node_view.is_schedulable(node)
    since, problems = times.parse(noted.get("since", "")), node_view.problems(node, ignored)
    return Seen(node["metadata"]["name"], number, phase, since, serves, problems)


def judge(policy: wave_policy.Policy, nodes: typing.Sequence[Seen], number: int, now: float, until: int = 0) -> Refusal:
    """Say what speaks against beginning a wave.

    :param nodes: of all earlier waves at least.
    :param until: number of the last wave after whose pause it goes on, 0 for none.
    :returns: a refusal, whose sentence is "" if nothing does.
    """
    if number <= 1:
        return Refusal("", None)
    held = [one for one in policy.pause_after if until < one < number]
    if held:
        return Refusal(
            f"after wave {held[0]} somebody has to release the next one, by osmigrate_waves_released={held[0]}", None
        )
    parts = [(_wave(policy, one, []), [node for node in nodes if node.number == one]) for one in range(1, number)]
    # Nodes are deleted. The waves behind such a one began when it had proved the release, and say so themselves.
    parts = [(wave, part) for wave, part in parts if part]
    if not parts:
        return Refusal(
            "no node of an earlier wave is left, so nothing proves the release; another rollout (osmigrate_rollout) "
            "begins with new waves",
            None,
        )
    for wave, part in parts:
        refusal = _of_wave(wave, part)
        if refusal.why:
            return refusal
    wave, part = parts[-1]
    rested = max(one.since or 0 for one in part if one.phase == DONE) + wave.soak
    if rested > now:
        return Refusal(f"wave {wave.number} is to soak until {times.stamp(rested)}", rested - now)
    return Refusal("", None)


def _of_wave(wave: Wave, part: typing.Sequence[Seen]) -> Refusal:
    # Whatever may be unwell: where nobody arrived, nothing is proved.
    most = min(wave.max_failed, len(part) - 1)
    failed = [one.name for one in part if one.phase == FAILED]
    if len(failed) > most:
        return Refusal(f"{some(failed, NAMED)} of wave {wave.number} failed, and {most} of it may", None)
    ill = [one.name for one in part if one.phase == DONE and not one.serves]
    troubled = [one for one in part if one.phase == DONE and one.serves and one.problems]
    away = [one.name for one in part if one.phase not in (DONE, FAILED)]
    # None of these has failed, and may be well in a moment: until then it counts as if it had. Of a large wave there is
    # nearly always one that somebody reboots.
    if len(failed) + len(ill) + len(troubled) + len(away) <= most:
        return Refusal("", None)
    named = [f"{one.name} ({', '.join(one.problems)})" for one in troubled]
    said = [
        f"{some(names, NAMED)} of wave {wave.number} {what}"
        for names, what in (
            (failed, "failed"),
            (ill, "arrived, and does not serve"),
            (named, "arrived, and has problems"),
            (away, "has not arrived"),
        )
        if names
    ]
    return Refusal(f"{'; '.join(said)}; {most} of it may be unwell", 0)


def report(waves: Waves, until: int) -> typing.List[str]:
    """Return the waves for people."""
    told = []
    may = len(released(waves, until))
    for one in waves.waves:
        if not one.nodes:
            continue
        many = _nodes(len(one.nodes))
        then = f", then {one.soak} seconds of soaking" if one.soak and one is not waves.waves[-1] else ""
        held = "" if one.number <= may else ", held until it is released"
        told.append(f"Wave {one.number} of {len(waves.waves)}: {many}: {some(one.nodes, NAMED)}{then}{held}.")
    if may < len(waves.waves):
        told.append(f"To go on after wave {may}, run it again with osmigrate_waves_released={may}.")
    if waves.left_out:
        told.append(f"The policy never takes the control plane: {some(waves.left_out, NAMED)}.")
    return told

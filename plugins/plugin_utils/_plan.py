# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a rollout would do, before anything is touched: batches, refusals, windows, and when it would end. Pure.

This plugin util is PRIVATE to the collection.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from ansible_collections.osmigrate.fleet.plugins.module_utils._kube import windows
from ansible_collections.osmigrate.fleet.plugins.module_utils._kube.pool_plan import CONTROL_PLANE, LONGEST_CORDON
from ansible_collections.osmigrate.fleet.plugins.module_utils._steps import DRAIN
from ansible_collections.osmigrate.fleet.plugins.module_utils._text import printable, some, whole_number
from ansible_collections.osmigrate.fleet.plugins.plugin_utils import _batches as batches, _estimate as estimate
from ansible_collections.osmigrate.fleet.plugins.plugin_utils._progress import duration
from ansible_collections.osmigrate.fleet.plugins.plugin_utils._rollout import median
from ansible_collections.osmigrate.fleet.plugins.plugin_utils._run_report import moment

MOST_NAMED = 20
LONGEST_WHY = 600


class Terms(NamedTuple):
    """What the operator has said.

    serial: as a play has it. allowed: nodes of a pool that may be away at once, number or percentage. expected: seconds
    that a node is out of service where nothing was measured. schedule: windows and black-outs. now: seconds since the
    epoch. waves: as k8s_rollout_waves returns them; with any, serial says nothing. released: how many of them
    may go. sliding: whether each node goes at its own pace. cap: nodes of all pools that may be away at once, 0 for no
    limit.
    """

    serial: Any
    allowed: str
    expected: int
    schedule: windows.Schedule
    now: float
    waves: Sequence[Mapping[str, Any]] = ()
    released: int = 0
    sliding: bool = False
    cap: int = 0


class _Part(NamedTuple):
    """A batch. soak: seconds after it. held: somebody has to release it first."""

    nodes: Sequence[Mapping[str, Any]]
    soak: int = 0
    held: bool = False


class _Expected(NamedTuple):
    """Seconds that a node of a pool is out of service: p50 and p95, and of how many nodes that is measured."""

    seconds: int
    p95: int
    measured: int


def make(nodes: Sequence[Mapping[str, Any]], pools: Mapping[str, int], terms: Terms) -> dict[str, Any]:
    """Plan the rollout.

    :param nodes: in the order in which they go, each with name, pool, steps (of next_steps), refusal ("" if none), and
        seconds, what was measured of its last move, as its Node object has it; maybe findings, of its preflight, and
        bytes, of what it would fetch.
    :param pools: how many nodes each pool has, by name.
    :returns: batches (number, nodes, begin, end, held), refused (name, why), nothing (names), expected (pool to
        seconds, p95, and how many nodes they are measured of), begin, end (None if some batch fits into no window),
        late (the same if each node took as long as the p95), peak and allowed (pool to how many of its nodes are away
        at once, and may be), objection (a sentence, "" if migrate would go on with all). Times are in seconds since
        the epoch.
    """
    expected = {pool: _expected(nodes, pool, terms.expected) for pool in {node["pool"] for node in nodes}}
    budgets = {pool: allowed(pool, pools.get(pool, 0), terms.allowed) for pool in expected}
    parts = list(_parts(nodes, terms))
    times = _times(parts, expected, budgets, terms)
    late = _times(parts, expected, budgets, terms, slow=True)
    peak: Counter[str] = Counter()
    planned: list[dict[str, Any]] = []
    for number, (part, (begin, end)) in enumerate(zip(parts, times), 1):
        for pool, many in Counter(node["pool"] for node in part.nodes if leaves(node)).items():
            peak[pool] = max(peak[pool], min(many, budgets[pool]))
        told = {"number": number, "nodes": [_node(node) for node in part.nodes], "begin": begin, "end": end}
        planned.append({**told, "held": part.held})
    end = times[-1][1] if times else terms.now
    refused = [{"name": node["name"], "why": node["refusal"]} for node in nodes if node["refusal"]]
    return {
        "batches": planned,
        "refused": refused,
        "objection": _objection([one["name"] for one in refused], end),
        "nothing": [node["name"] for node in nodes if not node["steps"] and not node["refusal"]],
        "expected": {pool: one._asdict() for pool, one in expected.items()},
        "begin": next((one["begin"] for one in planned if any(leaves(node) for node in one["nodes"])), terms.now),
        "end": end,
        "late": late[-1][1] if late else terms.now,
        "peak": dict(peak),
        "allowed": budgets,
    }


def _parts(nodes: Sequence[Mapping[str, Any]], terms: Terms) -> Iterator[_Part]:
    if terms.waves:
        known = {node["name"]: node for node in nodes}
        for number, wave in enumerate(terms.waves):
            there = [known[name] for name in wave["nodes"] if name in known]
            yield _Part(there, wave["soak"], number >= terms.released)
        return
    first = 0
    for size in batches.sizes(len(nodes), terms.serial):
        yield _Part(nodes[first : first + size])
        first += size


def _objection(refused: Sequence[str], end: float | None) -> str:
    if refused:
        return f"{len(refused)} nodes would be refused: {_names(refused)}."
    return "" if end is not None else "Some node fits into no maintenance window."


def leaves(node: Mapping[str, Any]) -> bool:
    """Say whether a node would leave service."""
    return DRAIN in node["steps"] and not node["refusal"]


def allowed(pool: str, nodes: int, said: str) -> int:
    """Return how many nodes of a pool may be away at once: one at least, and one of the control plane."""
    if pool == CONTROL_PLANE:
        return 1
    text = str(said).strip()
    many = int(text[:-1]) * nodes // 100 if text.endswith("%") else int(text)
    return max(1, many)


def _expected(nodes: Iterable[Mapping[str, Any]], pool: str, said: int) -> _Expected:
    measured = [seconds for node in nodes if node["pool"] == pool and (seconds := _last(node))]
    if len(measured) < estimate.ENOUGH:
        return _Expected(said, said, 0)
    return _Expected(int(median(measured)), int(estimate.quantile(sorted(measured), 0.95)), len(measured))


def _last(node: Mapping[str, Any]) -> float:
    """Seconds of the node's last move, 0 if nobody knows."""
    seconds = whole_number(str(node["seconds"]))
    return float(seconds) if seconds is not None and 0 < seconds <= LONGEST_CORDON else 0.0


def _times(
    parts: Iterable[_Part],
    expected: Mapping[str, _Expected],
    budgets: Mapping[str, int],
    terms: Terms,
    slow: bool = False,
) -> list[estimate.Times]:
    """Return when each batch begins and ends.

    :param slow: as if each node took as long as the p95 of its pool.
    """
    played = []
    known: dict[str, list[float]] = {}
    for part in parts:
        works = [_work(node, expected[node["pool"]], slow) for node in part.nodes if leaves(node)]
        played.append(estimate.Part(works, part.soak))
        for node in part.nodes:
            known.setdefault(node["pool"], []).extend(filter(None, [_last(node)]))
    known = {pool: those for pool, those in known.items() if expected[pool].measured}
    rules = estimate.Terms(budgets, terms.sliding, terms.cap, opening=_openings(expected, terms.schedule))
    return estimate.expect(played, known, [terms.expected], rules, terms.now)


def _work(node: Mapping[str, Any], expected: _Expected, slow: bool) -> estimate.Work:
    # Too few say nothing of the others, and one alone nothing of itself either: its kubelet could write anything.
    last = _last(node) if expected.measured else expected.seconds
    return estimate.Work(node["name"], node["pool"], float(expected.p95 if slow else last))


def _openings(expected: Mapping[str, _Expected], schedule: windows.Schedule) -> Callable[[float, str], float | None]:
    """Return what says when a node may leave: if it is expected to be back in time.

    To look for a window takes a while, and thousands of nodes leave in the same ones.
    """
    # From when on nodes of a pool were found to have to wait for a window, and from when until when it is open.
    known: dict[str, list[tuple[float, float, float]]] = {}

    def opening(at: float, pool: str) -> float | None:
        seconds, there = expected[pool].seconds, known.setdefault(pool, [])
        for asked, begin, end in reversed(there):
            if asked <= at and end - max(begin, at) >= seconds:
                return max(begin, at)
        found = windows.opening(schedule, at, seconds)
        there += [(at, *found)] if found else []
        return found[0] if found else None

    return opening


def _node(node: Mapping[str, Any]) -> dict[str, Any]:
    named = {name: node[name] for name in ("name", "pool", "refusal")}
    more = {"findings": list(node.get("findings") or []), "bytes": whole_number(node.get("bytes"), 15) or 0}
    return {**named, "steps": list(node["steps"]), **more}


def summary(plan: Mapping[str, Any], terms: Terms, remarks: Iterable[str] = ()) -> list[str]:
    """Return what people read first."""
    return [*_outcome(plan, terms), *(printable(one, LONGEST_WHY) for one in remarks)]


def lines(plan: Mapping[str, Any], terms: Terms, remarks: Iterable[str] = ()) -> list[str]:
    """Return the plan for people: the outcome, what is refused, then the batches."""
    told = summary(plan, terms, remarks)
    told += [f"Refused: {_name(one['name'])}: {printable(one['why'], LONGEST_WHY)}" for one in plan["refused"]]
    if plan["nothing"]:
        told.append(f"Nothing is left to do on {_names(plan['nothing'])}.")
    for batch in plan["batches"]:
        told += _batch(batch, plan, "Wave" if terms.waves else "Batch")
    return told


def _outcome(plan: Mapping[str, Any], terms: Terms) -> Iterator[str]:
    moving = sum(leaves(node) for batch in plan["batches"] for node in batch["nodes"])
    total = sum(len(batch["nodes"]) for batch in plan["batches"])
    parts = "waves" if terms.waves else "batches"
    yield f"{moving} of {total} nodes would leave service, in {len(plan['batches'])} {parts}."
    if moving and plan["end"] is None:
        yield "It would not end: some node fits into no maintenance window. Make a window longer, or expect less."
    elif moving:
        took = duration(plan["end"] - terms.now)
        yield (
            f"From {moment(plan['begin'])} to about {moment(plan['end'])}: {took} from now, and what it takes to fetch "
            "the release. Drains that wait and nodes that fail make it longer."
        )
    for pool, one in sorted(plan["expected"].items()):
        basis = f"the median of {one['measured']} nodes" if one["measured"] else "osmigrate_expected_seconds"
        away = f"; at most {plan['peak'][pool]} away at once" if pool in plan["peak"] else ""
        yield f"Pool {_name(pool)}: {duration(one['seconds'])} a node, {basis}{away}."


def _batch(batch: Mapping[str, Any], plan: Mapping[str, Any], called: str) -> Iterator[str]:
    when = "in no window" if batch["begin"] is None else moment(batch["begin"])
    held = ", held until it is released" if batch["held"] else ""
    yield f"{called} {batch['number']} of {len(plan['batches'])}, {when}{held}:"
    alike: dict[tuple[str, ...], list[str]] = {}
    for node in batch["nodes"]:
        alike.setdefault(("refused",) if node["refusal"] else tuple(node["steps"]), []).append(node["name"])
    for steps, names in alike.items():
        yield f"  {_names(names)}: {' -> '.join(steps) or 'nothing'}"


def _names(names: Sequence[str]) -> str:
    return some([_name(name) for name in names], MOST_NAMED)


def _name(name: str) -> str:
    return printable(name, 253)

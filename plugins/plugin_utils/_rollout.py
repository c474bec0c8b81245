# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The state of a rollout, reduced from the events of its runs: one after the other, or all of a log. Pure.

Nothing that events say makes it fail: what is missing, comes twice or cannot be read is counted, and said.

This plugin util is PRIVATE to the collection.
"""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.osmigrate.fleet.plugins.module_utils._kube import timings
from ansible_collections.osmigrate.fleet.plugins.module_utils._steps import BY_KEY, WAIT as WAITING
from ansible_collections.osmigrate.fleet.plugins.plugin_utils._events import (
    DONE,
    FAILED,
    HELD,
    LEFT,
    MOST_NAMES,
    MOST_PODS,
    UNFINISHED,
    UNREACHED,
    Event,
    Unread,
)

# What became of a node: key -> how the report counts them.
OUTCOMES = {
    DONE: "done",
    FAILED: "failed after a trial was armed",
    HELD: "held up before a trial, and serving on",
    UNFINISHED: "on their way when the run ended",
    LEFT: "left as they are",
    UNREACHED: "not reached",
    "": "on their way when last seen",
}
# Kinds of events that say nothing of a node.
OF_THE_RUN = ("run", "end")
MOST_SPANS, MOST_RUNS = 100, 1000
# Seconds. A clock that is set right goes back by less, and nobody waits in silence for more.
STEP_BACK, LONGEST_PAUSE = 1, 7 * 86400


@dataclass
class Span:
    """One step of one node, from begin to end (seconds since the epoch); end is None as long as it lasts."""

    step: str
    begin: float
    end: float | None = None

    def seconds(self, now: float) -> float:
        return max(0.0, (now if self.end is None else self.end) - self.begin)


@dataclass
class Node:
    """What is known of one node.

    failed_in: the step in which it went wrong first. out_since: since when it is out of service, None while it serves.
    out: the times before that, in seconds. outs: from when to when they were, the last ones. before, after: operating
    system and kernel, as they were first and last seen. boot: seconds of the parts of its last boot. pods: those that
    its drains had to do with, by namespace and name, as the last of them says. cut: how many spans were dropped.
    """

    name: str
    run: str = ""
    pool: str = ""
    spans: list[Span] = field(default_factory=list)
    out_since: float | None = None
    out: float = 0.0
    outs: list[tuple[float, float]] = field(default_factory=list)
    outcome: str = ""
    verdict: str = ""
    why: str = ""
    failed_in: str = ""
    findings: list[dict[str, Any]] = field(default_factory=list)
    before: tuple[str, str] | None = None
    after: tuple[str, str] | None = None
    boot: dict[str, float] = field(default_factory=dict)
    pods: dict[str, dict[str, Any]] = field(default_factory=dict)
    cut: int = 0

    @property
    def now_in(self) -> Span | None:
        """The step that it is in."""
        return self.spans[-1] if self.spans and self.spans[-1].end is None else None

    def absences(self, now: float) -> list[tuple[float, float]]:
        """Return from when to when it was out of service."""
        open_one = [(self.out_since, max(now, self.out_since))] if self.out_since is not None else []
        return [*self.outs, *open_one]

    def out_of_service(self, now: float) -> float:
        """Return for how many seconds it was out of service."""
        return self.out + (max(0.0, now - self.out_since) if self.out_since is not None else 0.0)


@dataclass
class Run:
    """One run of a playbook, as far as its events are known.

    check: whether it only rehearses. releases: those that it moved nodes to. next: number of the next event. missing:
    how many before that were not seen. backs: how often time went back in it. pauses: how often it was silent for more
    than a week. latest: the last event. ended: whether its last one was.
    """

    id: str
    begin: float
    last: float
    playbook: str = ""
    check: bool = False
    releases: list[str] = field(default_factory=list)
    next: int = 1
    missing: int = 0
    backs: int = 0
    pauses: int = 0
    latest: Event | None = None
    ended: bool = False


@dataclass
class Batch:
    """The batch at work: number 0 where none is. total: hosts of its play."""

    play: str = ""
    number: int = 0
    of: int = 0
    total: int = 0
    begin: float = 0.0


@dataclass
class Ahead:
    """How the nodes of a play are to go, as its run has told it.

    nodes: pool and seconds of the last move (0 if unknown) by name, in their order. places: pool to nodes of it that
    may be away at once. sizes: of the batches, as far as known. soaks: seconds after each of them. sliding: whether
    each node goes at its own pace. cap: nodes of all pools that may be away at once, 0 for no limit.
    """

    run: str = ""
    nodes: dict[str, tuple[str, int]] = field(default_factory=dict)
    places: dict[str, int] = field(default_factory=dict)
    sizes: list[int] = field(default_factory=list)
    soaks: list[int] = field(default_factory=list)
    sliding: bool = False
    cap: int = 0


@dataclass
class Rollout:
    """All of it.

    expires: when the release does, as its manifest says it, "" if never. first_out: when the first node left service,
    None before. left: how often one did. unread: what could not be read, with how often. twice: events that came more
    than once. other: events with the number of another one of their run. rehearsed: events of rehearsals, left out
    because other runs moved nodes. outcomes: how many nodes have each, "" included. outlook: what was estimated last:
    of what, when, and how many seconds were left. halts: why pools are halted, by their names.
    """

    release: str = ""
    expires: str = ""
    runs: dict[str, Run] = field(default_factory=dict)
    nodes: dict[str, Node] = field(default_factory=dict)
    batch: Batch = field(default_factory=Batch)
    ahead: Ahead | None = None
    first_out: float | None = None
    left: int = 0
    outlook: tuple[tuple[int, int, str], float, float | None] | None = None
    unread: Counter[str] = field(default_factory=Counter)
    twice: int = 0
    other: int = 0
    rehearsed: int = 0
    too_many: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)
    halts: dict[str, str] = field(default_factory=dict)

    @property
    def last(self) -> float:
        """When the last event was, 0 without any."""
        return max((run.last for run in self.runs.values()), default=0.0)

    @property
    def begin(self) -> float:
        return min((run.begin for run in self.runs.values()), default=0.0)

    def add(self, name: str, run: str) -> Node | None:
        """Begin to keep a node; None if there are too many."""
        if len(self.nodes) >= MOST_NAMES:
            return None
        self.outcomes[""] += 1
        return self.nodes.setdefault(name, Node(name, run))


def reduce(events: Iterable[Event | Unread]) -> Rollout:
    """Reduce a log, in whatever order its lines are: run by run, each in the order in which it told.

    What a rehearsal found out must not take the place of what became of a node in earnest.
    """
    told: list[Event] = []
    rollout = Rollout()
    for one in events:
        if isinstance(one, Unread):
            rollout.unread[one.why] += 1
        else:
            told.append(one)
    begins: dict[str, float] = {}
    for one in told:
        begins[one.run] = min(one.at, begins.get(one.run, one.at))
    rehearsals = {one.run for one in told if one.said.get("check")}
    for one in sorted(told, key=lambda one: (begins[one.run], one.run, one.number)):
        left_out = one.run in rehearsals and one.kind not in OF_THE_RUN and rehearsals != set(begins)
        apply(rollout, one._replace(kind=_REHEARSED) if left_out else one)
    return rollout


def apply(rollout: Rollout, one: Event) -> None:
    """Take one more event into the state."""
    run = rollout.runs.get(one.run)
    if run is None:
        if len(rollout.runs) >= MOST_RUNS:
            rollout.too_many += 1
            return
        run = rollout.runs[one.run] = Run(one.run, one.at, one.at)
    if one.number < run.next:
        is_other = run.latest is not None and run.latest.number == one.number and run.latest != one
        rollout.other, rollout.twice = rollout.other + is_other, rollout.twice + (not is_other)
        return
    if run.latest is not None:
        run.backs += one.at < run.latest.at - STEP_BACK
        run.pauses += one.at > run.latest.at + LONGEST_PAUSE
    run.missing += one.number - run.next
    run.next, run.last, run.latest = one.number + 1, max(run.last, one.at), one
    if one.kind in _OF_RUNS:
        _OF_RUNS[one.kind](rollout, run, one)
        return
    node = _node(rollout, one)
    if node is None:
        rollout.too_many += 1
    else:
        _OF_NODES[one.kind](rollout, node, one)


def _node(rollout: Rollout, one: Event) -> Node | None:
    name = one.said["node"]
    node = rollout.nodes.get(name)
    if node is None:
        node = rollout.add(name, one.run)
        if node is None:
            return None
    if node.run != one.run:
        # Another run begins with it anew: the step of the one before has ended at some time that nobody saw.
        _close(node, node.now_in.begin if node.now_in else one.at)
        _judge(rollout, node, "")
        node.run, node.why, node.verdict, node.failed_in = one.run, "", "", ""
    return node


def _close(node: Node, at: float) -> None:
    if node.now_in:
        node.now_in.end = max(at, node.now_in.begin)


def _begin(node: Node, step: str, at: float) -> None:
    _close(node, at)
    node.spans.append(Span(step, at))
    if len(node.spans) > MOST_SPANS:
        del node.spans[0]
        node.cut += 1


def _judge(rollout: Rollout, node: Node, outcome: str) -> None:
    rollout.outcomes[node.outcome] -= 1
    rollout.outcomes[outcome] += 1
    node.outcome = outcome


def _run(rollout: Rollout, run: Run, one: Event) -> None:
    run.playbook, run.check = one.said["playbook"], one.said["check"]


def _rehearsed(rollout: Rollout, run: Run, one: Event) -> None:
    rollout.rehearsed, run.check = rollout.rehearsed + 1, True


def _release(rollout: Rollout, run: Run, one: Event) -> None:
    release = one.said["release"] or rollout.release
    if release and release not in run.releases:
        run.releases.append(release)
    # Not everybody who names a release knows when it expires.
    rollout.expires = one.said["expires"] or (rollout.expires if release == rollout.release else "")
    rollout.release = release


def _batch(rollout: Rollout, run: Run, one: Event) -> None:
    said = one.said
    run.check = run.check or said["check"]
    rollout.batch = Batch(said["play"], said["number"], said["of"], said["total"], one.at)
    # Between two batches no node is at work: who has begun waits for its turn.
    for name in said["nodes"]:
        if name not in rollout.nodes:
            rollout.add(name, one.run)
    for other in rollout.nodes.values():
        if other.run == one.run and not other.outcome and (not other.now_in or other.now_in.step != WAITING):
            _begin(other, WAITING, one.at)


def _ahead(rollout: Rollout, run: Run, one: Event) -> None:
    said = one.said
    known = zip(said["nodes"], said["pools"], said["last"])
    rest = {name: said[name] for name in ("places", "sizes", "soaks", "sliding", "cap")}
    rollout.ahead = Ahead(one.run, {name: (pool, last) for name, pool, last in known}, **rest)


def _halt(rollout: Rollout, run: Run, one: Event) -> None:
    if one.said["why"] and (one.said["pool"] in rollout.halts or len(rollout.halts) < MOST_NAMES):
        rollout.halts[one.said["pool"]] = one.said["why"]
    elif not one.said["why"]:
        rollout.halts.pop(one.said["pool"], None)


def _step(rollout: Rollout, node: Node, one: Event) -> None:
    if not node.now_in or node.now_in.step != one.said["step"]:
        _begin(node, one.said["step"], one.at)


def _pool(rollout: Rollout, node: Node, one: Event) -> None:
    node.pool = one.said["pool"]


def _service(rollout: Rollout, node: Node, one: Event) -> None:
    if one.said["serving"] and node.out_since is not None:
        node.out += max(0.0, one.at - node.out_since)
        node.outs = [*node.outs, (node.out_since, max(one.at, node.out_since))][-MOST_SPANS:]
        node.out_since = None
    elif not one.said["serving"] and node.out_since is None:
        node.out_since = one.at
        rollout.left += 1
        rollout.first_out = one.at if rollout.first_out is None else rollout.first_out


def _system(rollout: Rollout, node: Node, one: Event) -> None:
    node.after = one.said["os"], one.said["kernel"]
    node.before = node.before or node.after


def _boot(rollout: Rollout, node: Node, one: Event) -> None:
    node.boot = timings.read_boot(one.said["parts"])


def _pods(rollout: Rollout, node: Node, one: Event) -> None:
    for pod in one.said["pods"]:
        name = f"{pod['namespace']}/{pod['name']}"
        if name in node.pods or len(node.pods) < MOST_PODS:
            node.pods[name] = pod


def _findings(rollout: Rollout, node: Node, one: Event) -> None:
    node.findings = one.said["findings"]


def _trouble(rollout: Rollout, node: Node, one: Event) -> None:
    _note(node)
    node.why = one.said["why"]


def _note(node: Node) -> None:
    """Note where it went wrong: what follows is the way back."""
    if not node.failed_in and node.spans:
        node.failed_in = node.spans[-1].step


def _result(rollout: Rollout, node: Node, one: Event) -> None:
    if one.said["outcome"] != DONE:
        _note(node)
    _close(node, one.at)
    _judge(rollout, node, one.said["outcome"])
    node.verdict = one.said["verdict"] or node.verdict
    node.why = one.said["why"] if one.said["why"] or node.outcome == DONE else node.why


def _end(rollout: Rollout, run: Run, one: Event) -> None:
    run.ended = True
    for other in rollout.nodes.values():
        if other.run != one.run or other.outcome:
            continue
        step = other.now_in.step if other.now_in else WAITING
        serves = other.out_since is None and (step not in BY_KEY or BY_KEY[step].serving)
        untouched = UNREACHED if step == WAITING else UNFINISHED if other.why else LEFT
        _judge(rollout, other, untouched if serves else UNFINISHED)
        _close(other, one.at)


# What an event becomes that is not to count.
_REHEARSED = "rehearsed"
_OF_RUNS = {
    "run": _run,
    "release": _release,
    "batch": _batch,
    "ahead": _ahead,
    "halt": _halt,
    "end": _end,
    _REHEARSED: _rehearsed,
}
_OF_NODES = {
    "step": _step,
    "pool": _pool,
    "service": _service,
    "findings": _findings,
    "system": _system,
    "boot": _boot,
    "pods": _pods,
    "trouble": _trouble,
    "result": _result,
}


def missing(rollout: Rollout) -> Iterator[str]:
    """Yield in sentences what this state does not know, and why."""
    if not rollout.runs:
        yield "There is no event of any run."
    for run in rollout.runs.values():
        name = f"The run {run.id}" + (f" of {run.playbook}" if run.playbook else "")
        if run.missing:
            yield f"{name} lacks {run.missing} of its events, so steps may be missing or too long."
        if run.backs or run.pauses:
            wrong = (("goes back", run.backs), ("leaps by more than a week", run.pauses))
            told = " and ".join(f"{what} {'once' if many == 1 else f'{many} times'}" for what, many in wrong if many)
            yield f"{name} has a clock that {told}, so times may be wrong."
        if not run.ended:
            yield f"{name} has not ended: it was killed, or was still at work when the last event was written."
    if len(rollout.runs) > 1:
        yield f"These are {len(rollout.runs)} runs; of a node the last one counts that had to do with it."
    yield from _mixed(rollout)
    if rollout.rehearsed:
        yield f"Events of rehearsals (plan, or --check), left out beside real runs: {rollout.rehearsed}."
    for why, times in sorted(rollout.unread.items()):
        yield f"Lines of the log that were not read, being {why}: {times}."
    if rollout.twice:
        yield f"Events that came twice and count once: {rollout.twice}."
    if rollout.other:
        yield f"Events with the number of another one of their run, which were dropped: {rollout.other}."
    if rollout.too_many:
        yield f"Events of more nodes or runs than are kept, which were dropped: {rollout.too_many}."
    cut = sum(node.cut for node in rollout.nodes.values())
    if cut:
        yield f"Early steps that were dropped, because of each node the last {MOST_SPANS} are kept: {cut}."


def _mixed(rollout: Rollout) -> Iterator[str]:
    """Tell what makes one count of several rollouts."""
    real = [run for run in rollout.runs.values() if not run.check] or list(rollout.runs.values())
    playbooks = sorted({run.playbook for run in real if run.playbook})
    # A run may move each pool to a release of its own, and another one only some of the pools.
    releases = sorted({release for run in real for release in run.releases})
    todo = "they are counted as one rollout; give each a directory of its own."
    if len(playbooks) > 1:
        yield f"The runs are of the playbooks {', '.join(playbooks)}, and {todo}"
    if len(releases) > 1 and not any(set(run.releases) >= set(releases) for run in real):
        yield f"The runs are to the releases {', '.join(releases)}, and {todo}"


def moves(rollout: Rollout) -> bool:
    """Say whether some run has to do with nodes, and not only to rehearse."""
    return bool(rollout.nodes) and not all(run.check for run in rollout.runs.values())


def unavailable_seconds(rollout: Rollout, now: float) -> list[float]:
    """Return for how long each node that left service was out of it, shortest first."""
    return sorted(filter(None, (node.out_of_service(now) for node in rollout.nodes.values())))


def median(values: list[float]) -> float:
    return statistics.median(values) if values else 0.0


def to_go(rollout: Rollout) -> int:
    """Return how many nodes nothing has become of yet."""
    return max(len(rollout.nodes), rollout.batch.total) - (len(rollout.nodes) - rollout.outcomes[""])

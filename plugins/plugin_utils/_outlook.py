# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is left of a rollout at work: its state, brought into the terms of the estimate. Pure.

This plugin util is PRIVATE to the collection.
"""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Iterator, Sequence

from ansible_collections.osmigrate.fleet.plugins.plugin_utils import _estimate as estimate, _rollout as reducer
from ansible_collections.osmigrate.fleet.plugins.plugin_utils._rollout import DONE, FAILED, Node, Rollout

# It is not played anew for each line of a large fleet: when a node has ended or left, or after so many seconds.
_KEPT_SECONDS = 30.0


def seconds_left(rollout: Rollout, now: float) -> float | None:
    """Estimate when all is done; None while nobody can know."""
    moved = (len(rollout.nodes) - rollout.outcomes[""], rollout.left, rollout.ahead.run if rollout.ahead else "")
    kept = rollout.outlook
    if kept is None or kept[0] != moved or not 0 <= now - kept[1] <= _KEPT_SECONDS:
        kept = rollout.outlook = (moved, now, _seconds_left(rollout, now))
    return None if kept[2] is None else max(0.0, kept[2] - (now - kept[1]))


def _seconds_left(rollout: Rollout, now: float) -> float | None:
    if rollout.first_out is None:
        return None
    took = {node.name: node.out for node in rollout.nodes.values() if node.outcome in (DONE, FAILED) and node.out}
    ahead = rollout.ahead or reducer.Ahead()
    pace = estimate.pace((took[name], ahead.nodes[name][1]) for name in took if name in ahead.nodes)
    parts = list(_parts(rollout, ahead, pace, now))
    known: dict[str, list[float]] = {}
    for name, (pool, last) in ahead.nodes.items():
        if name not in took and last:
            known.setdefault(pool, []).append(last * pace)
    for name, seconds in took.items():
        known.setdefault(_pool(rollout.nodes[name], ahead), []).append(seconds)
    everybody = [seconds for many in known.values() for seconds in many]
    if not everybody:
        return None
    absences = [one for node in rollout.nodes.values() for one in node.absences(now)]
    places = _places(rollout, ahead, now)
    # Who is not told how nodes go sees that places are taken as they become free.
    sliding = rollout.ahead is None or ahead.sliding
    gap = _between_nodes(absences, sum(places.values()), now) if sliding else _between_turns(absences)
    terms = estimate.Terms(places, sliding, ahead.cap, gap)
    begin = _begin(rollout, ahead, parts, now)
    end = estimate.expect(parts, known, everybody, terms, begin)[-1][1]
    return None if end is None else end - now


def _pool(node: Node, ahead: reducer.Ahead) -> str:
    return ahead.nodes[node.name][0] if node.name in ahead.nodes else node.pool


def _parts(rollout: Rollout, ahead: reducer.Ahead, pace: float, now: float) -> Iterator[estimate.Part]:
    """Yield what is left of each batch, and after the last one whom nobody has named so far."""
    names, first = list(ahead.nodes), 0
    for number, size in enumerate(ahead.sizes):
        there = names[first : first + size]
        soak = ahead.soaks[number] if number < len(ahead.soaks) else 0.0
        yield estimate.Part(_left(rollout, ahead, there, pace, now), soak)
        first += size
    rest = [*names[first:], *(name for name in rollout.nodes if name not in ahead.nodes)]
    unnamed = 0 if ahead.nodes else max(0, rollout.batch.total - len(rollout.nodes))
    works = _left(rollout, ahead, rest, pace, now)
    yield estimate.Part([*works, *(estimate.Work(f"\0{number}") for number in range(unnamed))])


def _left(rollout: Rollout, ahead: reducer.Ahead, names: Iterable[str], pace: float, now: float) -> list[estimate.Work]:
    found = []
    for name in names:
        node = rollout.nodes.get(name)
        if node is not None and node.outcome and (node.outcome == DONE or node.run == ahead.run or not ahead.run):
            continue
        pool, last = ahead.nodes.get(name, (node.pool if node else "", 0))
        away = now - node.out_since if node is not None and node.out_since is not None else None
        found.append(estimate.Work(name, pool, last * pace, away))
    return found


def _places(rollout: Rollout, ahead: reducer.Ahead, now: float) -> dict[str, int]:
    """The budget where it is known, otherwise as many as were away at once."""
    absences: dict[str, list[tuple[float, float]]] = {}
    for node in rollout.nodes.values():
        absences.setdefault(_pool(node, ahead), []).extend(node.absences(now))
    seen = {pool: _most(those) for pool, those in absences.items()}
    return {pool: ahead.places.get(pool, seen.get(pool, 1)) or 1 for pool in {*seen, *ahead.places}}


def _most(absences: Iterable[tuple[float, float]]) -> int:
    most = here = 0
    for _at, change in sorted(each for begin, end in absences for each in ((begin, 1), (end, -1))):
        here += change
        most = max(most, here)
    return most


def _between_nodes(absences: Sequence[tuple[float, float]], places: int, now: float) -> float:
    """How long a place stays free: the first places are taken, each later one was given back by somebody."""
    begins, ends = sorted(begin for begin, _end in absences), sorted(end for _begin, end in absences if end < now)
    gaps = [begin - end for begin, end in zip(begins[places:], ends)]
    return max(0.0, statistics.median(gaps)) if gaps else 0.0


def _between_turns(absences: Iterable[tuple[float, float]]) -> float:
    """How long nobody is away between those that leave together."""
    gaps, until = [], None
    for begin, end in sorted(absences):
        if until is not None and begin > until:
            gaps.append(begin - until)
        until = end if until is None else max(until, end)
    return statistics.median(gaps) if gaps else 0.0


def _begin(rollout: Rollout, ahead: reducer.Ahead, parts: Sequence[estimate.Part], now: float) -> float:
    """Now, or when the wave before the next one has soaked."""
    number = next((number for number, part in enumerate(parts) if part.works), 0)
    if not 0 < number <= len(ahead.soaks) or any(work.away is not None for work in parts[number].works):
        return now
    back = max((end for node in rollout.nodes.values() for _begin, end in node.outs), default=now)
    return max(now, back + ahead.soaks[number - 1])

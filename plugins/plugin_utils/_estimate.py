# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How long nodes will be out of service, and when all are done: one estimate for plan, progress and status. Pure.

A node is taken to need what its last move took. Nodes of which that is not known are spread as the known ones are: as
large a share of them is slow. Who is away for longer than that is like those that needed even longer. Then the rollout
is played: nodes take the places of their pools' budgets in their order, and the slowest that is left ends it.

This plugin util is PRIVATE to the collection.
"""

from __future__ import annotations

import bisect
import heapq
import statistics
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

# Fewer say nothing about a pool, because their kubelets could write anything. As with windows.
ENOUGH = 3
# Steps of the golden ratio visit all parts of a distribution evenly, in no order.
_GOLDEN = 0.6180339887498949
# Where almost nobody was ever away for so long: of times with a heavy tail, half last 1.7 times as long again.
_TAIL = 0.75
# Where nobody knows who is slow, so many rollouts are played, and the middle one counts.
PLAYS = 9


class Work(NamedTuple):
    """A node that is not done. last: seconds that its last move took, 0 if unknown. away: for how many seconds it is
    out of service already, None while it serves."""

    name: str
    pool: str = ""
    last: float = 0.0
    away: float | None = None


class Terms(NamedTuple):
    """How nodes leave service.

    places: pool to nodes of it that may be away at once. sliding: whether a place is taken again as soon as it is free;
    otherwise who is away returns before others of its batch leave. cap: nodes of all pools, 0 for no limit. gap:
    seconds for which a place stays free in between. opening: takes a time and a pool, and returns when a node may leave
    at the earliest, None if never.
    """

    places: Mapping[str, int]
    sliding: bool = False
    cap: int = 0
    gap: float = 0.0
    opening: Callable[[float, str], float | None] = lambda at, pool: at


class Part(NamedTuple):
    """Nodes that go together: a batch or a wave. soak: seconds after it."""

    works: Sequence[Work]
    soak: float = 0.0


Times = tuple[float | None, float | None]


def quantile(ordered: Sequence[float], share: float) -> float:
    """Return the smallest value that so much of a list, which is in order and not empty, does not exceed."""
    return ordered[min(len(ordered) - 1, max(0, -int(-share * len(ordered) // 1) - 1))]


def pace(took: Iterable[tuple[float, float]]) -> float:
    """Return how many times as long nodes need now as at their last move: of each the seconds now and then."""
    ratios = [now / then for now, then in took if now > 0 and then > 0]
    return statistics.median(ratios) if len(ratios) >= ENOUGH else 1.0


def expect(
    parts: Sequence[Part], known: Mapping[str, Sequence[float]], otherwise: Sequence[float], terms: Terms, now: float
) -> list[Times]:
    """Return when each part is expected to begin and to end, None from the first node on that may never leave.

    :param known: by pool, for how many seconds nodes were away.
    :param otherwise: the same for pools of which too few are known; not empty.
    """
    works = [work for part in parts for work in part.works]
    plays = PLAYS if any(_is_unknown(work) for work in works) else 1
    found = []
    for number in range(plays):
        needs = seconds(works, known, otherwise, number / plays)
        played = list(_play(parts, needs, terms, now))
        if played and played[-1][1] is None:
            return played
        found.append(played)
    return sorted(found, key=lambda played: played[-1:])[len(found) // 2]


def _is_unknown(work: Work) -> bool:
    return work.last <= (work.away or 0.0)


def seconds(
    works: Iterable[Work], known: Mapping[str, Sequence[float]], otherwise: Sequence[float], shift: float = 0.0
) -> dict[str, float]:
    """Return for each node how long it will have been out of service, by name.

    :param shift: 0 to 1; with another one others of those that are unknown are slow.
    """
    samples = {pool: sorted(many) for pool, many in known.items() if len(many) >= ENOUGH}
    fallback = sorted(otherwise)
    seen: Counter[str] = Counter()
    found = {}
    for one in works:
        if not _is_unknown(one):
            found[one.name] = one.last
            continue
        seen[one.pool] += 1
        share = (seen[one.pool] * _GOLDEN + shift) % 1
        away, there = one.away or 0.0, samples.get(one.pool, fallback)
        longer = there[bisect.bisect_right(there, away) if away else 0 :]
        is_tail = bool(away) and (not longer or len(longer) < ENOUGH <= len(there))
        found[one.name] = away * (1 - share) ** -_TAIL if is_tail else quantile(longer, share)
    return found


def _play(parts: Iterable[Part], needs: Mapping[str, float], terms: Terms, now: float) -> Iterator[Times]:
    at: float | None = now
    for part in parts:
        begin = end = at
        if at is not None and part.works:
            begin, end = (_slide if terms.sliding else _turns)(part.works, needs, terms, at)
            at = None if end is None else end + part.soak
        yield begin, end


def _slide(works: Sequence[Work], needs: Mapping[str, float], terms: Terms, at: float) -> Times:
    """Each takes the first place of its pool that is free."""
    free: dict[str, list[float]] = {}
    for one in works:
        if one.away is not None:
            free.setdefault(one.pool, []).append(at + needs[one.name] - one.away)
    ends = [end for ends in free.values() for end in ends]
    # A number that is meant as no limit may be very large.
    most = len(works)
    places = {pool: [at] * max(0, min(many, most) - len(free.get(pool, []))) for pool, many in terms.places.items()}
    for pool, taken in free.items():
        places[pool] = places.get(pool, []) + [end + terms.gap for end in taken]
    everywhere = [at] * max(0, min(terms.cap, most) - len(ends)) + ends
    for many in (*places.values(), everywhere):
        heapq.heapify(many)
    begins = [at] * len(ends)
    for one in works:
        if one.away is not None:
            continue
        there = places.get(one.pool) or places.setdefault(one.pool, [at])
        earliest = max(heapq.heappop(there), heapq.heappop(everywhere) if terms.cap else at)
        begin = terms.opening(earliest, one.pool)
        if begin is None:
            return None, None
        end = begin + needs[one.name]
        begins.append(begin)
        ends.append(end)
        heapq.heappush(there, end + terms.gap)
        if terms.cap:
            heapq.heappush(everywhere, end)
    return min(begins), max(ends)


def _turns(works: Sequence[Work], needs: Mapping[str, float], terms: Terms, at: float) -> Times:
    """As many as have places go together, and the next ones when all of these are back."""
    away = [one for one in works if one.away is not None]
    end = max((at + needs[one.name] - (one.away or 0.0) for one in away), default=at)
    begins = [at] * len(away)
    for turn in _parted([one for one in works if one.away is None], terms):
        earliest = end + (terms.gap if begins else 0.0)
        for one in turn:
            begin = terms.opening(earliest, one.pool)
            if begin is None:
                return None, None
            begins.append(begin)
            end = max(end, begin + needs[one.name])
    return min(begins), end


def _parted(works: Iterable[Work], terms: Terms) -> list[list[Work]]:
    """Part nodes into turns: each goes in the first one that has a place for it."""
    turns: list[list[Work]] = []
    taken: list[Counter[str]] = []
    # What is full for one node of a pool is so for those after it.
    first: Counter[str] = Counter()
    for one in works:
        places, at = max(1, terms.places.get(one.pool, 1)), first[one.pool]
        while at < len(turns) and (taken[at][one.pool] >= places or 0 < terms.cap <= len(turns[at])):
            at += 1
        first[one.pool] = at
        if at == len(turns):
            turns.append([])
            taken.append(Counter())
        turns[at].append(one)
        taken[at][one.pool] += 1
    return turns

# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a terminal shows of a rollout at work, from one moment to the next. Pure.

This plugin util is PRIVATE to the collection.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from ansible_collections.osmigrate.fleet.plugins.plugin_utils import _rollout as reducer
from ansible_collections.osmigrate.fleet.plugins.plugin_utils._events import clean
from ansible_collections.osmigrate.fleet.plugins.plugin_utils._progress import duration, totals
from ansible_collections.osmigrate.fleet.plugins.plugin_utils._rollout import Rollout

# More than that scrolls the rest of the terminal away.
MOST_MOVING, MOST_FAILED = 12, 5


class Moving(NamedTuple):
    """One node in motion. usual: how long the step took other nodes of this rollout, "" if none has ended it."""

    node: str
    step: str
    since: str
    usual: str
    why: str


class Picture(NamedTuple):
    """All of it. more, more_failed: how many nodes are not shown. failed: node, step and sentence of each."""

    ended: int
    total: int
    totals: str
    moving: list[Moving]
    more: int
    failed: list[tuple[str, str, str]]
    more_failed: int


def picture(state: Rollout, now: float, why: Callable[[str, float], str]) -> Picture:
    """Return what is to be seen: those that are out of service first, and each failure until the end.

    :param why: as progress.waiting takes it.
    """
    moving, failed = [], []
    for node in state.nodes.values():
        span = node.now_in
        if node.outcome in (reducer.FAILED, reducer.HELD, reducer.UNFINISHED):
            failed.append((node.name, node.failed_in, node.why))
        elif span is not None and not node.outcome and span.step != reducer.WAITING:
            moving.append((node.out_since is None, span.begin, node.name, span))
    moving.sort(key=lambda one: one[:3])
    usual = _usual(state, {span.step for _serves, _begin, _name, span in moving}, now)
    told = [
        Moving(
            name,
            span.step,
            duration(span.seconds(now)),
            usual.get(span.step, ""),
            clean(why(name, span.begin)),
        )
        for _serves, _begin, name, span in moving[:MOST_MOVING]
    ]
    to_go = reducer.to_go(state)
    total = max(len(state.nodes), state.batch.total)
    rest, more_failed = max(0, len(moving) - MOST_MOVING), max(0, len(failed) - MOST_FAILED)
    return Picture(total - to_go, total, totals(state, now), told, rest, failed[-MOST_FAILED:], more_failed)


def _usual(state: Rollout, steps: set[str], now: float) -> dict[str, str]:
    taken: dict[str, list[float]] = {}
    for node in state.nodes.values():
        for span in node.spans:
            if span.end is not None and span.step in steps:
                taken.setdefault(span.step, []).append(span.seconds(now))
    return {step: duration(reducer.median(seconds)) for step, seconds in taken.items()}

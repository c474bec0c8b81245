# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The progress of a rollout, a line for each change that people wait for. Pure.

This plugin util is PRIVATE to the collection.
"""

from __future__ import annotations

from collections.abc import Callable

from ansible_collections.osmigrate.fleet.plugins.module_utils._steps import BY_KEY
from ansible_collections.osmigrate.fleet.plugins.module_utils._text import some
from ansible_collections.osmigrate.fleet.plugins.plugin_utils import _outlook, _rollout as reducer
from ansible_collections.osmigrate.fleet.plugins.plugin_utils._events import Event
from ansible_collections.osmigrate.fleet.plugins.plugin_utils._rollout import DONE, Node, Rollout, Span

ENDS = {
    reducer.FAILED: "FAILED",
    reducer.HELD: "is HELD UP",
    reducer.UNFINISHED: "is LEFT ON ITS WAY",
}
MOST_NAMED = 5


def duration(seconds: float) -> str:
    """Return a length of time in its two greatest units: "43 s", "2 min 5 s", "3 h 10 min", "2 d 4 h"."""
    whole = int(seconds)
    for unit, name, smaller, smaller_name in ((86400, "d", 3600, "h"), (3600, "h", 60, "min"), (60, "min", 1, "s")):
        if whole >= unit:
            rest = whole % unit // smaller
            return f"{whole // unit} {name}" + (f" {rest} {smaller_name}" if rest else "")
    return f"{whole} s"


def line(rollout: Rollout, one: Event) -> str:
    """Say what an event has changed, "" if nobody waits for it.

    :param rollout: the state with the event in it.
    """
    said = _said(rollout, one)
    return f"{said} | {totals(rollout, one.at)}" if said else ""


def _said(rollout: Rollout, one: Event) -> str:
    if one.kind == "batch":
        return f"{one.said['play']}: {some(one.said['nodes'], MOST_NAMED)}"
    node = rollout.nodes.get(one.said.get("node", ""))
    if node is None or not node.spans:
        return ""
    if one.kind == "step" and node.spans[-1].begin == one.at:
        step = BY_KEY.get(one.said["step"])
        return f"{node.name} {step.words}{_before(node, one.at)}" if step and step.lasts else ""
    if one.kind == "result" and node.outcome == DONE:
        out = node.out_of_service(one.at)
        told = f", {duration(out)} of them out of service" if out else ""
        return f"{node.name} is done after {duration(_away(node, one.at))}{told}"
    if one.kind == "result" and node.outcome in ENDS:
        return f"{node.name} {ENDS[node.outcome]} in {node.failed_in}: {node.why}"
    return ""


def waiting(rollout: Rollout, now: float, why: Callable[[str, float], str]) -> str:
    """Say what each node is at that people wait for, "" if there is none.

    :param why: takes the name of a node, and since when its step lasts; returns what it waits for, "" if that is not
        known.
    """
    told = []
    for name in sorted(rollout.nodes):
        span = rollout.nodes[name].now_in
        if span is None or rollout.nodes[name].outcome or span.step not in BY_KEY:
            continue
        reason = why(name, span.begin)
        said = f"{name} {BY_KEY[span.step].words} since {duration(span.seconds(now))}"
        told.append(f"{said} ({reason})" if reason else said)
    rest = len(told) - MOST_NAMED
    more = [f"and {rest} more"] if rest > 0 else []
    return f"Waiting: {'; '.join([*told[:MOST_NAMED], *more])} | {totals(rollout, now)}" if told else ""


def _before(node: Node, now: float) -> str:
    """Name the steps since the last line, with what they took."""
    passed: list[Span] = []
    for span in reversed(node.spans[:-1]):
        if span.step == reducer.WAITING:
            break
        passed.insert(0, span)
        if span.step not in BY_KEY or BY_KEY[span.step].lasts:
            break
    seconds = [(span.step, span.seconds(now)) for span in passed]
    told = [f"{step} {duration(each)}" for step, each in seconds if each >= 1]
    return f" ({', '.join(told)})" if told else ""


def _away(node: Node, now: float) -> float:
    begun = [span.begin for span in node.spans if span.step == reducer.WAITING]
    return max(0.0, now - (begun[-1] if begun else node.spans[0].begin))


def totals(rollout: Rollout, now: float) -> str:
    """Say where the whole is."""
    batch, outcomes = rollout.batch, rollout.outcomes
    parts = [f"batch {batch.number} of {batch.of}"] if batch.of > 1 else []
    parts.append(f"{outcomes[DONE]} done, {outcomes[reducer.FAILED]} failed, {outcomes[reducer.HELD]} held up")
    parts.append(f"{reducer.to_go(rollout)} to go")
    left = _outlook.seconds_left(rollout, now)
    if left:
        parts.append(f"about {duration(left)} left")
    return ", ".join(parts)

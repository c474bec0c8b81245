# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What Prometheus is told of a rollout, and of a fleet. Pure.

This plugin util is PRIVATE to the collection.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from ansible_collections.osmigrate.fleet.plugins.module_utils._kube import times
from ansible_collections.osmigrate.fleet.plugins.module_utils._steps import DONE, FAILED, STEPS
from ansible_collections.osmigrate.fleet.plugins.plugin_utils import _outlook, _rollout as reducer
from ansible_collections.osmigrate.fleet.plugins.plugin_utils._plan import allowed
from ansible_collections.osmigrate.fleet.plugins.plugin_utils._rollout import Rollout

# What a node is that nothing has become of yet.
MOVING = "moving"


class Family(NamedTuple):
    """A metric, whose name gets the collection's own before it where it is told.

    samples: values of the labels, and the value; of a summary how many there were, and their sum.
    """

    name: str
    help: str
    labels: tuple[str, ...]
    samples: Sequence[tuple[tuple[str, ...], Any]]
    summary: bool = False


def of_rollout(state: Rollout, now: float) -> list[Family]:
    """Return what is known of a rollout.

    :param now: seconds since the epoch.
    """
    release = (state.release,)
    nodes = list(state.nodes.values())
    out: Counter[tuple[str, ...]] = Counter()
    away: list[tuple[tuple[str, ...], Any]] = []
    steps: Counter[tuple[str, ...]] = Counter()
    verdicts: Counter[tuple[str, ...]] = Counter()
    held: Counter[tuple[str, ...]] = Counter()
    taken: dict[str, list[float]] = {}
    for node in nodes:
        if node.out_since is not None:
            out[(state.release, node.pool)] += 1
            away.append(((state.release, node.name, node.pool), node.out_since))
        if node.now_in and not node.outcome:
            steps[(state.release, node.now_in.step)] += 1
        if node.outcome == reducer.HELD:
            held[(state.release, node.pool)] += 1
        if node.verdict:
            verdicts[(state.release, node.verdict)] += 1
        for span in node.spans:
            if span.end is not None:
                taken.setdefault(span.step, []).append(span.seconds(now))
    places = state.ahead.places if state.ahead else {}
    left = _outlook.seconds_left(state, now)
    known = [step.key for step in STEPS]
    outcomes = [((state.release, key or MOVING), state.outcomes[key]) for key in reducer.OUTCOMES]
    running = any(not run.ended for run in state.runs.values())
    label = ("release",)
    expires = times.parse(state.expires)
    return [
        Family("rollout_running", "Whether a run is at work or was killed.", label, [(release, int(running))]),
        Family("rollout_begin_timestamp_seconds", "When it began.", label, [(release, state.begin)]),
        Family("rollout_last_event_timestamp_seconds", "When it last changed.", label, [(release, state.last)]),
        Family(
            "rollout_release_expires_timestamp_seconds",
            "When the release expires, of one that does.",
            label,
            [(release, expires)] if expires is not None else [],
        ),
        Family("rollout_nodes", "Nodes by what became of them.", ("release", "outcome"), outcomes),
        Family(
            "rollout_remaining_seconds",
            "Estimate of the time that is left.",
            label,
            [(release, left)] if left is not None else [],
        ),
        Family("rollout_step_nodes", "Nodes in each step.", ("release", "step"), sorted(steps.items())),
        Family(
            "rollout_unavailable_nodes",
            "Nodes that it has taken out of service.",
            ("release", "pool"),
            sorted(out.items()),
        ),
        Family(
            "rollout_budget_nodes",
            "Nodes of a pool that may be unavailable at once.",
            ("release", "pool"),
            [((state.release, pool), many) for pool, many in sorted(places.items())],
        ),
        Family(
            "rollout_held_nodes",
            "Nodes that were held up before their trial.",
            ("release", "pool"),
            sorted(held.items()),
        ),
        Family(
            "rollout_pool_halted",
            "Pools that were halted when a node was last claimed there.",
            ("release", "pool"),
            [((state.release, pool), 1) for pool in sorted(state.halts)],
        ),
        Family(
            "rollout_verdict_nodes",
            "Nodes by the verdict on their last trial.",
            ("release", "verdict"),
            sorted(verdicts.items()),
        ),
        Family(
            "node_unavailable_since_timestamp_seconds",
            "Since when a node is out of service.",
            ("release", "node", "pool"),
            sorted(away),
        ),
        Family(
            "rollout_step_duration_seconds",
            "How long steps took.",
            ("release", "step"),
            [((state.release, key), (len(taken[key]), sum(taken[key]))) for key in known if key in taken],
            summary=True,
        ),
    ]


def of_fleet(
    nodes: Iterable[Mapping[str, Any]],
    pools: Sequence[Mapping[str, Any]] = (),
    budgets: Mapping[str, str] | str | None = None,
) -> list[Family]:
    """Return what Node objects say, and the ConfigMaps of pools.

    :param nodes: as k8s_node_info describes them. pools: as k8s_pool_info does.
    :param budgets: how many nodes of each pool may be unavailable, such as 10%; of all, or by the names of the pools.
    :raises ValueError: a budget is neither a number nor a share.
    """
    runs: Counter[tuple[str, ...]] = Counter()
    failed: Counter[tuple[str, ...]] = Counter()
    arrived: list[tuple[tuple[str, ...], Any]] = []
    for node in nodes:
        ours = node["osmigrate"]
        done = ours.get("phase") == DONE
        runs[(ours.get("release", "") if done else "", node["os_image"])] += 1
        if ours.get("phase") == FAILED:
            failed[(ours.get("release", ""),)] += 1
        since = times.parse(ours.get("since", "")) if done else None
        if since is not None:
            arrived.append(((node["name"], ours.get("release", "")), since))
    return [
        Family("fleet_nodes", "Nodes by what they run.", ("release", "os_image"), sorted(runs.items())),
        Family("fleet_failed_nodes", "Nodes whose last move failed.", ("release",), sorted(failed.items())),
        Family(
            "node_arrived_timestamp_seconds",
            "When a node arrived at the release that it runs.",
            ("node", "release"),
            sorted(arrived),
        ),
        *_of_pools(pools, budgets or {}),
    ]


def _of_pools(pools: Sequence[Mapping[str, Any]], budgets: Mapping[str, str] | str) -> list[Family]:
    given = {one["name"]: budgets if isinstance(budgets, str) else budgets.get(one["name"]) for one in pools}
    measured: dict[str, tuple[str, Callable[[Mapping[str, Any]], int]]] = {
        "pool_nodes": ("Nodes of a pool.", lambda one: int(one["nodes"])),
        "pool_unavailable_nodes": ("Nodes that take up the budget of a pool.", lambda one: len(one["unavailable"])),
        "pool_held_nodes": ("Nodes that were held up before their trial.", lambda one: len(one["held"])),
        "pool_halted": ("Whether a pool is halted.", lambda one: int(bool(one["halt"]))),
    }
    families = [
        Family(name, text, ("pool",), [((one["name"],), value(one)) for one in pools])
        for name, (text, value) in measured.items()
    ]
    allowing = [((one["name"],), allowed(one["name"], one["nodes"], str(given[one["name"]]))) for one in pools
                if given[one["name"]] is not None]  # fmt: skip
    return [*families, Family("pool_budget_nodes", "Nodes that may be unavailable at once.", ("pool",), allowing)]

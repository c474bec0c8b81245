# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a report measures of a rollout: who was out of service for how long, what ran, and whose pods held drains. Pure.

This plugin util is PRIVATE to the collection.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from ansible_collections.osmigrate.fleet.plugins.plugin_utils._estimate import quantile
from ansible_collections.osmigrate.fleet.plugins.plugin_utils._rollout import Node, Rollout

MOST_SLOWEST, MOST_POINTS, MOST_BARS = 10, 500, 12
# Seconds that a bar of the histogram may be wide.
WIDTHS = (1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200, 21600, 86400)


def unavailable(rollout: Rollout, nodes: Iterable[Node], now: float) -> dict[str, Any]:
    """Return how many nodes were out of service at once: the most, moments at which it has changed, the budget."""
    changes: Counter[float] = Counter()
    for node in nodes:
        for begin, end in node.absences(now):
            changes[begin] += 1
            changes[end] -= 1
    points, many = [], 0
    for at in sorted(changes):
        if changes[at]:
            many += changes[at]
            points.append([at, many])
    most = max((one[1] for one in points), default=0)
    # Enough for any screen; of those that are left out the highest stay.
    width = -(-len(points) // MOST_POINTS) or 1
    parts = (points[begin : begin + width] for begin in range(0, len(points), width))
    kept = [max(part[:-1], key=lambda one: one[1]) if width > 1 and len(part) > 1 else part[0] for part in parts]
    return {"most": most, "points": [*kept, *points[-1:]] if width > 1 else kept, "budget": budget(rollout)}


def budget(rollout: Rollout) -> int:
    """Return how many nodes may be unavailable at once by the budgets of all pools that take part, 0 if unknown."""
    places = sum(rollout.ahead.places.values()) if rollout.ahead else 0
    cap = rollout.ahead.cap if rollout.ahead else 0
    return min(places, cap) if places and cap else places or cap


def cordoned(nodes: Iterable[Node], now: float) -> dict[str, Any]:
    """Return how many nodes were out of service for how long, and who for far longer than the others."""
    taken = sorted((seconds, node.name) for node in nodes if (seconds := node.out_of_service(now)))
    ordered = [seconds for seconds, _name in taken]
    # Far above the others: by the rule of box plots, and by half as much again as is usual, where all are alike.
    low, middle, high = (quantile(ordered, part) for part in (0.25, 0.5, 0.75)) if ordered else (0.0, 0.0, 0.0)
    fence = max(high + 1.5 * (high - low), 1.5 * middle)
    usual = [seconds for seconds in ordered if seconds <= fence]
    outliers = [{"name": name, "seconds": seconds} for seconds, name in reversed(taken) if seconds > fence]
    return {"bars": _bars(usual), "outliers": outliers}


def _bars(ordered: Sequence[float]) -> list[dict[str, Any]]:
    if not ordered:
        return []
    between = (ordered[-1] - ordered[0]) / (MOST_BARS - 1)
    width = next((one for one in WIDTHS if between < one), int(between) + 1)
    many = Counter(int(seconds // width) for seconds in ordered)
    return [{"from": at * width, "to": (at + 1) * width, "nodes": many[at]} for at in range(min(many), max(many) + 1)]


def systems(nodes: Iterable[Node]) -> list[dict[str, Any]]:
    """Return operating systems and kernels before and after, those of most nodes first."""
    found: dict[tuple[tuple[str, str], tuple[str, str]], list[str]] = {}
    for node in nodes:
        if node.before and node.after:
            found.setdefault((node.before, node.after), []).append(node.name)
    told = [
        {"before": system(before), "after": system(after), "nodes": names}
        for (before, after), names in sorted(found.items())
    ]
    return sorted(told, key=lambda one: -len(one["nodes"]))


def system(found: tuple[str, str] | None) -> dict[str, str]:
    """Return a system by its parts."""
    return {"os": found[0], "kernel": found[1]} if found else {}


def pods(nodes: Iterable[Node]) -> dict[str, Any]:
    """Return how the pods that drains had to do with left, with those that took longest."""
    found = [{"node": node.name, "pod": name, **pod(one)} for node in nodes for name, one in node.pods.items()]
    gone = sum(one["gone"] for one in found)
    slowest = sorted(found, key=lambda one: (one["gone"], -one["seconds"], one["node"], one["pod"]))[:MOST_SLOWEST]
    return {"total": len(found), "gone": gone, "slowest": slowest}


def pod(one: dict[str, Any]) -> dict[str, Any]:
    """Return what is told of a pod."""
    return {name: one[name] for name in ("owner", "action", "reason", "blocked_by", "gone", "seconds")}


def blockers(nodes: Iterable[Node]) -> list[dict[str, Any]]:
    """Return whose pods a budget has refused to evict, or have not left; first who is still there, then by time."""
    found: dict[tuple[str, str], list[tuple[str, dict[str, Any]]]] = {}
    for node in nodes:
        for one in node.pods.values():
            if one["blocked_by"] or not one["gone"]:
                found.setdefault((one["namespace"], one["owner"] or one["name"]), []).append((node.name, one))
    told = [
        {
            "namespace": namespace,
            "owner": owner,
            "budgets": sorted({one["blocked_by"] for _node, one in those} - {""}),
            "pods": len(those),
            "left": sum(not one["gone"] for _node, one in those),
            "seconds": sum(one["seconds"] for _node, one in those),
            "nodes": list(dict.fromkeys(node for node, _one in those)),
            "reason": next((one["reason"] for _node, one in those if not one["gone"]), ""),
        }
        for (namespace, owner), those in found.items()
    ]
    return sorted(told, key=lambda one: (-one["left"], -one["seconds"], one["namespace"], one["owner"]))

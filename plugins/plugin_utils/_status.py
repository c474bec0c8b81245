# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The state of a fleet for programs, as JSON, and for people, as one page. Pure.

This plugin util is PRIVATE to the collection.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from html import escape
from typing import Any

from ansible_collections.osmigrate.fleet.plugins.module_utils._text import printable
from ansible_collections.osmigrate.fleet.plugins.plugin_utils import _page as page, _table as table, _timings
from ansible_collections.osmigrate.fleet.plugins.plugin_utils._progress import duration
from ansible_collections.osmigrate.fleet.plugins.plugin_utils._run_report import moment

VERSION = 1
# What a Node object says of its move, as far as people ask for it.
NOTED = (
    "rollout",
    "release",
    "phase",
    "since",
    "step",
    "step_since",
    "wave",
    "verdict",
    "reason",
    "attempts",
    "previous_os",
    "drilled_at",
    "not_whole",
)
SAID = (
    "name",
    "pool",
    "zone",
    "ready",
    "schedulable",
    "roles",
    "os_image",
    "kernel_version",
    "kubelet_version",
    "excluded_by",
)


def facts(clusters: Sequence[Mapping[str, Any]], now: float) -> dict[str, Any]:
    """Return what is known; JSON can hold it. Times are in seconds.

    :param clusters: of each `server`, `nodes` as k8s_node_info and `pools` as k8s_pool_info describe them; as
        _choice.choose() returned them where not all nodes are shown.
    :param now: seconds since the epoch.
    """
    return {"version": VERSION, "at": now, "clusters": [_cluster(one, now) for one in clusters]}


def _cluster(one: Mapping[str, Any], now: float) -> dict[str, Any]:
    nodes = sorted(one["nodes"], key=lambda node: node["name"])
    choice = one.get("choice", "")
    return {
        "server": one["server"],
        "summary": table.fleet_summary(nodes, now, choice),
        "choice": choice,
        "total": len(nodes),
        "releases": dict(table.releases(nodes)),
        "patched": len(nodes) - len(table.late(nodes, now)),
        "timings": _timings.spread(nodes),
        "nodes": [_node(node) for node in nodes if table.is_shown(node)],
        "pools": list(one["pools"]),
    }


def _node(node: Mapping[str, Any]) -> dict[str, Any]:
    step, _since, stale = table.does(node)
    unnoted = () if step else ("step", "step_since")
    return {
        **{key: node[key] for key in SAID if key in node},
        **{key: "" if key in unnoted else node["osmigrate"].get(key, "") for key in NOTED},
        "stale": stale,
        "firmware_due": table.firmware_due(node),
        "timings": _timings.spread([node]),
    }


def as_json(said: dict[str, Any]) -> str:
    return json.dumps(said) + "\n"


def as_html(said: dict[str, Any]) -> str:
    """Return the page of what facts() returned. Kubelets write most of it: all texts are escaped."""
    parts = [f"<p>As of {escape(moment(said['at']))}.</p>\n"]
    for one in said["clusters"]:
        parts += _section(one)
    return page.document("Fleet", parts)


def _section(one: dict[str, Any]) -> Iterator[str]:
    yield f"<h1>{escape(printable(one['server'], table.LONGEST_LINE))}</h1>\n<ul>\n"
    yield from (f"<li>{escape(line)}</li>\n" for line in one["summary"])
    yield "</ul>\n"
    rows = [
        (part, str(took["nodes"]), *(duration(took[name]) for name in _timings.SHARES))
        for part, took in one["timings"].items()
    ]
    yield from page.table("What the last moves took", ("part", "nodes", *_timings.SHARES), rows, numbers=True)
    yield from _nodes("Nodes that need somebody", [node for node in one["nodes"] if _needs_somebody(node)])
    yield from _pools(one["pools"])
    yield from _nodes("Nodes that are shown" if one["choice"] else "All nodes", one["nodes"])


def _needs_somebody(node: Mapping[str, Any]) -> bool:
    return not node["ready"] or not node["schedulable"] or bool(node["reason"])


def _nodes(title: str, nodes: Iterable[Mapping[str, Any]]) -> Iterable[str]:
    head = (
        "node",
        "Ready",
        "in service",
        "does",
        "since",
        "release",
        "phase",
        "since",
        "verdict",
        "runs",
        "kernel",
        "reason",
    )
    rows = [
        (
            node["name"],
            _yes(node["ready"]),
            _yes(node["schedulable"]),
            f"{node['step']}; stale: {node['stale']}" if node["stale"] else node["step"],
            *(
                node[key]
                for key in (
                    "step_since",
                    "release",
                    "phase",
                    "since",
                    "verdict",
                    "os_image",
                    "kernel_version",
                    "reason",
                )
            ),
        )
        for node in nodes
    ]
    return page.table(title, head, [_shown(row) for row in rows])


def _yes(is_so: Any) -> str:
    return "yes" if is_so else "NO"


def _pools(pools: Iterable[Mapping[str, Any]]) -> Iterable[str]:
    rows = [
        (
            one["name"],
            str(one["nodes"]),
            "; ".join(f"{away['node']} {away['why']}" for away in one["unavailable"]) or "-",
            ", ".join(one["failures"]) or "-",
            "; ".join(f"{node}: {held['why']}" for node, held in sorted(one["held"].items())) or "-",
            one["halt"].get("reason", "-"),
        )
        for one in pools
    ]
    head = ("pool", "nodes", "unavailable", "failed", "held up", "halted")
    return page.table("Pools", head, [_shown(row) for row in rows])


def _shown(row: Iterable[Any]) -> tuple[str, ...]:
    return tuple(printable(cell, table.LONGEST_LINE) for cell in row)


FORMS: dict[str, Callable[[dict[str, Any]], str]] = {"html": as_html, "json": as_json}

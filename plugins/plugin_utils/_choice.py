# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which nodes of a fleet are shown. The others are marked, and not left out: all of them are counted. Pure.

This plugin util is PRIVATE to the collection.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from ansible_collections.osmigrate.fleet.plugins.module_utils._steps import FAILED
from ansible_collections.osmigrate.fleet.plugins.module_utils._text import printable, some
from ansible_collections.osmigrate.fleet.plugins.plugin_utils import _table as table

HELD, BEHIND, MOVING, STALE = "held", "behind", "moving", "stale"
# As variables.yml has them.
STATES = (FAILED, HELD, BEHIND, MOVING, STALE)


class Choice(NamedTuple):
    """What is asked for: nodes that have one of each of these. What is empty asks for nothing."""

    pools: tuple[str, ...] = ()
    zones: tuple[str, ...] = ()
    releases: tuple[str, ...] = ()
    states: tuple[str, ...] = ()
    label_selector: str = ""


# What a node can be asked for by name: what it is called, and what a node has of it.
_NAMED: dict[str, tuple[str, Callable[[Mapping[str, Any]], str]]] = {
    "pools": ("pool", lambda node: node["pool"]),
    "zones": ("zone", lambda node: node["zone"]),
    "releases": ("release", lambda node: node["osmigrate"].get("release", "")),
}


def choose(clusters: Sequence[Mapping[str, Any]], choice: Choice, now: float) -> dict[str, Any]:
    """Mark the nodes that are shown.

    :param clusters: of each `nodes` as k8s_node_info, and maybe `pools` as k8s_pool_info describes them.
    :param now: seconds since the epoch.
    :returns: `clusters`, each with the mark `shown` on its nodes, with the `pools` that are asked for, and with
        `choice`, what is asked for, in words; `pools`, the same clusters without their nodes where pools are known; and
        `refusal`, a sentence where something is asked for by a name that no node has. That no node is in a state is an
        answer.
    """
    marked = [_marked(one, choice, now) for one in clusters]
    return {
        "clusters": marked,
        "pools": [{**one, "nodes": []} for one in marked if "pools" in one],
        "refusal": printable(_refusal([node for one in clusters for node in one["nodes"]], choice), table.LONGEST_LINE),
    }


def _marked(one: Mapping[str, Any], choice: Choice, now: float) -> dict[str, Any]:
    states = _states(one, now) if choice.states else {}

    def is_shown(node: Mapping[str, Any]) -> bool:
        return _is_named(node, choice) and (
            not choice.states or any(node["name"] in states[state] for state in choice.states)
        )

    made = {**one, "choice": _words(choice), "nodes": [{**node, "shown": is_shown(node)} for node in one["nodes"]]}
    if choice.pools and "pools" in one:
        made["pools"] = [pool for pool in one["pools"] if pool["name"] in choice.pools]
    return made


def _states(one: Mapping[str, Any], now: float) -> dict[str, set[str]]:
    """Return the names of the nodes of a cluster that are in each state."""
    nodes = one["nodes"]
    stale = {node["name"] for node in nodes if table.does(node)[2]}
    return {
        FAILED: {node["name"] for node in nodes if node["osmigrate"].get("phase") == FAILED},
        HELD: {name for pool in one.get("pools", ()) for name in pool["held"]},
        BEHIND: set(table.late(nodes, now)),
        MOVING: {node["name"] for node in nodes if table.does(node)[0]} - stale,
        STALE: stale,
    }


def _is_named(node: Mapping[str, Any], choice: Choice) -> bool:
    asked = ((getattr(choice, field), of) for field, (_kind, of) in _NAMED.items())
    return all(not names or of(node) in names for names, of in asked) and (
        not choice.label_selector or node["selected"]
    )


def _words(choice: Choice) -> str:
    asked = ((kind, getattr(choice, field)) for field, (kind, _of) in _NAMED.items())
    told = [f"{kind} {' or '.join(names)}" for kind, names in asked if names]
    told += [f"label selector {choice.label_selector}"] if choice.label_selector else []
    told += [f"state {' or '.join(choice.states)}"] if choice.states else []
    return ", ".join(told)


def _refusal(nodes: Sequence[Mapping[str, Any]], choice: Choice) -> str:
    for field, (kind, of) in _NAMED.items():
        there = sorted({of(node) for node in nodes} - {""})
        for name in getattr(choice, field):
            if name not in there:
                known = f"there are {some(there, table.MOST_NAMED)}" if there else f"no node has a {kind}"
                return f"No node has {kind} {name or repr(name)}; {known}."
    if choice.label_selector and not any(node["selected"] for node in nodes):
        return f"No node matches the label selector {choice.label_selector}."
    if not any(_is_named(node, choice) for node in nodes) and choice != Choice(states=choice.states):
        return f"There are nodes of each, and none with all of {_words(choice._replace(states=()))}."
    return ""

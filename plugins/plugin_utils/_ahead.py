# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How the nodes of a play are to go, as far as inventory and variables say it, as an event. Pure.

Nothing here is worth an error: what cannot be read, such as a template, is what it is by default.

This plugin util is PRIVATE to the collection.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from ansible_collections.osmigrate.fleet.plugins.module_utils._errors import FleetError
from ansible_collections.osmigrate.fleet.plugins.module_utils._kube import wave_policy
from ansible_collections.osmigrate.fleet.plugins.module_utils._kube.pool_plan import CONTROL_PLANE, LONGEST_CORDON
from ansible_collections.osmigrate.fleet.plugins.module_utils._steps import DONE
from ansible_collections.osmigrate.fleet.plugins.module_utils._text import whole_number
from ansible_collections.osmigrate.fleet.plugins.plugin_utils._plan import allowed

IN_TURNS = ("linear", "ansible.builtin.linear")
_POOL, _CONTROL = "pool_", "role_control_plane"
_WORKER = "worker"
_BUDGET, _DEFAULT_BUDGET = "osmigrate_max_unavailable", "10%"


class Host(NamedTuple):
    """A host of the inventory: its name, its groups, and its variable k8s_node."""

    name: str
    groups: Sequence[str]
    node: Any

    @property
    def pool(self) -> str:
        """The group of its pool stands for that."""
        if _CONTROL in self.groups:
            return CONTROL_PLANE
        return next((one for one in sorted(self.groups) if one.startswith(_POOL)), _WORKER)


def of_play(
    hosts: Iterable[Host],
    everybody: Iterable[Host],
    strategy: str,
    sizes: Sequence[int],
    variables: Callable[[str], Mapping[str, Any]],
    release: str,
) -> dict[str, Any]:
    """Return the fields of the event.

    :param hosts: of the play, in their order. everybody: all of the inventory.
    :param sizes: of the batches.
    :param variables: takes the name of a host.
    :param release: to which they move. Those that are there already take no time.
    """
    members = Counter(one.pool for one in everybody)
    ways = [one for one in hosts if not _is_there(one.node, release)]
    first: dict[str, str] = {}
    for one in ways:
        first.setdefault(one.pool, one.name)
    places = {pool: _places(pool, members[pool], variables(name)) for pool, name in first.items()}
    policy = _policy(variables(ways[0].name)) if ways else None
    soaks = [policy.canary_soak, *[policy.soak] * (len(sizes) - 1)] if policy and sizes else []
    return {
        "nodes": [one.name for one in ways],
        "pools": [one.pool for one in ways],
        "last": [_last(one.node) for one in ways],
        "places": places,
        "sizes": _sizes(sizes, [one.name for one in hosts], {one.name for one in ways}),
        "soaks": soaks,
        "sliding": strategy not in IN_TURNS,
        "cap": policy.cap if policy else 0,
    }


def _sizes(sizes: Iterable[int], names: Sequence[str], ways: set[str]) -> list[int]:
    """Who is there already has a place in its batch, and takes no part."""
    found, begin = [], 0
    for size in sizes:
        found.append(sum(name in ways for name in names[begin : begin + size]))
        begin += size
    return found


def _noted(node: Any) -> Mapping[str, Any]:
    ours = node.get("osmigrate") if isinstance(node, Mapping) else None
    return ours if isinstance(ours, Mapping) else {}


def _is_there(node: Any, release: str) -> bool:
    ours = _noted(node)
    return bool(release) and ours.get("phase") == DONE and ours.get("release") == release


def _last(node: Any) -> int:
    seconds = whole_number(str(_noted(node).get("cordoned_seconds", "")))
    return seconds if seconds is not None and 0 < seconds <= LONGEST_CORDON else 0


def _places(pool: str, nodes: int, said: Mapping[str, Any]) -> int:
    try:
        return allowed(pool, nodes, said.get(_BUDGET, _DEFAULT_BUDGET))
    except ValueError:
        return allowed(pool, nodes, _DEFAULT_BUDGET)


def _policy(said: Mapping[str, Any]) -> wave_policy.Policy | None:
    try:
        return wave_policy.read(said[wave_policy.VARIABLE]) if wave_policy.VARIABLE in said else None
    except FleetError:
        return None

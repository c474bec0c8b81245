# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How long the last moves of a fleet took, from its Node objects. Pure.

This plugin util is PRIVATE to the collection.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ansible_collections.osmigrate.fleet.plugins.module_utils._kube import timings
from ansible_collections.osmigrate.fleet.plugins.module_utils._text import whole_number
from ansible_collections.osmigrate.fleet.plugins.plugin_utils._estimate import quantile
from ansible_collections.osmigrate.fleet.plugins.plugin_utils._progress import duration

# All of it, before its parts.
AWAY = "away"
# Parts of the reboot, by the node's own clock.
OF_BOOT = "boot: "
BOOT = [OF_BOOT + part for part in timings.BOOT_PARTS]
SHARES = {"p50": 0.5, "p95": 0.95}


def spread(nodes: Iterable[Mapping[str, Any]]) -> dict[str, dict[str, int]]:
    """Return of how many nodes it is known, and p50 and p95 in seconds: of the whole and of each part.

    :param nodes: as k8s_node_info describes them.
    """
    found: dict[str, list[float]] = {key: [] for key in (AWAY, *timings.PARTS, *BOOT)}
    for node in nodes:
        ours = node["osmigrate"]
        if seconds := whole(ours):
            found[AWAY].append(seconds)
        parts: dict[str, float] = {**timings.read(ours.get("timings"))}
        parts.update({OF_BOOT + part: took for part, took in timings.read_boot(ours.get("boot_seconds")).items()})
        for part, took in parts.items():
            found[part].append(took)
    return {
        part: {"nodes": len(taken), **{name: int(quantile(sorted(taken), share)) for name, share in SHARES.items()}}
        for part, taken in found.items()
        if taken
    }


def whole(ours: Mapping[str, Any]) -> float:
    """Return for how many seconds a node was away at its last move, 0 if nobody knows.

    :param ours: our annotations on it.
    """
    seconds = whole_number(str(ours.get("cordoned_seconds", "")))
    return float(seconds) if seconds is not None and 0 < seconds <= timings.LONGEST else 0.0


def sentence(nodes: Iterable[Mapping[str, Any]]) -> str:
    """Return the same for people, "" where nothing is known."""
    known = spread(nodes)
    if AWAY not in known:
        return ""
    told = [
        f"{part} {' and '.join(duration(known[part][name]) for name in SHARES)}" for part in known if part not in BOOT
    ]
    return f"The last moves of {known[AWAY]['nodes']} nodes took ({' and '.join(SHARES)}): {', '.join(told)}."

# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The plan of a rollout for programs, as JSON, and for people, as one page. Pure.

This plugin util is PRIVATE to the collection.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from html import escape
from typing import Any

from ansible_collections.osmigrate.fleet.plugins.module_utils._constants import SEVERITIES
from ansible_collections.osmigrate.fleet.plugins.module_utils._text import printable, some
from ansible_collections.osmigrate.fleet.plugins.plugin_utils import _page as page, _plan as plan
from ansible_collections.osmigrate.fleet.plugins.plugin_utils._progress import duration
from ansible_collections.osmigrate.fleet.plugins.plugin_utils._run_report import moment

VERSION = 1
MIB = 1 << 20
TITLE = "Plan of a rollout"


def as_json(made: Mapping[str, Any]) -> str:
    return json.dumps({"version": VERSION, **made}) + "\n"


def as_html(made: Mapping[str, Any]) -> str:
    """Return the page of what the filter rollout_plan returned. Others write most of it: all texts are escaped."""
    summary = "".join(f"<li>{escape(line)}</li>\n" for line in made["summary"])
    parts = [
        f"<h1>{TITLE}</h1>\n<p>As of {escape(moment(made['at']))}. Nothing was changed.</p>\n<ul>\n{summary}</ul>\n",
        *_pools(made),
        *_batches(made),
        *_refused(made),
        *_blockers(made["blockers"]),
        *_findings(made["batches"]),
        *_nodes(made["batches"]),
    ]
    return page.document(TITLE, parts)


def _pools(made: Mapping[str, Any]) -> Iterable[str]:
    rows = [
        (
            pool,
            str(made["peak"].get(pool, 0)),
            str(made["allowed"][pool]),
            duration(one["seconds"]),
            duration(one["p95"]),
            f"{one['measured']} nodes" if one["measured"] else "what is expected",
        )
        for pool, one in sorted(made["expected"].items())
    ]
    head = ("pool", "away at once", "of budget", "a node, p50", "p95", "by")
    return page.table("Pools", head, [_shown(row) for row in rows], numbers=True)


def _batches(made: Mapping[str, Any]) -> Iterable[str]:
    rows = [
        (
            str(one["number"]),
            _when(one["begin"]),
            _when(one["end"]),
            "until it is released" if one["held"] else "-",
            some([node["name"] for node in one["nodes"]], plan.MOST_NAMED),
        )
        for one in made["batches"]
    ]
    return page.table("Batches", ("batch", "begins", "ends", "held", "nodes"), [_shown(row) for row in rows])


def _when(at: float | None) -> str:
    return "in no window" if at is None else moment(at)


def _refused(made: Mapping[str, Any]) -> Iterable[str]:
    rows = [_shown((one["name"], one["why"])) for one in made["refused"]]
    return page.table("Nodes that would be refused", ("node", "why"), rows)


def _blockers(blockers: Iterable[Mapping[str, Any]]) -> Iterable[str]:
    rows = [
        (one["severity"], one["node"], one["object"], one["detail"], some(one["pods"], plan.MOST_NAMED), one["remedy"])
        for one in blockers
    ]
    head = ("severity", "node", "who has to change", "what", "pods", "remedy")
    return page.table("What would hold drains", head, [_shown(row) for row in rows])


def _findings(batches: Iterable[Mapping[str, Any]]) -> Iterable[str]:
    alike: dict[tuple[str, str, str, str], list[str]] = {}
    for node in _all(batches):
        for one in node["findings"]:
            alike.setdefault((one["severity"], one["key"], one["title"], one["remedy"]), []).append(node["name"])
    rows = [_shown((*said, some(names, plan.MOST_NAMED))) for said, names in sorted(alike.items(), key=_weight)]
    return page.table("Findings", ("severity", "key", "what", "remedy", "nodes"), rows)


def _weight(one: tuple[tuple[str, str, str, str], list[str]]) -> tuple[int, str]:
    severity = one[0][0]
    return -(SEVERITIES.index(severity) if severity in SEVERITIES else len(SEVERITIES)), one[0][1]


def _all(batches: Iterable[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    for batch in batches:
        yield from batch["nodes"]


def _nodes(batches: Iterable[Mapping[str, Any]]) -> Iterable[str]:
    rows = [
        _shown(
            (
                node["name"],
                node["pool"],
                str(batch["number"]),
                _when(batch["begin"]),
                "refused" if node["refusal"] else " -> ".join(node["steps"]) or "nothing",
                f"{-(-node['bytes'] // MIB)} MiB" if node["bytes"] else "-",
                str(len(node["findings"])),
            )
        )
        for batch in batches
        for node in batch["nodes"]
    ]
    return page.table("All nodes", ("node", "pool", "batch", "from", "way", "to fetch", "findings"), rows)


def _shown(row: Iterable[str]) -> tuple[str, ...]:
    return tuple(printable(cell, plan.LONGEST_WHY) for cell in row)


FORMS: dict[str, Callable[[Mapping[str, Any]], str]] = {"html": as_html, "json": as_json}

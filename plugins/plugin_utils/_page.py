# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The report on a rollout as one page of HTML: no script, nothing from a network, all texts escaped. Pure.

This plugin util is PRIVATE to the collection.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from html import escape
from typing import Any

from ansible_collections.osmigrate.fleet.plugins.module_utils._constants import PAGE_POLICY
from ansible_collections.osmigrate.fleet.plugins.module_utils._steps import BY_KEY, STEPS
from ansible_collections.osmigrate.fleet.plugins.module_utils._text import some
from ansible_collections.osmigrate.fleet.plugins.plugin_utils import _rollout as reducer, _run_report as run_report
from ansible_collections.osmigrate.fleet.plugins.plugin_utils._progress import duration
from ansible_collections.osmigrate.fleet.plugins.plugin_utils._run_report import moment

# Of the chart, in its own units; a screen stretches the width.
WIDTH, HEIGHT = 1000, 120
# Of steps that a node serves in, and of those that it does not; "x" is one that this version does not know.
_COLOURS = {
    **{step.key: "#8fa3b8" if step.serving else "#c98a1b" for step in STEPS},
    "wait": "#d5dbe1",
    "stage": "#4f83b5",
    "claim": "#a58cc4",
    "drain": "#d9a441",
    "reboot": "#b4552d",
    "verify": "#6b8e3d",
    "return": "#8c6d46",
    "revert": "#a02c2c",
    "x": "#777777",
}
_STYLE = """
:root { color-scheme: light dark; --line: #c8ced4; --dim: #56606a; --bad: #a01c1c; --good: #1c6b34; }
@media (prefers-color-scheme: dark) { :root { --line: #444c54; --dim: #a5b0ba; --bad: #ff9a9a; --good: #8fd6a4; } }
body { background: Canvas; color: CanvasText; font: 15px/1.45 system-ui, sans-serif;
       margin: 1.5rem auto; max-width: 90rem; padding: 0 1rem; }
table { border-collapse: collapse; width: 100%; } caption { text-align: left; font-weight: bold; padding: .4rem 0; }
th, td { text-align: left; vertical-align: top; padding: .25rem .5rem; border-bottom: 1px solid var(--line); }
td.n, th.n { text-align: right; white-space: nowrap; } td.w { overflow-wrap: break-word; }
.wide { overflow-x: auto; } .dim { color: var(--dim); } .failed { color: var(--bad); } .done { color: var(--good); }
.bar { display: flex; height: 1rem; min-width: 16rem; } .bar i { min-width: 1px; }
.h { width: 50%; } .h i { display: block; height: 1rem; background: #c98a1b; }
.key i { display: inline-block; width: .8rem; height: .8rem; margin: 0 .3rem 0 .8rem; }
i { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
@media print { body { margin: 0; max-width: none; font-size: 10px; } tr { break-inside: avoid; } }
"""


def as_html(said: dict[str, Any]) -> str:
    """Return the page of what run_report.facts() returned."""
    title = f"Rollout {said['release']}".strip()
    parts = [
        f"<h1>{escape(title)}</h1>\n",
        "<p><strong>A rehearsal: nothing was changed.</strong></p>\n" if said["rehearsal"] else "",
        f"<p>{escape(said['sentence'])}</p>\n",
        *_missing(said["missing"]),
        *_runs(said["runs"]),
        *_out(said["out_of_service"]),
        *_chart(said["unavailable"], said["end"]),
        *_histogram(said["cordoned"]),
        *_slowest(said["slowest"]),
        *table("Halted pools", ("pool", "why"), [(one["pool"], one["why"]) for one in said["halts"]]),
        *_open(said["nodes"]),
        *_held(said["held"]),
        *table("Whose pods held drains up", run_report.BLOCKER, [run_report.blocker(one) for one in said["blockers"]]),
        *_pods(said["pods"]),
        *_systems(said["systems"]),
        *_steps(said["steps"]),
        *_boots(said["boots"]),
        *_findings(said["findings"]),
        *_nodes(said["nodes"]),
    ]
    return document(title, parts)


def document(title: str, parts: Iterable[str]) -> str:
    """Return a page of parts that are HTML already.

    :param title: as text.
    """
    colours = "".join(f".s-{name} {{ background: {colour}; }}\n" for name, colour in _COLOURS.items())
    head = [
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n',
        f'<meta http-equiv="Content-Security-Policy" content="{PAGE_POLICY}">\n',
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n',
        f"<title>{escape(title)}</title>\n<style>{_STYLE}{colours}</style>\n</head>\n<body>\n<main>\n",
    ]
    return "".join([*head, *parts, "</main>\n</body>\n</html>\n"])


def _missing(sentences: list[str]) -> Iterable[str]:
    if sentences:
        yield "<h2>What this report does not know</h2>\n<ul>\n"
        yield from (f"<li>{escape(one)}</li>\n" for one in sentences)
        yield "</ul>\n"


def _runs(runs: list[dict[str, Any]]) -> Iterable[str]:
    rows = [
        (
            one["playbook"],
            moment(one["begin"]),
            moment(one["end"]) if one["ended"] else f"last seen {moment(one['end'])}",
            one["id"],
        )
        for one in runs
    ]
    yield from table("Runs", ("playbook", "began", "ended", "run"), rows)


def _out(out: dict[str, Any]) -> Iterable[str]:
    if out["nodes"]:
        row = (str(out["nodes"]), *(duration(out[name]) for name in ("median", "p95", "longest")))
        yield from table("Time out of service", ("nodes", "median", "p95", "longest"), [row], numbers=True)


def _chart(unavailable: dict[str, Any], end: float) -> Iterable[str]:
    """Draw how many nodes were out of service at once, as steps over time."""
    points, most = unavailable["points"], unavailable["most"]
    if not most:
        return
    begin, width = points[0][0], max(1.0, end - points[0][0])
    budget = unavailable["budget"]
    path, before, top = [f"M0 {HEIGHT}"], 0, max(most, budget)
    for at, many in [*points, [end, 0]]:
        across = (at - begin) / width * WIDTH
        path.append(
            f"L{across:.1f} {HEIGHT - before / top * HEIGHT:.1f}L{across:.1f} {HEIGHT - many / top * HEIGHT:.1f}"
        )
        before = many
    said = f"At most {most} nodes were out of service at once, between {moment(begin)} and {moment(end)}."
    if budget:
        said += f" The line is at the {budget} that the budgets of their pools allow."
    yield f"<h2>Nodes out of service over time</h2>\n<p>{escape(said)}</p>\n"
    yield f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" width="100%" height="{HEIGHT}" preserveAspectRatio="none" role="img"'
    yield f' aria-label="{escape(said)}"><path d="{"".join(path)}" fill="currentColor" opacity="0.5"/>'
    if budget:
        line = max(1.0, HEIGHT - budget / top * HEIGHT)
        yield f'<path d="M0 {line:.1f}L{WIDTH} {line:.1f}" stroke="#c98a1b" stroke-width="2" fill="none"/>'
    yield "</svg>\n"


def _histogram(cordoned: dict[str, Any]) -> Iterable[str]:
    """Draw how many nodes were out of service for how long."""
    bars, far = cordoned["bars"], cordoned["outliers"]
    if not bars:
        return
    most = max(one["nodes"] for one in bars)
    title = "How long nodes were out of service"
    yield f"<h2>{title}</h2>\n"
    if far:
        yield f"<p>Far longer than the others: {escape(run_report.outliers(far))}.</p>\n"
    yield f'{_wide(title)}<table>\n<thead><tr><th scope="col">from</th><th scope="col">to</th>'
    yield '<th scope="col" class="n">nodes</th><th scope="col">as a bar</th></tr></thead>\n<tbody>\n'
    for one in bars:
        width = one["nodes"] / most * 100
        yield f'<tr><td>{duration(one["from"])}</td><td>{duration(one["to"])}</td><td class="n">{one["nodes"]}</td>'
        yield f'<td class="h"><i style="width:{width:.1f}%"></i></td></tr>\n'
    yield "</tbody></table></div>\n"


def _pods(pods: dict[str, Any]) -> Iterable[str]:
    rows = [
        (
            one["node"],
            one["pod"],
            one["owner"],
            duration(one["seconds"]) if one["gone"] else f"still there after {duration(one['seconds'])}",
            one["blocked_by"],
            one["reason"],
        )
        for one in pods["slowest"]
    ]
    title = f"Pods that took longest to leave, of {pods['total']}, of which {pods['gone']} left"
    yield from table(title, ("node", "pod", "owner", "left after", "refused by", "why"), rows)


def _systems(found: list[dict[str, Any]]) -> Iterable[str]:
    rows = [(*run_report.systems(one), str(len(one["nodes"])), _names(one["nodes"])) for one in found]
    yield from table("System before and after", ("before", "after", "how many", "nodes"), rows)


def _slowest(slowest: list[dict[str, Any]]) -> Iterable[str]:
    rows = [(one["name"], duration(one["seconds"])) for one in slowest]
    yield from table("Nodes that were out of service longest", ("node", "for"), rows, numbers=True)


def _open(nodes: list[dict[str, Any]]) -> Iterable[str]:
    rows = [
        (one["name"], one["words"], one["failed_in"], one["why"], one["next"])
        for one in nodes
        if one["outcome"] not in (reducer.DONE, reducer.LEFT, reducer.UNREACHED)
    ]
    yield from table("Nodes that need somebody", ("node", "outcome", "in", "why", "next"), rows)


def _held(held: list[dict[str, Any]]) -> Iterable[str]:
    rows = [(str(len(one["nodes"])), one["step"], one["why"], _names(one["nodes"])) for one in held]
    yield from table("What held nodes up", ("nodes", "in", "why", "which"), rows)


def _steps(steps: list[dict[str, Any]]) -> Iterable[str]:
    rows = [
        (one["step"], str(one["nodes"]), *(duration(one[name]) for name in ("median", "p95", "longest")))
        for one in steps
    ]
    yield from table("Steps", ("step", "times", "median", "p95", "longest"), rows, numbers=True)


def _boots(boots: list[dict[str, Any]]) -> Iterable[str]:
    yield from table(run_report.BOOTS, run_report.BOOT, [run_report.boot_part(one) for one in boots], numbers=True)


def _findings(findings: list[dict[str, Any]]) -> Iterable[str]:
    rows = [
        (
            one["key"],
            one["severity"] + (" (accepted)" if one["accepted"] else ""),
            one["title"],
            one["remedy"],
            _names(one["nodes"]),
        )
        for one in findings
    ]
    yield from table("Findings", ("key", "severity", "what", "remedy", "nodes"), rows)


def _names(names: list[str]) -> str:
    return some(names, run_report.MOST_NAMED)


def table(title: str, head: tuple[str, ...], rows: Sequence[tuple[str, ...]], numbers: bool = False) -> Iterable[str]:
    """Yield a table of texts; with numbers all but the first column are such."""
    if not rows:
        return
    kinds = [' class="n"' if numbers and place else ' class="w"' for place in range(len(head))]
    yield f"<h2>{escape(title)}</h2>\n{_wide(title)}<table>\n<thead><tr>"
    yield "".join(f'<th scope="col"{kind}>{escape(cell)}</th>' for cell, kind in zip(head, kinds))
    yield "</tr></thead>\n<tbody>\n"
    for row in rows:
        yield "<tr>" + "".join(f"<td{kind}>{escape(cell)}</td>" for cell, kind in zip(row, kinds)) + "</tr>\n"
    yield "</tbody></table></div>\n"


def _wide(title: str) -> str:
    """Begin what a narrow screen moves to the side: with keys, too."""
    return f'<div class="wide" tabindex="0" role="group" aria-label="{escape(title)}">'


def _nodes(nodes: list[dict[str, Any]]) -> Iterable[str]:
    if not nodes:
        return
    used = {span["step"] for one in nodes for span in one["timeline"]}
    yield '<h2>All nodes</h2>\n<p class="key">'
    yield "".join(f'<i class="s-{step.key}"></i>{step.key}' for step in STEPS if step.key in used)
    yield f"</p>\n{_wide('All nodes')}<table>\n<thead><tr>"
    for name in ("node", "pool", "outcome", "verdict"):
        yield f'<th scope="col">{name}</th>'
    yield '<th scope="col" class="n">took</th><th scope="col" class="n">out of service</th>'
    yield '<th scope="col">its way</th></tr></thead>\n<tbody>\n'
    yield from map(_row, nodes)
    yield "</tbody></table></div>\n"


def _row(one: dict[str, Any]) -> str:
    colour = one["outcome"] if one["outcome"] in (reducer.DONE, reducer.FAILED) else "dim"
    out = duration(one["out_of_service"]) if one["out_of_service"] else "-"
    texts = "".join(f"<td>{escape(one[name])}</td>" for name in ("name", "pool"))
    return (
        f'<tr>{texts}<td class="{colour}">{escape(one["words"])}</td><td>{escape(one["verdict"])}</td>'
        f'<td class="n">{duration(one["seconds"])}</td><td class="n">{out}</td>'
        f'<td><div class="bar" role="img" aria-label="{escape(_told(one))}">{_bar(one)}</div></td></tr>\n'
    )


def _told(one: dict[str, Any]) -> str:
    return ", ".join(f"{span['step']} {duration(span['seconds'])}" for span in one["timeline"])


def _bar(one: dict[str, Any]) -> str:
    return "".join(
        f'<i class="s-{span["step"] if span["step"] in BY_KEY else "x"}" style="flex-grow:{span["seconds"]:.0f}"'
        f' title="{escape(span["step"])} {duration(span["seconds"])}"></i>'
        for span in one["timeline"]
        if span["seconds"] >= 1
    )


# All forms of a report, by the suffix of their files.
FORMS: dict[str, Callable[[dict[str, Any]], str]] = {
    "html": as_html,
    "md": run_report.as_markdown,
    "json": run_report.as_json,
    "xml": run_report.as_junit,
}

# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a report on a rollout says, and its forms without a page of their own: JSON, Markdown, JUnit. Pure.

This plugin util is PRIVATE to the collection.
"""

from __future__ import annotations

import datetime
import json
import re
from collections.abc import Iterable, Sequence
from typing import Any
from xml.etree import ElementTree

from ansible_collections.osmigrate.fleet.plugins.module_utils._constants import SEVERITIES
from ansible_collections.osmigrate.fleet.plugins.module_utils._kube import timings
from ansible_collections.osmigrate.fleet.plugins.module_utils._steps import STEPS
from ansible_collections.osmigrate.fleet.plugins.module_utils._text import some
from ansible_collections.osmigrate.fleet.plugins.plugin_utils import _rollout as reducer, _run_measures as measures
from ansible_collections.osmigrate.fleet.plugins.plugin_utils._estimate import quantile
from ansible_collections.osmigrate.fleet.plugins.plugin_utils._progress import duration
from ansible_collections.osmigrate.fleet.plugins.plugin_utils._rollout import Node, Rollout, Span

VERSION = 1
NEXT = {
    reducer.FAILED: "Mend the cause, then run the same command again with osmigrate_retry=true.",
    reducer.HELD: "Run the same command again when that is out of the way.",
    reducer.UNFINISHED: "Run the same command again: it goes on where the node is.",
    reducer.UNREACHED: "Run the same command again.",
    "": "See whether the run is still at work. If not, run the same command again: it goes on where the node is.",
}
# Those that somebody has to look at, the worst first, and the others after them.
ORDER = (reducer.FAILED, reducer.UNFINISHED, "", reducer.HELD, reducer.UNREACHED, reducer.LEFT, reducer.DONE)
# In Markdown these would be markup.
_MARKUP = re.compile(r"([\\`*_{}\[\]<>#|~!&])")


def facts(rollout: Rollout) -> dict[str, Any]:
    """Return all that a report says, as of the last event; JSON can hold it. Times are in seconds.

    nodes: those that need somebody first. held: the reasons that held nodes up, the most frequent first, with the node
    in them as NODE. findings: by their key, the worst first. slowest: those that were out of service longest.
    unavailable: how many were so at once, as the most of them, as moments at which it has changed, and how many the
    budgets allow (0 if unknown). cordoned: how many nodes were out of service for how long, and who for far longer than
    the others. boots: where the seconds of the boots into the release went, part by part. systems: operating system and
    kernel before and after. pods: how those that drains had to do with left. blockers: whose pods held drains up, by
    their owner. halts: pools that are halted.
    """
    now = rollout.last
    nodes = sorted(rollout.nodes.values(), key=lambda node: (_place(node.outcome), node.name))
    return {
        "version": VERSION,
        "release": rollout.release,
        "begin": rollout.begin,
        "end": now,
        "rehearsal": bool(rollout.runs) and all(run.check for run in rollout.runs.values()),
        "runs": [
            {"id": run.id, "playbook": run.playbook, "begin": run.begin, "end": run.last, "ended": run.ended}
            for run in rollout.runs.values()
        ],
        "missing": list(reducer.missing(rollout)),
        "sentence": sentence(rollout),
        "counts": {outcome: rollout.outcomes[outcome] for outcome in ORDER if rollout.outcomes[outcome]},
        "out_of_service": _spread(reducer.unavailable_seconds(rollout, now)),
        "slowest": _slowest(nodes, now),
        "unavailable": measures.unavailable(rollout, nodes, now),
        "cordoned": measures.cordoned(nodes, now),
        "systems": measures.systems(nodes),
        "pods": measures.pods(nodes),
        "blockers": measures.blockers(nodes),
        "halts": [{"pool": pool, "why": why} for pool, why in sorted(rollout.halts.items())],
        "steps": _steps(nodes, now),
        "boots": _boots(nodes),
        "held": _held(nodes),
        "findings": _findings(nodes),
        "nodes": [_node(node, now) for node in nodes],
    }


def _place(outcome: str) -> int:
    return ORDER.index(outcome) if outcome in ORDER else 0


def sentence(rollout: Rollout) -> str:
    """Say in one sentence what became of it."""
    counts = rollout.outcomes
    told = [f"{counts[outcome]} {reducer.OUTCOMES[outcome]}" for outcome in reversed(ORDER) if counts[outcome]]
    release = f" to {rollout.release}" if rollout.release else ""
    took = duration(max(0.0, rollout.last - rollout.begin))
    return f"{len(rollout.nodes)} nodes{release} in {took}: {', '.join(told) or 'nothing was begun'}."


def _spread(ordered: list[float]) -> dict[str, Any]:
    if not ordered:
        return {"nodes": 0, "median": 0.0, "p95": 0.0, "longest": 0.0}
    at = quantile
    return {"nodes": len(ordered), "median": at(ordered, 0.5), "p95": at(ordered, 0.95), "longest": ordered[-1]}


def _slowest(nodes: Iterable[Node], now: float) -> list[dict[str, Any]]:
    taken = sorted((-node.out_of_service(now), node.name) for node in nodes)
    return [{"name": name, "seconds": -seconds} for seconds, name in taken[: measures.MOST_SLOWEST] if seconds]


def _steps(nodes: Iterable[Node], now: float) -> list[dict[str, Any]]:
    taken: dict[str, list[float]] = {}
    for node in nodes:
        for span in node.spans:
            taken.setdefault(span.step, []).append(span.seconds(now))
    known = [step.key for step in STEPS]
    order = [*(key for key in known if key in taken), *sorted(set(taken) - set(known))]
    return [{"step": key, **_spread(sorted(taken[key]))} for key in order]


def _boots(nodes: Iterable[Node]) -> list[dict[str, Any]]:
    """The parts of the nodes' boots, in the order in which a machine takes them."""
    taken = {part: sorted(node.boot[part] for node in nodes if part in node.boot) for part in timings.BOOT_PARTS}
    return [{"part": part, **_spread(ordered)} for part, ordered in taken.items() if ordered]


def _held(nodes: Iterable[Node]) -> list[dict[str, Any]]:
    reasons: dict[tuple[str, str], list[str]] = {}
    for node in nodes:
        if node.why and node.outcome in (reducer.HELD, reducer.UNFINISHED, ""):
            why = re.sub(rf"(?<![\w.-]){re.escape(node.name)}(?![\w-])", "NODE", node.why)
            reasons.setdefault((node.failed_in, why), []).append(node.name)
    told = [{"step": step, "why": why, "nodes": names} for (step, why), names in reasons.items()]
    return sorted(told, key=lambda one: (-len(one["nodes"]), one["why"]))


def _findings(nodes: Iterable[Node]) -> list[dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for node in nodes:
        for one in node.findings:
            kept = {name: one[name] for name in ("key", "severity", "title", "remedy", "accepted")}
            found.setdefault(one["key"], {**kept, "nodes": []})["nodes"].append(node.name)
    return sorted(found.values(), key=lambda one: (_rank(one["severity"]), one["key"]))


def _rank(severity: str) -> int:
    return -SEVERITIES.index(severity) if severity in SEVERITIES else 1


def _node(node: Node, now: float) -> dict[str, Any]:
    begun = node.spans[0].begin if node.spans else now
    ended = max((_end(span, now) for span in node.spans), default=now)
    return {
        "name": node.name,
        "pool": node.pool,
        "outcome": node.outcome,
        "words": reducer.OUTCOMES.get(node.outcome, node.outcome),
        "verdict": node.verdict,
        "failed_in": node.failed_in,
        "why": node.why,
        "next": NEXT.get(node.outcome, ""),
        "out_of_service": node.out_of_service(now),
        "seconds": max(0.0, ended - begun),
        "findings": [one["key"] for one in node.findings],
        "before": measures.system(node.before),
        "after": measures.system(node.after),
        "boot": node.boot,
        "pods": [{"pod": name, **measures.pod(one)} for name, one in node.pods.items()],
        "timeline": [
            {"step": span.step, "begin": span.begin, "seconds": span.seconds(now), "open": span.end is None}
            for span in node.spans
        ],
    }


def _end(span: Span, now: float) -> float:
    return now if span.end is None else span.end


def moment(seconds: float) -> str:
    """Return a time as people read it, in UTC."""
    return datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc).strftime("%Y-%m-%d %H:%M:%S UTC")


def as_json(said: dict[str, Any]) -> str:
    return json.dumps(said) + "\n"


def as_markdown(said: dict[str, Any]) -> str:
    """Return the report for a ticket or a chat. Nodes that are done are counted, the others named."""
    out = said["out_of_service"]
    lines = [f"# {_title(said)}", "", _md(said["sentence"]), ""]
    lines += [f"- {_md(one)}" for one in said["missing"]] + [""] * bool(said["missing"])
    if out["nodes"]:
        each = ", ".join(f"{name} {duration(out[name])}" for name in ("median", "p95", "longest"))
        lines += [f"Out of service: {out['nodes']} nodes, {each}.", ""]
    far = said["cordoned"]["outliers"]
    if far:
        lines += [f"Far longer than the others: {_md(outliers(far))}.", ""]
    lines += _md_table("Halted pools", ("pool", "why"), [(one["pool"], one["why"]) for one in said["halts"]])
    open_nodes = [one for one in said["nodes"] if one["outcome"] not in (reducer.DONE, reducer.LEFT)]
    lines += _md_table(
        "Nodes that need somebody",
        ("node", "outcome", "in", "why", "next"),
        [(one["name"], one["words"], one["failed_in"], one["why"], one["next"]) for one in open_nodes],
    )
    lines += _md_table(
        "What held nodes up",
        ("nodes", "in", "why"),
        [(str(len(one["nodes"])), one["step"], one["why"]) for one in said["held"]],
    )
    lines += _md_table("Whose pods held drains up", BLOCKER, [blocker(one) for one in said["blockers"]])
    lines += _md_table(
        "Systems",
        ("nodes", "before", "after"),
        [(str(len(one["nodes"])), *systems(one)) for one in said["systems"]],
    )
    lines += _md_table(
        "Steps",
        ("step", "times", "median", "p95", "longest"),
        [
            (one["step"], str(one["nodes"]), *(duration(one[name]) for name in ("median", "p95", "longest")))
            for one in said["steps"]
        ],
    )
    lines += _md_table(BOOTS, BOOT, [boot_part(one) for one in said["boots"]])
    lines += _md_table(
        "Findings",
        ("key", "severity", "nodes", "title", "remedy"),
        [
            (one["key"], one["severity"], str(len(one["nodes"])), one["title"], one["remedy"])
            for one in said["findings"]
        ],
    )
    return "\n".join(lines)


BOOTS = "Boots into the release, in seconds"
BOOT = ("part", "nodes", "median", "p95", "longest")


def boot_part(one: dict[str, Any]) -> tuple[str, ...]:
    return (one["part"], str(one["nodes"]), *(f"{one[name]:.1f}" for name in BOOT[2:]))


BLOCKER = ("owner", "budget", "pods", "still there", "waited", "nodes", "why")
MOST_NAMED = 50


def blocker(one: dict[str, Any]) -> tuple[str, ...]:
    """Return the row of an owner whose pods held drains up, as BLOCKER heads it."""
    return (
        f"{one['namespace']}/{one['owner']}",
        ", ".join(one["budgets"]),
        str(one["pods"]),
        str(one["left"]),
        duration(one["seconds"]),
        some(one["nodes"], MOST_NAMED),
        one["reason"],
    )


def systems(one: dict[str, Any]) -> tuple[str, str]:
    """Return the systems before and after in words."""
    before, after = (f"{said['os']}, kernel {said['kernel']}" for said in (one["before"], one["after"]))
    return before, "the same" if before == after else after


def outliers(far: list[dict[str, Any]]) -> str:
    """Name the nodes that were out of service for far longer than the others."""
    return some([f"{one['name']} ({duration(one['seconds'])})" for one in far], MOST_NAMED)


def _title(said: dict[str, Any]) -> str:
    what = "Rehearsal" if said["rehearsal"] else "Rollout"
    return f"{what} of {moment(said['begin'])}" if said["runs"] else what


def _md(text: str) -> str:
    return _MARKUP.sub(r"\\\1", text)


def _md_table(title: str, head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> list[str]:
    if not rows:
        return []
    cells = [f"| {' | '.join(_md(cell) for cell in row)} |" for row in rows]
    return [f"## {title}", "", f"| {' | '.join(head)} |", "|" + "---|" * len(head), *cells, ""]


def as_junit(said: dict[str, Any]) -> str:
    """Return the report as a suite with a case for each node: those that need somebody fail, others are skipped."""
    suite = ElementTree.Element("testsuite", name=said["release"] or "rollout", tests=str(len(said["nodes"])))
    failures = skipped = 0
    for one in said["nodes"]:
        named = {"classname": one["pool"] or "nodes", "name": one["name"], "time": f"{one['seconds']:.3f}"}
        case = ElementTree.SubElement(suite, "testcase", named)
        if one["outcome"] in (reducer.LEFT, reducer.UNREACHED):
            ElementTree.SubElement(case, "skipped", message=one["words"])
            skipped += 1
        elif one["outcome"] != reducer.DONE:
            told = {"type": one["outcome"] or "unknown", "message": one["why"] or one["words"]}
            ElementTree.SubElement(case, "failure", told).text = one["next"]
            failures += 1
    suite.set("failures", str(failures))
    suite.set("skipped", str(skipped))
    suite.set("errors", "0")
    suite.set("time", f"{max(0.0, said['end'] - said['begin']):.3f}")
    return '<?xml version="1.0" encoding="utf-8"?>\n' + ElementTree.tostring(suite, encoding="unicode") + "\n"

# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The fleet as a table that a person reads. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from ansible_collections.osmigrate.fleet.plugins.module_utils._kube import step_note, times
from ansible_collections.osmigrate.fleet.plugins.module_utils._kube.node_view import EXCLUDE_LABELS
from ansible_collections.osmigrate.fleet.plugins.module_utils._steps import DONE, FAILED, ON_TRIAL, STEPS, WAIT
from ansible_collections.osmigrate.fleet.plugins.module_utils._text import printable, some
from ansible_collections.osmigrate.fleet.plugins.plugin_utils import _estimate as estimate, _timings
from ansible_collections.osmigrate.fleet.plugins.plugin_utils._progress import duration

POOL_COLUMNS = ("POOL", "NODES", "UNAVAILABLE", "FAILED", "HELD UP", "HALTED")
COLUMNS = ("NODE", "OS BEFORE", "OS NOW", "KERNEL", "READY", "CORDONED", "PHASE", "VERDICT")

WIDEST_CELL, LONGEST_LINE = 80, 1000
# Whoever patches each month counts what arrived since then.
MONTH_DAYS = 30
MOST_NAMED = 10
NO_RELEASE = "no release of ours"


def is_shown(node: Mapping[str, Any]) -> bool:
    """Whether a node is named. Who is not counts where all are counted; nobody is left out where nothing chooses."""
    return bool(node.get("shown", True))


def fleet_summary(nodes: Sequence[dict[str, Any]], now: float, choice: str = "", firmware_within: int = 0) -> list[str]:
    """Return what the fleet runs and how far it is, as lines of text.

    :param now: seconds since the epoch.
    :param choice: by what the nodes are chosen that are shown, in words; "" if all are.
    :param firmware_within: for how many seconds GRUB may not have booted what kexec started, 0 for no limit.
    """
    nodes = sorted(nodes, key=lambda node: node["name"])
    shown = [node for node in nodes if is_shown(node)]
    phases: dict[str, list[str]] = {}
    for node in shown:
        phase, since = (node["osmigrate"].get(key, "") for key in ("phase", "since"))
        phases.setdefault(phase, []).append(f"{node['name']} since {since}" if since else node["name"])
    shares = ((many, _share(many, len(nodes)), what) for what, many in releases(nodes))
    told = [f"{many} of {len(nodes)} nodes ({share}) run {what}." for many, share, what in shares]
    if nodes:
        old = late(nodes, now)
        patched = len(nodes) - len(old)
        others = f"; not {some(old, MOST_NAMED)}" if old and patched else ""
        told.append(f"{_share(patched, len(nodes))} arrived at theirs within {MONTH_DAYS} days{others}.")
    if choice:
        told.append(f"{len(shown) or 'None'} of {len(nodes)} nodes {_are(len(shown))} shown: {choice}.")
    for phase, words in ((ON_TRIAL, "On trial"), (FAILED, "Failed")):
        if phase in phases:
            told.append(f"{words}: {some(phases[phase], MOST_NAMED)}.")
    due = [node["name"] for node in shown if firmware_due(node)]
    if due:
        told.append(f"Started by kexec, and to be rebooted through the firmware some time: {some(due, MOST_NAMED)}.")
    overdue = [node["name"] for node in shown if firmware_overdue(node, now, firmware_within)]
    if overdue:
        days = firmware_within // 86400
        told.append(f"Overdue, because GRUB has not booted them for {days} days and more: {some(overdue, MOST_NAMED)}.")
    cut = [f"{node['name']} ({node['osmigrate']['not_whole']})" for node in shown if node["osmigrate"].get("not_whole")]
    if cut:
        told.append(f"Not whole, so no way back until the next release is staged: {some(cut, MOST_NAMED)}.")
    told += _at_work(nodes, now)
    return _lines([*told, *filter(None, [_timings.sentence(nodes)])])


def _at_work(nodes: Iterable[dict[str, Any]], now: float) -> Iterator[str]:
    """Say what nodes do now, step by step, and when those that are out of service are expected back."""
    back = _expected_back(nodes, now)
    doing: dict[str, list[str]] = {}
    left: dict[str, list[str]] = {}
    for node in nodes:
        step, since, why = does(node)
        if not step or not is_shown(node):
            continue
        said = f"{node['name']} since {duration(max(0, now - since))}" if since is not None else node["name"]
        if why:
            left.setdefault(step, []).append(f"{said} ({why})")
            continue
        soon = f", back in about {duration(back[node['name']])}" if node["name"] in back else ""
        doing.setdefault(step, []).append(said + soon)
    yield from (f"{step.key}: {some(doing[step.key], MOST_NAMED)}." for step in STEPS if step.key in doing)
    yield from (f"Stale, {step.key}: {some(left[step.key], MOST_NAMED)}." for step in STEPS if step.key in left)
    if left:
        yield (
            "No run is at work where a step is stale. Run the same command again, which goes on from there; the"
            " playbook recover gives back who is out of service."
        )


def does(node: Mapping[str, Any]) -> tuple[str, int | None, str]:
    """Return what a node does, since when, and why nobody is at that step, "" if somebody may be.

    A node that waits for a run which is at work no more waits for nothing, and nothing was done to it: that is no step.

    :param node: as k8s_node_info describes it; without its lease nobody can know.
    """
    step, since = step_note.read(node["osmigrate"])
    why = _left_by(node.get("lease")) if step else ""
    return ("", None, "") if step == WAIT and why else (step, since, why)


def _left_by(lease: Mapping[str, Any] | None) -> str:
    if lease is None:
        return ""
    if not lease["holder"]:
        return "no run holds its lease"
    return f"its run has not renewed the lease, which ended {lease['until']}" if lease["lapsed"] else ""


def _expected_back(nodes: Iterable[dict[str, Any]], now: float) -> dict[str, float]:
    """Return in how many seconds nodes that runs have out of service are expected to serve, by the one estimate."""
    works: list[estimate.Work] = []
    known: list[float] = []
    for node in nodes:
        last = _timings.whole(node["osmigrate"])
        known += [last] * (last > 0)
        since = times.parse(node["osmigrate"].get("cordoned_at", ""))
        if since is not None and since <= now:
            works.append(estimate.Work(node["name"], last=last, away=now - since))
    if not known:
        return {}
    needs = estimate.seconds(works, {}, known, 0.5)
    return {one.name: needs[one.name] - (one.away or 0.0) for one in works}


def releases(nodes: Iterable[dict[str, Any]]) -> list[tuple[str, int]]:
    """Return what nodes have arrived at, with how many, the most frequent first."""
    runs = Counter(node["osmigrate"]["release"] if _has_arrived(node) else NO_RELEASE for node in nodes)
    return sorted(runs.items(), key=lambda one: (-one[1], one[0]))


def late(nodes: Iterable[dict[str, Any]], now: float) -> list[str]:
    """Return the names of those that did not arrive anywhere within a month."""

    def is_late(node: dict[str, Any]) -> bool:
        arrived = times.parse(node["osmigrate"].get("since", "")) if _has_arrived(node) else None
        return arrived is None or now - arrived > MONTH_DAYS * 86400

    return [node["name"] for node in nodes if is_late(node)]


def firmware_due(node: Mapping[str, Any]) -> bool:
    """Whether a node still runs the boot by kexec that was confirmed; GRUB has yet to boot what is its default."""
    noted = node["osmigrate"].get("kexec_boot", "")
    return bool(noted) and noted == node.get("boot_id")


def firmware_overdue(node: Mapping[str, Any], now: float, within: int) -> bool:
    """Whether that is so for longer than it may be. Since when, its record has; it arrived then, or later.

    :param within: seconds, 0 for no limit.
    """
    since = times.parse(node["osmigrate"].get("since", "")) if firmware_due(node) else None
    return since is not None and 0 < within < now - since


def _has_arrived(node: dict[str, Any]) -> bool:
    return node["osmigrate"].get("phase") == DONE and bool(node["osmigrate"].get("release"))


def _are(many: int) -> str:
    return "is" if many < 2 else "are"


def _share(many: int, of: int) -> str:
    # Rounded down: all of them is all of them.
    return f"{100 * many // of} %"


def row(node: dict[str, Any]) -> tuple[str, ...]:
    """Return the cells of one node, as k8s_node_info describes it."""
    ours = node["osmigrate"]
    if not node["schedulable"]:
        cordoned = "now, by us" if ours.get("cordoned_by") else "now, not by us"
    else:
        cordoned = f"{ours['cordoned_seconds']} s" if ours.get("cordoned_seconds") else "-"
    return (
        node["name"],
        ours.get("previous_os") or "-",
        node["os_image"],
        node["kernel_version"],
        "yes" if node["ready"] else "NO",
        cordoned,
        ours.get("phase") or "-",
        ours.get("verdict") or "-",
    )


def node_table(nodes: list[dict[str, Any]]) -> list[str]:
    """Return the table as lines of text, followed by the reasons of what failed, and by who is left
    out of the inventory."""
    nodes = [node for node in nodes if is_shown(node)]
    rows = [COLUMNS, *(row(node) for node in sorted(nodes, key=lambda node: node["name"]))]
    reasons = [_reason(node["name"], node["osmigrate"]) for node in nodes if node["osmigrate"].get("reason")]
    return _aligned(rows) + _lines([*reasons, *(_exclusion(node) for node in nodes if node["excluded_by"])])


def _exclusion(node: dict[str, Any]) -> str:
    said = f"{node['name']} is left out of the inventory by its label {node['excluded_by']}"
    return said if node["excluded_by"] == EXCLUDE_LABELS[0] else f"{said}, which its own kubelet may have set"


def _reason(name: str, ours: dict[str, str]) -> str:
    attempts = ours.get("attempts") or "1"
    return f"{name}: {ours['reason']}" + (f" ({attempts} attempts failed)" if attempts != "1" else "")


def pool_table(pools: list[dict[str, Any]]) -> list[str]:
    """Return the pools as lines of text, followed by who takes up their budgets, what holds
    nodes up, what approvers are asked, and why pools are halted."""
    rows = [
        (
            pool["name"],
            str(pool["nodes"]),
            str(len(pool["unavailable"])),
            str(len(pool["failures"])),
            str(len(pool["held"])),
            pool["halt"].get("since", "-"),
        )
        for pool in pools
    ]
    reasons = [f"{one['node']} {one['why']}" for pool in pools for one in pool["unavailable"]]
    held = [
        f"{node} was held up in rollout {one['rollout']} since {one['since']}: {one['why']}"
        for pool in pools
        for node, one in sorted(pool["held"].items())
    ]
    asked = [
        f"{node} may go in rollout {one['rollout']} when {one['of']} answer {one['id']}, until {one['until']}"
        for pool in pools
        for node, one in sorted(pool["questions"].items())
    ]
    halts = [f"{pool['name']} is halted: {pool['halt']['reason']}" for pool in pools if pool["halt"]]
    return _aligned([POOL_COLUMNS, *rows]) + _lines([*reasons, *held, *asked, *halts])


def _lines(sentences: list[str]) -> list[str]:
    return [printable(one, LONGEST_LINE) for one in sentences]


def _aligned(rows: list[tuple[str, ...]]) -> list[str]:
    # Kubelets write most of it, and a terminal shows it.
    rows = [tuple(printable(cell, WIDEST_CELL) for cell in row) for row in rows]
    widths = [max(len(cell) for cell in cells) for cells in zip(*rows)]
    return ["  ".join(cell.ljust(width) for cell, width in zip(cells, widths)).rstrip() for cells in rows]

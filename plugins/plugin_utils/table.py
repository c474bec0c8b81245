# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The fleet as a table that a person reads. Pure."""

from __future__ import annotations

from typing import Any

COLUMNS = ("NODE", "OS BEFORE", "OS NOW", "KERNEL", "READY", "CORDONED", "PHASE", "VERDICT")


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
    """Return the table as lines of text, followed by the reasons of what failed."""
    rows = [COLUMNS, *(row(node) for node in sorted(nodes, key=lambda node: node["name"]))]
    widths = [max(len(cells[column]) for cells in rows) for column in range(len(COLUMNS))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(cells, widths)).rstrip() for cells in rows]
    reasons = [f"{node['name']}: {node['osmigrate']['reason']}" for node in nodes if node["osmigrate"].get("reason")]
    return lines + reasons

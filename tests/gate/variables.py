# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes the tables of docs/variables.md from the registry of variables, each below the heading of its section.

Usage: variables.py [--check]
"""

from __future__ import annotations

import re
import sys
from functools import partial
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs/variables.md"
REGISTRY = ROOT / "plugins/plugin_utils/variables.yml"
HEADER = "| variable | default | type | meaning | playbooks |\n|---|---|---|---|---|\n"
# What of a type people have to know.
TYPES = {
    "text": "text",
    "texts": "list of texts",
    "keys": "list",
    "bool": "boolean",
    "int": "number",
    "duration": "duration",
    "limit": "number or percentage",
    "pattern": "pattern of hosts",
    "batches": "number, percentage or list of these",
    "strategy": "strategy",
    "percentage": "0 to 100",
    "windows": "list of dictionaries",
    "blackouts": "list",
    "dicts": "list of dictionaries",
    "dict": "dictionary",
    "waves": "dictionary",
    "kubeconfig": "path",
    "hooks": "list of hooks",
}
MOVES = ["migrate", "upgrade", "rollback", "drill"]


def row(variable: dict) -> str:
    default = variable.get("default")
    literal = default is None or default in ("unset", "the target", "set for hooks", "set by the run")
    shown = default or "required" if literal else f"`{default}`"
    kind = TYPES.get(variable["type"]) or ", ".join(f"`{one}`" for one in variable["choices"])
    if variable["type"] == "choices":
        kind = f"list of {kind}"
    if "most" in variable:
        kind += f", {variable['least']} to {variable['most']}"
    elif "least" in variable:
        kind += f", at least {variable['least']}"
    where = " Only with `-e`." if variable.get("scope") == "run" else ""
    return (
        f"| `{variable['name']}` | {shown} | {kind} | {variable['meaning']}{where} | {readers(variable['read_by'])} |\n"
    )


def readers(playbooks: list[str]) -> str:
    """Return the playbooks, those that move nodes in one word where it is all of them."""
    if all(one in playbooks for one in MOVES):
        playbooks = ["all that move nodes", *(one for one in playbooks if one not in MOVES)]
    return ", ".join(playbooks)


def _with(table: str, match: re.Match[str]) -> str:
    return match.group(1) + table


def written(page: str, variables: list[dict]) -> str:
    """Return the page with its tables as the registry has them."""
    for section in dict.fromkeys(one["section"] for one in variables):
        table = HEADER + "".join(row(one) for one in variables if one["section"] == section)
        pattern = rf"(?ms)(^##+ {re.escape(section)}\n(?:(?!^#).)*?)^\| variable \|.*?\n(?=\n|\Z)"
        page, found = re.subn(pattern, partial(_with, table), page, count=1)
        if not found:
            sys.exit(f"docs/variables.md has no section '{section}' with a table of variables")
    return page


def main(check: bool) -> int:
    page = PAGE.read_text()
    right = written(page, yaml.safe_load(REGISTRY.read_text()))
    if page == right:
        return 0
    if check:
        print("docs/variables.md differs from plugins/plugin_utils/variables.yml; run tests/gate/variables.py")
        return 1
    PAGE.write_text(right)
    return 0


if __name__ == "__main__":
    sys.exit(main("--check" in sys.argv[1:]))

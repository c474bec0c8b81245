# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Draws the workflow of awx/objects.yml into docs/awx.md.

Usage: workflow.py [--check]
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs/awx.md"
BEGIN, END = "<!-- workflow -->\n", "<!-- /workflow -->"
ARROWS = {"success_nodes": "-->", "failure_nodes": "-. fails .->", "always_nodes": "-- in any case -->"}


class Loader(yaml.SafeLoader):
    """Reads what is Ansible's in the file as texts."""


def _text(loader: Loader, node: yaml.ScalarNode) -> str:
    return str(loader.construct_scalar(node))


Loader.add_constructor("!unsafe", _text)


def drawn(workflow: dict[str, Any]) -> str:
    """Return the workflow as a picture of Mermaid: people approve at the rhombs."""
    lines = ["```mermaid", "flowchart TD"]
    for node in workflow["simplified_workflow_nodes"]:
        name = node["identifier"]
        approval = node.get("approval_node")
        told = approval["name"] if approval else node["unified_job_template"]
        shape = ("{", "}") if approval else ("[", "]")
        if told != f"osmigrate_{name}" and not approval:
            told = f"{name}: {told}"
        lines.append(f'    {name}{shape[0]}"{told}"{shape[1]}')
    for node in workflow["simplified_workflow_nodes"]:
        for edge, arrow in ARROWS.items():
            lines += [f"    {node['identifier']} {arrow} {target}" for target in node.get(edge, ())]
    return "\n".join([*lines, "```\n"])


def main(check: bool) -> int:
    (workflow,) = yaml.load((ROOT / "awx/objects.yml").read_text(), Loader)["controller_workflows"]
    page = PAGE.read_text()
    before, _begin, rest = page.partition(BEGIN)
    right = before + BEGIN + drawn(workflow) + END + rest.partition(END)[2]
    if right == page:
        return 0
    if check:
        print("docs/awx.md does not show the workflow of awx/objects.yml: run make references")
        return 1
    PAGE.write_text(right)
    return 0


if __name__ == "__main__":
    sys.exit(main("--check" in sys.argv[1:]))

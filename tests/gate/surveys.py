# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes the forms of AWX's job templates, awx/surveys.yml, from the registry of variables and awx/questions.yml.

Usage: surveys.py [--check]
"""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "awx/surveys.yml"
QUESTIONS = ROOT / "awx/questions.yml"
REGISTRY = ROOT / "plugins/plugin_utils/variables.yml"
HEADER = """\
---
# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# Written by tests/gate/surveys.py (make references), not by hand.
"""
TEXTS = ("text", "texts", "duration", "limit", "pattern", "batches")
CHOICES = {"bool": ["true", "false"], "strategy": ["linear", "host_pinned"]}
HINTS = {
    "duration": "Seconds, or a length such as 90s, 10m or 4h.",
    "limit": "A number, or a percentage such as 10%.",
    "batches": "Numbers, or percentages such as 10%.",
}
# What stands for a default in the registry and is none that could be written into a form.
NO_DEFAULT = (None, "unset", "the target")
LINK = re.compile(r"\[([^\]]*)\]\([^)]*\)")

Question = dict[str, Any]


class Dumper(yaml.SafeDumper):
    """Indents lists as yamllint has it, and writes what is there twice twice: people read it, and AWX's tools."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        super().increase_indent(flow, False)

    def ignore_aliases(self, data: object) -> bool:
        return True


def left_blank(variable: dict[str, Any]) -> str:
    """Return what is taken if nobody answers, "" where the form has that as its default, or there is none."""
    default = variable.get("default")
    if default in NO_DEFAULT or variable.get("scope") == "run":
        return ""
    return f"Left blank, it is {default}, or what the project's group_vars say."


def question(variable: dict[str, Any], playbook: str) -> Question:
    """Return the question for one variable, as AWX's survey_spec has it."""
    name, kind = variable["name"], variable["type"]
    said = LINK.sub(r"\1", variable["meaning"]).replace("`", "")
    made: Question = {
        "question_name": name.removeprefix("osmigrate_").replace("_", " ").capitalize(),
        "question_description": " ".join(filter(None, [said, HINTS.get(kind), left_blank(variable)])),
        "variable": name,
        "required": playbook in variable.get("required", []),
        "type": "text",
    }
    # AWX gives defaults to jobs as if somebody had chosen them, and so they win over group_vars. So only that has one
    # which cannot stand there.
    default = variable.get("default") if variable.get("scope") == "run" else None
    default = None if default in NO_DEFAULT else default
    if kind in CHOICES or kind == "choice":
        made.update(type="multiplechoice", choices=variable.get("choices") or CHOICES[kind])
    elif kind in ("int", "percentage"):
        bounds = (0, 100) if kind == "percentage" else (variable.get("least"), variable.get("most"))
        made.update(type="integer", min=bounds[0], max=bounds[1])
        default = None if default is None else int(default)
    elif kind not in TEXTS:
        sys.exit(f"{name} is a {kind}, which no form can ask for: take it out of awx/questions.yml")
    made["default"] = default
    return {key: value for key, value in made.items() if value is not None}


def sets(playbook: str) -> set[str]:
    """Return the variables that a playbook sets itself for the one it imports."""
    plays = yaml.safe_load((ROOT / f"playbooks/{playbook}.yml").read_text())
    return {name for play in plays for name in play.get("vars", {})}


def of_the_project() -> set[str]:
    """Return the playbooks that AWX runs."""
    return {path.stem for path in (ROOT / "awx/project").glob("*.yml")}


def forms() -> dict[str, list[Question]]:
    """Return the questions by the name of the playbook or the workflow; what asks nothing is left out."""
    variables = {one["name"]: one for one in yaml.safe_load(REGISTRY.read_text())}
    asked = yaml.safe_load(QUESTIONS.read_text())
    chosen = [variables[name] for name in asked["variables"]]
    made: dict[str, list[Question]] = dict(asked["project"])
    for playbook in sorted({reader for one in chosen for reader in one["read_by"]} & of_the_project()):
        here = [one for one in chosen if playbook in one["read_by"] and one["name"] not in sets(playbook)]
        made[playbook] = [question(one, playbook) for one in here]
    narrowing = {name for name, one in variables.items() if one.get("narrows")}
    for workflow, playbooks in asked["workflows"].items():
        all_of_it = {one["variable"]: one for playbook in playbooks for one in made[playbook]}
        made[workflow] = [one for name, one in all_of_it.items() if name not in narrowing]
    return dict(sorted(made.items()))


def written() -> str:
    surveys = {
        name: {"name": f"osmigrate_{name}", "description": "", "spec": questions} for name, questions in forms().items()
    }
    return HEADER + yaml.dump({"fleet_surveys": surveys}, Dumper=Dumper, sort_keys=False, width=100)


def main(check: bool) -> int:
    right = written()
    if PAGE.is_file() and PAGE.read_text() == right:
        return 0
    if check:
        print("awx/surveys.yml is not what the registry of variables says: run make references")
        return 1
    PAGE.write_text(right)
    return 0


if __name__ == "__main__":
    sys.exit(main("--check" in sys.argv[1:]))

# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes the tables of variables in the READMEs of roles, from their argument_specs and defaults.

Usage: references.py [--check]      --check only says which README is not what it would write
"""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[2]
HEADING = "## Variables"
# A default that is an expression of several lines explains nothing in a table.
LONGEST = 90
# M(x), V(x), O(x) and the like of Ansible's documentation.
MARKUP = re.compile(r"\b[A-Z]+\(([^)#]*)(#[^)]*)?\)")


def cell(text: str) -> str:
    return " ".join(text.split()).replace("|", r"\|")


def meaning(option: dict[str, Any]) -> str:
    said = option.get("description", "")
    text = " ".join(said if isinstance(said, list) else [said])
    values = ", ".join(f"`{choice}`" for choice in option.get("choices", []))
    return cell(MARKUP.sub(r"`\1`", text)) + (f" One of {values}." if values else "")


def default(name: str, option: dict[str, Any], defaults: dict[str, Any]) -> str:
    if option.get("required"):
        return "required"
    if name not in defaults:
        return "none"
    value = defaults[name]
    text = str(value).lower() if isinstance(value, bool) else "''" if value == "" else str(value)
    return f"`{cell(text)}`" if len(text) <= LONGEST else "computed, see `defaults/main.yml`"


def tables(role: Path) -> str:
    """Return the part of the role's README that is made, "" for a role without variables."""
    specs = yaml.safe_load((role / "meta/argument_specs.yml").read_text())["argument_specs"]
    path = role / "defaults/main.yml"
    defaults = (yaml.safe_load(path.read_text()) or {}) if path.exists() else {}
    parts = []
    for entry, spec in specs.items():
        options = spec.get("options") or {}
        if not options:
            continue
        title = f"{HEADING} of `{entry}`" if len(specs) > 1 else HEADING
        rows = [
            f"| `{name}` | {option.get('type', 'str')} | {default(name, option, defaults)} | {meaning(option)} |"
            for name, option in options.items()
        ]
        parts.append("\n".join([title, "", "| variable | type | default | meaning |", "|---|---|---|---|", *rows, ""]))
    return "\n".join(parts)


def rendered(role: Path) -> str:
    before, heading, rest = (role / "README.md").read_text().partition(HEADING)
    after = re.search(rf"(?m)^## (?!{HEADING[3:]})", rest) if heading else None
    return before.rstrip() + "\n\n" + tables(role) + ("\n" + rest[after.start() :] if after else "")


def main(check: bool) -> int:
    wrong = 0
    for role in sorted(path.parent for path in ROOT.glob("roles/*/README.md")):
        text, readme = rendered(role).rstrip() + "\n", role / "README.md"
        if readme.read_text() == text:
            continue
        wrong += 1
        if check:
            print(f"{readme.relative_to(ROOT)} is not what argument_specs and defaults say: run make references")
        else:
            readme.write_text(text)
            print(f"wrote {readme.relative_to(ROOT)}")
    return int(check and wrong > 0)


if __name__ == "__main__":
    sys.exit(main("--check" in sys.argv[1:]))

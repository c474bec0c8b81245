# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The registry of all variables that users set, variables.yml, and which of them somebody may have meant.

This plugin util is PRIVATE to the collection.
"""

from __future__ import annotations

import difflib
import functools
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

import yaml

PREFIX = "osmigrate_"
# What the playbooks keep in variables of this prefix themselves; a later playbook of the same run sees it. The last one
# is from the inventory.
MADE = (
    "osmigrate_input",
    "osmigrate_manifest",
    "osmigrate_nodes",
    "osmigrate_pool_info",
    "osmigrate_halted",
    "osmigrate_resumed",
    "osmigrate_access",
    "osmigrate_inventory_server",
)

_REGISTRY = Path(__file__).with_name("variables.yml")
# How much alike two names have to be for one to be a misspelling of the other, from 0 to 1.
_ALIKE = 0.8


class Variable(NamedTuple):
    """One variable, as variables.yml describes it."""

    name: str
    section: str
    type: str
    meaning: str
    read_by: tuple[str, ...]
    default: str | None = None
    required: tuple[str, ...] = ()
    scope: str = "any"
    least: int | None = None
    most: int | None = None
    choices: tuple[str, ...] = ()
    narrows: bool = False
    secret: bool = False


@functools.lru_cache(maxsize=None)
def registry() -> dict[str, Variable]:
    """Return all variables by name, in the order of the registry."""
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    entries = yaml.load(_REGISTRY.read_text(encoding="utf-8"), Loader=loader)  # noqa: S506, a safe one
    return {entry["name"]: _variable(entry) for entry in entries}


def _variable(entry: dict[str, Any]) -> Variable:
    fields: dict[str, Any] = {key: tuple(value) if isinstance(value, list) else value for key, value in entry.items()}
    return Variable(**fields)


def meant(name: str, known: Iterable[str]) -> str | None:
    """Return the known name that is most like this one, None if none is like it."""
    close = difflib.get_close_matches(name.lower().replace("-", "_"), list(known), 1, _ALIKE)
    return close[0] if close else None

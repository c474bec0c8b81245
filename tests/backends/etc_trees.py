# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Three trees each, as /etc is from one release to the next, for whoever merges them."""

from __future__ import annotations

import os
import random
from pathlib import Path

from ansible_collections.osmigrate.fleet.plugins.module_utils._files import etc_merge

# The outcome of compare(): what the running release brought, what is here, what the release brings.
CASES = {
    "taken": ({"a": "1"}, {"a": "1"}, {"a": "2"}),
    "taken, made by the release": ({}, {}, {"a": "2"}),
    "taken, removed by the release": ({"a": "1"}, {"a": "1"}, {}),
    "taken, a directory becomes a link": ({"a": {"b": "1"}}, {"a": {"b": "1"}}, {"a": "@c", "c": {"b": "1"}}),
    "kept": ({"a": "1"}, {"a": "x"}, {"a": "1"}),
    "kept, made here": ({}, {"a": {"b": "x"}}, {}),
    "kept, a link instead of a file": ({"a": "1"}, {"a": "@/dev/null"}, {"a": "1"}),
    "kept, a directory instead of a file": ({"a": "1"}, {"a": {"b": "x"}}, {"a": "1"}),
    "removed": ({"a": "1"}, {}, {"a": "1"}),
    "removed, a directory": ({"a": {"b": "1"}}, {}, {"a": {"b": "1"}}),
    "conflict": ({"a": "1"}, {"a": "x"}, {"a": "2"}),
    "conflict, removed by the release": ({"a": {"b": "1"}}, {"a": {"b": "x"}}, {}),
    "conflict, removed here": ({"a": "1"}, {}, {"a": "2"}),
    "conflict, made by both": ({}, {"a": "x"}, {"a": "2"}),
    "conflict, a removed directory": ({"a": {"b": "1"}}, {}, {"a": {"b": "1", "c": "2"}}),
    "carried": ({"passwd": "1"}, {"passwd": "x"}, {"passwd": "2"}),
    "lost": ({"a": {"b": "1"}}, {"a": {"b": "1", "mode": 0o700}}, {"a": {"b": "1"}}),
    "refused, a file where a directory comes": ({"a": "1"}, {"a": "x"}, {"a": {"b": "2"}}),
    "refused, a link where a directory is": ({"a": {"b": "1"}}, {"a": "@c"}, {"a": {"b": "1"}}),
    "refused, a directory where a file comes": ({"a": {"b": "1"}}, {"a": {"b": "x"}}, {"a": "2"}),
    "refused, a directory on both sides now": ({"a": "1"}, {"a": {"b": "x"}}, {"a": {"c": "2"}}),
    "refused, made here where a file comes": ({}, {"a": {"b": "x"}}, {"a": "2"}),
    "refused, removed where a directory comes": ({"a": "1"}, {}, {"a": {"b": "2"}}),
    "refused, a FIFO": ({}, {"a": None}, {}),
    "": ({"a": "1"}, {"a": "2"}, {"a": "2"}),
}


def write(root: Path, tree: dict) -> None:
    """Make a tree: str is a file's content, a leading @ a link's target, a dict a directory, None a FIFO."""
    root.mkdir(parents=True, exist_ok=True)
    for name, what in tree.items():
        path = root / name
        if isinstance(what, dict):
            write(path, {key: value for key, value in what.items() if key != "mode"})
            path.chmod(what.get("mode", 0o755))
        elif what is None:
            os.mkfifo(path)
        elif what.startswith("@"):
            path.symlink_to(what[1:])
        else:
            path.write_text(what)


def grow(chance: random.Random, depth: int = 2) -> dict:
    """Return a small random tree."""
    tree = {}
    for name in "abc":
        what = chance.choice(["", "1", "2", "@c", "1", *["directory"] * (2 * (depth > 0))])
        if what:
            tree[name] = grow(chance, depth - 1) if what == "directory" else what
    return tree


def change(chance: random.Random, tree: dict) -> dict:
    """Return the tree with about a third of its names changed."""
    fresh = grow(chance)
    changed = {}
    for name in "abc":
        what = tree.get(name) if chance.random() < 0.65 else fresh.get(name)
        if isinstance(what, dict) and chance.random() < 0.5:
            what = change(chance, what)
        if what is not None:
            changed[name] = what
    return changed


def trees_of(seed: int) -> tuple[dict, dict, dict]:
    """Return three small trees, of which the last two are the first with about a third changed."""
    chance = random.Random(seed)
    old = grow(chance)
    return old, change(chance, old), change(chance, old)


def hold(told, merged, trees):
    """Fail where something else was done than was told."""
    old, here, new = trees
    refused = [one for one in told if one.outcome == "refused"]
    if merged is None:
        assert refused
        return
    stays = {one.path: one.outcome for one in told}
    for path in set(here) | set(new) | set(merged):
        outcome = next((stays[name] for name in [path, *etc_merge._above(path)[::-1]] if name in stays), "")
        if outcome == "refused" or outcome == "lost" and path not in stays:
            continue
        expected = here.get(path) if outcome in ("kept", "removed", "conflict", "carried") else new.get(path)
        if not outcome and path not in new:
            # A directory that was made here, or has something that stays.
            stays_below = [
                name for name in stays if name.startswith(f"{path}/") and stays[name] in ("kept", "conflict")
            ]
            made = here[path].kind == "directory" and (path not in old or stays_below)
            expected = here[path] if made else None
        assert merged.get(path) == expected, (path, outcome)

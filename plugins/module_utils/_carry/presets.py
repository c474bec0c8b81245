# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a distribution enables by its presets: rpm's packages leave no other trace of it.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

import fnmatch
import os
import re
import typing

from ansible_collections.osmigrate.fleet.plugins.module_utils import _lines
from ansible_collections.osmigrate.fleet.plugins.module_utils._files.tree import Tree

PRESETS = {"system": "system-preset", "user": "user-preset"}
KINDS = {"WantedBy": "wants", "RequiredBy": "requires"}
PLACES = ("/etc/systemd", "/run/systemd", "/usr/lib/systemd")


def enabled(tree: Tree, owned: typing.Container[str]) -> typing.Set[str]:
    """Return the links that presets make, as set of paths below /etc/systemd.

    :param tree: Tree.
    :param owned: container of str, what packages brought; what they did not, nobody has asked presets about.
    """
    links: set = set()
    for scope, directory in PRESETS.items():
        rules = parse([tree.text(path) for path in _files(tree, directory)])
        vendor = "/usr/lib/systemd/" + scope
        brought = [unit for unit in tree.names(vendor) if f"{vendor}/{unit}" in owned] if rules else []
        units = [unit for unit in brought if _is_unit(tree, vendor, unit) and wanted(rules, unit)]
        for unit in units:
            text = tree.text(os.path.join(vendor, unit))
            links.update(f"/etc/systemd/{scope}/{name}" for name in installs(text, unit))
            # What is enabled together with another unit has no rule of its own, or one that comes too late.
            units += [name for name in also(text) if name not in units and _is_unit(tree, vendor, name)]
    return links


def _is_unit(tree: Tree, vendor: str, name: str) -> bool:
    return tree.exists(os.path.join(vendor, name)) and not tree.is_link(os.path.join(vendor, name))


def also(text: str) -> typing.List[str]:
    """Return the units that are enabled whenever this one is."""
    return [
        name for names in re.findall(r"(?m)^Also\s*=\s*(.+)$", _lines.unit_text(text)) for name in _lines.words(names)
    ]


def _files(tree: Tree, directory: str) -> typing.List[str]:
    """Name the files in the order in which they are read; of two with one name the first place counts."""
    found = {}
    for place in reversed(PLACES):
        for path in tree.glob(f"{place}/{directory}/*.preset"):
            found[os.path.basename(path)] = path
    return [found[name] for name in sorted(found)]


def parse(texts: typing.List[str]) -> typing.List[typing.Tuple[bool, str]]:
    """Return the rules as list of (bool, pattern)."""
    lines = [_lines.words(line) for text in texts for line in _lines.effective(text, "#;")]
    return [(words[0] == "enable", words[1]) for words in lines if len(words) > 1 and words[0] in ("enable", "disable")]


def wanted(rules: typing.List[typing.Tuple[bool, str]], unit: str) -> bool:
    """Say whether presets enable a unit: the first rule that matches decides, and none means yes."""
    for enable, pattern in rules:
        if fnmatch.fnmatchcase(unit, pattern):
            return enable
    return True


def installs(text: str, unit: str) -> typing.List[str]:
    """Return the links that [Install] of a unit asks for, relative to its scope.

    A template is enabled as the instance that it names, as getty@tty1.service is.
    """
    links = []
    said = _lines.unit_text(text)
    instance = re.search(r"(?m)^DefaultInstance\s*=\s*(\S+)", said)
    name = unit.replace("@.", f"@{instance.group(1)}.") if instance else unit
    for key, values in re.findall(r"(?m)^(WantedBy|RequiredBy|Alias)\s*=\s*(.+)$", said):
        for value in _lines.words(values):
            links.append(value if key == "Alias" else f"{value}.{KINDS[key]}/{name}")
    return links

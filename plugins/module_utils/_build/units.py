# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Units of a recipe, enabled, disabled and masked in a tree. What would do nothing is a mistake.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

import re
import typing

from ansible_collections.osmigrate.fleet.plugins.module_utils._build import recipe, schema
from ansible_collections.osmigrate.fleet.plugins.module_utils._build.recipe import Document
from ansible_collections.osmigrate.fleet.plugins.module_utils._build.tools import Log
from ansible_collections.osmigrate.fleet.plugins.module_utils._constants import UNIT_PLACES
from ansible_collections.osmigrate.fleet.plugins.module_utils._files.tree import Tree

# What a boot makes of fstab, partitions and devices has no file before.
_MADE = (".mount", ".automount", ".swap", ".device", ".slice", ".scope")
_INSTALLS = re.compile(r"^\s*\[Install\]\s*$", re.MULTILINE)


def make(document: Document, tree: str, time: int, log: Log) -> None:
    """Enable, disable and mask units with the tree's own systemctl.

    :raises FleetError: it fails, or there is nothing for it to do; the line of the recipe is named.
    """
    wanted = document.get("units", {})
    for verb in schema.VERBS:
        for unit in wanted.get(verb, []):
            doing = f"{wanted[recipe.AT][f'{verb} {unit}']}: systemctl {verb} {unit}"
            problem = _idle(Tree(tree), verb, unit)
            if problem:
                raise log.failed(f"{doing} would do nothing: {problem}", "Correct or remove it there")
            log.inside(tree, ["systemctl", verb, unit], doing, time)
    if "default" in wanted:
        log.inside(tree, ["systemctl", "set-default", wanted["default"]], "systemctl set-default", time)


def _idle(root: Tree, verb: str, unit: str) -> str:
    """Say why systemctl would succeed and do nothing, "" if it would not."""
    files = _files(root, unit)
    if verb == schema.MASK:
        service = unit.rpartition(".service")[0]
        is_known = files or unit.endswith(_MADE) or (service and root.exists(f"/etc/init.d/{service}"))
        return "" if is_known else "there is no such unit"
    # What systemctl itself refuses is left to it.
    if not files or root.target(root.resolve(files[0], last=False)) == "/dev/null":
        return ""
    if any(_INSTALLS.search(root.text(name)) for name in files):
        return ""
    return "the unit has no [Install]" + ("; to keep it from being started, mask it" if verb == schema.DISABLE else "")


def _files(root: Tree, unit: str) -> typing.List[str]:
    """Return the file of a unit, or of the template that it is made of, and what is dropped in for it; none if there is
    no file."""
    name, at, rest = unit.partition("@")
    for one in [unit] + ([f"{name}@.{rest.rpartition('.')[2]}"] if at else []):
        for place in UNIT_PLACES:
            if root.lstat(f"{place}/{one}") is not None:
                return [f"{place}/{one}"] + [
                    name for place in UNIT_PLACES for name in root.glob(f"{place}/{one}.d/*.conf")
                ]
    return []

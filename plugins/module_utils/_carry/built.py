# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Modules of kernels: which a system has, and which were built on the node and would be missed. Only reads.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

import os
import typing

from ansible_collections.osmigrate.fleet.plugins.module_utils._carry.model import Situation
from ansible_collections.osmigrate.fleet.plugins.module_utils._files.tree import Tree

MODULES, LOADED = "/usr/lib/modules", "/sys/module/"
RUNNING = "/proc/sys/kernel/osrelease"
# Below a kernel's directory: what DKMS, weak-modules and people put beside its own.
BUILT = ("updates", "extra", "weak-updates")


def plain(name: str) -> str:
    """Return the name of a module as the kernel has it, of a file's name as well."""
    return name.partition(".ko")[0].replace("-", "_")


def listed(tree: Tree) -> typing.Set[str]:
    """Return the modules that any kernel of a system has, built in or not."""
    found: typing.Set[str] = set()
    for release in tree.names(MODULES):
        for name in ("modules.dep", "modules.builtin"):
            lines = tree.text(f"{MODULES}/{release}/{name}").split("\n")
            found.update(plain(os.path.basename(line.partition(":")[0])) for line in lines if line)
    return found


def missed(situation: Situation) -> typing.List[str]:
    """Return in sentences which modules run that were built on the node, and the release does not have."""
    incumbent, there = situation.incumbent, listed(situation.candidate)
    release = incumbent.text(RUNNING).strip()
    found = set()
    for place in [f"{MODULES}/{release}/{name}" for name in BUILT] if release and there else []:
        for path, _status in incumbent.walk(incumbent.resolve(place)):
            name = plain(os.path.basename(path))
            if ".ko" in path and name not in there and incumbent.exists(LOADED + name):
                found.add(f"{path}: the release has no kernel module {name}, which runs now")
    return sorted(found)

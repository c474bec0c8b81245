# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an administrator made on a node: every file, wherever packages are not alone.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

import stat
import typing

from ansible_collections.osmigrate.fleet.plugins.module_utils._carry import rules, strays, trust
from ansible_collections.osmigrate.fleet.plugins.module_utils._carry.model import is_default, is_ours
from ansible_collections.osmigrate.fleet.plugins.module_utils._carry.packages import Packages
from ansible_collections.osmigrate.fleet.plugins.module_utils._files.tree import Tree

# Beside /etc: wholly an administrator's, but for packages that put something there.
OWN = ("/usr/local", "/opt", "/srv", "/root")
FILES_MAX = 20000


def files(tree: Tree, packages: Packages) -> typing.List[str]:
    """Return the paths of the files and links that an administrator made, sorted.

    What programs make for themselves, and what is empty, is left out; strays below directories of the system are
    in it, too. Of the directories of OWN, only so many as FILES_MAX.

    :param tree: Tree.
    :param packages: Packages of it.
    """
    silent = trust.made_anew(tree)
    for pattern, reason in rules.STAYS:
        if reason.startswith(rules.SILENT):
            silent.update(tree.glob(pattern))
    found = []
    for path, status in tree.walk("/etc"):
        if stat.S_ISDIR(status.st_mode) or path in silent or is_ours(path):
            continue
        if packages.verdict(path) and (tree.is_link(path) or not is_default(tree, path)):
            found.append(path)
    own = []
    for directory in OWN:
        for path, status in tree.walk(directory):
            if not stat.S_ISDIR(status.st_mode) and packages.verdict(path):
                own.append(path)
            if len(own) >= FILES_MAX:
                break
    for path in strays.find(tree, packages):
        found += [name for name, status in tree.walk(path.rstrip("/")) if not stat.S_ISDIR(status.st_mode)]
    return sorted(set(found + own))

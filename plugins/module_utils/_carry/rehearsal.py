# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A candidate whose /etc is a copy that has all of a plan, so that its programs can be asked before it is applied.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

import contextlib
import os
import shutil
import tempfile
import typing

from ansible_collections.osmigrate.fleet.plugins.module_utils._carry.model import Situation
from ansible_collections.osmigrate.fleet.plugins.module_utils._command import run
from ansible_collections.osmigrate.fleet.plugins.module_utils._files import apply
from ansible_collections.osmigrate.fleet.plugins.module_utils._files.item import Item
from ansible_collections.osmigrate.fleet.plugins.module_utils._files.tree import Tree
from ansible_collections.osmigrate.fleet.plugins.module_utils._storage import is_below

# In memory, because /etc has secrets that nobody would wipe from a disk.
MEMORY = "/run"
ETC = "/etc"


@contextlib.contextmanager
def of(situation: Situation, items: typing.List[Item]) -> typing.Iterator[Situation]:
    """Apply to a copy of the candidate's /etc what a plan has for it; the copy is gone afterwards.

    Access control lists and files that are too large to be held are left out: memory has no room for them, and no
    program asks for them.

    :param items: Items of the plan, directories first.
    :returns: what the situation will be, but for the candidate's /var.
    :raises FleetError: the copy cannot be made.
    """
    directory = tempfile.mkdtemp(prefix="osmigrate-", dir=MEMORY)
    try:
        copy = os.path.join(directory, "etc")
        run(["cp", "-a", "--no-preserve=xattr", situation.candidate.place(ETC), copy])
        candidate = Tree(situation.candidate.root, elsewhere={ETC: copy})
        seen = Situation(situation.incumbent, candidate, situation.root, situation.mount_points, situation.network)
        planned = [item._replace(attributes=()) for item in items if is_below(item.target, ETC) and not item.origin]
        apply.perform(apply.compare(planned, seen, situation.root.var), copy)
        yield seen
    finally:
        shutil.rmtree(directory, ignore_errors=True)

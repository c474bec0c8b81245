# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lock of a recipe, made, or found to be right.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

import os
import re
import shutil
import time
import typing

from ansible_collections.osmigrate.fleet.plugins.module_utils._build import (
    apt,
    base,
    lock as lock_file,
    recipe as recipe_file,
    schema,
    stages,
)
from ansible_collections.osmigrate.fleet.plugins.module_utils._build.recipe import Recipe
from ansible_collections.osmigrate.fleet.plugins.module_utils._build.tools import Log
from ansible_collections.osmigrate.fleet.plugins.module_utils._errors import FleetError

# What apt says of a package that it does not have.
_UNKNOWN = re.compile(
    r"Unable to locate package (\S+)|Package '?(\S+?)'? has no installation candidate|"
    r"[Cc]ouldn't find any package by [a-z]+ '([^']+)'"
)
# The first one that no file of ours can say.
_YEAR_10000 = 253402300800


class Locked(typing.NamedTuple):
    """The lock that holds now, the one before where there was one, and whether it is new."""

    lock: lock_file.Lock
    before: typing.Optional[lock_file.Lock]
    is_new: bool


def ensure(recipe: Recipe, directory: str, update: bool, frozen: bool, epoch: int, log: Log, check: bool) -> Locked:
    """See that a lock holds what a recipe asks for; else make it anew.

    :param directory: of the lock, beside the recipe.
    :param update: make it anew in any case: newer packages.
    :param frozen: never make it anew.
    :param epoch: time for all that builds write, in seconds of the epoch; 0 for now.
    :param check: only say what would be done.
    :raises FleetError: it cannot be made, or it may not be and does not fit.
    """
    if update and frozen:
        raise FleetError("To take newer packages and to take exactly the lock exclude each other", todo="Leave one out")
    if not 0 <= epoch < _YEAR_10000:
        raise FleetError(f"The epoch is {epoch}, which is no time", todo="Give seconds since 1970, or 0 for now")
    before = lock_file.read(directory)
    asked = stages.asked(recipe.document)
    if before is not None and before.asked == asked and not update:
        lock_file.verify(directory, before)
        return Locked(before, before, False)
    if frozen:
        problem = f"Recipe {recipe.path} has no lock in {directory}"
        if before is not None:
            problem = f"Recipe {recipe.path} asks for other packages, or for another base, than lock {directory} has"
        raise FleetError(problem, todo="Build once without locked, and let the new lock be reviewed")
    if check:
        return Locked(before or lock_file.Lock(asked, epoch, "", []), before, True)
    log.stage = "lock"
    part = directory.rstrip("/") + ".part"
    shutil.rmtree(part, ignore_errors=True)
    os.makedirs(part)
    try:
        packages = _with_place(recipe, part, log)
        made = lock_file.Lock(asked, epoch or int(time.time()), stages.base_digest(recipe.document), packages)
        with open(os.path.join(part, lock_file.LIST), "w", encoding="utf-8") as stream:
            stream.write(lock_file.text(made))
        lock_file.replace(directory, part)
    finally:
        shutil.rmtree(part, ignore_errors=True)
    return Locked(made, before, True)


def changes(found: Locked) -> typing.List[str]:
    """Say in short sentences which packages a new lock has, and no longer has."""
    old = {one.name: one.version for one in found.before.packages} if found.before else {}
    new = {one.name: one.version for one in found.lock.packages}
    said = [f"add {name} {new[name]}" for name in sorted(set(new) - set(old))]
    said += [f"remove {name} {old[name]}" for name in sorted(set(old) - set(new))]
    both = sorted(name for name in set(old) & set(new) if old[name] != new[name])
    return said + [f"change {name} from {old[name]} to {new[name]}" for name in both]


def _with_place(recipe: Recipe, part: str, log: Log) -> typing.List[lock_file.Package]:
    """As _resolve; what apt says of a package that is not there gets the line of the recipe."""
    try:
        return _resolve(recipe, part, log)
    except FleetError as error:
        name = _UNKNOWN.search(error.problem)
        if not name:
            raise
        found = next(one for one in name.groups() if one)
        at = recipe_file.where(recipe, found)
        at = at + ": " if at else ""
        raise log.failed(f"{at}package {found} is in none of packages.sources", "Correct the recipe")


def _resolve(recipe: Recipe, part: str, log: Log) -> typing.List[lock_file.Package]:
    document = recipe.document
    packages = document.get("packages", {})
    if schema.MMDEBSTRAP in document["base"]:
        return apt.resolve(document, part, "", log)
    if not packages.get("base") and not packages.get("install"):
        return []
    if schema.COMMAND in document["base"]:
        raise log.failed("what is installed onto base.command is not known before", "Let that command install it")
    # What the base has already is asked of its own database.
    tree = part + ".base"
    try:
        base.unpack(document, tree, 0, log)
        return apt.resolve(document, part, os.path.join(tree, base.STATUS), log)
    finally:
        shutil.rmtree(tree, ignore_errors=True)

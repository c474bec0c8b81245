# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A tree, built stage by stage. What took long is kept by the digest of all that it depends on, and taken again.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

import contextlib
import errno
import fcntl
import os
import shutil
import time
import typing

from ansible_collections.osmigrate.fleet.plugins.module_utils._build import (
    base,
    dress,
    kernel,
    lock,
    schema,
    stages,
    tidy,
    units,
)
from ansible_collections.osmigrate.fleet.plugins.module_utils._build.recipe import Document
from ansible_collections.osmigrate.fleet.plugins.module_utils._build.tools import LEFT, Log
from ansible_collections.osmigrate.fleet.plugins.module_utils._errors import FleetError
from ansible_collections.osmigrate.fleet.plugins.module_utils._storage import need_directory, room

# After these the tree is kept: the others take seconds.
KEPT = (schema.BASE, schema.PACKAGES, schema.KERNEL, schema.TIDY)
_KEPT_SECONDS = 30 * 24 * 3600
LOG = "build.log"
# Where a tree is built of which nothing was there before.
PROOF = "proof"
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EROFS)


class Built(typing.NamedTuple):
    """What a call has done. path: of the tree. made: names of the stages that ran; the others were there already."""

    path: str
    made: typing.List[str]


@contextlib.contextmanager
def alone(work: str) -> typing.Iterator[Log]:
    """Keep other builds out of a directory, and yield its log."""
    need_directory(work)
    with open(os.path.join(work, "lock"), "w", encoding="utf-8") as stream:
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise FleetError(
                f"Another build works in {work}", todo="Wait for it, or give this one another work directory"
            )
        # Modes of what is made here are the same for everybody.
        before = os.umask(0o022)
        log = Log(os.path.join(work, LOG))
        try:
            yield log
        except OSError as error:
            if error.errno not in _FULL:
                raise
            what = f"{error.filename or 'what it makes'} cannot be written: {error.strerror}"
            raise log.failed(what, f"Make room where it is, and in {work}")
        finally:
            os.umask(before)


@contextlib.contextmanager
def place(work: str, anew: bool) -> typing.Iterator[str]:
    """Yield where stages are built: in a work directory, or, anew, in an empty one below it, which is not kept.

    What is taken from a build before says nothing about whether another build would give the same.
    """
    if not anew:
        yield work
        return
    path = os.path.join(work, PROOF)
    _clear(path)
    os.mkdir(path)
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


def build(document: Document, locked: lock.Lock, directory: str, work: str, last: str, log: Log) -> Built:
    """Build a tree up to a stage.

    :param directory: that of the lock.
    :param work: with room for some trees, on one file system.
    :param last: name of the stage; the tree after it is kept.
    :raises FleetError: names the stage, what is wrong, and the line of the recipe where there is one.
    """
    wanted, done = _left(document, locked, work, last)
    last = wanted[-1].name
    keep = {*KEPT, last}
    if _does_nothing(document, locked):
        keep -= {schema.PACKAGES}
    if done:
        os.utime(_place(work, wanted[done - 1]))
    part, made = os.path.join(work, "tree.part"), []
    _clear(part)
    _see_room(work, locked, wanted, done)
    for number, stage in enumerate(wanted[done:], done):
        if not os.path.lexists(part) and number:
            before = _place(work, wanted[number - 1])
            log.stage = stage.name
            log.run(["cp", "--archive", "--reflink=auto", before, part], "copying the stage before", locked.time)
        log.stage = stage.name
        _make(stage.name, document, part, locked, directory, log)
        if not os.path.isdir(part):
            raise log.failed("the tree is no longer there", "See the scripts of this stage")
        made.append(stage.name)
        if stage.name in keep:
            os.rename(part, _place(work, stage))
    _forget_old(work)
    return Built(_place(work, wanted[-1]), made)


def planned(document: Document, locked: lock.Lock, directory: str, work: str, last: str, log: Log) -> Built:
    """Say what build would do."""
    wanted, done = _left(document, locked, work, last)
    return Built(_place(work, wanted[-1]), [one.name for one in wanted[done:]])


def _left(document: Document, locked: lock.Lock, work: str, last: str) -> typing.Tuple[typing.List[stages.Stage], int]:
    """Return all stages up to the last one, and how many of them are done."""
    wanted = stages.of(document, locked)
    if last == schema.PACKAGES and _does_nothing(document, locked):
        last = schema.BASE
    wanted = wanted[: [one.name for one in wanted].index(last) + 1]
    done = max((number for number, one in enumerate(wanted, 1) if os.path.isdir(_place(work, one))), default=0)
    return wanted, done


def _does_nothing(document: Document, locked: lock.Lock) -> bool:
    """Whether the stage of packages changes nothing, so that another copy of the tree would be the same."""
    scripts = [one for when in ("before", "after") for one in stages.scripts_at(document, when, schema.PACKAGES)]
    return not scripts and not any(one.stage == schema.PACKAGES for one in locked.packages)


def _make(name: str, document: Document, tree: str, locked: lock.Lock, directory: str, log: Log) -> None:
    if name != schema.BASE:
        _scripts("before", name, document, tree, locked.time, log)
    if name == schema.BASE:
        base.make(document, tree, locked, directory, log)
    elif name == schema.PACKAGES:
        dress.packages(document, tree, locked, directory, log)
    elif name == schema.USERS:
        dress.accounts(document, tree, log)
    elif name == schema.FILES:
        dress.files(document, tree, log)
    elif name == schema.UNITS:
        units.make(document, tree, locked.time, log)
    elif name == schema.KERNEL:
        kernel.make(document, tree, locked.time, log)
    else:
        tidy.make(document, tree, locked.time, log)
    _scripts("after", name, document, tree, locked.time, log)
    if name == schema.TIDY and stages.scripts_at(document, "after", name):
        tidy.finish(document, tree, log)


def _scripts(when: str, stage: str, document: Document, tree: str, at: int, log: Log) -> None:
    for one in stages.scripts_at(document, when, stage):
        dress.script(one, tree, at, log)


def _place(work: str, stage: stages.Stage) -> str:
    return os.path.join(work, f"{stage.name}-{stage.digest[:16]}")


def _clear(path: str) -> None:
    if os.path.lexists(path):
        shutil.rmtree(path)


def _see_room(work: str, locked: lock.Lock, wanted: typing.Sequence[stages.Stage], done: int) -> None:
    """Refuse to begin what cannot end. A package says how much it takes; other bases are not asked."""
    copies = len([one for one in wanted[done:] if one.name in KEPT]) + 1
    need = copies * sum(one.installed for one in locked.packages) << 10
    free = room(work).free_bytes
    if done < len(wanted) and free < need:
        raise FleetError(
            f"Stage {wanted[done].name} and those after it need {need >> 20} MB, and {work} has {free >> 20} MB free",
            LEFT,
            "Make room, or give a work directory with more",
        )


def _forget_old(work: str) -> None:
    """Remove what no build has used for long."""
    for name in os.listdir(work):
        path = os.path.join(work, name)
        is_stage = name.rpartition("-")[0] in schema.STAGES
        if name == PROOF or (is_stage and os.stat(path).st_mtime < time.time() - _KEPT_SECONDS):
            shutil.rmtree(path, ignore_errors=True)

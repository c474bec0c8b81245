# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The /etc of a candidate: a layer on PERSIST over that of its release. It begins empty where packages run, and where a
slot does, with what differs there from its own release.

A layer is never copied: what the kernel notes in one is of the release below it alone.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

import contextlib
import os
import typing

from ansible_collections.osmigrate.fleet.plugins.module_utils import _storage
from ansible_collections.osmigrate.fleet.plugins.module_utils._backends.slots import persist
from ansible_collections.osmigrate.fleet.plugins.module_utils._command import run
from ansible_collections.osmigrate.fleet.plugins.module_utils._errors import FleetError
from ansible_collections.osmigrate.fleet.plugins.module_utils._files import etc_merge

RUNNING = "/"  # the root of the slot that runs
_HERE = "/run/osmigrate/etc"  # its /etc, without what else is mounted in it
_NEW = "/run/osmigrate/etc.new"
_MADE_OF = "merged"  # beside the layer: what was merged into it (etc_merge.mark), and after which trials
_TODO = f"Look at {persist.MOUNT}, then run the same command again"

Trees = typing.List[typing.Dict[str, etc_merge.Entry]]


def merge(release: str) -> typing.List[etc_merge.Record]:
    """Say what becomes of the /etc of the slot that runs on a release.

    :param release: where its image is seen.
    """
    with _running_etc() as here:
        return etc_merge.compare(*_trees(here, release), keeps_modes=True)


def is_made_of(entry: str, merged: bool, policy: str, traces: str) -> bool:
    """Say whether the layer of an entry is what prepare would make now."""
    now = traces
    if merged:
        with _running_etc() as here:
            default = etc_merge.scan(_at(RUNNING, persist.PRISTINE))
            now = etc_merge.mark(default, etc_merge.scan(here), policy) + traces
    return _storage.read_text(os.path.join(persist.layer(entry), _MADE_OF)) == now


def prepare(entry: str, release: str, merged: bool, policy: str, traces: str, anew: bool) -> None:
    """Make the layer of an entry's /etc, unless it is there: whole or not at all, whatever cuts this off.

    :param release: where its image is seen.
    :param merged: whether a slot runs, whose /etc goes on.
    :param policy: for what both changed, one of etc_merge.POLICIES.
    :param traces: what trials left in it (record.traces).
    :param anew: whether one that is there is made anew, where it would be another one now.
    :raises FleetError: it cannot be written, or the merge is refused.
    """
    mine = persist.upper(entry)
    is_there = os.path.isdir(mine.path) and os.path.isdir(mine.work)
    if is_there and not (anew and not is_made_of(entry, merged, policy, traces)):
        return
    final, new = persist.layer(entry), persist.layer(entry) + ".new"
    fresh = persist.Upper(*[part.replace(final, new, 1) for part in mine])
    _free(_NEW)
    run(["rm", "-rf", "--", new, final], left=persist.LEFT, todo=_TODO)
    try:
        os.makedirs(fresh.work, 0o700)
        os.mkdir(fresh.path, 0o755)
        mark = (_merge(fresh, release, policy) if merged else "") + traces
        _storage.write_atomic(os.path.join(new, _MADE_OF), mark.encode("ascii"), 0o644)
        run(["sync", "--file-system", new], left=persist.LEFT, todo=_TODO)
        os.rename(new, final)
        _storage.sync_directory(os.path.dirname(final))
    except OSError as error:
        raise FleetError(f"{error.filename or new} cannot be written: {error.strerror}", persist.LEFT, _TODO)


def _merge(upper: persist.Upper, release: str, policy: str) -> str:
    over = ["-t", "overlay", "-o", upper.options(release), "overlay"]
    with _running_etc() as here, _mounted(_NEW, over) as new:
        trees = _trees(here, release)
        records = etc_merge.compare(*trees, keeps_modes=True)
        etc_merge.examine(records, policy, persist.LEFT)
        etc_merge.write((here, new), (trees[0], trees[1]), records, policy, persist.LEFT)
    return etc_merge.mark(trees[0], trees[1], policy)


def _trees(here: str, release: str) -> Trees:
    pristine = [_at(root, persist.PRISTINE) for root in (RUNNING, release)]
    return [etc_merge.scan(root) for root in (pristine[0], here, pristine[1])]


def _at(root: str, path: str) -> str:
    return os.path.join(root, path.lstrip("/"))


@contextlib.contextmanager
def _mounted(place: str, words: typing.List[str]) -> typing.Iterator[str]:
    """Let something be seen for a while."""
    _free(place)
    _storage.make_directory(place)
    run(["mount", *words, place], left=persist.LEFT, todo=_TODO)
    try:
        yield place
    finally:
        _free(place)


def _running_etc() -> typing.ContextManager[str]:
    """Let the /etc of the slot that runs be seen for a while, without what else is mounted in it."""
    return _mounted(_HERE, ["--bind", _at(RUNNING, "/etc")])


def _free(place: str) -> None:
    """Unmount what is there, also what a run that was killed has left."""
    for mount in _storage.mounts():
        if mount.target == place:
            run(["umount", place], left=persist.LEFT, todo=_TODO)

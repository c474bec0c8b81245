# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The image of a slot, and whether it holds what a release does: a review is of the release alone.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

import gzip
import hashlib
import os
import shutil
import tempfile
import typing
import zlib

from ansible_collections.osmigrate.fleet.plugins.module_utils._command import run
from ansible_collections.osmigrate.fleet.plugins.module_utils._errors import FleetError
from ansible_collections.osmigrate.fleet.plugins.module_utils._review import entries
from ansible_collections.osmigrate.fleet.plugins.module_utils._review.entries import Entry
from ansible_collections.osmigrate.fleet.plugins.module_utils._review.release import Release
from ansible_collections.osmigrate.fleet.plugins.module_utils._review.view import View
from ansible_collections.osmigrate.fleet.plugins.module_utils._text import some, visible

# The kind of payload.
KIND = "slots"
_GZIP = b"\x1f\x8b"
_PIECE = 1 << 20
_MOST_NAMES = 5
_ETC, _DEFAULTS = "/etc", "/usr/etc"
# What a file system has of its own.
_LOST = "/lost+found"


def digest_of_same(path: str, release: Release, work: str) -> str:
    """See that the image of a slot holds what a release does, and return the SHA-256 of the image, unpacked, in hex.

    :param path: of the image, as nodes fetch it or unpacked.
    :param work: existing directory with room for the image.
    :raises FleetError: it holds something else, or cannot be read.
    """
    name = f"Image {path}"
    if os.geteuid():
        raise FleetError(
            f"{name} has to be mounted to be read, which takes root",
            todo="Run the same command as root, or leave the image out: then no policy lets it be signed",
        )
    place = tempfile.mkdtemp(prefix="osmigrate-review-", dir=os.path.abspath(work))
    raw, root = os.path.join(place, "image"), os.path.join(place, "root")
    try:
        os.mkdir(root)
        found = _unpack(path, raw, name)
        todo = "See that it is the image of a file system, which this machine can mount"
        run(["mount", "--read-only", "-o", "loop,nosuid,nodev,noexec", raw, root], todo=todo)
        try:
            differing = _differing(release, View(root))
        finally:
            run(["umount", root])
    finally:
        shutil.rmtree(place, ignore_errors=True)
    if differing:
        raise FleetError(
            f"{name} does not hold what {release.kind} {release.id[:12]} does: {some(differing, _MOST_NAMES)}",
            todo="Make the image of the tree that was committed",
        )
    return found


def _unpack(path: str, goal: str, name: str) -> str:
    """Write an image without its zeros, and return its digest."""
    sha = hashlib.sha256()
    try:
        with open(path, "rb") as source, open(goal, "wb") as raw:
            packed = source.read(len(_GZIP)) == _GZIP
            source.seek(0)
            plain: typing.Any = gzip.GzipFile(fileobj=source) if packed else source
            for piece in iter(lambda: plain.read(_PIECE), b""):
                sha.update(piece)
                if any(piece):
                    raw.write(piece)
                else:
                    raw.seek(len(piece), os.SEEK_CUR)
            raw.truncate()
    except (OSError, EOFError, zlib.error) as error:
        raise FleetError(f"{name} cannot be read whole: {error}", todo="Give the path of an image of this release")
    return sha.hexdigest()


def _differing(release: Release, view: View) -> typing.List[str]:
    """Return what is not the same, as names that can be shown, sorted."""
    have = {view.moved(name): entry for name, entry in entries.read(view).items()}
    want = {release.view.moved(name): name for name in release.entries}
    if have.get(_LOST) and _LOST not in want and have[_LOST].kind == entries.DIRECTORY:
        del have[_LOST]
    found = _copies(have) if _DEFAULTS in want and _ETC not in want else set()
    for name in set(have) | set(want):
        sides = [_bare(have.get(name)), _bare(release.entry(want[name]) if name in want else None)]
        # One that is missing is made where something is mounted, as the report has it of two releases.
        if sides[0] != sides[1] and not (None in sides and entries.PLAIN_DIRECTORY in sides):
            found.add(name)
    return [visible(name) for name in sorted(found)]


def _copies(have: typing.Dict[str, Entry]) -> typing.Set[str]:
    """Take the copy of the defaults out that a slot has as its /etc, and return what of it is another."""
    copy = {name[len(_ETC) :]: have.pop(name) for name in list(have) if (name + "/").startswith(_ETC + "/")}
    wanted = {name[len(_DEFAULTS) :]: one for name, one in have.items() if (name + "/").startswith(_DEFAULTS + "/")}
    if set(copy) <= {""}:
        return set()
    return {_ETC + name for name in set(copy) | set(wanted) if _bare(copy.get(name)) != _bare(wanted.get(name))}


def _bare(entry: typing.Optional[Entry]) -> typing.Optional[Entry]:
    return entry._replace(object="", twin="") if entry else None

# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Bring the candidate to what the plan says: its /etc, mount points, and its var. Nothing else.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

import array
import contextlib
import errno
import fcntl
import hashlib
import os
import stat
import tempfile
import typing

from ansible_collections.osmigrate.fleet.plugins.module_utils import _storage
from ansible_collections.osmigrate.fleet.plugins.module_utils._errors import FleetError
from ansible_collections.osmigrate.fleet.plugins.module_utils._files import attributes
from ansible_collections.osmigrate.fleet.plugins.module_utils._files.item import (
    ABSENT,
    DIRECTORY,
    FILE,
    HELD_MAX,
    LINK,
    Item,
)
from ansible_collections.osmigrate.fleet.plugins.module_utils._files.tree import NO_NAME, PIECE, as_path
from ansible_collections.osmigrate.fleet.plugins.module_utils._storage import sync_file_system

FS_IOC_GETFLAGS = 0x80086601
FS_IOC_SETFLAGS = 0x40086602
FS_IMMUTABLE_FL = 0x10
HOLE = 1 << 16
LEFT = "The candidate is not complete and not armed; the node serves on as it did"


# One thing that is not yet as it shall be.
class Change(typing.NamedTuple):
    item: typing.Any
    path: str
    action: str


def compare(items: typing.Iterable[Item], situation: typing.Any, var: str) -> typing.List[Change]:
    """Return the Changes that are left to do.

    :param items: list of Item, directories first.
    :param situation: Situation.
    :param var: str, the directory that is the candidate's /var.
    """
    changes = []
    for planned in items:
        path = _path(planned.target, situation, var)
        action = _difference(planned, path)
        if action:
            changes.append(Change(planned, path, action))
    return changes


def _path(target: str, situation: typing.Any, var: str) -> str:
    if target.startswith("/var/"):
        return var + as_path(target[len("/var") :])
    path = situation.candidate.place(target)
    if os.path.basename(path) == NO_NAME:
        raise FleetError(f"The links of {target} lead nowhere on the candidate", todo="Take another release")
    return path


def _difference(planned: Item, path: str) -> str:
    """Return what has to be done, in two or three words; "" if it is as it shall be."""
    try:
        status = os.lstat(path)
    except OSError:
        return {ABSENT: "", DIRECTORY: "make directory", FILE: "create", LINK: "create link"}[planned.kind]
    is_directory = stat.S_ISDIR(status.st_mode)
    if planned.kind == ABSENT:
        return "remove"
    if planned.kind == DIRECTORY:
        if is_directory:
            return ""
        raise FleetError(
            f"{planned.target} is a directory on the incumbent and a file on the candidate",
            todo="Move it away on the incumbent, or exclude the node",
        )
    if is_directory:
        raise FleetError(
            f"{planned.target} is a file on the incumbent and a directory on the candidate",
            todo="Move it away on the incumbent, or exclude the node",
        )
    if planned.kind == LINK:
        same = stat.S_ISLNK(status.st_mode) and os.fsencode(os.readlink(path)) == planned.content
        return "" if same else "replace by a link"
    if not stat.S_ISREG(status.st_mode) or not _holds(path, status.st_size, planned):
        return "replace"
    owner = (stat.S_IMODE(status.st_mode), status.st_uid, status.st_gid)
    if owner != (planned.mode, planned.uid, planned.gid):
        return "set owner and mode of"
    return "" if attributes.read(path) == planned.attributes else "set attributes of"


def digest(planned: Item) -> str:
    """Return the SHA-256 of the content of an Item, in hex."""
    return _storage.digest(planned.origin) if planned.origin else hashlib.sha256(planned.content).hexdigest()


def _holds(path: str, size: int, planned: Item) -> bool:
    """Say whether a file has the content of an Item."""
    if planned.origin:
        return size == os.stat(planned.origin).st_size and _storage.digest(path) == _storage.digest(planned.origin)
    return size == len(planned.content) and _content(path) == planned.content


def _content(path: str) -> bytes:
    with open(path, "rb") as content:
        return content.read()


def perform(changes: typing.List[Change], root: str) -> None:
    """Do them, and bring them to the disk.

    :raises FleetError: a write failed.
    """
    if not changes:
        return
    try:
        for change in changes:
            _perform(change, root)
    except OSError as error:
        raise FleetError(
            f"{change.path} cannot be written: {error.strerror}", LEFT, "Run the same command again after that"
        )
    sync_file_system(root, LEFT)


def _perform(change: Change, root: str) -> None:
    planned, path = change.item, change.path
    if os.path.dirname(path) == root.rstrip("/"):
        with _unsealed(root):
            _make(planned, path)
    else:
        _make(planned, path)


def _make(planned: Item, path: str) -> None:
    if planned.kind == ABSENT:
        (os.rmdir if os.path.isdir(path) and not os.path.islink(path) else os.unlink)(path)
    elif planned.kind == DIRECTORY:
        os.mkdir(path)
        os.chown(path, planned.uid, planned.gid)
        os.chmod(path, planned.mode)
        attributes.write(path, planned.attributes)
    elif planned.kind == LINK:
        temporary = path + ".osmigrate"
        if os.path.lexists(temporary):
            os.unlink(temporary)
        os.symlink(planned.content, os.fsencode(temporary))
        os.lchown(temporary, planned.uid, planned.gid)
        os.rename(temporary, path)
    else:
        _write(planned, path)


def _write(planned: Item, path: str) -> None:
    """Replace the file whole; the one sync at the end is enough, because nothing boots the candidate before it."""
    descriptor, temporary = tempfile.mkstemp(prefix=".osmigrate-", dir=os.path.dirname(path))
    try:
        with os.fdopen(descriptor, "wb") as content:
            if planned.origin:
                _copy_pieces(planned.origin, content)
            else:
                _write_pieces(planned.content, content)
        os.chown(temporary, planned.uid, planned.gid)
        # In this order: giving a file away takes its set-id bits and capabilities.
        os.chmod(temporary, planned.mode)
        attributes.write(temporary, planned.attributes)
        os.rename(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise


def _copy_pieces(path: str, copy: typing.BinaryIO) -> None:
    """Copy a file that may be too large to be held, and leave holes where it has some."""
    with open(path, "rb") as origin:
        end, place = os.fstat(origin.fileno()).st_size, 0
        while place < end:
            try:
                place = os.lseek(origin.fileno(), place, os.SEEK_DATA)
            except OSError as error:
                if error.errno != errno.ENXIO:
                    raise
                break  # a hole up to the end
            until = os.lseek(origin.fileno(), place, os.SEEK_HOLE)
            origin.seek(place)
            copy.seek(place)
            while place < until:
                piece = origin.read(min(PIECE, until - place))
                if not piece:
                    break
                copy.write(piece)
                place += len(piece)
            place = max(place, until)
        copy.truncate(end)


def _write_pieces(held: bytes, copy: typing.BinaryIO) -> None:
    """Write what is held, and leave a hole where it has nothing but zeros."""
    for place in range(0, len(held), HOLE):
        piece = held[place : place + HOLE]
        if any(piece):
            copy.seek(place)
            copy.write(piece)
    copy.truncate(len(held))


@contextlib.contextmanager
def _unsealed(directory: str) -> typing.Iterator[None]:
    """Take the immutable flag, by which a backend may seal a root, off for a moment."""
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        flags = array.array("l", [0])
        try:
            fcntl.ioctl(descriptor, FS_IOC_GETFLAGS, flags, True)
        except OSError:
            pass  # a file system without such flags
        sealed = flags[0] & FS_IMMUTABLE_FL
        if sealed:
            fcntl.ioctl(descriptor, FS_IOC_SETFLAGS, array.array("l", [flags[0] & ~FS_IMMUTABLE_FL]))
        try:
            yield
        finally:
            if sealed:
                fcntl.ioctl(descriptor, FS_IOC_SETFLAGS, flags)
    finally:
        os.close(descriptor)


def actions(changes: typing.Iterable[Change]) -> typing.List[str]:
    """Return the changes as short sentences."""
    return [f"{change.action} {change.item.target}" for change in changes]


def differences(changes: typing.Iterable[Change]) -> typing.List[typing.Dict[str, str]]:
    """Return the changes as Ansible's diff; of what may be secret, or is no text, it shows only that it differs."""
    shown = []
    for change in changes:
        planned = change.item
        before, after = _now(change.path, planned.shown), _planned(planned)
        if before == after:  # another content of the same size, which is not shown
            after += "with another content\n"
        shown.append(
            {"before_header": planned.target, "after_header": planned.target, "before": before, "after": after}
        )
    return shown


def _planned(planned: Item) -> str:
    if planned.kind == ABSENT:
        return ""
    if planned.kind == DIRECTORY:
        return "directory\n"
    if planned.kind == LINK:
        return f"link to {_readable(planned.content)}\n"
    if planned.origin:
        return _size(os.stat(planned.origin).st_size, planned.mode, planned.uid, planned.gid)
    return _file(planned.content, planned.shown, planned.mode, planned.uid, planned.gid)


def _now(path: str, shown: bool) -> str:
    if os.path.islink(path):
        return f"link to {_readable(os.fsencode(os.readlink(path)))}\n"
    if not os.path.isfile(path):
        return ""
    status = os.lstat(path)
    if status.st_size > HELD_MAX:
        return _size(status.st_size, status.st_mode, status.st_uid, status.st_gid)
    return _file(
        _content(path), shown and bool(status.st_mode & stat.S_IROTH), status.st_mode, status.st_uid, status.st_gid
    )


def _readable(name: bytes) -> str:
    return name.decode("utf-8", "backslashreplace")


def _file(content: bytes, shown: bool, mode: int, uid: int, gid: int) -> str:
    text = _text(content) if shown else None
    if text is not None:
        return text
    return _size(len(content), mode, uid, gid)


def _size(size: int, mode: int, uid: int, gid: int) -> str:
    return f"a file of {size} bytes, mode {stat.S_IMODE(mode):04o}, owner {uid}:{gid}\n"


def _text(content: bytes) -> typing.Optional[str]:
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        return None

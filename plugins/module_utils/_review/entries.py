# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every file of a root: what it is, who owns it, what it holds.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

import hashlib
import os
import stat
import typing

from ansible_collections.osmigrate.fleet.plugins.module_utils._files.attributes import CAPABILITY, WITHOUT
from ansible_collections.osmigrate.fleet.plugins.module_utils._files.tree import as_name
from ansible_collections.osmigrate.fleet.plugins.module_utils._review.view import View

FILE, DIRECTORY, LINK, DEVICES = "file", "directory", "link", ("character device", "block device")
KINDS = {
    stat.S_IFREG: FILE,
    stat.S_IFDIR: DIRECTORY,
    stat.S_IFLNK: LINK,
    stat.S_IFCHR: DEVICES[0],
    stat.S_IFBLK: DEVICES[1],
    stat.S_IFIFO: "pipe",
    stat.S_IFSOCK: "socket",
}
# A label is what the policy of the node that runs it says.
LABEL = "security.selinux"
_PIECE = 1 << 20


class Entry(typing.NamedTuple):
    """One name in a root.

    kind: of KINDS. size: bytes of a file. content: SHA-256 of a file in hex, target of a link, numbers of a device.
    attributes: extended ones but for labels, as (name, hex), sorted. object: in a commit, the checksum of all that.
    twin: the first of the names that are hard links to the same file, "" where it has no other.
    """

    kind: str
    mode: int
    uid: int
    gid: int
    size: int
    content: str
    attributes: typing.Tuple[typing.Tuple[str, str], ...]
    object: str = ""
    twin: str = ""

    def is_set_id(self) -> bool:
        """Whether who runs it becomes somebody else, or gets what others have not."""
        return self.kind == FILE and bool(self.mode & (stat.S_ISUID | stat.S_ISGID))

    def capability(self) -> str:
        """Return the capabilities of a file in hex, "" if it has none."""
        return dict(self.attributes).get(CAPABILITY, "")

    def is_open(self) -> bool:
        """Whether everybody may write it, and no sticky bit keeps them from what others own."""
        return self.kind != LINK and bool(self.mode & stat.S_IWOTH) and not self.mode & stat.S_ISVTX


# Of root, with the usual rights: one that comes or goes tells nothing.
PLAIN_DIRECTORY = Entry(DIRECTORY, 0o755, 0, 0, 0, "", ())


def read(view: View) -> typing.Dict[str, Entry]:
    """Read all of a root, links not followed.

    :returns: by the usual names; what is no UTF-8 in them is there as surrogates.
    :raises OSError: something cannot be read; a review that leaves out a file is none.
    """
    found = {}
    twins: typing.Dict[typing.Tuple[int, int], typing.List[str]] = {}
    pending = [""]
    while pending:
        directory = pending.pop()
        with os.scandir(view.root + directory) as listing:
            for one in listing:
                name = directory + "/" + one.name
                status = os.lstat(one.path)
                entry = _entry(one.path, status)
                usual = as_name(view.usual(name))
                found[usual] = entry
                if entry.kind == DIRECTORY:
                    pending.append(name)
                elif status.st_nlink > 1:
                    twins.setdefault((status.st_dev, status.st_ino), []).append(usual)
    for names in twins.values():
        if len(names) > 1:
            found.update((name, found[name]._replace(twin=min(names))) for name in names)
    return found


def digest(entries: typing.Dict[str, Entry]) -> str:
    """Return the SHA-256 of everything that is there, in hex: the same for the same root in another place."""
    sha = hashlib.sha256()
    for name in sorted(entries):
        sha.update(repr((name, *entries[name])).encode("ascii", "backslashreplace") + b"\n")
    return sha.hexdigest()


def _entry(path: str, status: os.stat_result) -> Entry:
    kind = KINDS[stat.S_IFMT(status.st_mode)]
    content = ""
    if kind == FILE:
        content = _digest(path)
    elif kind == LINK:
        content = as_name(os.readlink(path))
    elif kind in DEVICES:
        content = f"{os.major(status.st_rdev)}:{os.minor(status.st_rdev)}"
    size = status.st_size if kind == FILE else 0
    return Entry(kind, stat.S_IMODE(status.st_mode), status.st_uid, status.st_gid, size, content, _attributes(path))


def _digest(path: str) -> str:
    sha = hashlib.sha256()
    with open(path, "rb") as content:
        for piece in iter(lambda: content.read(_PIECE), b""):
            sha.update(piece)
    return sha.hexdigest()


def _attributes(path: str) -> typing.Tuple[typing.Tuple[str, str], ...]:
    try:
        names = os.listxattr(path, follow_symlinks=False)
    except OSError as error:
        if error.errno in WITHOUT:
            return ()
        raise
    return tuple(
        (name, os.getxattr(path, name, follow_symlinks=False).hex()) for name in sorted(names) if name != LABEL
    )

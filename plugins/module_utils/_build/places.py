# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the files of an image lie: so that a month moves few of them.

mke2fs takes files in the order of their names and puts one behind the other, so one more file moves all that come
after it. A directory that comes first of all has a link to each file, by groups of files that change together, and
behind each group something that fills it up to a whole mebibyte and is removed afterwards. What becomes larger or
smaller moves its own group, and the next one begins where it did. No release before has to be known for that.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

import hashlib
import os
import stat
import typing

from ansible_collections.osmigrate.fleet.plugins.module_utils._build import oci
from ansible_collections.osmigrate.fleet.plugins.module_utils._release.schema import BLOCK

FIRST = "!osmigrate"  # no file of a release is sorted before it
# What fills a group up. It has to be taken by mke2fs, which leaves out zeros.
_FILL = b"\xa5osmigrate\xa5".ljust(BLOCK, b"\xa5")
_STEP = 1 << 20
# A directory that is smaller shares a group with others; one that is larger has several.
_LARGE, _DEPTH, _SHARED = 2 << 20, 4, 4
# Of a group: how much it may grow before it moves the next one, and blocks besides.
_SPARE, _LEAST = 16, 16


class File(typing.NamedTuple):
    """One regular file: its path below the tree, and blocks of it."""

    path: str
    blocks: int


def groups(files: typing.Sequence[File]) -> typing.List[typing.List[File]]:
    """Return which files lie together, and in which order; by their names and sizes alone. Pure."""
    by_directory: typing.Dict[str, typing.List[File]] = {}
    for one in sorted(files):
        by_directory.setdefault("/".join(os.path.dirname(one.path).split("/")[:_DEPTH]), []).append(one)
    found: typing.Dict[typing.Tuple[str, int], typing.List[File]] = {}
    for directory, members in sorted(by_directory.items()):
        size = sum(one.blocks for one in members) * BLOCK
        if size < _LARGE:
            found.setdefault(("", _turn(directory, _SHARED)), []).extend(members)
            continue
        parts = 1 << max(0, (size // (2 * _LARGE)).bit_length() - 1)
        for one in members:
            found.setdefault((directory, _turn(one.path, parts)), []).append(one)
    return [members for _key, members in sorted(found.items())]


def _turn(name: str, parts: int) -> int:
    digest = hashlib.sha256(name.encode("utf-8", "surrogateescape")).digest()
    return int.from_bytes(digest[:4], "big") % parts


def fill(group: typing.Sequence[File]) -> int:
    """Return the blocks by which a group is filled up. Pure."""
    taken = sum(one.blocks for one in group)
    wanted = taken + taken // _SPARE + _LEAST
    return -(-wanted * BLOCK // _STEP) * _STEP // BLOCK - taken


def mark(tree: str) -> typing.List[str]:
    """Make the directory that comes first, and return the commands by which debugfs removes it from the image."""
    seen: typing.Dict[typing.Tuple[int, int], File] = {}
    for directory, folders, names in os.walk(tree):
        folders.sort()
        for name in sorted(names):
            path = os.path.join(directory, name)
            status = os.lstat(path)
            if stat.S_ISREG(status.st_mode) and status.st_size:
                blocks = -(-status.st_size // BLOCK)
                seen.setdefault((status.st_dev, status.st_ino), File(os.path.relpath(path, tree), blocks))
    first = os.path.join(tree, FIRST)
    commands: typing.List[str] = []
    os.mkdir(first)
    for group in groups(list(seen.values())):
        for one in [*group, None]:
            name = f"{len(commands):07d}"
            commands.append(f"rm /{FIRST}/{name}\n")
            path = os.path.join(first, name)
            if one:
                os.link(os.path.join(tree, one.path), path, follow_symlinks=False)
                continue
            with open(path, "wb") as stream:
                for _block in range(fill(group)):
                    stream.write(_FILL)
    return [*commands, f"rmdir /{FIRST}\n"]


def unmark(tree: str) -> None:
    """Remove that directory from a tree."""
    oci.remove(os.path.join(tree, FIRST))


def empty(image: str) -> None:
    """Take what filled the groups up from an image: it is in no file any more, and would be fetched by every node."""
    zeros = bytes(BLOCK)
    with open(image, "r+b") as stream:
        for number, block in enumerate(iter(lambda: stream.read(BLOCK), b"")):
            if block == _FILL:
                os.pwrite(stream.fileno(), zeros, number * BLOCK)

# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a root shall have: one file, link or directory, or that it is not there. Pure.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

import typing

# What is larger is not held: it is read piece by piece from where it is.
HELD_MAX = 16 << 20
FILE, LINK, DIRECTORY, ABSENT = "file", "link", "directory", "absent"


# One thing that the candidate shall have. A file that is put together has parts, which say where its lines come from.
class Item(typing.NamedTuple):
    kind: str
    target: str
    source: str
    rule: str
    content: bytes
    mode: int
    uid: int
    gid: int
    lost: str
    shown: bool
    parts: typing.List["Part"]
    attributes: tuple
    origin: str = ""


class Part(typing.NamedTuple):
    target: str
    source: str
    rule: str
    action: str
    line: str
    lost: str


def item(
    kind: str,
    target: str,
    source: str,
    rule: str,
    content: typing.Any = b"",
    mode: int = 0o644,
    owner: typing.Tuple[int, int] = (0, 0),
    lost: str = "",
    shown: bool = False,
    parts: typing.Sequence[Part] = (),
    attributes: tuple = (),
    origin: str = "",
) -> Item:
    """Make an Item. The content of a link is where it points to; attributes are what attributes.read returns.

    :param origin: str, the file on this machine that has the content, where that is too much to be held.
    :param shown: bool, whether a diff shows the content: it holds no secret for sure.
    """
    if not isinstance(content, bytes):
        content = content.encode("utf-8", "surrogateescape")
    return Item(
        kind, target, source, rule, content, mode, owner[0], owner[1], lost, shown, list(parts), attributes, origin
    )

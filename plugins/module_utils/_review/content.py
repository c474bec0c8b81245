# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What two files of one name hold: whether they differ in more than when they were made, and in which lines. Pure.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

import difflib
import struct
import typing
import zlib

from ansible_collections.osmigrate.fleet.plugins.module_utils._text import visible

# What is larger is compared by its digest alone.
LARGEST = 16 << 20
LARGEST_TEXT = 1 << 20
MOST_LINES = 200
LONGEST_LINE = 400
_NO_END = " (no line break at the end)"
_GZIP = b"\x1f\x8b\x08"
# The first words of bytecode: magic, flags, then the time of its source where no flag says otherwise.
_BYTECODE = struct.Struct("<III")


def is_same(name: str, old: bytes, new: bytes) -> bool:
    """Whether two files of a name differ at most in when they were made: bytecode of Python, and gzip."""
    return old == new or _without_time(name, old) == _without_time(name, new)


def plain(content: bytes) -> bytes:
    """Return what a gzip file holds; what is none, or is damaged or holds too much, as it is."""
    if not content.startswith(_GZIP):
        return content
    unpacker = zlib.decompressobj(wbits=31)
    try:
        held = unpacker.decompress(content, LARGEST)
    except zlib.error:
        return content
    # What follows the end is another file, or something that hides there.
    return held if unpacker.eof and not unpacker.unused_data else content


def _without_time(name: str, content: bytes) -> bytes:
    if name.endswith(".pyc") and len(content) > _BYTECODE.size:
        magic, flags, _time = _BYTECODE.unpack_from(content)
        return _BYTECODE.pack(magic, flags, 0) + content[_BYTECODE.size :] if flags == 0 else content
    return plain(content)


def difference(old: bytes, new: bytes) -> typing.List[str]:
    """Return how two texts differ, in lines as diff -u has them, without its first two.

    :returns: at most MOST_LINES, the last of which says if there were more; none where one is no text or too long.
    """
    texts = [_text(plain(content)) for content in (old, new)]
    if texts[0] is None or texts[1] is None:
        return []
    lines = []
    for line in difflib.unified_diff(texts[0], texts[1], n=2, lineterm=""):
        lines.append(_cut(line))
        if len(lines) > MOST_LINES + 2:
            return lines[2 : MOST_LINES + 1] + ["[...]"]
    return lines[2:]


def _text(content: bytes) -> typing.Optional[typing.List[str]]:
    if len(content) > LARGEST_TEXT or b"\0" in content:
        return None
    try:
        lines = content.decode("utf-8").split("\n")
    except UnicodeDecodeError:
        return None
    return lines[:-1] if lines[-1] == "" else [*lines[:-1], lines[-1] + _NO_END]


def _cut(line: str) -> str:
    shown = "\t".join(visible(part) for part in line.split("\t"))
    return shown if len(shown) <= LONGEST_LINE else shown[:LONGEST_LINE] + "[...]"

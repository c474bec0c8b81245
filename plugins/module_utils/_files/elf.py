# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a program or library needs, takes from others and gives to them: the dynamic part of an ELF file. Pure.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

import mmap
import re
import struct
import typing

from ansible_collections.osmigrate.fleet.plugins.module_utils._text import visible

# A program as a whole, or as a file that is only read where it is looked at.
Program = typing.Union[bytes, mmap.mmap]
# What is said of a file: the kind, and the name or names of it.
Fact = typing.Tuple[str, str]

MAGIC = b"\x7fELF"
MOST_LINES = 60
MOST_STRINGS = 40
_LONGEST = 200
_DYNAMIC, _DYNSYM = 6, 11
_NEEDED, _RPATH, _RUNPATH = 1, 15, 29
_NEEDS, _LOOKS = "needs", "looks for libraries in"
_STRING = re.compile(rb"[\x20-\x7e\t]{8,}")
# A file says how many sections and symbols it has; more than that is no program.
_MOST = 1 << 20


def is_program(content: bytes) -> bool:
    """Whether this is an ELF file."""
    return content.startswith(MAGIC)


def libraries(content: Program) -> typing.Tuple[typing.Set[str], typing.Set[str]]:
    """Return what a program has loaded, and where it looks for that first.

    :param content: an ELF file.
    :returns: (names of libraries, directories, which may begin with $ORIGIN).
    """
    found: typing.Dict[str, typing.Set[str]] = {_NEEDS: set(), _LOOKS: set()}
    for word, said in _facts(content, (_DYNAMIC,)):
        found[word].update(said.split(":"))
    return found[_NEEDS], found[_LOOKS] - {""}


def difference(old: bytes, new: bytes, with_strings: bool) -> typing.List[str]:
    """Return what two ELF files need, import and export otherwise, as lines that begin with - or +.

    :param with_strings: whether to tell texts in them that are new, too: those of another build differ for nothing.
    """
    sides = [{f"{word} {said}" for word, said in _facts(content)} for content in (old, new)]
    lines = [f"-{one}" for one in sorted(sides[0] - sides[1])] + [f"+{one}" for one in sorted(sides[1] - sides[0])]
    lines = _first(lines, MOST_LINES)
    if with_strings:
        texts = sorted(set(_STRING.findall(new)) - set(_STRING.findall(old)))
        lines += _first([f"+text {visible(one.decode('ascii'))[:_LONGEST]}" for one in texts], MOST_STRINGS)
    return lines


def _first(lines: typing.List[str], most: int) -> typing.List[str]:
    return lines if len(lines) <= most else [*lines[:most], "[...]"]


def _facts(content: Program, kinds: typing.Container[int] = (_DYNAMIC, _DYNSYM)) -> typing.Set[Fact]:
    try:
        return set(_read(content, kinds))
    except (struct.error, KeyError, IndexError, ValueError, OverflowError):
        return set()


def _read(content: Program, kinds: typing.Container[int]) -> typing.Iterator[Fact]:
    """Yield what a file says of its libraries and symbols; nothing of one that is damaged, from there on."""
    wide, order = content[4] == 2, {1: "<", 2: ">"}[content[5]]
    place, size, number = struct.unpack_from(order + ("40xQ10xHH" if wide else "32xI10xHH"), content)
    layout = order + ("IIQQQQIIQQ" if wide else "IIIIIIIIII")
    sections = [struct.unpack_from(layout, content, place + index * size) for index in range(number)]
    for _name, kind, _flags, _address, offset, length, link, _info, _align, width in sections:
        if kind not in kinds or not width or length // width > _MOST:
            continue
        texts = sections[link][4]
        for at in range(offset, offset + length, width):
            if kind == _DYNAMIC:
                tag, value = struct.unpack_from(order + ("QQ" if wide else "II"), content, at)
                word = {_NEEDED: _NEEDS, _RPATH: _LOOKS, _RUNPATH: _LOOKS}.get(tag)
            else:
                value, section = _symbol(content, at, order, wide)
                word = ("exports" if section else "imports") if value else None
            if word:
                yield word, _text(content, texts + value)


def _symbol(content: Program, at: int, order: str, wide: bool) -> typing.Tuple[int, int]:
    """Return where the name of a symbol stands, and its section, 0 for one that others have."""
    if wide:
        name, section = struct.unpack_from(order + "IxxH", content, at)
    else:
        name, section = struct.unpack_from(order + "I10xH", content, at)
    return name, section


def _text(content: Program, at: int) -> str:
    return visible(content[at : at + _LONGEST].partition(b"\0")[0].decode("utf-8", "replace"))

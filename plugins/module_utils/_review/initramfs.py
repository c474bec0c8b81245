# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is in an initramfs: archives one after the other, the last of them compressed.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

import lzma
import typing
import zlib

from ansible_collections.osmigrate.fleet.plugins.module_utils._command import run
from ansible_collections.osmigrate.fleet.plugins.module_utils._errors import FleetError

_CPIO = (b"070701", b"070702")
_HEAD = 110
_TRAILER = b"TRAILER!!!"
# No program here reads these but their own.
_PROGRAMS = {b"\x28\xb5\x2f\xfd": "zstd", b"\x02\x21\x4c\x18": "lz4", b"\x04\x22\x4d\x18": "lz4", b"BZh": "bzip2"}


class Packed(typing.NamedTuple):
    """One name in an initramfs: its mode with the kind, as os.stat has it, and its bytes."""

    name: str
    mode: int
    size: int


def read(content: bytes, name: str) -> typing.List[Packed]:
    """List an initramfs, sorted by name.

    :param content: bytes of its file.
    :param name: names it in errors, at the beginning of a sentence.
    :raises FleetError: it is none, or is compressed by a program that is not installed.
    """
    found: typing.Dict[str, Packed] = {}
    at = 0
    while at < len(content):
        rest = content[at:].lstrip(b"\0")
        if rest.startswith(_CPIO):
            end = _archive(rest, found, name)
            at = len(content) - len(rest) + end
        elif rest:
            content, at = _unpacked(rest, name), 0
        else:
            break
    return sorted(found.values())


def _archive(content: bytes, found: typing.Dict[str, Packed], name: str) -> int:
    """Read one archive from its beginning, and return where it ends."""
    at = 0
    while True:
        head = content[at : at + _HEAD]
        try:
            if not head.startswith(_CPIO):
                raise ValueError("no archive")
            mode, size, length = (int(head[place : place + 8], 16) for place in (14, 54, 94))
        except ValueError:
            raise _damaged(name)
        text = content[at + _HEAD : at + _HEAD + length - 1]
        at = _padded(at + _HEAD + length) + size
        if at > len(content) or not length:
            raise _damaged(name)
        at = _padded(at)
        if text == _TRAILER:
            return at
        path = "/" + text.decode("utf-8", "surrogateescape").lstrip("./")
        found[path] = Packed(path, mode, size)


def _padded(at: int) -> int:
    return at + -at % 4


def _damaged(name: str) -> FleetError:
    return FleetError(f"{name} is no initramfs, or a damaged one", todo="Build the release again")


def _unpacked(content: bytes, name: str) -> bytes:
    try:
        if content.startswith(b"\x1f\x8b"):
            return zlib.decompressobj(wbits=31).decompress(content)
        if content.startswith((b"\xfd7zXZ\0", b"\x5d\0\0")):
            return lzma.LZMADecompressor().decompress(content)
    except (zlib.error, lzma.LZMAError):
        raise _damaged(name)
    for magic, program in _PROGRAMS.items():
        if content.startswith(magic):
            # What is text there is none here: the bytes come through as they are.
            said = run([program, "-dc"], input_bytes=content, errors="surrogateescape", todo=f"Install {program}")
            return said.stdout.encode("utf-8", "surrogateescape")
    raise _damaged(name)

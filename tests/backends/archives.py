# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Archives for an initramfs, read as the kernel reads them."""

from __future__ import annotations

HEADER = 110


def members(archive: bytes) -> list[tuple[str, int, bytes]]:
    """Walk through a newc archive; return (path, mode, content) of each member up to the trailer."""
    position = 0
    found: list[tuple[str, int, bytes]] = []
    while True:
        header = archive[position : position + HEADER]
        assert header[:6] == b"070701"
        fields = [int(header[6 + 8 * number : 14 + 8 * number], 16) for number in range(13)]
        mode, size, name_size = fields[1], fields[6], fields[11]
        name = archive[position + HEADER : position + HEADER + name_size]
        assert name[-1:] == b"\0"
        begin = -(-(position + HEADER + name_size) // 4) * 4
        if name == b"TRAILER!!!\0":
            assert begin == len(archive)
            return found
        found.append((name[:-1].decode(), mode, archive[begin : begin + size]))
        position = -(-(begin + size) // 4) * 4

# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every write and flush of a machine in order, as QEMU's blklogwrites records them, and the disk as any power cut would
have left it.
"""

from __future__ import annotations

import bisect
import os
import struct
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

# The layout of the kernel's dm-log-writes.
SUPERBLOCK = struct.Struct("<QQQI")
HEADER = struct.Struct("<QQQQ")
MAGIC = 0x6A736677736872
SECTOR = 512
FLUSH, FUA, DISCARD = 1, 2, 4


class Entry(NamedTuple):
    """One request of the guest.

    sector, sectors: where, in sectors of 512 bytes; flags: of FLUSH, FUA, DISCARD; data: where its data begins in the
    log, in bytes.
    """

    sector: int
    sectors: int
    flags: int
    data: int


def count(path: Path) -> int:
    """Return how many entries the log of a running machine has now."""
    with path.open("rb") as log:
        magic, _version, entries, sector = SUPERBLOCK.unpack(log.read(SUPERBLOCK.size))
    assert (magic, sector) == (MAGIC, SECTOR), f"{path} is not a log with sectors of {SECTOR} bytes"
    return entries


class WriteLog:
    """A log that is complete.

    :param path: the log.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.entries: list[Entry] = []
        with path.open("rb") as log:
            position = SECTOR
            for _number in range(count(path)):
                log.seek(position)
                sector, sectors, flags, _length = HEADER.unpack(log.read(HEADER.size))
                self.entries.append(Entry(sector, sectors, flags, position + SECTOR))
                position += SECTOR + (0 if flags & DISCARD else sectors * SECTOR)
        self._flushes = [number for number, entry in enumerate(self.entries) if entry.flags & FLUSH]

    def durable(self, cut: int) -> int:
        """Return how many of the first cut entries no power cut can take back: those up to the last flush."""
        before = bisect.bisect_left(self._flushes, cut)
        return self._flushes[before - 1] + 1 if before else 0

    def pending(self, cut: int) -> list[int]:
        """Return the numbers of the writes before the cut that a disk may lose: not flushed, and not forced through."""
        return [
            number
            for number in range(self.durable(cut), cut)
            if self.entries[number].sectors and not self.entries[number].flags & (FUA | DISCARD)
        ]

    def data(self, entry: Entry) -> bytes:
        """Return what was written."""
        with self.path.open("rb") as log:
            return os.pread(log.fileno(), entry.sectors * SECTOR, entry.data)


class RebuiltDisk:
    """A raw disk that goes through the log, forwards only, with looks at single power cuts on the way.

    :param path: a copy of the disk as it was when the log began; changed here.
    """

    def __init__(self, path: Path, log: WriteLog) -> None:
        self.path = path
        self.log = log
        self.applied = 0

    @contextmanager
    def cut(self, at: int, lost: Iterable[int] = ()) -> Iterator[Path]:
        """Show the disk as a power cut after the first `at` entries would have left it.

        :param lost: numbers of pending entries that never reached the disk.
        :raises ValueError: an earlier cut than one that was shown is asked for.
        """
        durable = self.log.durable(at)
        if durable < self.applied:
            raise ValueError("power cuts are looked at in their order")
        undo: list[tuple[int, bytes]] = []
        with self.log.path.open("rb") as log, self.path.open("r+b", buffering=0) as disk:
            for number in range(self.applied, durable):
                self._write(log, disk, self.log.entries[number])
            self.applied = durable
            for number in sorted(set(range(durable, at)) - set(lost)):
                entry = self.log.entries[number]
                undo.append((entry.sector, os.pread(disk.fileno(), entry.sectors * SECTOR, entry.sector * SECTOR)))
                self._write(log, disk, entry)
        try:
            yield self.path
        finally:
            with self.path.open("r+b", buffering=0) as disk:
                for sector, content in reversed(undo):
                    os.pwrite(disk.fileno(), content, sector * SECTOR)

    @staticmethod
    def _write(log, disk, entry: Entry) -> None:
        # What a discarded sector holds is not defined; that it is what was there before is one of the possibilities.
        if entry.sectors and not entry.flags & DISCARD:
            os.pwrite(disk.fileno(), os.pread(log.fileno(), entry.sectors * SECTOR, entry.data), entry.sector * SECTOR)

# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where a node's disk has what: its partitions, and which of them a path of the running system leads to."""

from __future__ import annotations

import struct
import uuid
from pathlib import Path
from typing import NamedTuple

from ansible_collections.osmigrate.fleet.plugins.module_utils._backends.slots import layout, persist, shown

from tests.faults.writelog import SECTOR
from tests.lab import flavours

# The layout of a GUID partition table: what the header says of its entries, and the entries.
HEADER = struct.Struct("<QII")
ENTRY = struct.Struct("<16s16sQQQ72s")
HEADER_AT, HEADER_ENTRIES_AT = SECTOR, SECTOR + 72
# The root of the lab's default disk.
ROOT_NUMBER = 3


class Partition(NamedTuple):
    """One partition.

    number: from 1; label: its PARTLABEL; begin, size: in bytes.
    """

    number: int
    partuuid: str
    label: str
    begin: int
    size: int

    def holds(self, sector: int) -> bool:
        """Say whether a sector of the disk is one of its own."""
        return self.begin <= sector * SECTOR < self.begin + self.size


def read(disk: Path) -> list[Partition]:
    """Return the partitions of a raw disk with a GUID partition table."""
    found = []
    with disk.open("rb") as image:
        image.seek(HEADER_ENTRIES_AT)
        first, count, size = HEADER.unpack(image.read(HEADER.size))
        image.seek(first * SECTOR)
        table = image.read(count * size)
    for number in range(1, count + 1):
        kind, unique, begin, end, _flags, name = ENTRY.unpack_from(table, (number - 1) * size)
        if any(kind):
            label = name.decode("utf-16-le").partition("\0")[0]
            place = begin * SECTOR, (end + 1 - begin) * SECTOR
            found.append(Partition(number, str(uuid.UUID(bytes_le=unique)), label, *place))
    return found


class Layout:
    """Where a node of a flavour has what.

    :param disk: its disk, raw.

    partitions: by where the running system sees the file system of each; those of slots by where they are shown.
    mended: the places of those whose journal a boot replays.
    """

    def __init__(self, disk: Path, flavour: str = flavours.DEFAULT) -> None:
        listed = read(disk)
        by_number = {one.number: one for one in listed}
        numbers = {
            place: int(device[len(flavours.DISK) :]) for place, device, *_rest in flavours.FLAVOURS[flavour].mounts
        }
        self.partitions = {place: by_number[number] for place, number in (numbers or {"/": ROOT_NUMBER}).items()}
        self.partitions.update((persist.MOUNT, one) for one in listed if one.label == layout.PERSIST)
        self.mended = tuple(self.partitions)
        self.partitions.update((shown.place(one.partuuid), one) for one in listed if one.label in layout.SLOTS)

    def locate(self, path: str) -> tuple[Partition, str]:
        """Return on which partition a path of the running system lies, and its path there."""
        place = max((one for one in self.partitions if _leads(one, path)), key=len)
        return self.partitions[place], path if place == "/" else path[len(place) :] or "/"

    def of_loader(self, path: str) -> str:
        """Return the path in the running system of one as GRUB has it, whose root is the file system of /boot."""
        return f"/boot{path}" if "/boot" in self.partitions and not _leads("/boot", path) else path


def _leads(place: str, path: str) -> bool:
    return place == "/" or path == place or path.startswith(f"{place}/")

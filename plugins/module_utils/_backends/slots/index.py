# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The index of an image, and the plan where each of its blocks comes from. Pure.

An image is published as a gzip file in which each block of 4 KiB is a member of its own: any tool unpacks the whole,
and whoever has the index fetches single blocks. The index has an id and a length for each. A block is looked for at any
place of both slots, because a file system puts a file that has not changed somewhere else after any other has.

Why 4 KiB: file systems place files on that grid, so of one month four times as much differs on a grid of 16 KiB, and
blocks that are packed one by one are the smallest to fetch. Chunks that contents define would need a look at each byte
of both slots, in Python minutes of a node's processor, for the same bytes.

An id says which block is which. What proves that a slot is the image is the SHA-256 of the whole, which is read back.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

import array
import hashlib
import json
import sys
import typing
import zlib

from ansible_collections.osmigrate.fleet.plugins.module_utils._errors import FleetError
from ansible_collections.osmigrate.fleet.plugins.module_utils._release.schema import BLOCK
from ansible_collections.osmigrate.fleet.plugins.module_utils._text import parse_json

ID_BYTES = 12
ZERO = bytes(BLOCK)
# By which the memory of a node that writes one is bounded: about 30 bytes for each block.
LARGEST_IMAGE = 8 << 30
LARGEST_INDEX = LARGEST_IMAGE // BLOCK * (ID_BYTES + 2) + 65536
FORMAT = "osmigrate-slots-1"
_LARGEST_HEADER = 4096
_GZIP = 31  # zlib's word for a header and a trailer of gzip
# Of one request; blocks in a gap that is not wider cost less than another request.
LARGEST_RANGE = 4 << 20
GAP = 16 << 10

KEEP, EMPTY, SEED, SLOT, FETCH = "keep", "empty", "seed", "slot", "fetch"


class Index(typing.NamedTuple):
    """What an index file says.

    image: SHA-256 of it in hex. size: its bytes. stored: bytes of the gzip file. ids: of its blocks, one after the
    other. lengths: of the members of the gzip file.
    """

    image: str
    size: int
    stored: int
    ids: memoryview
    lengths: "array.array[int]"

    def blocks(self) -> int:
        return self.size // BLOCK

    def id(self, number: int) -> bytes:
        return bytes(self.ids[number * ID_BYTES : (number + 1) * ID_BYTES])


def block_id(block: typing.Union[bytes, memoryview]) -> bytes:
    """Return the id of a block."""
    return hashlib.sha256(block).digest()[:ID_BYTES]


ZERO_ID = block_id(ZERO)


def _pack(block: bytes) -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, _GZIP)
    return packer.compress(block) + packer.flush()


_ZERO_MEMBER = _pack(ZERO)


class Builder:
    """Makes the gzip file and the index of an image, block by block."""

    def __init__(self) -> None:
        self._image = hashlib.sha256()
        self._ids: typing.List[bytes] = []
        self._lengths = array.array("H")

    def add(self, block: bytes) -> bytes:
        """Take the next block, and return its member of the gzip file.

        :raises FleetError: it is none.
        """
        if len(block) != BLOCK or len(self._ids) * BLOCK >= LARGEST_IMAGE:
            raise FleetError(
                f"An image of a slot has whole blocks of {BLOCK} bytes, and {LARGEST_IMAGE >> 30} GiB at most"
            )
        member = _ZERO_MEMBER if block == ZERO else _pack(block)
        self._image.update(block)
        self._ids.append(block_id(block))
        self._lengths.append(len(member))
        return member

    def index(self) -> Index:
        ids = memoryview(b"".join(self._ids))
        size = len(self._ids) * BLOCK
        return Index(self._image.hexdigest(), size, sum(self._lengths), ids, self._lengths)


def render(index: Index) -> bytes:
    """Return the content of an index file: a line of JSON, and ids and lengths, packed."""
    header = {"format": FORMAT, "image": index.image, "size": index.size, "stored": index.stored}
    lengths = array.array("H", index.lengths)
    if sys.byteorder == "big":
        lengths.byteswap()
    return (
        json.dumps(header, sort_keys=True).encode("ascii")
        + b"\n"
        + zlib.compress(bytes(index.ids) + lengths.tobytes(), 9)
    )


def parse(data: bytes) -> Index:
    """Read an index file.

    :raises FleetError: it is none.
    """
    try:
        end = data.index(b"\n", 0, _LARGEST_HEADER)
        header = parse_json(data[:end].decode("ascii"))
        size, image, stored = header["size"], header["image"], header["stored"]
        if header["format"] != FORMAT or not 0 < size <= LARGEST_IMAGE or size % BLOCK:
            raise ValueError("of something else")  # before anything of that size is unpacked
        count = size // BLOCK
        body = zlib.decompressobj().decompress(memoryview(data)[end + 1 :], count * (ID_BYTES + 2) + 1)
        lengths = array.array("H", body[count * ID_BYTES :])
        if sys.byteorder == "big":
            lengths.byteswap()
        usable = len(lengths) == count and sum(lengths) == stored and isinstance(image, str)
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError, zlib.error):
        usable = False
    if not usable:
        raise FleetError("The block index is damaged, or no index that this version understands")
    return Index(image, size, stored, memoryview(body)[: count * ID_BYTES], lengths)


def unpack(member: bytes) -> bytes:
    """Return the block in a member of the gzip file, something else if it is none; never more than a block."""
    try:
        return zlib.decompressobj(_GZIP).decompress(member, BLOCK)
    except zlib.error:
        return b""


class _Places:
    """The first block of an image with an id; a hash table of numbers alone, a tenth of what a dict of bytes has."""

    def __init__(self, index: Index) -> None:
        self._index = index
        bits = max(4, (index.blocks() * 3 // 2).bit_length())
        self._mask = (1 << bits) - 1
        self._table = array.array("I", bytes(4)) * (self._mask + 1)
        for number in range(index.blocks()):
            key = index.id(number)
            at = self._look(key)
            if not self._table[at]:
                self._table[at] = number + 1

    def _look(self, key: bytes) -> int:
        at = int.from_bytes(key[:8], "little") & self._mask
        table, ids = self._table, self._index.ids
        while table[at] and ids[(table[at] - 1) * ID_BYTES : table[at] * ID_BYTES] != key:
            at = (at + 1) & self._mask
        return at

    def first(self, key: bytes) -> int:
        """Return the number of the first block with an id, -1 if there is none."""
        return int(self._table[self._look(key)]) - 1


class Plan:
    """Where each block of an image comes from, once both slots were looked at.

    Blocks are written from the first to the last, so one of the slot itself may be copied as long as it lies behind, or
    stays where it is.
    """

    def __init__(self, index: Index) -> None:
        self.index = index
        self._places = _Places(index)
        self._kept = bytearray(index.blocks())
        # By the first block with an id: one more than where it lies, 0 for nowhere.
        self._seed = array.array("I", bytes(4)) * index.blocks()
        self._slot = array.array("I", bytes(4)) * index.blocks()

    def in_seed(self, number: int, key: bytes) -> None:
        """Note a block of the slot that runs, and is only read."""
        first = self._places.first(key)
        if first >= 0 and not self._seed[first]:
            self._seed[first] = number + 1

    def in_slot(self, number: int, key: bytes) -> None:
        """Note a block of the slot that is written."""
        if number < self.index.blocks() and self.index.id(number) == key:
            self._kept[number] = 1
        first = self._places.first(key)
        # One that stays is there for all; else the last one is for the most.
        if first >= 0 and not self._stays(int(self._slot[first]) - 1):
            self._slot[first] = number + 1

    def _stays(self, there: int) -> bool:
        """Say whether a block of the slot is not written over; -1 is none."""
        return there >= len(self._kept) or (there >= 0 and bool(self._kept[there]))

    def source(self, number: int) -> typing.Tuple[str, int]:
        """Return where a block comes from, and the number of the block there."""
        if self._kept[number]:
            return KEEP, number
        key = self.index.id(number)
        if key == ZERO_ID:
            return EMPTY, 0
        first = self._places.first(key)
        if self._seed[first]:
            return SEED, int(self._seed[first]) - 1
        there = int(self._slot[first]) - 1
        if there > number or self._stays(there):
            return SLOT, there
        return FETCH, number

    def batches(self, most: int) -> typing.Iterator[typing.Tuple[int, int]]:
        """Yield what is to be written: number of the first block, and of that behind the last; no more than so many."""
        count, begin = self.index.blocks(), self._kept.find(0)
        while 0 <= begin < count:
            kept = self._kept.find(1, begin, begin + most)
            end = min(begin + most, count) if kept < 0 else kept
            yield begin, end
            begin = self._kept.find(0, end)

    def missing(self) -> typing.Iterator[int]:
        """Yield the numbers of the blocks that neither slot has, in order."""
        for begin, end in self.batches(self.index.blocks()):
            for number in range(begin, end):
                if self.source(number)[0] == FETCH:
                    yield number

    def totals(self) -> typing.Dict[str, int]:
        """Return how many bytes of the image come from where."""
        found = dict.fromkeys((KEEP, EMPTY, SEED, SLOT, FETCH), 0)
        for number in range(self.index.blocks()):
            found[self.source(number)[0]] += BLOCK
        return found


class Range(typing.NamedTuple):
    """Blocks of the gzip file that one request fetches: numbers of the first and of that behind the last, and bytes."""

    first: int
    end: int
    start: int
    stop: int


def ranges(index: Index, missing: typing.Iterable[int]) -> typing.Iterator[Range]:
    """Join blocks that are to be fetched to requests.

    :param missing: their numbers, in order.
    """
    offset, number, current = 0, 0, None
    for one in missing:
        offset += sum(index.lengths[number:one])
        stop = offset + index.lengths[one]
        if current and offset - current.stop <= GAP and stop - current.start <= LARGEST_RANGE:
            current = current._replace(end=one + 1, stop=stop)
        else:
            if current:
                yield current
            current = Range(one, one + 1, offset, stop)
        offset, number = stop, one + 1
    if current:
        yield current

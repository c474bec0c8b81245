# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Bring an image into a slot: what either slot has is copied, the rest fetched, and only what differs is written.

There is no journal. Whatever was cut off lies in the slot, and the next run finds it there as it finds all else. What
cannot be read of either slot is fetched: a disk that begins to fail has to be left with what it has, and what counts is
what is read back at the end.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

import typing

from ansible_collections.osmigrate.fleet.plugins.module_utils._backends.slots import index as block_index
from ansible_collections.osmigrate.fleet.plugins.module_utils._backends.slots.device import BATCH, NOT_GOOD, Device
from ansible_collections.osmigrate.fleet.plugins.module_utils._backends.slots.fetch import Blocks, Server
from ansible_collections.osmigrate.fleet.plugins.module_utils._backends.slots.index import BLOCK, Index, Plan
from ansible_collections.osmigrate.fleet.plugins.module_utils._backends.slots.pace import Pace
from ansible_collections.osmigrate.fleet.plugins.module_utils._errors import FleetError


class Written(typing.NamedTuple):
    """What it took, in bytes: of the image, unless it says otherwise.

    kept: lay there already. copied: from either slot. empty: zeros. fetched: over the network, packed. written: into
    the slot. requests: to the server.
    """

    kept: int
    copied: int
    empty: int
    fetched: int
    written: int
    requests: int


def too_large(size: int, name: str, device: str, room: int) -> FleetError:
    """Return what to raise where an image does not fit into a slot; both in bytes. Pure."""
    return FleetError(
        f"The image has {size} bytes, and {name} ({device}) only {room}",
        todo="Build a smaller image, or make the slots of this node larger",
    )


def require_size(index: Index, size: int) -> None:
    """See that the manifest means the image of the index.

    :raises FleetError: it does not.
    """
    if index.size != size:
        raise FleetError(
            f"The image has {index.size} bytes by its index, and {size} by the manifest",
            todo="Make the payload of the release again with slot_image, and sign its manifest again",
        )


def bring(
    slot: Device,
    seed: typing.Optional[Device],
    index: Index,
    server: Server,
    url: str,
    whole: bool,
    pace: Pace,
    tell: typing.Callable[[int], None],
    seed_size: int = 0,
) -> Written:
    """Make the first bytes of a slot the image, and see that the disk has it.

    :param slot: is written. seed: the slot that runs, None where none does. seed_size: bytes of that which may be of
        use, 0 for all.
    :param url: of the stored image. whole: fetch it whole, from a server that knows no ranges.
    :param tell: takes how many bytes of the image lie there by now.
    :raises FleetError: it could not be done; what was done until then is not done again.
    """
    plan = Plan(index)
    _look(slot, index.blocks(), plan.in_slot, pace)
    if seed is not None:
        _look(seed, (seed_size or seed.size) // BLOCK, plan.in_seed, pace)
    missing = block_index.ranges(index, plan.missing())
    blocks = Blocks(server, url, index, missing, whole)
    sources = {block_index.SEED: seed, block_index.SLOT: slot}
    written = 0
    try:
        for first, end in plan.batches(BATCH):
            parts = [_part(plan, number, sources, blocks) for number in range(first, end)]
            slot.write(first, parts)
            written += len(parts) * BLOCK
            pace.wrote(len(parts) * BLOCK)
            tell(end * BLOCK)
    except FleetError as error:
        raise FleetError(error.problem, NOT_GOOD, error.todo)
    finally:
        blocks.close()
    slot.flush()
    if slot.digest(index.size, pace.read) != index.image:
        raise FleetError(
            f"{slot.name} ({slot.path}) was written whole, and what is read back from it is not the image",
            NOT_GOOD,
            "Look at that disk and at the memory of the node, then run the same command again",
        )
    totals = plan.totals()
    copied = totals[block_index.SEED] + totals[block_index.SLOT]
    kept, empty = totals[block_index.KEEP], totals[block_index.EMPTY]
    return Written(kept, copied, empty, blocks.bytes, written, server.requests)


def _look(device: Device, count: int, note: typing.Callable[[int, bytes], None], pace: Pace) -> None:
    """Tell the id of each block of a device, up to the first that cannot be read."""
    for first in range(0, min(count, device.size // BLOCK), BATCH):
        try:
            piece = device.read(first, min(first + BATCH, count))
        except FleetError:
            return
        for at in range(0, len(piece) // BLOCK * BLOCK, BLOCK):
            block = bytes(piece[at : at + BLOCK])
            key = block_index.ZERO_ID if block == block_index.ZERO else block_index.block_id(block)
            note(first + at // BLOCK, key)
        pace.read(len(piece))


def _part(plan: Plan, number: int, sources: typing.Dict[str, typing.Optional[Device]], blocks: Blocks) -> bytes:
    kind, there = plan.source(number)
    if kind == block_index.EMPTY:
        return block_index.ZERO
    if kind == block_index.FETCH:
        return blocks.block(number)
    try:
        device = sources[kind]
        block = device.block(there) if device else b""
    except FleetError:
        block = b""
    # It was there a moment ago: what runs may be mounted to be written.
    return block if block_index.block_id(block) == plan.index.id(number) else blocks.unplanned(number)

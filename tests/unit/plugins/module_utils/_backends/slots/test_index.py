# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The index of an image and the plan, on blocks of one letter each."""

import array
import gzip
import hashlib
import random
import zlib

import pytest
from ansible_collections.osmigrate.fleet.plugins.module_utils._backends.slots import index as block_index
from ansible_collections.osmigrate.fleet.plugins.module_utils._errors import FleetError

BLOCK = block_index.BLOCK


def blocks(letters):
    """Each letter is a block; a dot is one of zeros."""
    return [bytes(BLOCK) if one == "." else one.encode() * BLOCK for one in letters]


def build(letters):
    builder = block_index.Builder()
    stored = b"".join(map(builder.add, blocks(letters)))
    return builder.index(), stored


def planned(image, slot="", seed=""):
    plan = block_index.Plan(build(image)[0])
    for number, block in enumerate(blocks(slot)):
        plan.in_slot(number, block_index.block_id(block))
    for number, block in enumerate(blocks(seed)):
        plan.in_seed(number, block_index.block_id(block))
    return plan


def carried_out(image, slot, seed):
    """Write by the plan as a writer does, in batches of two; return what the slot holds then."""
    plan, held, wanted = planned(image, slot, seed), blocks(slot), blocks(image)
    held += [b"?" * BLOCK] * (len(wanted) - len(held))
    for begin, end in plan.batches(2):
        parts = []
        for number in range(begin, end):
            kind, there = plan.source(number)
            sources = {"seed": blocks(seed), "slot": held, "fetch": wanted, "empty": [bytes(BLOCK)]}
            parts.append(sources[kind][there])
        held[begin:end] = parts
    return held[: len(wanted)]


def test_the_stored_image_is_a_gzip_file():
    index, stored = build("abca.")
    image = b"".join(blocks("abca."))
    assert gzip.decompress(stored) == image
    assert (index.image, index.size, index.stored) == (hashlib.sha256(image).hexdigest(), len(image), len(stored))
    assert block_index.unpack(stored[: index.lengths[0]]) == blocks("a")[0]


def test_an_index_is_read_as_it_was_written():
    index, _stored = build("abca.")
    read = block_index.parse(block_index.render(index))
    assert read == index


def test_zeros_cost_nothing():
    few, many = (len(block_index.render(build("ab" + "." * count)[0])) for count in (1, 4000))
    assert many - few < 500


def headed(**values):
    index, _stored = build("ab")
    head, body = block_index.render(index).split(b"\n", 1)
    header = {**block_index.json.loads(head), **values}
    return block_index.json.dumps(header).encode() + b"\n" + body


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\n",
        b"{}\n",
        b"[" * 3000 + b"\n",
        b"<html>\n",
        b"\0" * 9000,
        headed(format="osmigrate-slots-2"),
        headed(size=0),
        headed(size=-4096),
        headed(size=2 * BLOCK + 1),
        headed(size=BLOCK),
        headed(size=3 * BLOCK),
        headed(size=1 << 60),
        headed(size="8192"),
        headed(size=True),
        headed(size=1e400),
        headed(stored=1),
        headed(image=7),
        block_index.render(build("ab")[0])[:-9],
        block_index.render(build("ab")[0]).split(b"\n")[0] + b"\n" + zlib.compress(bytes(1 << 24)),
    ],
)
def test_what_is_no_index_fail(data):
    with pytest.raises(FleetError, match="block index is damaged"):
        block_index.parse(data)


@pytest.mark.parametrize("block", [b"", b"a" * (BLOCK - 1), b"a" * (BLOCK + 1)])
def test_an_image_of_half_blocks_fail(block):
    with pytest.raises(FleetError, match="whole blocks"):
        block_index.Builder().add(block)


def test_a_member_is_never_more_than_a_block():
    assert len(block_index.unpack(gzip.compress(bytes(1 << 24)))) == BLOCK
    assert block_index.unpack(b"no member") == b""


@pytest.mark.parametrize(
    ("image", "slot", "seed", "kinds"),
    [
        ("abc", "", "", "fetch fetch fetch"),
        ("abc", "abc", "", "keep keep keep"),
        ("abc", "", "xbc", "fetch seed seed"),
        ("ab.", "zz", "", "fetch fetch empty"),
        (".", ".", "", "keep"),
        # One of the slot itself: behind, where nothing was written yet; in front only if it stays.
        ("ab", "xa", "", "slot fetch"),
        ("aba", "abx", "", "keep keep slot"),
        ("xa", "ab", "", "fetch fetch"),
        # What lies behind the image stays, too.
        ("ab", "xyab", "", "slot slot"),
        ("ab", "xyab", "ab", "seed seed"),
    ],
)
def test_where_blocks_come_from(image, slot, seed, kinds):
    plan = planned(image, slot, seed)
    assert [plan.source(number)[0] for number in range(len(image))] == kinds.split()
    assert sum(plan.totals().values()) == len(image) * BLOCK
    assert list(plan.missing()) == [n for n, kind in enumerate(kinds.split()) if kind == "fetch"]


def test_whatever_the_slots_hold_the_outcome_is_the_image():
    chance = random.Random(20)
    for _round in range(300):
        image, slot, seed = ("".join(chance.choices("abcdef.", k=chance.randint(1, 12))) for _text in range(3))
        assert carried_out(image, slot, seed) == blocks(image), (image, slot, seed)


def test_batches_are_what_is_not_kept():
    plan = planned("abcdefgh", "xbcdxxxx")
    assert list(plan.batches(3)) == [(0, 1), (4, 7), (7, 8)]
    assert list(planned("ab", "ab").batches(3)) == []


def test_ids_that_begin_alike_are_told_apart():
    """Real ids with one lower half are not to be had, so these are made up."""
    ids = memoryview(b"".join(bytes(8) + bytes([number]) * 4 for number in range(40)))
    index = block_index.Index("", 40 * BLOCK, 40, ids, array.array("H", [1] * 40))
    plan = block_index.Plan(index)
    plan.in_seed(3, index.id(17))
    assert [plan.source(number)[0] for number in range(40)].index("seed") == 17


def joined(lengths, missing):
    index = block_index.Index("", 0, 0, memoryview(b""), array.array("H", lengths))
    return [tuple(one) for one in block_index.ranges(index, missing)]


def test_requests_are_joined_over_small_gaps():
    assert joined([10] * 6, [0, 1, 4]) == [(0, 5, 0, 50)]
    assert joined([4000] * 12, [0, 1, 2, 11]) == [(0, 3, 0, 12000), (11, 12, 44000, 48000)]
    assert joined([10] * 6, []) == []


def test_no_request_is_larger_than_the_largest():
    found = joined([4096] * 3000, range(3000))
    assert max(stop - start for _first, _end, start, stop in found) <= block_index.LARGEST_RANGE
    assert [one[0] for one in found[1:]] == [one[1] for one in found[:-1]]

# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A disk of slots is read and changed where the running system would see its files."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from tests.faults.image import Image, NotMended, edited
from tests.faults.partitions import Layout
from tests.lab.flavours import DISK, FLAVOURS

pytestmark = pytest.mark.skipif(not Path("/dev/fuse").exists(), reason="disks are looked at through FUSE")
MIB = 1 << 20
PERSIST = "/run/osmigrate/persist"


def test_paths_lead_to_the_partitions_of_a_node_with_slots(disk):
    layout = Layout(disk, "slots")
    numbers = {place: partition.number for place, partition in layout.partitions.items()}
    mounted = {place: int(device[len(DISK) :]) for place, device, *_rest in FLAVOURS["slots"].mounts}
    assert {place: numbers[place] for place in mounted} == mounted
    slots = sorted(place for place, number in numbers.items() if number in (4, 5))
    assert all(place.startswith("/run/osmigrate/slots/") for place in slots) and numbers[PERSIST] == 6
    assert layout.locate("/boot/grub/grub.cfg") == (layout.partitions["/boot"], "/grub/grub.cfg")
    assert layout.locate("/bootless") == (layout.partitions["/"], "/bootless")
    assert layout.locate(slots[0] + "/usr") == (layout.partitions[slots[0]], "/usr")
    assert [layout.of_loader(path) for path in ("/osmigrate/x", "/boot/x")] == ["/boot/osmigrate/x", "/boot/x"]
    assert set(layout.mended) == {"/", "/boot", PERSIST}


def test_what_is_changed_lies_where_it_belongs(disk, tmp_path):
    layout, before = Layout(disk, "slots"), hashlib.sha256(disk.read_bytes()).hexdigest()
    slots = [place for place, partition in layout.partitions.items() if partition.label.startswith("ROOT")]
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    with edited(disk, scratch / "layer.qcow2", layout) as files:
        files.write("/boot/grub/custom.cfg", b"menu")
        files.write(f"{PERSIST}/osmigrate/etc/one/upper/hang", b"forever")
        files.link(f"{PERSIST}/osmigrate/etc/one/upper/wants/hang", "../hang")
        files.remove(f"{slots[0]}/etc/name")
    assert hashlib.sha256(disk.read_bytes()).hexdigest() == before
    with Image(scratch / "layer.qcow2", layout, "qcow2").mended() as mended:
        assert mended.read("/boot/grub/custom.cfg") == b"menu"
        assert mended.tree(f"{PERSIST}/osmigrate/etc/one/upper") == {
            "hang": hashlib.sha256(b"forever").hexdigest(),
            "wants/hang": "../hang",
        }
        assert [mended.read(f"{slot}/etc/name") for slot in slots] == [None, b"whole"]
        part = layout.partitions[slots[1]]
        content = disk.read_bytes()[part.begin : part.begin + 2 * MIB]
        assert mended.digest(slots[1], 2 * MIB) == hashlib.sha256(content).hexdigest()
    with edited(disk, scratch / "wiped.qcow2", layout) as files:
        files.wipe(PERSIST)
    with pytest.raises(NotMended, match=PERSIST), Image(scratch / "wiped.qcow2", layout, "qcow2").mended():
        pass

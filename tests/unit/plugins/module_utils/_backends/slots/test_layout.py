# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which partition is what, and what speaks against writing one; at the end on a real partition table."""

import copy
import json
import os
import shutil
import stat
import subprocess

import pytest
from ansible_collections.osmigrate.fleet.plugins.module_utils import _command, _storage
from ansible_collections.osmigrate.fleet.plugins.module_utils._backends.slots import layout
from ansible_collections.osmigrate.fleet.plugins.module_utils._errors import FleetError


def part(name, number, partlabel="", partuuid="", **more):
    common = {"mountpoint": None, "fstype": None, "uuid": None, "label": None, "ro": False}
    known = {"name": name, "type": "part", "maj:min": number, "size": 1 << 30, "partlabel": partlabel or None}
    return {**common, **known, "partuuid": partuuid or f"UUID-{number}", **more}


def disk(name, *parts, kind="disk", number="9:9"):
    return {**part(name, number), "type": kind, "partuuid": None, "children": list(parts)}


def machine():
    """A disk whose names and order say nothing: the slots are 5 and 2, on NVMe, with a 2 in the name of the disk."""
    return disk(
        "/dev/nvme2n1",
        part("/dev/nvme2n1p1", "259:1", "BOOT", fstype="ext4"),
        part("/dev/nvme2n1p2", "259:2", "ROOT-B"),
        part("/dev/nvme2n1p3", "259:3", "PERSIST", fstype="xfs", uuid="cafe"),
        part("/dev/nvme2n1p5", "259:5", "ROOT-A"),
    )


def mount(number, target):
    return _storage.Mount(target, "/", "/dev/root", "ext4", [], number, [])


def look(*disks, named=None, root="259:5", mounts=()):
    partitions = layout.parse(json.dumps({"blockdevices": disks}), mounts)
    return layout.assign(partitions, named or {}, root)


def changed(index, **values):
    whole = copy.deepcopy(machine())
    whole["children"][index].update(values)
    return whole


def test_names_of_devices_say_nothing():
    found = look(machine())
    devices = {name: one.device[-2:] for name, one in found.partitions.items()}
    assert devices == {"BOOT": "p1", "ROOT-B": "p2", "PERSIST": "p3", "ROOT-A": "p5"}
    assert (found.running, found.other()) == ("ROOT-A", "ROOT-B")
    assert layout.in_use(found, "ROOT-A") == "ROOT-A (/dev/nvme2n1p5) is what runs"
    assert layout.in_use(found, "ROOT-B") == ""


def test_a_slot_runs_through_what_is_made_of_it():
    verity = {**part("/dev/mapper/root", "252:0"), "type": "crypt", "partuuid": None}
    found = look(changed(3, children=[verity]), root="252:0")
    assert found.running == "ROOT-A"


def test_a_package_managed_root_runs_on_no_slot_fail():
    found = look(machine(), root="8:1")
    assert found.running == ""
    with pytest.raises(FleetError, match="on neither slot"):
        found.other()


@pytest.mark.parametrize(
    "tag", ["PARTUUID=uuid-259:7", "PARTUUID=UUID-259:7", "PARTLABEL=old root", "UUID=beef", "LABEL=state"]
)
def test_a_layout_file_names_what_has_no_label(tag):
    whole = machine()
    whole["children"].append(part("/dev/nvme2n1p7", "259:7", "old root", uuid="beef", label="state"))
    assert look(whole, named={"PERSIST": tag}).slot("PERSIST").device == "/dev/nvme2n1p7"


def test_a_table_of_the_old_kind_has_partuuids_too():
    parts = [part(f"/dev/sda{n}", f"8:{n}", partuuid=f"0badcafe-0{n}") for n in (1, 2, 3, 4)]
    named = {name: f"PARTUUID=0badcafe-0{n}" for n, name in enumerate(("ESP", "ROOT-A", "ROOT-B", "PERSIST"), start=1)}
    found = look(disk("/dev/sda", *parts), named=named, root="8:3")
    assert found.running == "ROOT-B" and found.slot("ESP").device == "/dev/sda1"


@pytest.mark.parametrize("kind", ["mpath", "raid1"])
def test_partitions_of_members_are_those_of_the_whole(kind):
    whole = disk("/dev/mapper/whole", *machine()["children"], kind=kind)
    whole["children"] = [{**one, "name": one["name"].replace("nvme2n1p", "md0p")} for one in whole["children"]]
    other = [part(f"/dev/sdx{n}", f"65:{n}", one["partlabel"]) for n, one in enumerate(machine()["children"])]
    found = look(disk("/dev/sdx", whole, *other), disk("/dev/sdy", whole))
    assert found.slot("ROOT-B").device == "/dev/md0p2"


def test_two_partitions_with_one_label_fail():
    second = disk("/dev/sdb", part("/dev/sdb1", "8:17", "ROOT-B"))
    with pytest.raises(FleetError) as caught:
        look(machine(), second)
    assert caught.value.problem == "2 partitions are PARTLABEL=ROOT-B: /dev/nvme2n1p2, /dev/sdb1"
    named = {"ROOT-B": "PARTUUID=uuid-259:2"}
    assert look(machine(), second, named=named).slot("ROOT-B").device == "/dev/nvme2n1p2"


def test_a_copied_disk_has_the_same_partuuids_fail():
    with pytest.raises(FleetError, match="2 partitions are PARTUUID=uuid-259:1: "):
        copied = copy.deepcopy(machine())
        for one in copied["children"]:
            one["name"] = one["name"].replace("nvme2", "nvme3")
        look(machine(), copied, named={"BOOT": "PARTUUID=uuid-259:1"})


@pytest.mark.parametrize(
    ("index", "problem"),
    [
        (3, "no partition ROOT-A: none is PARTLABEL=ROOT-A"),
        (2, "no partition PERSIST: none is PARTLABEL=PERSIST"),
        (0, "neither a partition BOOT nor ESP"),
    ],
)
def test_what_is_missing_fail(index, problem):
    with pytest.raises(FleetError, match=problem):
        look(changed(index, partlabel="data"))


def test_one_partition_for_two_names_fail():
    with pytest.raises(FleetError, match="PERSIST and ROOT-B are one partition, /dev/nvme2n1p2"):
        look(machine(), named={"PERSIST": "PARTLABEL=ROOT-B"})


def test_a_slot_without_partuuid_fail():
    with pytest.raises(FleetError, match="has no PARTUUID"):
        look(changed(1, partuuid=None))


@pytest.mark.parametrize(
    ("values", "mounts", "reason"),
    [
        ({}, [mount("259:2", "/mnt/a"), mount("259:2", "/mnt/b")], "is mounted at /mnt/a, /mnt/b"),
        ({"mountpoint": "[SWAP]"}, [], "is in use by swap"),
        ({"ro": True}, [], "is read-only"),
        ({"ro": "1"}, [], "is read-only"),
        (
            {"children": [{**part("/dev/mapper/vg-a", "252:3"), "type": "lvm"}]},
            [],
            r"is in use by /dev/mapper/vg-a \(lvm\)",
        ),
    ],
)
def test_a_slot_in_use_fail(values, mounts, reason):
    found = look(changed(1, **values), mounts=mounts)
    with pytest.raises(AssertionError, match=rf"ROOT-B \(/dev/nvme2n1p2\) {reason}"):
        raise AssertionError(layout.in_use(found, "ROOT-B"))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "[" * 100000,
        '{"ROOT-A": 5}',
        '{"ROOT-C": "PARTLABEL=x"}',
        '{"ROOT-A": "PARTLABEL="}',
        '{"ROOT-A": "/dev/sda1"}',
        # An image brings both.
        '{"ROOT-A": "UUID=beef"}',
        '{"ROOT-A": "LABEL=a"}',
    ],
)
def test_a_layout_file_that_is_none_fail(text):
    with pytest.raises(FleetError, match="is no layout file"):
        layout.parse_file(text)


PROBED = {"PART_ENTRY_UUID": "aa", "PART_ENTRY_OFFSET": "2048", "PART_ENTRY_SIZE": "100"}


@pytest.mark.parametrize(
    ("there", "problem"),
    [
        ({}, ""),
        ({"PART_ENTRY_UUID": "bb"}, "its PARTUUID is bb there and aa here"),
        ({"PART_ENTRY_SIZE": "50"}, "begins at sector 2048 with 50 sectors there, at 2048 with 100 here"),
        ({"PART_ENTRY_OFFSET": "34"}, "begins at sector 34 "),
        ({"PART_ENTRY_UUID": ""}, "its PARTUUID is none there"),
    ],
)
def test_a_table_that_was_changed_meanwhile(there, problem):
    found = layout.moved({**PROBED, **there}, "aa", 2048, 100)
    assert problem in found and bool(problem) == bool(found)


def test_what_others_have_left_in_a_slot_does_not_hide_its_place_in_the_table(monkeypatch):
    """As blkid 2.38 answers of a partition with signatures of ext4 and of swap."""
    asked = []

    def run(argv, check):
        asked.append(argv)
        text = "".join(f"{name}={value}\n" for name, value in PROBED.items()) if "-n" in argv else ""
        return _command.Completed(argv, 0 if text else 8, text, "blkid: /dev/vda3: ambivalent result")

    monkeypatch.setattr(layout, "run", run)
    assert layout.probe("/dev/vda3") == PROBED and len(asked) == 2 and asked[1][-1] == "/dev/vda3"


@pytest.fixture
def loop_disk(tmp_path):
    """A real table on a loop device, with nodes for its partitions, which udev makes elsewhere."""
    if os.getuid() or not (shutil.which("sgdisk") and os.path.exists("/dev/loop-control")):
        pytest.skip("needs root, loop devices and sgdisk")
    image = tmp_path / "disk"
    image.touch()
    os.truncate(image, 32 << 20)
    parts = ["-n1:0:+4M", "-c1:BOOT", "-n2:0:+8M", "-c2:ROOT-A", "-n3:0:+8M", "-c3:ROOT-B", "-n4:0:0", "-c4:PERSIST"]
    subprocess.run(["sgdisk", *parts, image], check=True, stdout=subprocess.DEVNULL)
    made = subprocess.run(
        ["losetup", "-f", "-P", "--show", image], check=False, stdout=subprocess.PIPE, encoding="ascii"
    )
    if made.returncode:
        pytest.skip("needs a free loop device")
    loop = made.stdout.strip()
    nodes = []
    try:
        subprocess.run(["partx", "--update", loop], check=True)  # not every kernel does it by itself
        for place in sorted(os.listdir(f"/sys/block/{os.path.basename(loop)}")):
            if place.startswith(os.path.basename(loop) + "p") and not os.path.exists(f"/dev/{place}"):
                number = open(f"/sys/block/{os.path.basename(loop)}/{place}/dev").read().strip()
                os.mknod(f"/dev/{place}", stat.S_IFBLK | 0o600, os.makedev(*map(int, number.split(":"))))
                nodes.append(f"/dev/{place}")
        yield loop, image
    finally:
        subprocess.run(["losetup", "-d", loop], check=True)
        for node in nodes:
            os.unlink(node)


@pytest.mark.parametrize("broken", [False, True])
@pytest.mark.parametrize(("there", "is_there"), [("", False), ("labels/ROOT-B", True), ("slots.json", True)])
def test_a_node_that_was_meant_to_have_slots_is_laid_out_for_them(tmp_path, monkeypatch, there, is_there, broken):
    """Also where it cannot be used so: two ROOT-B, no PERSIST, a file with a typo. Preflight tells that."""

    def read(*_given):
        if broken:
            raise FleetError("2 partitions are PARTLABEL=ROOT-B")

    monkeypatch.setattr(layout, "read", read)
    (tmp_path / "labels").mkdir()
    if there:
        (tmp_path / there).write_text("{")
    assert layout.is_there(str(tmp_path / "slots.json"), str(tmp_path / "labels")) is is_there


def test_a_real_table(loop_disk, tmp_path):
    loop, image = loop_disk
    if not os.path.exists(loop + "p3"):
        pytest.skip("this kernel does not look for partitions of loop devices")
    found = layout.read(str(tmp_path / "no such file"))
    assert [found.slot(name).device for name in layout.NAMES if name != "ESP"] == [f"{loop}p{n}" for n in (1, 2, 3, 4)]
    assert found.running == "" and layout.in_use(found, "ROOT-B") == ""
    slot = found.slot("ROOT-B")
    layout.check_table("ROOT-B", slot)
    subprocess.run(["mke2fs", "-q", "-t", "ext4", slot.device], check=True)
    with open(slot.device, "r+b") as device:  # and swap, as blkid sees it
        device.seek(4086)
        device.write(b"SWAPSPACE2")
        device.seek(1024)
        device.write(b"\1\0\0\0\x10\0\0\0")
    layout.check_table("ROOT-B", slot)
    # Made smaller by somebody, while the kernel goes by what it read before.
    subprocess.run(["sgdisk", "-d3", "-n3:0:+4M", "-c3:ROOT-B", image], check=True, stdout=subprocess.DEVNULL)
    with pytest.raises(FleetError, match="is not what the kernel goes by: its PARTUUID is "):
        layout.check_table("ROOT-B", slot)

# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

import errno
import json
import os

import pytest
from ansible_collections.osmigrate.fleet.plugins.module_utils import _storage
from ansible_collections.osmigrate.fleet.plugins.module_utils._command import Completed
from ansible_collections.osmigrate.fleet.plugins.module_utils._errors import FleetError

PACKAGE_ROOT = """\
22 27 0:21 / /proc rw,relatime - proc proc rw
27 1 254:3 / / rw,relatime - ext4 /dev/root rw,errors=remount-ro
40 27 254:2 / /boot/efi rw - vfat /dev/vda2 rw
41 27 0:44 / /mnt/with\\040blank rw shared:5 - tmpfs tmpfs rw
"""
SEPARATE_BOOT = PACKAGE_ROOT + "39 27 254:1 / /boot rw - ext4 /dev/vda1 rw\n"
DEPLOYMENT = """\
30 1 254:3 /ostree/deploy/debian/deploy/abc.0 / rw - ext4 /dev/vda3 rw
31 30 254:3 / /sysroot rw - ext4 /dev/vda3 rw
32 30 254:3 /boot /boot rw - ext4 /dev/vda3 rw
33 30 254:3 /ostree/deploy/debian/var /var rw - ext4 /dev/vda3 rw
34 33 254:3 /var/lib/kubelet /var/lib/kubelet rw - ext4 /dev/vda3 rw
"""
SUBVOLUME = "27 1 0:30 /@ / rw - btrfs /dev/vda3 rw,subvol=/@\n"
COVERED = PACKAGE_ROOT + "50 27 8:1 / /data rw - ext4 /dev/sda1 rw\n51 50 8:2 / /data rw - xfs /dev/sda2 rw\n"


@pytest.mark.parametrize(
    ("text", "path", "seen"),
    [
        (PACKAGE_ROOT, "/boot/vmlinuz", "/boot/vmlinuz"),
        (SEPARATE_BOOT, "/boot/vmlinuz", "/vmlinuz"),
        (SEPARATE_BOOT, "/boot", "/"),
        (SEPARATE_BOOT, "/bootleg", "/bootleg"),
        (DEPLOYMENT, "/boot/ostree/x/vmlinuz", "/boot/ostree/x/vmlinuz"),
        (DEPLOYMENT, "/usr/lib/x", "/ostree/deploy/debian/deploy/abc.0/usr/lib/x"),
        (DEPLOYMENT, "/var/lib/kubelet/a", "/var/lib/kubelet/a"),
        (SUBVOLUME, "/boot/vmlinuz", "/@/boot/vmlinuz"),
    ],
)
def test_path_on_device(text, path, seen):
    assert _storage.path_on_device(path, _storage.mount_of(path, _storage.parse_mountinfo(text))) == seen


def test_the_last_mount_covers_the_others():
    assert _storage.mount_of("/data/x", _storage.parse_mountinfo(COVERED)).fstype == "xfs"


def test_blanks_in_mount_points():
    mounted = _storage.parse_mountinfo(PACKAGE_ROOT)
    assert _storage.mount_of("/mnt/with blank/file", mounted).fstype == "tmpfs"


def test_mount_of_fail_without_any_mount():
    with pytest.raises(FleetError, match="No file system is mounted at /x"):
        _storage.mount_of("/x", [])


@pytest.mark.parametrize(("devices", "several"), [([], False), (["vda3"], False), (["vda3", "vdb"], True)])
def test_a_btrfs_of_several_devices(tmp_path, monkeypatch, devices, several):
    monkeypatch.setattr(_storage, "BTRFS", str(tmp_path))
    for device in devices:
        (tmp_path / "1-2" / "devices" / device).mkdir(parents=True)
    assert _storage.has_several_devices("1-2") is several


def lvm(*names):
    """What lsblk says of logical volumes, each on the next."""
    device = {}
    for name in reversed(names):
        device = {"name": f"/dev/mapper/{name}", "type": "lvm", "uuid": None, "children": [device] if device else []}
    return json.dumps({"blockdevices": [{**device, "uuid": "1-2"}]})


@pytest.mark.parametrize(
    ("text", "layers"),
    [
        (
            '{"blockdevices":[{"name":"/dev/vda3","type":"part","fstype":"ext4","uuid":"1-2",'
            '"children":[{"name":"/dev/vda","type":"disk","fstype":null,"uuid":null}]}]}',
            ["part", "disk"],
        ),
        (
            '{"blockdevices":[{"name":"/dev/mapper/a-b","type":"lvm","fstype":"xfs","uuid":"1-2","children":['
            '{"name":"/dev/md0","type":"raid1","fstype":"LVM2_member","uuid":"9","children":['
            '{"name":"/dev/sda1","type":"part","fstype":"linux_raid_member","uuid":"8"},'
            '{"name":"/dev/sdb1","type":"part","fstype":"linux_raid_member","uuid":"8"}]}]}]}',
            ["lvm", "raid1", "part"],
        ),
        (
            # A thin volume, and a snapshot that is being merged back, as lsblk 2.38 shows them.
            '{"blockdevices":[{"name":"/dev/mapper/vg-root","type":"lvm","uuid":"1-2","children":['
            '{"name":"/dev/mapper/vg-pool-tpool","type":"lvm","uuid":null,"children":['
            '{"name":"/dev/mapper/vg-pool_tdata","type":"lvm","uuid":null,"children":['
            '{"name":"/dev/sda2","type":"part","uuid":"8"}]}]}]}]}',
            ["lvm", "thin pool", "part"],
        ),
        (
            '{"blockdevices":[{"name":"/dev/mapper/vg-root","type":"lvm","uuid":"1-2","children":['
            '{"name":"/dev/mapper/vg-root-real","type":"lvm","uuid":null},'
            '{"name":"/dev/mapper/vg-before-cow","type":"lvm","uuid":null}]}]}',
            ["lvm", "snapshot"],
        ),
        (
            # Debian's initramfs logs in by a file, so no kernel argument tells of it.
            '{"blockdevices":[{"name":"/dev/sda1","type":"part","uuid":"1-2","tran":null,"children":['
            '{"name":"/dev/sda","type":"disk","uuid":null,"tran":"iscsi"}]}]}',
            ["part", "disk", "network"],
        ),
        (
            '{"blockdevices":[{"name":"/dev/sda1","type":"part","uuid":"1-2","tran":null,"children":['
            '{"name":"/dev/sda","type":"disk","uuid":null,"tran":"sas"}]}]}',
            ["part", "disk"],
        ),
        (lvm("vg-root", "vg-root_rimage_0"), ["lvm", "RAID of LVM"]),
        (lvm("vg-root", "vg-root_rmeta_1"), ["lvm", "RAID of LVM"]),
        (lvm("vg-root", "vg-root_rimage_0", "vg-root_rimage_0_iorig"), ["lvm", "RAID of LVM", "integrity of LVM"]),
        (lvm("vg-root", "vg-root_corig"), ["lvm", "cache of LVM"]),
        (lvm("vg-root", "vg-fast_cvol-cdata", "vg-fast_cvol"), ["lvm", "cache of LVM"]),
        (lvm("vg-root", "vg-root_wcorig"), ["lvm", "cache of LVM"]),
        (lvm("vg-root", "vg-vpool0-vpool", "vg-vpool0_vdata"), ["lvm", "VDO"]),
        (lvm("vg-primage_0x"), ["lvm"]),
        ('{"blockdevices":[{"name":"/dev/bcache0","type":"disk","uuid":"1-2","tran":null}]}', ["bcache", "disk"]),
        ('{"blockdevices":[{"name":"/dev/rbd0","type":"disk","uuid":"1-2","tran":null}]}', ["disk", "network"]),
        ('{"blockdevices":[{"name":"/dev/drbd10","type":"disk","uuid":"1-2","tran":null}]}', ["disk", "network"]),
    ],
)
def test_parse_lsblk(text, layers):
    assert _storage.thin_pool(text) == ("vg-pool-tpool" if "thin pool" in layers else "")
    assert _storage.parse_lsblk(text)[1:] == ("1-2", layers)


POOL_STATUS = "0 209715200 thin-pool 1 142/4096 9000/102400 - rw no_discard_passdown queue_if_no_space - 1024"
POOL_TABLE = "0 209715200 thin-pool 253:2 253:3 2048 0 1 skip_block_zeroing"


FREE = 93400 * 1024 * 1024


@pytest.mark.parametrize(
    ("status", "table", "pool"),
    [
        (POOL_STATUS, POOL_TABLE, (FREE, "")),
        (POOL_STATUS.replace("9000/", "102400/"), POOL_TABLE, (0, "")),
        ("0 209715200 thin-pool Fail", POOL_TABLE, (None, "has failed")),
        ("0 209715200 thin-pool Error", POOL_TABLE, (None, "has failed")),
        (POOL_STATUS.replace("142/", "4090/"), POOL_TABLE, (FREE, "has used 99 % of its metadata")),
        (POOL_STATUS.replace("142/", "3686/"), POOL_TABLE, (FREE, "")),
        (
            POOL_STATUS.replace(" rw ", " ro ").replace("no_space - ", "no_space needs_check "),
            POOL_TABLE,
            (FREE, "is read-only and needs a check"),
        ),
        (POOL_STATUS.replace(" rw ", " out_of_data_space "), POOL_TABLE, (FREE, "has no room for data left")),
        ("", "", (None, "")),
        ("Device does not exist.", "Device does not exist.", (None, "")),
    ],
)
def test_how_a_thin_pool_is_is_what_the_pool_says(status, table, pool):
    assert _storage.parse_pool(status + "\n", table + "\n") == pool


LISTED = [
    {"name": "/dev/sda1", "uuid": "b"},
    {"name": "/dev/sdb1", "uuid": "b"},
    {"name": "/dev/mapper/vg-root", "uuid": "r"},
    {"name": "/dev/mapper/vg-root", "uuid": "r"},  # below each disk that it lies on
    {"name": "/dev/mapper/vg-root-real", "uuid": "r"},
    {"name": "/dev/mapper/vg-before", "uuid": "r"},
    {"name": "/dev/mapper/vg-before-cow", "uuid": None},
    {"name": "/dev/sdc", "uuid": None},
]


@pytest.mark.parametrize(
    ("device", "uuid", "others"),
    [
        ("/dev/sda1", "b", ["/dev/sdb1"]),
        ("/dev/mapper/vg-root", "r", ["/dev/mapper/vg-before (snapshot)"]),
        ("/dev/sda1", "", []),
        ("/dev/sda1", "x", []),
    ],
)
def test_what_shows_the_same_uuid(device, uuid, others):
    found = _storage.Filesystem("/", device, uuid, "ext4", ["part"], 0, 0)
    assert _storage.twins(LISTED, found) == others


@pytest.mark.parametrize("udev, probed", [("b", []), (None, ["/dev/sda1", "/dev/sdb1"])])
def test_a_twin_is_seen_without_udev(monkeypatch, udev, probed):
    asked = []

    def run(argv, **_options):
        if argv[0] == "lsblk":
            listed = [{"name": name, "uuid": udev} for name in ("/dev/sda1", "/dev/sdb1")]
            return Completed(argv, 0, json.dumps({"blockdevices": listed}), "")
        asked.append(argv[-1])
        return Completed(argv, 0, "b\n", "")

    monkeypatch.setattr(_storage, "run", run)
    found = _storage.Filesystem("/boot", "/dev/sda1", "b", "ext4", ["part"], 0, 0)
    assert _storage.twins(_storage.with_uuids([found]), found) == ["/dev/sdb1"]
    assert asked == probed


def test_room_is_asked_for_inside_the_directory(tmp_path):
    here = _storage.room(str(tmp_path / "not/there"))
    space = os.statvfs(tmp_path)
    assert here.size_bytes == space.f_blocks * space.f_frsize
    assert here.free_bytes <= here.root_bytes
    assert (here.files is None) == (space.f_files == 0)


@pytest.mark.parametrize(
    ("kept", "options", "journaled"),
    [
        ("rw\ndata=journal\n", "rw", True),  # a default that the file system keeps, which no mount shows
        ("rw\ndata=ordered\n", "rw", False),
        ("", "rw,data=journal", True),
        ("", "rw", False),
    ],
)
def test_journals_data(tmp_path, monkeypatch, kept, options, journaled):
    monkeypatch.setattr(_storage, "EXT4", str(tmp_path))
    if kept:
        (tmp_path / "vda1").mkdir()
        (tmp_path / "vda1/options").write_text(kept)
    (mount,) = _storage.parse_mountinfo(f"39 27 254:1 / /boot rw - ext4 /dev/vda1 {options}\n")
    assert _storage.journals_data("/dev/vda1", mount) is journaled


def test_filesystem_of_a_path_that_does_not_exist_yet(tmp_path):
    here = _storage.filesystem(str(tmp_path / "a/b/c"))
    assert os.path.ismount(here.target)
    assert 0 < here.free_bytes < here.size_bytes


def test_write_atomic(tmp_path):
    path = tmp_path / "file"
    path.write_text("old")
    _storage.write_atomic(str(path), b"new", 0o600)
    assert path.read_bytes() == b"new"
    assert path.stat().st_mode & 0o7777 == 0o600
    assert os.listdir(tmp_path) == ["file"]


def test_write_atomic_fail_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "file"
    path.write_text("old")

    def full(_descriptor):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(FleetError, match="No space"):
        _storage.write_atomic(str(path), b"new", 0o600)
    assert path.read_text() == "old"
    assert os.listdir(tmp_path) == ["file"]


def test_lsblk_without_json_says_the_same():
    """EL 7 has no JSON; this machine's lsblk can say both. What it shows of a chain are its devices, one by one."""
    columns = "NAME,TYPE,UUID,TRAN"
    said = _storage.run(["lsblk", "--pairs", "--paths", "--output", columns]).stdout
    flat = _storage.blockdevices(said)
    tree = _storage.every(_storage.blockdevices(_storage.lsblk(columns)))
    assert {one["name"]: one["type"] for one in flat} == {one["name"]: one["type"] for one in tree}
    assert {one["uuid"] or "" for one in flat} == {one["uuid"] or "" for one in tree}


PAIRS = [
    (
        'NAME="/dev/sda3" TYPE="part" UUID="1-2" TRAN=""\nNAME="/dev/sda" TYPE="disk" UUID="" TRAN="sas"\n',
        ("/dev/sda3", "1-2", ["part", "disk"]),
    ),
    (
        'NAME="/dev/mapper/centos-a\\x20b" TYPE="lvm" UUID="1-2" TRAN=""\n'
        'NAME="/dev/md0" TYPE="raid1" UUID="9" TRAN=""\n'
        'NAME="/dev/sda1" TYPE="part" UUID="8" TRAN=""\nNAME="/dev/sda" TYPE="disk" UUID="" TRAN="iscsi"\n',
        ("/dev/mapper/centos-a b", "1-2", ["lvm", "raid1", "part", "disk", "network"]),
    ),
]


@pytest.mark.parametrize(("text", "found"), PAIRS)
def test_pairs_of_lsblk(text, found):
    assert _storage.parse_lsblk(text) == found


@pytest.mark.parametrize("knows", [True, False])
def test_what_old_programs_do_not_know_is_asked_otherwise(monkeypatch, knows):
    asked = []

    def run(argv, check=True, **how):
        asked.append(argv[1:2])
        old = not knows and argv[1:2] in (["--json"], ["--file-system"])
        return Completed(argv, int(old), "" if old else "said", "")

    monkeypatch.setattr(_storage, "run", run)
    assert _storage.lsblk("NAME") == "said"
    _storage.sync_file_system("/boot")
    assert asked == ([["--json"], ["--file-system"]] if knows else [["--json"], ["--pairs"], ["--file-system"], []])

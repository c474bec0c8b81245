# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the initramfs of a slot gets besides, as its systemd reads it."""

import configparser
import shutil
import subprocess

import pytest
from ansible_collections.osmigrate.fleet.plugins.module_utils._backends import contract
from ansible_collections.osmigrate.fleet.plugins.module_utils._backends.slots import backend, kernel, layout, persist
from ansible_collections.osmigrate.fleet.plugins.module_utils._boot import initrd
from ansible_collections.osmigrate.fleet.plugins.module_utils._trial import entry

from tests.backends.archives import members

PERSIST = layout.Partition("/dev/vda5", "254:5", 1 << 30, "0badcafe-05", fstype="xfs", uuid="1-2")
ETC = "/run/osmigrate/persist/osmigrate/etc/debian-13-2"


@pytest.fixture
def unpacked(tmp_path):
    """The archive as the kernel unpacks it."""
    for path, mode, content in members(persist.archive(PERSIST, "debian-13-2")):
        if mode == initrd.DIRECTORY_MODE:
            (tmp_path / path).mkdir()
        elif mode == initrd.LINK_MODE:
            (tmp_path / path).symlink_to(content.decode())
        else:
            (tmp_path / path).write_bytes(content)
    return tmp_path / initrd.UNITS


def unit(path):
    parser = configparser.RawConfigParser(strict=False)
    parser.optionxform = str
    parser.read(path)
    return parser


def test_persist_and_etc_are_mounted_before_the_root_is_taken_for_whole(unpacked):
    wanted = unpacked / "initrd-root-fs.target.requires"
    assert sorted(one.name for one in wanted.iterdir()) == ["run-osmigrate-persist.mount", "sysroot-etc.mount"]
    for link in wanted.iterdir():
        read = unit(link.resolve(strict=True))
        assert read["Unit"]["Before"] == "initrd-root-fs.target"
        assert link.name == read["Mount"]["Where"][1:].replace("/", "-") + ".mount"
    mounts = {link.name: dict(unit(link)["Mount"]) for link in wanted.iterdir()}
    assert mounts["run-osmigrate-persist.mount"] == {
        "What": "/dev/disk/by-partuuid/0badcafe-05",
        "Where": "/run/osmigrate/persist",
        "Type": "xfs",
        "Options": "defaults",
    }
    assert mounts["sysroot-etc.mount"] == {
        "What": "overlay",
        "Where": "/sysroot/etc",
        "Type": "overlay",
        "Options": f"lowerdir=/sysroot/usr/etc,upperdir={ETC}/upper,workdir={ETC}/work",
    }


def test_a_slow_disk_is_waited_for(unpacked):
    name = "dev-disk-by\\x2dpartuuid-0badcafe\\x2d05.device"
    assert unit(unpacked / f"{name}.d/osmigrate.conf")["Unit"]["JobRunningTimeoutSec"] == "infinity"
    if shutil.which("systemd-escape"):
        escape = ["systemd-escape", "--path", "--suffix=device", "/dev/disk/by-partuuid/0badcafe-05"]
        assert subprocess.run(escape, check=True, capture_output=True, text=True).stdout == name + "\n"


def test_it_follows_whatever_the_release_brings_where_the_kernel_looks_for_the_next_one():
    assert len(persist.archive(PERSIST, "debian-13-2")) % initrd.ALIGNMENT == 0


@pytest.mark.parametrize(
    ("filesystem", "flags"),
    [("ext4", ["rootflags=noload"]), ("xfs", ["rootflags=norecovery,nouuid"]), ("erofs", []), ("squashfs", [])],
)
def test_the_kernel_finds_a_slot_by_its_partition_and_writes_nothing(filesystem, flags):
    words = ["root=PARTUUID=0badcafe-03", "ro", f"rootfstype={filesystem}"]
    assert kernel.arguments("PARTUUID=0badcafe-03", filesystem) == words + flags


class Written(contract.Candidate):
    """A release in a slot, as far as its entry asks; test_candidate.py has a real one."""

    def digests(self):
        return {"kernel": "a", "initrd": "b"}

    def commit(self):
        return "c"


def test_what_opens_the_root_of_the_incumbent_does_not_open_a_slot(tmp_path):
    words = kernel.arguments("PARTUUID=0badcafe-03", "ext4")
    root = backend.root_of("0badcafe-03", words, "1-2", "3-4", merged=False, directory=str(tmp_path))
    running = [("root", "UUID=9"), ("rootflags", "subvol=@"), ("rootfstype", "btrfs"), ("console", "ttyS0")]
    made = entry.of_root(root, {"name": "d", "version": "2"}, Written(), running, [], [])
    told = [word for word in made["options"].split() if word.startswith("root")]
    assert told == ["root=PARTUUID=0badcafe-03", "rootfstype=ext4", "rootflags=noload"]
    assert made["options"].endswith(" console=ttyS0") and made["root"] == root.path


@pytest.mark.parametrize(("subvolume", "options"), [("", "defaults"), ("/@", "subvol=/@")])
def test_a_disk_of_the_incumbent_that_is_slow_to_come_is_no_emergency(subvolume, options):
    line = backend.incumbent_line("PARTUUID=0badcafe-02", "btrfs", subvolume)
    patient = f"{options},x-systemd.device-timeout=infinity"
    assert line == f"PARTUUID=0badcafe-02 /run/osmigrate/incumbent btrfs {patient} 0 0"


def test_without_a_name_in_the_table_it_is_found_by_its_file_system():
    assert b"/dev/disk/by-uuid/1-2\n" in persist.archive(PERSIST._replace(partuuid=""), "debian-13-2")

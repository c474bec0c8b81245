# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The archive as the kernel unpacks it: its layout is the kernel's "newc" (initramfs buffer format)."""

from ansible_collections.osmigrate.fleet.plugins.module_utils._boot import initrd

HEADER = 110


def members(archive):
    """Walk through a newc archive; return (path, mode, content) of each member up to the trailer."""
    position, found = 0, []
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


def test_every_directory_comes_before_what_is_in_it():
    seen = {""}
    for path, mode, _content in members(initrd.archive()):
        assert path.rpartition("/")[0] in seen
        if mode == initrd.DIRECTORY:
            seen.add(path)
    assert "etc/systemd/system/sysinit.target.wants" in seen


def test_systemd_starts_the_timer_and_the_timer_the_reboot():
    found = {path: (mode, content) for path, mode, content in members(initrd.archive())}
    units = "etc/systemd/system"
    mode, target = found[f"{units}/sysinit.target.wants/osmigrate-initrd.timer"]
    assert (mode, target) == (initrd.LINK, b"../osmigrate-initrd.timer")
    assert b"OnBootSec=300\n" in found[f"{units}/osmigrate-initrd.timer"][1]
    assert b"systemctl --force reboot" in found[f"{units}/osmigrate-initrd.service"][1]


def test_it_gives_the_release_more_time_than_its_initramfs_takes_to_give_up():
    assert initrd.SECONDS > 120  # rd.timeout of the trial's arguments

# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The archive as the kernel unpacks it: its layout is the kernel's "newc" (initramfs buffer format)."""

import re
import subprocess

import pytest
from ansible_collections.osmigrate.fleet.plugins.module_utils import _storage
from ansible_collections.osmigrate.fleet.plugins.module_utils._boot import grub, initrd
from ansible_collections.osmigrate.fleet.plugins.module_utils._trial import evidence

from tests.backends.archives import members


def test_every_directory_comes_before_what_is_in_it():
    seen = {""}
    for path, mode, _content in members(initrd.archive()):
        assert path.rpartition("/")[0] in seen
        if mode == initrd.DIRECTORY_MODE:
            seen.add(path)
    assert "etc/systemd/system/sysinit.target.wants" in seen


def test_systemd_starts_the_timer_and_the_timer_the_reboot():
    found = {path: (mode, content) for path, mode, content in members(initrd.archive())}
    units = "etc/systemd/system"
    mode, target = found[f"{units}/sysinit.target.wants/osmigrate-initrd.timer"]
    assert (mode, target) == (initrd.LINK_MODE, b"../osmigrate-initrd.timer")
    assert b"OnBootSec=300\n" in found[f"{units}/osmigrate-initrd.timer"][1]
    assert b"systemctl --force reboot" in found[f"{units}/osmigrate-initrd.service"][1]


def test_every_reboot_out_of_the_initramfs_leaves_word_and_none_later():
    """Dracut reboots from its emergency services, at once, or out of its queue of devices, by reboot.target."""
    found = {path: content for path, _mode, content in members(initrd.archive())}
    units = "etc/systemd/system"
    assert found[f"{units}/reboot.target.d/osmigrate.conf"] == b"[Unit]\nWants=osmigrate-initrd-reboot.service\n"
    for name in ("emergency", "dracut-emergency"):
        told = b"[Service]\nExecStartPre=-/bin/sh /etc/osmigrate-initrd-end gave-up\n"
        assert found[f"{units}/{name}.service.d/osmigrate.conf"] == told
    unit = found[f"{units}/osmigrate-initrd-reboot.service"]
    assert b"\nBefore=systemd-reboot.service\n" in unit and b"\nConditionPathExists=/etc/initrd-release\n" in unit
    assert b"\nExecStart=-/bin/sh /etc/osmigrate-initrd-end gave-up\n" in unit


@pytest.mark.parametrize("seconds", [300, 600])
def test_it_gives_the_release_more_time_than_its_initramfs_takes_to_give_up(seconds):
    (gives_up,) = re.findall(r"rd.timeout=([0-9]+)", grub.trial_arguments({"initrd_seconds": seconds}))
    assert 0 < int(gives_up) < seconds / 2


def left_word(tmp_path, mount, second="1", how="", damaged=False):
    """Run what the initramfs runs, where nothing can be mounted: `mount` stands in for that program.

    :param second: how long one of its seconds takes.
    :param how: what it is told of why it runs.
    :param damaged: whether a check of a file system has failed.
    """
    tools = tmp_path / "bin"
    tools.mkdir()
    for name, text in {
        "mount": mount,
        "umount": "exit 0",
        "sleep": f"exec /bin/sleep {second}",
        "systemctl": f"exit {0 if damaged else 1}",
    }.items():
        (tools / name).write_text(f"#!/bin/sh\n{text}\n")
        (tools / name).chmod(0o755)
    there = tmp_path / "there"
    (there / "osmigrate").mkdir(parents=True)
    text = initrd.script(600, "1-2", "/osmigrate", str(there)).replace("/dev/kmsg", str(tmp_path / "kmsg"))
    line = tmp_path / "cmdline"
    line.write_text("ostree=/x osmigrate.entry=d-1 osmigrate.trial=1\n")
    uptime = tmp_path / "uptime"
    uptime.write_text("121.35 400.00\n")
    text = text.replace("/proc/cmdline", str(line)).replace("/proc/uptime", str(uptime))
    environment = {"PATH": f"{tools}:/bin:/usr/bin"}
    subprocess.run(["sh", "-c", text, "sh", how], env=environment, check=False, timeout=30)
    assert f"no root after {121 if how else 600} seconds" in (tmp_path / "kmsg").read_text()
    return evidence.parse_ended(_storage.read_text(str(there / "osmigrate/ended")))


def test_the_incumbent_finds_why_the_initramfs_gave_up(tmp_path):
    note = left_word(tmp_path, "exit 0")
    trial = {"entry": "d-1", "armed_boot_id": "another"}
    said = evidence.explain(trial, evidence.Evidence(note, ""), "nothing")
    assert said == "its initramfs did not find the root within 600 seconds"


def test_the_incumbent_finds_when_the_initramfs_gave_up_by_itself(tmp_path):
    note = left_word(tmp_path, "exit 0", how="gave-up")
    assert note["detail"] == "its initramfs gave up after 121 seconds, without the root or what belongs to it"


def test_nothing_is_written_to_a_file_system_that_may_be_the_damaged_one(tmp_path):
    assert left_word(tmp_path, "exit 0", how="gave-up", damaged=True) == {}


@pytest.mark.parametrize("mount", ["exit 1", "exec /bin/sleep 60"], ids=["no disk", "a disk that does not answer"])
def test_a_disk_that_does_not_answer_holds_nothing_up(tmp_path, mount):
    assert left_word(tmp_path, mount, "0.01") == {}

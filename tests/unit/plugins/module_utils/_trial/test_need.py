# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

import pytest
from ansible_collections.osmigrate.fleet.plugins.module_utils._backends.contract import Bind, NextRoot
from ansible_collections.osmigrate.fleet.plugins.module_utils._boot import grub, soft
from ansible_collections.osmigrate.fleet.plugins.module_utils._trial import need

RELEASE = "6.12.57-cloud-amd64"
OPTIONS = "root=UUID=1 rw ostree=/ostree/boot-0/d/{}/0 systemd.machine_id=a console=ttyS0 hugepages=8"
TRIAL = "osmigrate.trial=1 panic=30 oops=panic softlockup_panic=1 rd.timeout=270 rd.shell=0 systemd.crash_reboot=1"
LINE = "BOOT_IMAGE=(hd0,gpt1)/boot/ostree/x/vmlinuz " + OPTIONS.format("one") + " osmigrate.entry=d-1"
ABLE = NextRoot("", [Bind("/ostree/deploy/d/deploy/two.0", "", False)], {})


def entry(name, kernel="k", initrd="i", **more):
    options = OPTIONS.format(name)
    return {"id": name, "options": options, "digests": {"kernel": kernel, "initrd": initrd}, **more}


@pytest.mark.parametrize(
    "running, wanted, line, word, why",
    [
        (entry("d-1"), entry("d-2"), LINE, "soft", ""),
        # A boot that was a trial, by GRUB or by kexec, is as good.
        (entry("d-1"), entry("d-2"), f"{LINE} {TRIAL}", "soft", ""),
        (entry("d-1"), entry("d-2"), f"{LINE.partition(' ')[2]} {TRIAL}", "soft", ""),
        (entry("d-1"), entry("d-2", initrd="other"), LINE, "soft", "another initramfs"),
        (entry("d-1"), entry("d-2", kernel="other"), LINE, "reboot", "another kernel"),
        (entry("d-1"), {**entry("d-2"), "digests": None}, LINE, "reboot", "another kernel"),
        (entry("d-1"), entry("d-2"), LINE + " nosmt", "reboot", "other kernel arguments"),
        (entry("d-1"), {**entry("d-2"), "options": OPTIONS + " nosmt"}, LINE, "reboot", "other kernel arguments"),
        (entry("d-1"), entry("d-1"), LINE, "none", ""),
        (entry("d-1", changed={}), {**entry("d-1"), "options": OPTIONS + " nosmt"}, LINE, "reboot", "other kernel arg"),
        (None, entry("d-2"), LINE, "reboot", "no release"),
    ],
)
def test_what_a_release_needs(tmp_path, running, wanted, line, word, why):
    (tmp_path / "usr/lib/modules" / RELEASE).mkdir(parents=True)
    found = need.of(wanted, running, grub.parse_command_line(line), str(tmp_path), RELEASE)
    assert found.word == word
    assert why in found.why and bool(found.why) == bool(why)


def test_a_kernel_that_cannot_be_reset_has_no_guard(monkeypatch):
    monkeypatch.setattr(soft, "RESET", "/proc/none")
    said = need.problem(need.Need("soft", ""), ABLE, (257, 257), 900)
    assert said == "its guard could not reset the machine, for the kernel has no /proc/none"


def test_modules_of_the_kernel_that_runs_have_to_be_there(tmp_path):
    found = need.of(entry("d-2"), entry("d-1"), grub.parse_command_line(LINE), str(tmp_path), RELEASE)
    assert found == ("reboot", "the release has no modules for the kernel that runs")


@pytest.mark.parametrize(
    "word, root, versions, deadman, says",
    [
        ("soft", ABLE, (257, 257), 900, ""),
        ("soft", ABLE, (257, 252), 900, "systemd 252 is the one of the release, and it needs 255"),
        ("soft", ABLE, (254, 257), 900, "systemd 254 is the one of what runs, and it needs 255"),
        ("soft", ABLE, (257, 0), 900, "no systemd that is known is the one of the release"),
        ("soft", ABLE, (257, 257), 0, "its trial has no limit"),
        ("soft", NextRoot("its root is one of slots", [], {}), (257, 257), 900, "its root is one of slots"),
        ("none", ABLE, (257, 257), 900, "it runs already"),
        ("reboot", ABLE, (257, 257), 900, "the release has another kernel"),
    ],
)
def test_why_a_soft_reboot_cannot_be(monkeypatch, word, root, versions, deadman, says):
    monkeypatch.setattr(soft, "RESET", "/proc/self")
    why = "the release has another kernel" if word == "reboot" else ""
    said = need.problem(need.Need(word, why), root, versions, deadman)
    assert said.startswith(says) and bool(said) == bool(says)

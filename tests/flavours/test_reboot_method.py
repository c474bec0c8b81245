# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Trials that kexec starts on a node where GRUB counts: there, home from one that hangs, and on to the next release."""

from __future__ import annotations

import pytest

from tests.flavours.test_flavours import BOOT_TIMEOUT, HANGS, NODE, chosen, fresh, record

BY_KEXEC = {"osmigrate_reboot_method": "kexec"}
# GRUB names the kernel that it starts, and kexec does not.
STARTED_BY_GRUB = "grep -c BOOT_IMAGE= /proc/cmdline || true"


@pytest.mark.skipif("bios" not in chosen(), reason="another flavour was chosen")
def test_a_month_by_kexec() -> None:
    fleet = fresh("bios")
    assert fleet.play("migrate", **fleet.release("13.1"), **BY_KEXEC).rc == 0
    assert 'VERSION_ID="13"' in fleet.shell(NODE, "cat /etc/os-release")
    assert fleet.shell(NODE, STARTED_BY_GRUB).strip() == "0"
    assert record(fleet)["firmware_due"]["entry"] == "debian-13-13.1"
    told = fleet.play("status")
    assert f"to be rebooted through the firmware some time: {NODE}." in told.output

    # Whatever resets a trial by kexec, GRUB boots what was confirmed; so does a plain reboot.
    run = fleet.play("upgrade", **fleet.release("13.2"), osmigrate_kernel_arguments=[HANGS], **BY_KEXEC)
    assert run.rc != 0
    kept = record(fleet)
    assert kept["failed"]["debian-13-13.2"]["verdict"] == "fell_back"
    assert kept["firmware_due"] is None
    assert fleet.shell(NODE, STARTED_BY_GRUB).strip() == "1"
    assert "osmigrate.entry=debian-13-13.1" in fleet.shell(NODE, "cat /proc/cmdline").split()

    assert fleet.play("upgrade", **fleet.release("13.2"), osmigrate_retry=True, **BY_KEXEC).rc == 0
    assert "osmigrate.entry=debian-13-13.2" in fleet.shell(NODE, "cat /proc/cmdline").split()
    assert fleet.shell(NODE, "systemctl --failed --no-legend --plain") == ""
    before = fleet.boot_id(NODE)
    fleet.machines[NODE].power_off()
    fleet.machines[NODE].start()
    fleet.wait_for(lambda: fleet.serves_again(NODE, before), "the reboot", BOOT_TIMEOUT)
    assert "osmigrate.entry=debian-13-13.2" in fleet.shell(NODE, "cat /proc/cmdline").split()
    assert "through the firmware" not in fleet.play("status").output


# Only in the release that has jq: its first process dies, as early as one can, and its kernel goes on.
DIES = """\
mkdir -p /etc/systemd/system/sysinit.target.wants
cat > /etc/systemd/system/dies.service <<'END'
[Unit]
DefaultDependencies=no
ConditionPathExists=/usr/bin/jq
[Service]
Type=oneshot
ExecStart=/bin/sh -c 'kill -SEGV 1'
END
ln -s ../dies.service /etc/systemd/system/sysinit.target.wants/dies.service
"""
HEALED = "rm /etc/systemd/system/dies.service /etc/systemd/system/sysinit.target.wants/dies.service"
BY_SOFT_REBOOT = {"osmigrate_reboot_method": "soft"}
GUARDED = {"osmigrate_deadman_seconds": 120, "osmigrate_health_deadline": 60}


@pytest.mark.skipif("bios" not in chosen(), reason="another flavour was chosen")
def test_a_month_by_soft_reboot() -> None:
    fleet = fresh("bios")
    # From packages it has another kernel: refused before anything of the node ends.
    run = fleet.play("migrate", **fleet.release("13.1"), **BY_SOFT_REBOOT)
    assert run.rc != 0 and "what runs is no release" in " ".join(run.output.split())
    assert not fleet.node(NODE)["spec"].get("unschedulable")
    assert fleet.play("migrate", **fleet.release("13.1")).rc == 0
    before = fleet.boot_id(NODE)

    # Nothing of the release can end its trial, so what has outlived the soft-reboot does.
    fleet.shell(NODE, DIES)
    run = fleet.play("upgrade", **fleet.release("13.2"), **BY_SOFT_REBOOT, **GUARDED)
    assert run.rc != 0
    kept = record(fleet)
    assert kept["failed"]["debian-13-13.2"]["verdict"] == "fell_back"
    assert "by a soft-reboot" in kept["failed"]["debian-13-13.2"]["reason"]
    assert fleet.boot_id(NODE) != before
    assert "osmigrate.entry=debian-13-13.1" in fleet.shell(NODE, "cat /proc/cmdline").split()

    fleet.shell(NODE, HEALED)
    before = fleet.boot_id(NODE)
    run = fleet.play("upgrade", **fleet.release("13.2"), osmigrate_retry=True, **BY_SOFT_REBOOT)
    assert run.rc == 0 and "debian-13-13.2 needs: soft" in run.output
    assert fleet.boot_id(NODE) == before
    assert fleet.shell(NODE, "jq --version").startswith("jq")
    assert fleet.shell(NODE, "systemctl --failed --no-legend --plain") == ""
    assert fleet.shell(NODE, "ls -d /run/osmigrate-soft /run/nextroot 2>/dev/null || true") == ""
    assert record(fleet)["firmware_due"]["entry"] == "debian-13-13.2"
    # What ostree goes by, too.
    assert "* debian" in fleet.shell(NODE, "ostree admin status").splitlines()[0]
    fleet.machines[NODE].power_off()
    fleet.machines[NODE].start()
    fleet.wait_for(lambda: fleet.serves_again(NODE, before), "the reboot", BOOT_TIMEOUT)
    assert "osmigrate.entry=debian-13-13.2" in fleet.shell(NODE, "cat /proc/cmdline").split()

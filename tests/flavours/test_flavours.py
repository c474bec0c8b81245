# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""One node of each flavour of storage and firmware, moved to the release and back by the playbooks."""

from __future__ import annotations

import json
import os

import pytest
from ansible_collections.osmigrate.fleet.plugins.module_utils._boot import initrd

from tests.e2e.fleet import Fleet
from tests.lab.flavours import FLAVOURS

NODE = "w5"
BOOT_TIMEOUT = 600
# The initramfs reaches what its own timer needs, and nothing more.
HANGS = "rd.systemd.unit=sysinit.target"
# Where the trial is counted, where GRUB finds the kernels, and what has to be mounted on the release.
EXPECTED = {
    "bios": ("block", "/boot/ostree", {}),
    "uefi": ("block", "/boot/ostree", {}),
    "ifupdown": ("block", "/boot/ostree", {}),
    "netplan": ("block", "/boot/ostree", {}),
    "lvm": ("block", "/ostree", {"/sysroot": "xfs", "/sysroot/var": "ext4", "/boot": "xfs", "/boot/efi": "vfat"}),
    "lvm-boot": ("esp-block", "/boot/ostree", {"/sysroot": "ext4", "/boot/efi": "vfat"}),
    "btrfs": ("kexec", "/@/boot/ostree", {"/sysroot": "btrfs"}),
    "slots": ("block", "/osmigrate/slots", {"/etc": "overlay", "/boot": "ext4", "/run/osmigrate/persist": "ext4"}),
    "el": ("block", "/osmigrate/boot/ostree", {"/sysroot": "xfs", "/boot": "xfs"}),
}
# Of a node that does not get the releases by OSTree: the backend, and where its /var comes from.
OTHERS = {"slots": ("slots", "/osmigrate/var]")}
# What the package-managed system is, and what boots it; entries of its own are called by the id of a machine.
LEGACY = "sha256sum /etc/os-release /boot/grub*/grub.cfg /boot/loader/entries/[0-9a-f]*.conf 2> /dev/null || true"
CHOSEN = os.environ.get("OSMIGRATE_FLAVOURS")


def test_every_flavour_has_its_row():
    assert set(EXPECTED) == set(FLAVOURS)


def chosen() -> list[str]:
    return [flavour for flavour in EXPECTED if not CHOSEN or flavour in CHOSEN.split(",")]


def fresh(flavour: str) -> Fleet:
    return Fleet.alone(NODE, flavour)


def record(fleet: Fleet) -> dict:
    return json.loads(fleet.shell(NODE, "cat /boot/osmigrate/state.json"))


@pytest.mark.parametrize("flavour", [flavour for flavour in chosen() if EXPECTED[flavour][0] != "block"])
def test_a_trial_that_hangs_in_the_initramfs_comes_home(flavour: str) -> None:
    """With a block beside grub.cfg this is a cell of the fault matrix."""
    fleet = fresh(flavour)
    run = fleet.play("migrate", **fleet.release("13.1"), osmigrate_kernel_arguments=[HANGS])
    assert run.rc != 0
    assert "runs its default package" in " ".join(run.output.split())
    assert f"no root after {initrd.SECONDS} seconds" in fleet.machines[NODE].console.read_text(errors="replace")
    assert record(fleet)["failed"]["debian-13-13.1"]["verdict"] == "fell_back"
    assert not fleet.node(NODE)["spec"].get("unschedulable")


@pytest.mark.parametrize("flavour", chosen())
def test_there_and_back(flavour: str) -> None:
    fleet = fresh(flavour)
    tier, kernels, mounts = EXPECTED[flavour]
    firmware = "uefi" if fleet.shell(NODE, "[ ! -d /sys/firmware/efi ] || echo uefi") else "bios"
    assert firmware == FLAVOURS[flavour].firmware
    data = fleet.shell(NODE, "sha256sum /home/ops/NOTES /var/lib/lab-data/first /var/lib/kubelet/config.yaml")
    legacy = fleet.shell(NODE, LEGACY)

    backend, var = OTHERS.get(flavour, ("ostree", "/ostree/deploy/debian/var]"))
    assert fleet.play("migrate", **fleet.release("13.1"), osmigrate_backend=backend).rc == 0
    kept = record(fleet)
    assert kept["control"]["tier"] == tier, kept["control"]
    assert kept["entries"]["debian-13-13.1"]["kernel"].startswith(kernels)
    assert 'VERSION_ID="13"' in fleet.shell(NODE, "cat /etc/os-release")
    assert fleet.shell(NODE, "systemctl --failed --no-legend --plain") == ""
    for place, fstype in mounts.items():
        assert fleet.shell(NODE, f"findmnt -no FSTYPE {place}").split() == [fstype]
    assert fleet.shell(NODE, "findmnt -no SOURCE /var").strip().endswith(var)
    assert data == fleet.shell(NODE, "sha256sum /home/ops/NOTES /var/lib/lab-data/first /var/lib/kubelet/config.yaml")
    # The trial's boot is this one: systemd holds the watchdog that the machine has.
    assert "watchdog" in fleet.shell(NODE, "journalctl --boot --grep='hardware watchdog' _PID=1").lower()

    # GRUB has to find by itself what was confirmed, whoever started the trial.
    before = fleet.boot_id(NODE)
    fleet.machines[NODE].power_off()
    fleet.machines[NODE].start()
    fleet.wait_for(lambda: fleet.serves_again(NODE, before), "the reboot", BOOT_TIMEOUT)
    assert "osmigrate.entry=debian-13-13.1" in fleet.shell(NODE, "cat /proc/cmdline").split()

    assert fleet.play("rollback").rc == 0
    assert legacy == fleet.shell(NODE, LEGACY)
    assert data == fleet.shell(NODE, "sha256sum /home/ops/NOTES /var/lib/lab-data/first /var/lib/kubelet/config.yaml")
    assert fleet.shell(NODE, "systemctl --failed --no-legend --plain") == ""

# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""One node of each flavour of storage and firmware, moved to the release and back by the playbooks, or refused."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable

import pytest
from fleet import Fleet
from lab.flavours import FLAVOURS

NODE = "w5"
# Where the trial is counted, where GRUB finds the kernels, and what has to be mounted on the release.
EXPECTED = {
    "bios": ("block", "/boot/ostree", {}),
    "uefi": ("block", "/boot/ostree", {}),
    "ifupdown": ("block", "/boot/ostree", {}),
    "netplan": ("block", "/boot/ostree", {}),
    "lvm": ("block", "/ostree", {"/sysroot": "xfs", "/sysroot/var": "ext4", "/boot": "xfs", "/boot/efi": "vfat"}),
}
# What preflight does not let through, and the keys of what it finds.
REFUSED = {"lvm-boot": ("boot-storage",), "btrfs": ("boot-filesystem", "root-filesystem")}
CHOSEN = os.environ.get("OSMIGRATE_FLAVOURS")


def test_every_flavour_has_its_row():
    assert set(EXPECTED) | set(REFUSED) == set(FLAVOURS)


def chosen(flavours: Iterable[str]) -> list[str]:
    return [flavour for flavour in flavours if not CHOSEN or flavour in CHOSEN.split(",")]


def fresh(flavour: str) -> Fleet:
    fleet = Fleet.fresh(f"{NODE}={flavour}")
    # One node alone: a second replica would be one that the budget protects and that has nowhere to go.
    fleet.control_plane.kubectl("scale", "deployment/web", "--namespace=demo", "--replicas=1")
    fleet.control_plane.kubectl("rollout", "status", "deployment/web", "--namespace=demo", "--timeout=120s")
    return fleet


def record(fleet: Fleet) -> dict:
    return json.loads(fleet.shell(NODE, "cat /boot/osmigrate/state.json"))


@pytest.mark.parametrize("flavour", chosen(REFUSED))
def test_refused(flavour: str) -> None:
    fleet = fresh(flavour)
    run = fleet.play("migrate", **fleet.release("13.1"))
    assert run.rc != 0
    assert all(f"({key})" in run.output for key in REFUSED[flavour])


@pytest.mark.parametrize("flavour", chosen(EXPECTED))
def test_there_and_back(flavour: str) -> None:
    fleet = fresh(flavour)
    tier, kernels, mounts = EXPECTED[flavour]
    firmware = "uefi" if fleet.shell(NODE, "[ ! -d /sys/firmware/efi ] || echo uefi") else "bios"
    assert firmware == FLAVOURS[flavour].firmware
    data = fleet.shell(NODE, "sha256sum /home/ops/NOTES /var/lib/lab-data/first /var/lib/kubelet/config.yaml")

    assert fleet.play("migrate", **fleet.release("13.1")).rc == 0
    kept = record(fleet)
    assert kept["control"]["tier"] == tier, kept["control"]
    assert kept["entries"]["debian-13-13.1"]["kernel"].startswith(kernels)
    assert "VERSION_ID=\"13\"" in fleet.shell(NODE, "cat /etc/os-release")
    assert fleet.shell(NODE, "systemctl --failed --no-legend --plain") == ""
    for place, fstype in mounts.items():
        assert fleet.shell(NODE, f"findmnt -no FSTYPE {place}").split() == [fstype]
    assert fleet.shell(NODE, "findmnt -no SOURCE /var").strip().endswith("/ostree/deploy/debian/var]")
    assert data == fleet.shell(NODE, "sha256sum /home/ops/NOTES /var/lib/lab-data/first /var/lib/kubelet/config.yaml")
    # The trial's boot is this one: systemd holds the watchdog that the machine has.
    assert "watchdog" in fleet.shell(NODE, "journalctl --boot --grep='hardware watchdog' _PID=1").lower()

    assert fleet.play("rollback").rc == 0
    assert "VERSION_ID=\"12\"" in fleet.shell(NODE, "cat /etc/os-release")
    assert data == fleet.shell(NODE, "sha256sum /home/ops/NOTES /var/lib/lab-data/first /var/lib/kubelet/config.yaml")
    assert fleet.shell(NODE, "systemctl --failed --no-legend --plain") == ""

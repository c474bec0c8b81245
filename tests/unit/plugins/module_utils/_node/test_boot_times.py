# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What systemctl shows of a boot, as seconds of its parts."""

import pytest
from ansible_collections.osmigrate.fleet.plugins.module_utils._node import boot_times


def said(**stamps: int) -> str:
    return "".join(f"{name}TimestampMonotonic={value}\n" for name, value in stamps.items())


@pytest.mark.parametrize(
    ("stamps", "parts"),
    [
        (
            {"Firmware": 9_200_000, "Loader": 1_200_000, "InitRD": 5_500_000, "Userspace": 27_600_000},
            {"firmware": 8.0, "loader": 1.2, "kernel": 5.5, "initramfs": 22.1},
        ),
        (
            {"Firmware": 0, "Loader": 0, "InitRD": 0, "Userspace": 6_000_000, "ActiveEnter": 30_040_000},
            {"kernel": 6.0, "until kubelet": 24.0},
        ),
        ({"Userspace": 6_000_000, "ActiveEnter": 5_000_000}, {"kernel": 6.0}),
        ({"Userspace": 0}, {}),
        ({}, {}),
    ],
)
def test_parts_of_a_boot(stamps, parts):
    assert boot_times.read(said(**stamps)) == parts
    assert list(boot_times.read(said(**stamps))) == list(parts)


def test_a_boot_by_kexec_has_no_part_of_firmware_and_loader():
    stamps = said(Firmware=9_200_000, Loader=1_200_000, InitRD=5_500_000, Userspace=27_600_000)
    assert boot_times.read(stamps, by_kexec=True) == {"kernel": 5.5, "initramfs": 22.1}


def test_a_soft_reboot_starts_with_the_system():
    stamps = said(Firmware=9_200_000, InitRD=5_500_000, Userspace=600_000_000, ActiveEnter=612_000_000)
    assert boot_times.read(stamps + "SoftRebootsCount=1\n") == {"until kubelet": 12.0}
    assert "kernel" in boot_times.read(stamps + "SoftRebootsCount=0\n")


# What GRUB, kexec and two that nobody knows say of themselves; other machines than x86 have no such file.
@pytest.mark.parametrize(("told", "kexec"), [("114\n", False), ("208\n", True), ("", False), ("none", False)])
def test_what_the_kernel_says_of_its_loader(told, kexec):
    assert boot_times.is_kexec(told) is kexec

# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which loader started a system, by what each one leaves to be seen."""

import pytest
from ansible_collections.osmigrate.fleet.plugins.module_utils._boot import grub, loader


def variable(text):
    return b"\x06\0\0\0" + text.encode("utf-16-le") + b"\0\0"


CASES = {
    "GRUB": ("BOOT_IMAGE=/boot/vmlinuz-6.1 root=UUID=1", "", "", ""),
    "GRUB, with a device": ("BOOT_IMAGE=(hd0,gpt2)/vmlinuz-6.1 ro", "", "", ""),
    "GRUB that says so to the firmware": ("BOOT_IMAGE=/vmlinuz", "GRUB 2.12", "", ""),
    "systemd-boot beside a grub.cfg that was left": ("root=UUID=1 rw", "systemd-boot 252.1", "", "systemd-boot 252.1"),
    "a unified kernel image": ("root=UUID=1 rw", "", "systemd-stub 254", "unified kernel image"),
    "extlinux": ("BOOT_IMAGE=../vmlinuz-6.1 root=/dev/sda1", "", "", "extlinux"),
    "extlinux, by an absolute path": (
        "BOOT_IMAGE=/boot/vmlinuz-6.1 initrd=/boot/initrd.img-6.1 root=UUID=1 ro",
        "",
        "",
        "syslinux",
    ),
    "LILO": ("BOOT_IMAGE=Linux ro root=801", "", "", "BOOT_IMAGE=Linux"),
    "PXELINUX": ("BOOT_IMAGE=debian/linux initrd=debian/initrd.gz", "", "", "syslinux"),
    "rEFInd": ("ro root=UUID=1 initrd=boot\\initrd.img-6.1", "rEFInd 0.14.0", "", "rEFInd"),
    "GRUB, and an argument that begins with initrd": ("BOOT_IMAGE=/vmlinuz initrdmem=0x1,0x2 ro", "", "", ""),
    "GRUB below shim, on Fedora": ("BOOT_IMAGE=(hd0,gpt2)/vmlinuz-6.1 root=UUID=1", "GRUB 2.06", "", ""),
    "limine": ("root=UUID=1 rw", "Limine 8.0.1", "", "Limine 8.0.1"),
    "a hypervisor": ("console=ttyS0 root=/dev/vda", "", "", "hypervisor"),
    "GRUB from a server by TFTP": ("BOOT_IMAGE=(tftp,10.0.0.1)/vmlinuz root=UUID=1 ro", "", "", "from (tftp,10.0.0.1)"),
    "GRUB from a server by HTTP": ("BOOT_IMAGE=(http,10.0.0.1)/vmlinuz ro", "GRUB 2.06", "", "from (http,10.0.0.1)"),
    "GRUB from a CD": ("BOOT_IMAGE=(cd0)/live/vmlinuz root=UUID=1", "", "", "from (cd0)"),
    "GRUB, of a RAID": ("BOOT_IMAGE=(mduuid/1a2b)/vmlinuz-6.1 root=/dev/md0", "", "", ""),
    "nothing at all": ("", "", "", "no BOOT_IMAGE"),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_started_by(case):
    line, info, stub, why = case
    efi = [variable(text) if text else b"" for text in (info, stub)]
    found, said = loader.started_by(grub.parse_command_line(line), *efi)
    assert (found == loader.GRUB) == (not why)
    assert why in said and bool(said) == bool(why)

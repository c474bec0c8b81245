# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Boot loader and initramfs; kernel arguments are carried from what runs (kernel.py).

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

from ansible_collections.osmigrate.fleet.plugins.module_utils._carry.area import area

AREA = area(
    "boot",
    stays=[
        (
            "for the boot loader and initramfs of the incumbent",
            "/etc/default/grub /etc/default/grub.d/* /etc/grub.d/* /etc/grub2.cfg /etc/grub2-efi.cfg "
            "/etc/initramfs-tools/** /etc/kernel/** /etc/kernel-img.conf /etc/dracut.conf /etc/dracut.conf.d/* "
            "/etc/sysconfig/kernel /etc/sysconfig/grub /etc/kdump.conf /etc/sysconfig/kdump",
        )
    ],
)

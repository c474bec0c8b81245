# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which boot loader started the system that runs: a grub.cfg on the disk proves nothing. Pure.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

import typing

GRUB = "grub"
# What GRUB calls servers, and disks whose menu is that of an installer or a live system.
REMOTE = ("(tftp", "(http", "(pxe", "(efinet", "(cd", "(memdisk", "(loop")
EFI_VARIABLES = "sys/firmware/efi/efivars"
# Those of the Boot Loader Interface: four bytes of attributes, then UTF-16.
LOADER_INFO = "LoaderInfo-4a67b082-0a4c-41cf-b6c7-440b29bb8c4f"
STUB_INFO = "StubInfo-4a67b082-0a4c-41cf-b6c7-440b29bb8c4f"


def started_by(
    arguments: typing.Iterable[typing.Tuple[str, typing.Optional[str]]], loader_info: bytes, stub_info: bytes
) -> typing.Tuple[str, str]:
    """Say what started the kernel that runs.

    :param arguments: list of (name, value or None), the kernel's command line.
    :param loader_info, stub_info: bytes, those EFI variables; empty where there are none.
    :returns: (GRUB, "") or ("", str, why it is not known to be GRUB, without its full stop).
    """
    name = _text(loader_info)
    if name and not name.upper().startswith("GRUB"):
        return "", f"The firmware says that {name} started this system"
    stub = _text(stub_info)
    if stub:
        return "", f"This system was started as a unified kernel image ({stub})"
    image = dict(arguments).get("BOOT_IMAGE") or ""
    if image and "initrd" in dict(arguments):
        return "", "The kernel's command line names its initrd, which GRUB never does (syslinux and its relatives do)"
    if image.startswith(REMOTE):
        return "", f"GRUB fetched the kernel from {image.partition(')')[0]}), and so has its menu from elsewhere, too"
    if image.startswith(("/", "(")):
        return GRUB, ""
    if image:
        return "", f"The kernel was started as BOOT_IMAGE={image}, which is not how GRUB names it (extlinux does)"
    return "", "The kernel's command line has no BOOT_IMAGE, which GRUB adds: a hypervisor or another loader started it"


def _text(variable: bytes) -> str:
    return "".join(letter for letter in variable[4:].decode("utf-16-le", "replace") if letter.isprintable()).strip()

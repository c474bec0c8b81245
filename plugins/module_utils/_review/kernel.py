# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The kernels of a root, how they were built, and how large the boot files are.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

import re
import typing

from ansible_collections.osmigrate.fleet.plugins.module_utils._release.order import version_key
from ansible_collections.osmigrate.fleet.plugins.module_utils._review.entries import FILE, Entry
from ansible_collections.osmigrate.fleet.plugins.module_utils._review.view import View

MODULES = "/usr/lib/modules"
INITRAMFS = ("{modules}/{kernel}/initramfs.img", "/boot/initrd.img-{kernel}", "/boot/initramfs-{kernel}.img")
IMAGE = ("{modules}/{kernel}/vmlinuz", "/boot/vmlinuz-{kernel}")
CONFIG = ("{modules}/{kernel}/config", "/boot/config-{kernel}")
# What Debian's packages have in /boot, and a build keeps beside the modules.
_MOVED = re.compile(MODULES + r"/([^/]+)/(vmlinuz|config)")
_SET = re.compile(r"(CONFIG_\w+)=(.*)|# (CONFIG_\w+) is not set")


def versions(view: View) -> typing.List[str]:
    """Return the kernels that have modules, the newest last."""
    found = [name for name in view.names(MODULES) if view.is_directory(f"{MODULES}/{name}")]
    return sorted(found, key=version_key)


def options(view: View, kernel: str) -> typing.Dict[str, str]:
    """Return the options with which a kernel was built, without CONFIG_; "n" for what is not set; {} for not known."""
    for place in CONFIG:
        text = view.text(place.format(modules=MODULES, kernel=kernel))
        found = {}
        for line in text.splitlines():
            match = _SET.fullmatch(line)
            if match:
                name, value, off = match.groups()
                found[(name or off)[len("CONFIG_") :]] = "n" if off else value
        if found:
            return found
    return {}


def packaged(name: str) -> str:
    """Return where a package may have brought a file of a kernel, or the name as it is."""
    match = _MOVED.fullmatch(name)
    return f"/boot/{match.group(2)}-{match.group(1)}" if match else name


def initramfs_size(entries: typing.Dict[str, Entry], kernel: str) -> int:
    """Return the bytes of the initramfs of a kernel, 0 if there is none."""
    return _size(entries, _path(entries, kernel, INITRAMFS))


def initramfs_path(entries: typing.Dict[str, Entry], kernel: str) -> str:
    """Return where the initramfs of a kernel is, "" if there is none."""
    return _path(entries, kernel, INITRAMFS)


def image_size(entries: typing.Dict[str, Entry], kernel: str) -> int:
    """Return the bytes of a kernel itself, 0 if there is none."""
    return _size(entries, _path(entries, kernel, IMAGE))


def boot_files(kernels: typing.Iterable[str]) -> typing.Set[str]:
    """Return the names that what starts a node may have: only a reboot brings another one of these."""
    return {place.format(modules=MODULES, kernel=kernel) for kernel in kernels for place in IMAGE + INITRAMFS}


def _path(entries: typing.Dict[str, Entry], kernel: str, places: typing.Iterable[str]) -> str:
    named = (place.format(modules=MODULES, kernel=kernel) for place in places)
    return next((path for path in named if path in entries and entries[path].kind == FILE), "")


def _size(entries: typing.Dict[str, Entry], path: str) -> int:
    return entries[path].size if path else 0

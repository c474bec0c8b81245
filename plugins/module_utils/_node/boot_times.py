# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the seconds of this boot went, by systemd's own clock.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

import typing

from ansible_collections.osmigrate.fleet.plugins.module_utils._command import run
from ansible_collections.osmigrate.fleet.plugins.module_utils._storage import read_text
from ansible_collections.osmigrate.fleet.plugins.module_utils._text import whole_number

# systemd counts from the start of the kernel, in microseconds; what was before lies that long before it.
_OF_BOOT = ("Firmware", "Loader", "InitRD", "Userspace")
_STAMP = "TimestampMonotonic"
_ACTIVE = "ActiveEnter" + _STAMP
_UNIT = "kubelet.service"
_SOFT = "SoftRebootsCount"
# What started the kernel, by the kernel (x86 only): the number of the loader, and four bits of its version.
_LOADER_TYPE = "/proc/sys/kernel/bootloader_type"
_KEXEC = 0xD


def ask(by_kexec: bool) -> typing.Dict[str, float]:
    """Return the parts of this boot in their order, in seconds; what systemd does not say is not there.

    :param by_kexec: whether the node's record says that kexec started it; the kernel is asked, too.
    """
    asked = ",".join([*(part + _STAMP for part in _OF_BOOT), _SOFT])
    said = run(["systemctl", "show", f"--property={asked}"], check=False).stdout
    said += run(["systemctl", "show", f"--property={_ACTIVE}", _UNIT], check=False).stdout
    return read(said, by_kexec or is_kexec(read_text(_LOADER_TYPE)))


def is_kexec(loader_type: str) -> bool:
    """Say whether the kernel says that kexec started it.

    :param loader_type: what it says of its loader, "" on machines where it does not.
    """
    return (whole_number(loader_type.strip()) or 0) >> 4 == _KEXEC


def read(said: str, by_kexec: bool = False) -> typing.Dict[str, float]:
    """Read what systemctl shows of systemd itself and of the kubelet.

    :param said: lines of property and value.
    :param by_kexec: whether firmware and loader, whose figures outlive a kexec, had no part in this boot.
    """
    stamps = {}
    for line in said.splitlines():
        key, _sign, value = line.partition("=")
        if value.isdigit() and int(value) > 0:
            stamps[key.replace(_STAMP, "")] = int(value) / 1e6
    userspace = stamps.get("Userspace")
    if userspace is None:
        return {}
    soft = _SOFT in stamps
    if soft:  # what was before the system has not come again
        stamps = {part: stamps[part] for part in stamps if part in ("Userspace", "ActiveEnter")}
    elif by_kexec:
        stamps = {part: stamps[part] for part in stamps if part not in ("Firmware", "Loader")}
    loader, initramfs, kubelet = stamps.get("Loader", 0.0), stamps.get("InitRD"), stamps.get("ActiveEnter")
    parts = {
        "firmware": stamps["Firmware"] - loader if "Firmware" in stamps else None,
        "loader": loader or None,
        "kernel": None if soft else userspace if initramfs is None else initramfs,
        "initramfs": None if initramfs is None else userspace - initramfs,
        "until kubelet": None if kubelet is None else kubelet - userspace,
    }
    return {part: round(seconds, 1) for part, seconds in parts.items() if seconds is not None and seconds >= 0}

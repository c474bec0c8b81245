# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the seconds of this boot went, by systemd's own clock.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

import typing

from ansible_collections.osmigrate.fleet.plugins.module_utils._command import run

# systemd counts from the start of the kernel, in microseconds; what was before lies that long before it.
_OF_BOOT = ("Firmware", "Loader", "InitRD", "Userspace")
_STAMP = "TimestampMonotonic"
_ACTIVE = "ActiveEnter" + _STAMP
_UNIT = "kubelet.service"
_SOFT = "SoftRebootsCount"


def ask() -> typing.Dict[str, float]:
    """Return the parts of this boot in their order, in seconds; what systemd does not say is not there."""
    asked = ",".join([*(part + _STAMP for part in _OF_BOOT), _SOFT])
    said = run(["systemctl", "show", f"--property={asked}"], check=False).stdout
    return read(said + run(["systemctl", "show", f"--property={_ACTIVE}", _UNIT], check=False).stdout)


def read(said: str) -> typing.Dict[str, float]:
    """Read what systemctl shows of systemd itself and of the kubelet.

    :param said: lines of property and value.
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
    loader, initramfs, kubelet = stamps.get("Loader", 0.0), stamps.get("InitRD"), stamps.get("ActiveEnter")
    parts = {
        "firmware": stamps["Firmware"] - loader if "Firmware" in stamps else None,
        "loader": loader or None,
        "kernel": None if soft else userspace if initramfs is None else initramfs,
        "initramfs": None if initramfs is None else userspace - initramfs,
        "until kubelet": None if kubelet is None else kubelet - userspace,
    }
    return {part: round(seconds, 1) for part, seconds in parts.items() if seconds is not None and seconds >= 0}

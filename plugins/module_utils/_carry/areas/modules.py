# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Kernel modules and devices.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

from ansible_collections.osmigrate.fleet.plugins.module_utils._carry.area import MADE, area, take

AREA = area(
    "modules",
    [
        take(MADE, "/etc/modules-load.d/*.conf", shown=True),
        take(MADE, "/etc/modprobe.d/*.conf"),
        take(MADE, "/etc/udev/rules.d/* /etc/udev/hwdb.d/* /etc/udev/udev.conf /etc/binfmt.d/*.conf"),
        # Devices that pods get by their names.
        take(MADE, "/etc/cdi/**", as_is=True),
    ],
    stays=[("made anew by programs of the release", "/etc/udev/hwdb.bin")],
)

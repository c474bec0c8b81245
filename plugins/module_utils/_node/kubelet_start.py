# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Since when the kubelet of this system runs: what it told the API server before, another system told.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

import time

from ansible_collections.osmigrate.fleet.plugins.module_utils._command import run

_STAMP = "ActiveEnterTimestampMonotonic"


def ask() -> int:
    """Return since when, in seconds of the epoch by this node's clock; now, where it does not run yet."""
    said = run(["systemctl", "show", f"--property=ActiveState,{_STAMP}", "kubelet.service"], check=False).stdout
    return since(said, time.time(), time.monotonic())


def since(said: str, now: float, up: float) -> int:
    """Read what systemctl shows.

    :param said: lines of property and value; a moment is in microseconds since the kernel's start, 0 for never. That of
        a unit that does not run is of an earlier time, even of the system before a soft-reboot.
    :param now: seconds of the epoch.
    :param up: seconds since the kernel's start.
    """
    shown = dict(line.partition("=")[::2] for line in said.splitlines())
    stamp = shown.get(_STAMP, "")
    started = int(stamp) / 1e6 if stamp.isdigit() and shown.get("ActiveState") == "active" else 0.0
    return int(now - (up - started)) if 0 < started <= up else int(now)

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
    said = run(["systemctl", "show", f"--property={_STAMP}", "kubelet.service"], check=False).stdout
    return since(said, time.time(), time.monotonic())


def since(said: str, now: float, up: float) -> int:
    """Read what systemctl shows.

    :param said: line of property and value, in microseconds since the kernel's start, 0 for never.
    :param now: seconds of the epoch.
    :param up: seconds since the kernel's start.
    """
    stamp = said.strip().partition("=")[2]
    started = int(stamp) / 1e6 if stamp.isdigit() else 0.0
    return int(now - (up - started)) if 0 < started <= up else int(now)

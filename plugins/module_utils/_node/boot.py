# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Opens the boot control of this node with every backend that there is.

The report's program holds this file, so it imports nothing else (_trial/reporter.py).

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

from ansible_collections.osmigrate.fleet.plugins.module_utils._backends import registry
from ansible_collections.osmigrate.fleet.plugins.module_utils._trial.control import BootControl


def control(check_mode: bool = False, run: str = "", fence_seen: int = 0) -> BootControl:
    """Return the BootControl of this node; parameters as there."""
    return BootControl(registry.backends(), check_mode, run, fence_seen)

# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

from ansible_collections.osmigrate.fleet.plugins.plugin_utils._table import fleet_summary


def fleet_summary_filter(nodes: Sequence[dict[str, Any]], choice: str = "", firmware_within: int = 0) -> list[str]:
    """Return what a fleet runs and how far it is, as of now."""
    return fleet_summary(nodes, time.time(), choice, firmware_within)


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"fleet_summary": fleet_summary_filter}

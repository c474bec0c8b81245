# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ansible_collections.osmigrate.fleet.plugins.plugin_utils._report import leapp_report, text_report


def findings_report(findings: list[dict[str, Any]], host: str, moment: str, text: bool = False) -> Any:
    """Return the report of a node, as dict or as text."""
    return text_report(findings, host, moment) if text else leapp_report(findings, host, moment)


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"findings_report": findings_report}

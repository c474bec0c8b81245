# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""By which backend a node gets a release. Pure."""

from __future__ import annotations

from typing import Any

from ansible_collections.osmigrate.fleet.plugins.module_utils._errors import FleetError
from ansible_collections.osmigrate.fleet.plugins.module_utils._release.schema import PAYLOADS, entry_id

AUTO = "auto"


def choose(release: dict[str, Any], boot: dict[str, Any], wanted: str = AUTO) -> str:
    """Choose the kind of payload that a node takes.

    :param release: as release_info returns it.
    :param boot: what boot_info returned of the node; empty where nobody has asked.
    :param wanted: what the operator says.
    :raises FleetError: the release has no such payload.
    """
    kinds = [kind for kind in PAYLOADS if kind in release["payloads"]]
    if wanted != AUTO:
        if wanted not in kinds:
            raise FleetError(
                f"Release {entry_id(release)} has no payload for the backend {wanted}, only for {', '.join(kinds)}",
                todo="Correct osmigrate_backend, or publish the release with such a payload",
            )
        return wanted
    # What lies there already is gone on with, and a node stays with what wrote the system that it runs.
    entries = boot.get("entries", {})
    for name in (entry_id(release), boot.get("booted", {}).get("entry", "")):
        written = entries.get(name, {}).get("backend", "")
        if written in kinds:
            return str(written)
    # Nobody makes two roots on a node that is not meant to use them.
    laid_out = [name for name in boot.get("laid_out", []) if name in kinds]
    return str([*laid_out, *kinds][0])

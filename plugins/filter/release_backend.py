# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ansible.errors import AnsibleFilterError
from ansible_collections.osmigrate.fleet.plugins.module_utils._errors import FleetError
from ansible_collections.osmigrate.fleet.plugins.plugin_utils._backend import AUTO, choose


def release_backend(release: dict[str, Any], boot: dict[str, Any] | None = None, wanted: str = AUTO) -> str:
    """Return the name of the backend."""
    if not isinstance(release, dict) or "payloads" not in release:
        raise AnsibleFilterError("release_backend takes the release that osmigrate.fleet.release_info returned")
    try:
        return choose(release, boot or {}, wanted)
    except FleetError as error:
        raise AnsibleFilterError(str(error)) from error


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"release_backend": release_backend}

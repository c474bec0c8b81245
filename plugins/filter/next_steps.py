# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from ansible.errors import AnsibleFilterError
from ansible_collections.osmigrate.fleet.plugins.module_utils._errors import FleetError
from ansible_collections.osmigrate.fleet.plugins.plugin_utils._way import next_steps


def next_steps_filter(
    boot: dict[str, Any],
    target: str,
    retry: bool = False,
    attempts_max: int = 3,
    drill: bool = False,
    commit: str = "",
    revoked: Sequence[Any] = (),
) -> Any:
    """Return the steps that are left and the refusal, as dict."""
    if not isinstance(boot, dict) or "booted" not in boot:
        raise AnsibleFilterError("next_steps takes what osmigrate.fleet.boot_info returned")
    try:
        return next_steps(boot, target, retry, attempts_max, drill, commit, revoked)._asdict()
    except FleetError as error:
        raise AnsibleFilterError(str(error)) from error


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"next_steps": next_steps_filter}

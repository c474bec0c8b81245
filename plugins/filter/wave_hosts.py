# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ansible.errors import AnsibleFilterError

# Groups of inventories are sorted as texts.
GROUP = "rollout_wave_%04d"


def wave_hosts_filter(waves: Sequence[Mapping[str, Any]], hosts: Mapping[str, str]) -> list[dict[str, str]]:
    """Return the hosts of waves, each with the group of its wave."""
    try:
        return [{"host": hosts[name], "group": GROUP % wave["number"]} for wave in waves for name in wave["nodes"]]
    except (KeyError, TypeError) as error:
        raise AnsibleFilterError(f"wave_hosts was given what is no wave, or no host of it: {error}") from error


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"wave_hosts": wave_hosts_filter}

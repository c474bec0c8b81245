# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

from ansible.errors import AnsibleFilterError
from ansible_collections.osmigrate.fleet.plugins.module_utils._text import named
from ansible_collections.osmigrate.fleet.plugins.plugin_utils import _choice


def fleet_choice_filter(
    clusters: Sequence[dict[str, Any]],
    pools: Any = None,
    zones: Any = None,
    releases: Any = None,
    states: Any = None,
    label_selector: str = "",
) -> dict[str, Any]:
    """Mark the nodes that are shown, as of now."""
    asked = _choice.Choice(_named(pools), _named(zones), _named(releases), _named(states), str(label_selector))
    unknown = [one for one in asked.states if one not in _choice.STATES]
    if unknown:
        raise AnsibleFilterError(f"fleet_choice knows the states {', '.join(_choice.STATES)}, and not {unknown[0]!r}")
    try:
        return _choice.choose(clusters, asked, time.time())
    except (KeyError, TypeError, AttributeError) as error:
        raise AnsibleFilterError(f"fleet_choice was given what are no clusters: {error}") from error


def _named(given: Any) -> tuple[str, ...]:
    return () if given is None else named(given)


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"fleet_choice": fleet_choice_filter}

# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

from ansible.errors import AnsibleFilterError
from ansible_collections.osmigrate.fleet.plugins.plugin_utils import _status as status


def fleet_status_filter(clusters: Sequence[dict[str, Any]], form: str = "html") -> str:
    """Return the state of a fleet in one of the forms, as of now."""
    if form not in status.FORMS:
        raise AnsibleFilterError(f"fleet_status knows the forms {', '.join(status.FORMS)}, and not {form!r}")
    try:
        return status.FORMS[form](status.facts(clusters, time.time()))
    except (KeyError, TypeError, AttributeError) as error:
        raise AnsibleFilterError(f"fleet_status was given what are no clusters: {error}") from error


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"fleet_status": fleet_status_filter}

# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ansible.errors import AnsibleFilterError
from ansible_collections.osmigrate.fleet.plugins.plugin_utils import _plan_page as plan_page


def rollout_plan_page_filter(made: dict[str, Any], form: str = "html") -> str:
    """Return the plan in one of the forms."""
    if form not in plan_page.FORMS:
        raise AnsibleFilterError(f"rollout_plan_page knows the forms {', '.join(plan_page.FORMS)}, and not {form!r}")
    if not isinstance(made, dict) or "batches" not in made:
        raise AnsibleFilterError("rollout_plan_page was given what is no plan")
    try:
        return plan_page.FORMS[form](made)
    except (KeyError, TypeError, AttributeError) as error:
        raise AnsibleFilterError(f"rollout_plan_page was given what is no plan: {error}") from error


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"rollout_plan_page": rollout_plan_page_filter}

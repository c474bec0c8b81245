# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ansible.errors import AnsibleFilterError
from ansible_collections.osmigrate.fleet.plugins.plugin_utils._hooks import read_hooks


def hooks_filter(written: Any, point: str, timeout: Any = 0) -> Any:
    """Return the hooks of one point as list of dicts."""
    try:
        return [hook._asdict() for hook in read_hooks(written, point, timeout)]
    except ValueError as error:
        raise AnsibleFilterError(f"{error}. Correct it, then run the same command again.") from None


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"hooks": hooks_filter}

# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from typing import Any

from ansible.errors import AnsibleFilterError
from ansible_collections.osmigrate.fleet.plugins.module_utils._duration import read_seconds
from ansible_collections.osmigrate.fleet.plugins.module_utils._text import printable


def seconds(value: Any) -> int:
    """Return the seconds of a duration."""
    try:
        return read_seconds(value)
    except ValueError as error:
        raise AnsibleFilterError(f"The duration {printable(str(error))}") from None


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, Any]:
        return {"seconds": seconds}

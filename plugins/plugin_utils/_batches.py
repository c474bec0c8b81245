# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How `serial` parts the hosts of a play into batches, by Ansible's own rules. Pure.

This plugin util is PRIVATE to the collection.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any


def sizes(hosts: int, serial: Sequence[Any] | int | str) -> list[int]:
    """Return how many hosts each batch has, in order.

    :param hosts: how many there are.
    :param serial: numbers and percentages ("10%", of all hosts, one at least), as a list, or as a text with commas; the
        last one goes on. One that is not above 0, or none, takes all that are left.
    """
    listed = str(serial).split(",") if isinstance(serial, (int, str)) else list(serial) or [0]
    parts: list[int] = []
    left = hosts
    while left > 0:
        size = _size(listed[min(len(parts), len(listed) - 1)], hosts)
        parts.append(min(size, left) if size > 0 else left)
        left -= parts[-1]
    return parts


def _size(value: Any, hosts: int) -> int:
    text = str(value).strip()
    if text.endswith("%"):
        return int(float(text[:-1]) / 100 * hosts) or 1
    return int(text)

# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lengths of time as operators write them: whole seconds, or such as 10m, 4h, 1h30m. Pure.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

import re
import typing

_UNITS = re.compile(r"(?:([0-9]{1,9})d)?(?:([0-9]{1,9})h)?(?:([0-9]{1,9})m)?(?:([0-9]{1,9})s)?\Z")
_NUMBER = re.compile(r"[0-9]{1,9}\Z")
_FACTORS = (86400, 3600, 60, 1)
_KNOWN_BY = "and has to be whole seconds or a length such as 10m, 4h or 1h30m"


def read_seconds(value: typing.Any) -> int:
    """Return the seconds of a length of time.

    :param value: int, or str such as 900, 15m, 1h30m, 7d.
    :raises ValueError: a clause that begins with "is", what was written, and goes on with what it has to be.
    """
    text = "" if value is None or isinstance(value, bool) else str(value).strip()
    if _NUMBER.match(text):
        return int(text)
    found = _UNITS.match(text)
    if not text or not found:
        raise ValueError(f"is {text[:100] or ('empty' if value in (None, '') else value)}, {_KNOWN_BY}")
    return sum(int(number or 0) * factor for number, factor in zip(found.groups(), _FACTORS))

# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Moments as annotations and objects of ours have them. Pure.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

import calendar
import time
import typing


def stamp(now: float) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(now))


def parse(text: str) -> typing.Optional[int]:
    """Read a moment, with or without parts of a second; None if it is none."""
    whole, _dot, part = text.partition(".")
    try:
        return calendar.timegm(time.strptime(f"{whole}Z" if part else whole, "%Y-%m-%dT%H:%M:%SZ"))
    except ValueError:
        return None


def micro(now: float) -> str:
    """A moment as the fields of a Lease want it, which have to have all six digits."""
    return stamp(now)[:-1] + ".000000Z"

# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""One installed package, whatever tool installed it.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

import typing


class Installed(typing.NamedTuple):
    """version: as its tool writes it, several where several are installed. size: bytes, by its own word."""

    version: str
    size: int

# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a package says of its newer versions in Debian's changelog. Pure.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

import re
import typing

MOST_LINES = 60
_HEAD = re.compile(r"(\S+) \(([^()\s]+)\) [^;]+; .*?urgency=(\w+)", re.IGNORECASE)
_CVE = re.compile(r"CVE-[0-9]{4}-[0-9]{4,}")
URGENCIES = ("low", "medium", "high", "emergency", "critical")


class News(typing.NamedTuple):
    """What came with newer versions. urgency: the highest of them, "" where none says. cves: named there, sorted."""

    urgency: str
    cves: typing.List[str]
    lines: typing.List[str]


def since(text: str, version: str, until: str) -> News:
    """Read the entries that are newer than a version.

    :param text: the changelog, the newest entry first.
    :param version: the one before; without it in the text, nothing says where to stop, and nothing is read.
    :param until: the one that is there now; another first entry is that of another package.
    """
    lines: typing.List[str] = []
    urgency = -1
    for line in text.splitlines():
        head = _HEAD.match(line)
        if head:
            if head.group(2) == version:
                found = sorted(set(_CVE.findall("\n".join(lines))))
                shown = lines if len(lines) <= MOST_LINES else lines[:MOST_LINES] + ["[...]"]
                return News(URGENCIES[urgency] if urgency >= 0 else "", found, shown)
            if not lines and head.group(2) != until:
                break
            word = head.group(3).lower()
            urgency = max(urgency, URGENCIES.index(word) if word in URGENCIES else -1)
        if line.strip():
            lines.append(line.rstrip())
    return News("", [], [])

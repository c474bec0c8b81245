# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a package says of its newer versions in Debian's changelog. Pure.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

import re
import typing

from ansible_collections.osmigrate.fleet.plugins.module_utils._release.order import is_older_package
from ansible_collections.osmigrate.fleet.plugins.module_utils._review.software import Software

MOST_LINES = 60
_HEAD = re.compile(r"(\S+) \(([^()\s]+)\) [^;]+; .*?urgency=(\w+)", re.IGNORECASE)
_CVE = re.compile(r"CVE-[0-9]{4}-[0-9]{4,}")
URGENCIES = ("low", "medium", "high", "emergency", "critical")


class News(typing.NamedTuple):
    """What came with newer versions. urgency: the highest of them, "" where none says. cves: named there, sorted."""

    urgency: str
    cves: typing.List[str]
    lines: typing.List[str]


class _Entry(typing.NamedTuple):
    version: str
    urgency: str
    lines: typing.List[str]


def since(text: str, before: Software, after: Software) -> typing.Optional[News]:
    """Read the entries that are newer than a package.

    Entries have versions of the source: those of a binary may be others, as they are after a rebuild without changes.

    :param text: the changelog, the newest entry first.
    :param before: the one before. Where the text leaves its entry out, as that of another branch does, the first older
        one says where to stop.
    :param after: the one that is there now.
    :returns: None where the first entry is that of another package, or nothing says where to stop.
    """
    found = _entries(text)
    if not found or found[0].version not in (after.version, after.source_version):
        return None
    ends = [place for place, one in enumerate(found) if one.version in (before.version, before.source_version)]
    if before.source == after.source:
        ends += [place for place, one in enumerate(found) if is_older_package(one.version, before.source_version)]
    if not ends:
        return None
    newer = found[: ends[0]]
    lines = [line for one in newer for line in one.lines]
    urgency = max([URGENCIES.index(one.urgency) for one in newer if one.urgency in URGENCIES], default=-1)
    return News(
        URGENCIES[urgency] if urgency >= 0 else "",
        sorted(set(_CVE.findall("\n".join(lines)))),
        lines if len(lines) <= MOST_LINES else lines[:MOST_LINES] + ["[...]"],
    )


def _entries(text: str) -> typing.List[_Entry]:
    found: typing.List[_Entry] = []
    for line in text.splitlines():
        head = _HEAD.match(line)
        if head:
            found.append(_Entry(head.group(2), head.group(3).lower(), []))
        if found and line.strip():
            found[-1].lines.append(line.rstrip())
    return found

# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which published releases are still needed. Pure.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

import functools
import typing

from ansible_collections.osmigrate.fleet.plugins.module_utils._release import order, schema

Release = typing.Dict[str, typing.Any]


def kept(releases: typing.Iterable[Release], meant: typing.Iterable[str], keep: int) -> typing.Set[str]:
    """Return the ids of those that stay.

    :param releases: manifests as schema.validate() returns them.
    :param meant: ids that channels name.
    :param keep: how many of each name stay at least, the newest ones; 0 for all. What nodes go back to is among them,
        as long as they are not further behind than that.
    :returns: these, what channels name, and what has to run before one of them (minimum_from).
    """
    releases = list(releases)
    if not keep:
        return {schema.entry_id(one) for one in releases}
    found = set(meant)
    for name in {one["name"] for one in releases}:
        found |= {schema.entry_id(one) for one in newest_first(releases, name)[:keep]}
    by_id = {schema.entry_id(one): one for one in releases}
    pending = [by_id[one] for one in found if one in by_id]
    while pending:
        one = pending.pop()
        for version in one["minimum_from"]:
            before = schema.entry_id({"name": one["name"], "version": version})
            if before not in found and before in by_id:
                found.add(before)
                pending.append(by_id[before])
    return found & set(by_id)


def newest_first(releases: typing.Iterable[Release], name: str) -> typing.List[Release]:
    """Return the releases of a name, the newest first."""

    def compare(left: Release, right: Release) -> int:
        return 1 if order.is_older(left, right) else -1 if order.is_older(right, left) else 0

    return sorted((one for one in releases if one["name"] == name), key=functools.cmp_to_key(compare))

# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether the candidate's first boot has to make anew what its release was built with. Pure.

A release says by a stamp that accounts, hardware database and cache of libraries are made. What the node brings of
their sources is in none of them yet, so the stamp has to go and systemd makes them.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

import fnmatch
import typing

from ansible_collections.osmigrate.fleet.plugins.module_utils._constants import UPDATED
from ansible_collections.osmigrate.fleet.plugins.module_utils._files.item import ABSENT, DIRECTORY, Item, item

SOURCES = ("/etc/sysusers.d/*", "/etc/udev/hwdb.d/*", "/etc/ld.so.conf", "/etc/ld.so.conf.d/*")


def plan(items: typing.Iterable[Item]) -> typing.List[Item]:
    """Take the stamp away where something is carried that it does not know of."""
    files = [made.target for made in items if made.kind != DIRECTORY]
    if any(fnmatch.fnmatchcase(path, pattern) for path in files for pattern in SOURCES):
        return [item(ABSENT, UPDATED, "", "updated")]
    return []

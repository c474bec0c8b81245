# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Settings of services that both systems have and no area knows: the release's units say what they read. Only reads.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

import os
import stat
import typing

from ansible_collections.osmigrate.fleet.plugins.module_utils._carry import rules
from ansible_collections.osmigrate.fleet.plugins.module_utils._carry.formats import kinds, reader
from ansible_collections.osmigrate.fleet.plugins.module_utils._carry.model import Found, Situation
from ansible_collections.osmigrate.fleet.plugins.module_utils._constants import UNIT_PLACES

PLACE = "/usr/lib/systemd/system"
AREA = "services"


def plan(situation: Situation, taken: typing.Set[str]) -> Found:
    """Return Found: files of /etc that an administrator made and a service of both systems names.

    :param taken: sources that need no other rule.
    """
    incumbent, found = situation.incumbent, Found([], [], set())
    known = set(taken)
    known.update(path for pattern, _reason in rules.STAYS for path in incumbent.glob(pattern))
    for name in situation.candidate.names(PLACE):
        if name.endswith(".service") and any(incumbent.exists(f"{place}/{name}") for place in UNIT_PLACES):
            text = situation.candidate.text(f"{PLACE}/{name}")
            for named in reader.names(f"/etc/systemd/system/{name}", text):
                if named.kind in (kinds.FILE, kinds.MENTIONED) and named.name.startswith("/etc/"):
                    _take(situation, os.path.normpath(named.name), known, found)
    return found


def _take(situation: Situation, path: str, known: typing.Set[str], found: Found) -> None:
    status = situation.incumbent.lstat(path)
    is_file = status is not None and (stat.S_ISREG(status.st_mode) or stat.S_ISLNK(status.st_mode))
    verdict = situation.packages.verdict(path) if is_file and path not in known else ""
    # One that is empty may say something by being there.
    is_flag = verdict == "unowned" and situation.candidate.lstat(situation.pristine_path(path)) is None
    if verdict and (is_flag or not situation.adds_nothing(path)):
        known.add(path)
        found.taken.add(path)
        found.items.append(situation.copy(path, AREA))

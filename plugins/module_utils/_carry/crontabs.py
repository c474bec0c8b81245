# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The tables of users for cron, where both families keep them in different places.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

import os
import stat

from ansible_collections.osmigrate.fleet.plugins.module_utils._carry.accounts import Accounts
from ansible_collections.osmigrate.fleet.plugins.module_utils._carry.model import Found, Left, Situation
from ansible_collections.osmigrate.fleet.plugins.module_utils._files.item import DIRECTORY, item
from ansible_collections.osmigrate.fleet.plugins.module_utils._osrelease import DEBIAN, EL

PLACES = {DEBIAN: "/var/spool/cron/crontabs", EL: "/var/spool/cron"}
LOST = "a copy: what is changed after the move is not there after the way back"


def plan(situation: Situation, people: Accounts) -> Found:
    """Return Found; within one family the whole directory is shared (mounts.py).

    :param people: accounts.Accounts.
    """
    found = Found([], [], set())
    if not situation.translation.changes:
        return found
    source, target = PLACES[situation.translation.source], PLACES[situation.translation.target]
    for name in situation.incumbent.names(source):
        path = os.path.join(source, name)
        if not stat.S_ISREG(situation.incumbent.status(path).st_mode):
            continue
        if name not in people.names["user"]:
            found.left.append(Left(path, f"the release has no user {name}"))
            continue
        copied = situation.copy(path, "cron", os.path.join(target, name), mode=0o600)
        found.items.append(copied._replace(lost="; ".join([LOST] + ([copied.lost] if copied.lost else []))))
    if found.items:
        # crontab(1) of Debian writes there with its group, and nobody may list it.
        is_debian = target == PLACES[DEBIAN]
        owner = (0, people.names["group"].get("crontab", 0) if is_debian else 0)
        last = item(DIRECTORY, target, "", "cron", mode=0o1730 if is_debian else 0o700, owner=owner)
        above = [part for part in ("/var/spool", "/var/spool/cron") if part != target]
        found.items[:0] = [item(DIRECTORY, part, "", "cron", mode=0o755) for part in above] + [last]
    return found

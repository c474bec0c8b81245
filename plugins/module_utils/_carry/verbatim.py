# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Carry what the rules take as it is.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

import os
import stat
import typing

from ansible_collections.osmigrate.fleet.plugins.module_utils._carry import dropins, rules
from ansible_collections.osmigrate.fleet.plugins.module_utils._carry.area import ADDED, ALWAYS, NEEDED, Rule
from ansible_collections.osmigrate.fleet.plugins.module_utils._carry.model import Found, Left, Situation
from ansible_collections.osmigrate.fleet.plugins.module_utils._errors import FleetError
from ansible_collections.osmigrate.fleet.plugins.module_utils._trial import tmpfiles

# Links by which the main file is among its drop-ins; what that says is carried to the same place (dropins.py).
AMONG_DROP_INS = {(path, target) for _rule, path, target in dropins.WHOLE}


def plan(situation: Situation, extra_paths: typing.List[str]) -> Found:
    """Return Found for the table of rules and for what the operator names.

    :param extra_paths: list of str, files and directories of /etc.
    """
    found = Found([], [], set())
    targets: set = set()
    for area in rules.AREAS:
        for rule in area.rules:
            _apply(situation, area.name, rule, found, targets)
    for extra in extra_paths:
        if not extra.startswith("/etc/") or situation.incumbent.lstat(extra) is None:
            raise FleetError(
                f"{extra} cannot be carried: {'it does not exist' if extra.startswith('/etc/') else 'not in /etc'}",
                todo="Correct the paths to carry",
            )
        for path, status in situation.incumbent.walk(extra.rstrip("/")):
            if path not in found.taken and _is_plain(status):
                found.taken.add(path)
                found.items.append(situation.copy(path, "operator", as_is=True))
    return found


def _apply(situation: Situation, area: str, rule: Rule, found: Found, targets: typing.Set[str]) -> None:
    for path in [path for pattern in rule.patterns for path in situation.incumbent.glob(pattern)]:
        if path == tmpfiles.PATH:  # from another trial; the candidate gets its own
            found.taken.add(path)
            continue
        target = situation.translation.name(path)
        # What lies elsewhere comes with its directory, unless the candidate has it in /etc.
        is_moved = target.startswith("/etc/") or (path.startswith("/etc/") and target.startswith("/var/lib/"))
        if path in found.taken or not is_moved or not _takes(situation, rule.how, path, target):
            continue
        found.taken.add(path)
        leads_to = situation.incumbent.resolve(path)
        if (leads_to, path) in AMONG_DROP_INS:
            continue
        if target in targets:
            if leads_to != path and situation.translation.name(leads_to) == target:
                continue  # another name of what is carried there
            found.left.append(Left(path, f"its place {target} on the candidate is taken"))
        else:
            targets.add(target)
            found.items.append(
                situation.copy(
                    path, area, target, lost=_lost(situation, rule, target), shown=rule.shown, as_is=rule.as_is
                )
            )


def _takes(situation: Situation, how: str, path: str, target: str) -> bool:
    status = situation.incumbent.status(path)
    if stat.S_ISDIR(status.st_mode):
        # Directories are made for what is in them; here they only count where an empty one matters.
        return how == NEEDED
    if not _is_plain(status):
        return False
    if how == ALWAYS:
        return True
    if how == ADDED:
        is_new = situation.candidate.lstat(situation.pristine_path(target)) is None
        return is_new and not situation.translation.changes and situation.packages.verdict(path) == "unowned"
    if situation.packages.verdict(path):
        return how == NEEDED or not situation.adds_nothing(path)
    return how == NEEDED and not situation.candidate.exists(situation.pristine_path(target))


def _is_plain(status: os.stat_result) -> bool:
    """Say whether it is a file, link or directory, and no socket, pipe or device."""
    return any(test(status.st_mode) for test in (stat.S_ISREG, stat.S_ISLNK, stat.S_ISDIR))


def _lost(situation: Situation, rule: Rule, target: str) -> str:
    above = "/".join(target.split("/")[:4])
    if target.startswith("/var/lib/") and situation.incumbent.exists(above):
        return f"{above} is shared, so it is not seen there: copy it to {target} on the node"
    missing = [path for path in rule.needs if not situation.has_instead(path)]
    return f"the release has no {', no '.join(missing)}" if missing else ""

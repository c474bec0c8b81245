# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an earlier staging carried into a candidate and this one does not: the release's own takes its place again.

A note in the candidate says what was carried, and which directories were made for that. Nothing is ever taken out of
it, so that it does not matter where a run was interrupted. Only reads.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

import json
import stat
import typing

from ansible_collections.osmigrate.fleet.plugins.module_utils._carry.model import Situation
from ansible_collections.osmigrate.fleet.plugins.module_utils._files.item import (
    ABSENT,
    DIRECTORY,
    FILE,
    LINK,
    Item,
    item,
)
from ansible_collections.osmigrate.fleet.plugins.module_utils._text import parse_json

NOTE = "/etc/osmigrate/carried.json"
RULE = "earlier"


def plan(situation: Situation, items: typing.Iterable[Item]) -> typing.List[Item]:
    """Return the note, and what becomes of files of /etc that it has and the plan has not.

    :param items: the whole plan.
    """
    items = [made for made in items if made.target.startswith("/etc/")]
    planned, known = {made.target for made in items}, _known(situation)
    carried = {made.target for made in items if made.kind in (FILE, LINK) or _is_made(situation, made)}
    found = [made for path in sorted(known - planned) for made in _as_released(situation, path)]
    gone = {made.target for made in [*items, *found] if made.kind == ABSENT}
    for path in sorted(known - planned - {NOTE}, reverse=True):
        if _is_emptied(situation, path, gone):
            gone.add(path)
            found.append(item(ABSENT, path, "", RULE))
    return [*found, item(FILE, NOTE, "", RULE, json.dumps(sorted(known | carried)) + "\n", 0o600)]


def _is_made(situation: Situation, made: Item) -> bool:
    """Say whether an item is a directory that the release does not have."""
    return made.kind == DIRECTORY and situation.candidate.lstat(situation.pristine_path(made.target)) is None


def _is_emptied(situation: Situation, path: str, gone: typing.Set[str]) -> bool:
    """Say whether a directory of an earlier staging has nothing in it that stays: hooks may have made files there."""
    now = situation.candidate.lstat(path)
    if now is None or not stat.S_ISDIR(now.st_mode) or situation.candidate.lstat(situation.pristine_path(path)):
        return False
    return all(f"{path}/{name}" in gone for name in situation.candidate.names(path))


def _known(situation: Situation) -> typing.Set[str]:
    try:
        said = parse_json(situation.candidate.text(NOTE))
    except ValueError:
        return set()  # there is none, or a power cut has left it empty
    return {path for path in said if isinstance(path, str) and path.startswith("/etc/")}


def _as_released(situation: Situation, path: str) -> typing.Iterator[Item]:
    candidate, pristine = situation.candidate, situation.pristine_path(path)
    now, status = candidate.lstat(path), candidate.lstat(pristine)
    if now is not None and stat.S_ISDIR(now.st_mode):
        return
    if status is None:
        if now is not None:
            yield item(ABSENT, path, "", RULE)
    elif stat.S_ISLNK(status.st_mode):
        yield item(LINK, path, "", RULE, candidate.link(pristine))
    elif stat.S_ISREG(status.st_mode):
        owner = (status.st_uid, status.st_gid)
        yield item(FILE, path, "", RULE, candidate.read(pristine), stat.S_IMODE(status.st_mode), owner)

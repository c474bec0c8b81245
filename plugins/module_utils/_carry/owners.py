# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who owns what the candidate will share: numbers stay, so names whose numbers differ have to be known.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

import collections
import os
import typing

from ansible_collections.osmigrate.fleet.plugins.module_utils._carry.accounts import (
    GROUP,
    PASSWD,
    Accounts,
    names,
    parse,
)
from ansible_collections.osmigrate.fleet.plugins.module_utils._carry.model import Situation
from ansible_collections.osmigrate.fleet.plugins.module_utils._files.item import Item
from ansible_collections.osmigrate.fleet.plugins.module_utils._files.tree import as_name

# Containers have users of their own; their files are theirs.
CONTAINERS = ("/var/lib/containerd", "/var/lib/kubelet/pods", "/var/lib/docker", "/var/lib/containers", "/var/lib/cni")
ENTRIES_MAX = 100000


# numbers: (kind, number) -> [how many, the first path]
class Owners(typing.NamedTuple):
    numbers: dict
    entries: int
    complete: bool


def search(situation: Situation, directories: typing.List[str]) -> Owners:
    """Count the owners of everything below directories of the incumbent, on its root file system only.

    :returns: Owners; complete is false when there was more than ENTRIES_MAX.
    """
    numbers: dict = {}
    entries = 0
    # All directories of people before what is in them: the search may end early.
    pending = collections.deque((path, situation.incumbent.outside(path)) for path in directories)
    while pending:
        path, outside = pending.popleft()
        if path in CONTAINERS or path in situation.mount_points:
            continue
        try:
            listing = sorted(os.scandir(outside), key=lambda entry: entry.name)
        except OSError:
            continue
        for entry in listing:
            entries += 1
            if os.path.join(path, as_name(entry.name)) in situation.incumbent.silent:
                continue
            if entries > ENTRIES_MAX:
                return Owners(numbers, ENTRIES_MAX, False)
            try:
                status = entry.stat(follow_symlinks=False)
            except OSError:
                continue  # the node serves, and files come and go
            below = os.path.join(path, as_name(entry.name))
            for key in (("user", status.st_uid), ("group", status.st_gid)):
                numbers.setdefault(key, [0, below])[0] += 1
            if entry.is_dir(follow_symlinks=False):
                pending.append((below, entry.path))
    return Owners(numbers, entries, True)


def named(situation: Situation, owners: Owners, kind: str) -> typing.Dict[str, int]:
    """Return the names on the incumbent of the owners found, as dict of name to number."""
    lines = parse(situation.incumbent.text(PASSWD if kind == "user" else GROUP))
    return {name: number for name, number in names(lines).items() if (kind, number) in owners.numbers}


def of_items(situation: Situation, items: typing.List[Item], kind: str) -> typing.Set[str]:
    """Return the names on the incumbent of the owners of carried files, as set."""
    lines = parse(situation.incumbent.text(PASSWD if kind == "user" else GROUP))
    numbers = {made.uid if kind == "user" else made.gid for made in items if made.source}
    return {name for name, number in names(lines).items() if number in numbers}


def decide(situation: Situation, owners: Owners, people: Accounts) -> typing.List[dict]:
    """Say for every number that owns shared files what becomes of it.

    keep: the same name has it on the candidate, or nobody has it on either system. collision: the files would belong to
    another name, or to none; they keep their number, because both systems use them.

    :param people: accounts.Accounts.
    :returns: list of dicts, as the module documents ids.
    """
    found = []
    for kind, number in sorted(owners.numbers, key=lambda key: (key[0] != "user", key[1])):
        holders = sorted(name for name, own in people.names[kind].items() if own == number)
        new = people.numbers.get((kind, number))
        ours = sorted(name for name, own in named(situation, owners, kind).items() if own == number)
        count, example = owners.numbers[kind, number]
        same = new == number or (not ours and not holders)
        found.append(
            {
                "kind": kind,
                "name": ours[0] if ours else "",
                "incumbent": number,
                "candidate": new,
                "decision": "keep" if same else "collision",
                "detail": "" if same else _consequence(number, holders),
                "example": example,
                "files": count,
            }
        )
    return found


def _consequence(number: int, holders: typing.List[str]) -> str:
    belongs = f"which belongs to {holders[0]} in the release" if holders else "which nobody has in the release"
    return f"files keep the number {number}, {belongs}"

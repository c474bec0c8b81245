# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The plan: what the candidate gets, from where, by which rule; and what it does not get. Only reads.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

import hashlib
import os
import stat
import typing

from ansible_collections.osmigrate.fleet.plugins.module_utils._carry import (
    accounts,
    alternatives,
    built,
    configured,
    crontabs,
    dropins,
    earlier,
    enabled,
    interpreters,
    kernel,
    modes,
    mounts,
    named,
    names,
    network,
    owners,
    pam,
    rights,
    rules,
    shells,
    sshd,
    stamps,
    strays,
    sudoers,
    sysctl,
    trust,
    units,
    verbatim,
)
from ansible_collections.osmigrate.fleet.plugins.module_utils._carry.model import Found, Left, Situation
from ansible_collections.osmigrate.fleet.plugins.module_utils._files import apply, attributes
from ansible_collections.osmigrate.fleet.plugins.module_utils._files.item import (
    ABSENT,
    DIRECTORY,
    FILE,
    LINK,
    Item,
    item,
)
from ansible_collections.osmigrate.fleet.plugins.module_utils._trial import ending, tmpfiles

# Of a directory of a package that an administrator made a link.
LINKED = "a link to a directory; what lies there is carried into a directory"


class Plan(typing.NamedTuple):
    items: list
    left: typing.List[Left]
    unknown: typing.List[dict]
    collisions: typing.List[dict]
    ids: typing.List[dict]
    searched: dict
    # In sentences, by what is compared: what the release would do otherwise than the node, whoever made it so.
    differences: typing.Dict[str, typing.List[str]] = {}


def make(
    situation: Situation,
    extra_paths: typing.List[str],
    limits: ending.Limits,
    kernel_arguments: typing.Iterable[str] = (),
) -> Plan:
    """Plan the move into a candidate whose /etc is the release's own.

    :param situation: Situation.
    :param extra_paths: list of str, paths of /etc that the operator names.
    :param limits: ending.Limits.
    :param kernel_arguments: list of str, arguments that the operator adds.
    :returns: Plan.
    """
    mount_part, shared = mounts.plan(situation)
    parts = [
        names.plan(situation),
        network.plan(situation),
        verbatim.plan(situation, extra_paths),
        dropins.plan(situation),
        units.plan(situation),
        mount_part,
        trust.plan(situation),
        shells.plan(situation),
        alternatives.plan(situation),
        Found(tmpfiles.plan(situation.incumbent), [], set()),
    ]
    owned = owners.search(situation, shared)
    # First, because it says more than what of it comes from sshd_config alone.
    parts.insert(0, sshd.plan(situation, [made for part in parts for made in part.items]))
    taken = set(accounts.FILES).union(*(part.taken for part in parts))
    parts.append(configured.plan(situation, taken))
    taken |= parts[-1].taken
    parts.append(named.follow(situation, [made for part in parts for made in part.items], taken))
    copied = [made for part in parts for made in part.items]
    users, groups = named.accounts_of(situation, copied)
    people = accounts.plan(
        situation,
        users | set(owners.named(situation, owned, "user")) | owners.of_items(situation, copied, "user"),
        groups | set(owners.named(situation, owned, "group")) | owners.of_items(situation, copied, "group"),
        owned.numbers,
    )
    parts.append(crontabs.plan(situation, people))
    items, taken, left = list(people.found.items), set(people.found.taken), list(people.found.left)
    for part in parts:
        done = {made.target: made.source for made in items}
        left += [
            Left(made.source, f"its place {made.target} on the candidate is taken")
            for made in part.items
            if made.source and made.kind == FILE and done.get(made.target, made.source) != made.source
        ]
        new = [_renumbered(made, people.numbers) for made in part.items if made.target not in done]
        items += [named.numbered(sudoers.renumbered(made, people), people) for made in new]
        taken |= part.taken
        left += part.left
    items, said = _opened(_unlinked(situation, items))
    left += said
    items += stamps.plan(items)
    items += ending.plan(limits)
    items = _with_parents(situation, items)
    items, said = named.judge(situation, _with_parents(situation, items + earlier.plan(situation, items)), shared)
    left += said
    unknown = find_unknown(situation, taken, left)
    doubles, foreign = strays.search(situation, taken)
    dropped, strange = kernel.compare(situation, kernel_arguments)
    left += doubles + dropped + sysctl.compare(situation, items)
    unknown += foreign + strange
    ids = owners.decide(situation, owned, people)
    known = {(found["kind"], found["name"]) for found in people.collisions}
    return Plan(
        items,
        left,
        unknown,
        people.collisions
        + [
            {key: value for key, value in found.items() if key != "decision"}
            for found in ids
            if found["decision"] != "keep" and (found["kind"], found["name"]) not in known
        ],
        ids,
        {"entries": owned.entries, "complete": owned.complete},
        find_differences(situation, items),
    )


def make_missing(situation: Situation, limits: ending.Limits) -> Plan:
    """Plan the move into a candidate into which its backend has merged /etc, and whose /var is the one that runs.

    :returns: Plan of what that merge cannot know.
    """
    people = accounts.plan_missing(situation)
    below = mounts.plan_missing(situation)
    items = people.found.items + below.items + trust.plan(situation).items
    items += ending.plan(limits)
    return Plan(
        _with_parents(situation, items),
        below.left + sysctl.compare(situation, items),
        [],
        people.collisions,
        [],
        {"entries": 0, "complete": True},
        find_differences(situation.merged(), items, named.of_merge(situation)),
    )


def find_differences(
    situation: Situation, items: typing.List[Item], missed: typing.Iterable[str] = ()
) -> typing.Dict[str, typing.List[str]]:
    """Return what nobody carries and is not the same on both systems, as Plan has it.

    :param missed: what was found besides that carried files miss.
    """
    started = enabled.compare(situation, items)
    return {
        "silent": sorted(situation.incumbent.silent),
        "lost": [*missed, *built.missed(situation), *interpreters.missed(situation)],
        "pam": pam.compare(situation),
        "sudo": rights.compare(situation, items),
        "logins": accounts.compare(situation, items) + sshd.compare(situation, items),
        "modes": modes.compare(situation),
        "sysctl": sysctl.loosened(situation, items),
        "mounts": mounts.compare(situation, items),
        "services": [f"{name}: the release has none" for name in started.missing]
        + [f"{name}: the release does not start it" for name in started.off],
        "more-services": started.more,
    }


def _renumbered(made: Item, numbers: typing.Dict[typing.Tuple[str, int], int]) -> Item:
    """What comes from the incumbent has its numbers; what is new has the candidate's."""
    if not made.source:
        return made
    return made._replace(
        uid=numbers.get(("user", made.uid), made.uid),
        gid=numbers.get(("group", made.gid), made.gid),
        attributes=attributes.renumbered(made.attributes, numbers),
    )


def _opened(items: typing.List[Item]) -> typing.Tuple[typing.List[Item], typing.List[Left]]:
    """Leave out links at whose place something is carried into a directory; return the others, and what is left."""
    above = set()
    for made in items:
        path = os.path.dirname(made.target)
        while made.kind != ABSENT and path not in above and path != "/":
            above.add(path)
            path = os.path.dirname(path)
    opened = [made for made in items if made.kind == LINK and made.target in above]
    return [made for made in items if made not in opened], [Left(made.source, LINKED) for made in opened]


def _unlinked(situation: Situation, items: typing.List[Item]) -> typing.List[Item]:
    """Say of files that were one file by two names that they are two now."""
    first: typing.Dict[typing.Tuple[int, int], str] = {}
    result = []
    for made in items:
        status = situation.incumbent.lstat(made.source) if made.kind == FILE and made.source else None
        if status is not None and stat.S_ISREG(status.st_mode) and status.st_nlink > 1:
            other = first.setdefault((status.st_dev, status.st_ino), made.source)
            if other != made.source:
                lost = f"one file with {other} on the node, and a copy on the candidate"
                made = made._replace(lost="; ".join(word for word in (made.lost, lost) if word))
        result.append(made)
    return result


def _with_parents(situation: Situation, items: typing.List[Item]) -> typing.List[Item]:
    """Put the directories first that the release does not have, as they are on the incumbent."""
    made, result = {planned.target for planned in items}, []
    for planned in items:
        above, path = [], os.path.dirname(planned.target)
        while (
            planned.kind != ABSENT
            and path.startswith(("/etc/", "/var/lib"))
            and path not in made
            and not situation.candidate.exists(situation.pristine_path(path))
        ):
            above.append(path)
            made.add(path)
            path = os.path.dirname(path)
        for path in reversed(above):
            status = situation.incumbent.lstat(path)
            if status is not None and stat.S_ISDIR(status.st_mode):
                result.append(situation.copy(path, planned.rule))
            else:
                result.append(item(DIRECTORY, path, "", planned.rule, mode=0o755))
        result.append(planned)
    order = {DIRECTORY: 0, FILE: 1, LINK: 2}
    # What is in a directory goes before it.
    gone = sorted((made for made in result if made.kind == ABSENT), key=lambda made: made.target, reverse=True)
    kept = [made for made in result if made.kind != ABSENT]
    return sorted(kept, key=lambda planned: (order[planned.kind], planned.target)) + gone


def find_unknown(
    situation: Situation, taken: typing.Set[str], left: typing.List[Left]
) -> typing.List[typing.Dict[str, str]]:
    """Return what an administrator made under /etc and nothing carried; what is known to stay is added to left."""
    stays = []
    for pattern, reason in rules.STAYS:
        stays += [(path, reason) for path in situation.incumbent.glob(pattern)]
    reasons = dict(reversed(stays))
    # Where an area knows the files, one that is empty adds nothing; anywhere else it may say something by being there.
    patterns = [pattern for area in rules.AREAS for rule in area.rules for pattern in rule.patterns]
    read = {path for pattern in patterns for path in situation.incumbent.glob(pattern)}
    unknown = []
    for path, status in situation.incumbent.walk("/etc"):
        if stat.S_ISDIR(status.st_mode) or path in taken:
            continue
        verdict = situation.packages.verdict(path)
        may_be_flag = verdict == "unowned" and path not in read and stat.S_ISREG(status.st_mode)
        if not verdict or (situation.adds_nothing(path) and not (may_be_flag and situation.incumbent.is_blank(path))):
            continue
        if situation.incumbent.is_directory(path) and any(name.startswith(path + "/") for name in taken):
            left.append(Left(path, LINKED))
        elif path in reasons:
            if not reasons[path].startswith(rules.SILENT):
                left.append(Left(path, reasons[path]))
        else:
            unknown.append({"path": path, "reason": verdict})
    for path in sorted(situation.packages.database.digests):
        # That somebody removed it is no file that could be carried.
        is_gone = path.startswith("/etc/") and path not in taken and situation.incumbent.lstat(path) is None
        if is_gone and situation.candidate.lstat(situation.pristine_path(path)) is not None:
            left.append(Left(path, "removed on the node; the release brings it"))
    return unknown


def describe(situation: Situation, plan: Plan) -> typing.List[typing.Dict[str, typing.Any]]:
    """Return the plan as the module documents it: list of dicts without any content."""
    records = []
    for planned in plan.items:
        if planned.kind == ABSENT and situation.candidate.lstat(situation.pristine_path(planned.target)) is None:
            continue
        for part in planned.parts:
            records.append(
                {
                    "target": part.target,
                    "source": part.source,
                    "rule": part.rule,
                    "action": part.action,
                    "digest": hashlib.sha256(part.line.encode("utf-8", "surrogateescape")).hexdigest(),
                    "lost": part.lost,
                }
            )
        records.append(
            {
                "target": planned.target,
                "source": planned.source,
                "rule": planned.rule,
                "action": _action(situation, planned),
                "digest": apply.digest(planned) if planned.kind in (FILE, LINK) else "",
                "lost": planned.lost,
            }
        )
    return records


def _action(situation: Situation, planned: Item) -> str:
    if planned.kind == ABSENT:
        return "remove"
    if planned.kind == DIRECTORY:
        return "mkdir"
    if planned.kind == LINK:
        return "link"
    return "replace" if situation.candidate.lstat(situation.pristine_path(planned.target)) else "create"

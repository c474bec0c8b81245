# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What becomes of /etc from one release to the next, whoever brings them: told before it is done, and done.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.

Three trees count: the default that the running release brought (its /usr/etc), /etc as it is, and the new default.
On the new default comes whatever differs between the first two. A file is carried whole: lines are not merged. OSTree
does that by itself, and tests/ostree holds what is told against what it does; who has no such tool calls write().
"""

import hashlib
import json
import os
import shutil
import stat
import typing

from ansible_collections.osmigrate.fleet.plugins.module_utils import _storage
from ansible_collections.osmigrate.fleet.plugins.module_utils._command import run
from ansible_collections.osmigrate.fleet.plugins.module_utils._errors import FleetError

FILE, LINK, DIRECTORY, SPECIAL = "file", "link", "directory", "special file"
TAKEN, KEPT, REMOVED, CONFLICT = "taken", "kept", "removed", "conflict"
CARRIED, LOST, REFUSED = "carried", "lost", "refused"
# What is done with a conflict: what is here is kept, that is refused, or the new default comes in its place.
POLICIES = ("keep", "fail", "take")
ARGUMENT_SPEC: typing.Dict[str, typing.Any] = {
    "etc_conflicts": {"type": "str", "choices": list(POLICIES), "default": "keep"}
}
INCOMPLETE = "The candidate is not in the boot menu; the node serves on as it did"
# Both sides change them with each release; what is missing in them is added when the node's configuration is carried.
ACCOUNTS = ("passwd", "group", "shadow", "gshadow")


# data: digest of a file, target of a link.
class Entry(typing.NamedTuple):
    kind: str
    mode: int
    owner: typing.Tuple[int, int]
    data: str


class Record(typing.NamedTuple):
    path: str
    outcome: str
    detail: str


def scan(root: str) -> typing.Dict[str, Entry]:
    """Read a tree.

    :param root: str, the directory that is its /etc.
    :returns: dict of str (path below it) to Entry.
    """
    found = {}
    for directory, folders, files in os.walk(root):
        for name in folders + files:
            path = os.path.join(directory, name)
            try:
                status = os.lstat(path)
            except FileNotFoundError:
                continue  # the node serves: others write there, too
            kind, data = SPECIAL, ""
            if stat.S_ISLNK(status.st_mode):
                kind, data = LINK, os.readlink(path)
            elif stat.S_ISDIR(status.st_mode):
                kind = DIRECTORY
            elif stat.S_ISREG(status.st_mode):
                kind, data = FILE, _storage.digest(path)
            mode = 0 if kind == LINK else stat.S_IMODE(status.st_mode)
            found[os.path.relpath(path, root)] = Entry(kind, mode, (status.st_uid, status.st_gid), data)
    return found


def compare(
    old: typing.Dict[str, Entry],
    here: typing.Dict[str, Entry],
    new: typing.Dict[str, Entry],
    *,
    keeps_modes: bool = False,
) -> typing.List[Record]:
    """Say of each file what becomes of it. What nobody changed, or both sides in the same way, is not told.

    :param old: dict of str to Entry, the default of the release that runs.
    :param here: the same of /etc as it is.
    :param new: the same of the default that comes.
    :param keeps_modes: whether a directory keeps the mode and owner that it has here, as write() does and OSTree not.
    :returns: list of Record, sorted by path. TAKEN: the new default. KEPT, REMOVED: as it is here, and the default is
        what it was. CONFLICT: as it is here, though the default changed, too. CARRIED: the same, and what the release
        needs in it is added. LOST: a directory gets the mode and owner of the new default. REFUSED: it cannot be, or
        only by putting a directory in the place of a file or removing one without a word.
    """
    records, settled = [], set()
    for path in sorted(set(old) | set(here) | set(new)):
        if any(above in settled for above in _above(path)):
            continue
        record = _judge(path, old, here, new)
        if record is None:
            continue
        if record.outcome == REFUSED or DIRECTORY in _kinds(path, old, here, new) and record.outcome != LOST:
            settled.add(path)
        if record.outcome == LOST and keeps_modes:
            both = old.get(path) != new.get(path)
            who = "here, and that of the release, too" if both else "here"
            record = Record(path, CONFLICT if both else KEPT, f"its mode or owner changed {who}")
        records.append(record)
    return records


def mark(old: typing.Dict[str, Entry], here: typing.Dict[str, Entry], policy: str) -> str:
    """Return by what a backend knows later whether a merge into the same release would be another one now. Pure.

    A candidate that is neither the default nor runs gets /etc as it is when it is staged: a note of this lies beside
    what was merged, and where it says something else, or is not there, the merge is made anew.

    :param old: the default of the release that runs.
    :param here: /etc as it is.
    :param policy: one of POLICIES.
    :returns: a digest in hex.
    """
    own = [(path, old.get(path), here.get(path)) for path in sorted(set(old) | set(here))]
    told = json.dumps([policy, [one for one in own if one[1] != one[2]]])
    return hashlib.sha256(told.encode("ascii")).hexdigest()


def tell(record: Record) -> str:
    """Return a record as a sentence without its full stop."""
    return f"{record.outcome} /etc/{record.path}: {record.detail}"


def results(records: typing.List[Record]) -> typing.Dict[str, typing.Any]:
    """Return what a module returns of a merge: each record, and the same as sentences."""
    return {
        "etc": [dict(record._asdict(), path="/etc/" + record.path) for record in records],
        "etc_report": [tell(record) for record in records],
    }


def examine(records: typing.List[Record], policy: str, left: str) -> None:
    """Refuse a merge that cannot be done, or that the operator does not want.

    :param policy: str, one of POLICIES.
    :param left: str, the state to name (see FleetError).
    :raises FleetError: it is refused.
    """
    refused = [record for record in records if record.outcome == REFUSED]
    conflicts = [record for record in records if record.outcome == CONFLICT] if policy == "fail" else []
    if refused:
        raise FleetError(
            f"/etc of the node cannot be merged with that of the release: {'; '.join(map(tell, refused))}",
            left,
            "Make each of them on the node what the release brings, or what it was, then run the same command again",
        )
    if conflicts:
        raise FleetError(
            f"Both the node and the release changed files of /etc: {'; '.join((tell(record) for record in conflicts))}",
            left,
            "Make them equal on the node, or set osmigrate_etc_conflicts to keep or take, then run the same command "
            "again",
        )


def take_defaults(default: str, merged: str, records: typing.List[Record]) -> None:
    """Put the new default in the place of what was kept in conflicts.

    :param default: str, the /usr/etc of a deployment that was merged and does not run.
    :param merged: str, its /etc.
    """
    for record in records:
        if record.outcome == CONFLICT:
            _replace(_at(default, record.path), _at(merged, record.path), INCOMPLETE)


def write(
    places: typing.Tuple[str, str],
    trees: typing.Tuple[typing.Dict[str, Entry], typing.Dict[str, Entry]],
    records: typing.List[Record],
    policy: str,
    left: str,
) -> None:
    """Put on a new default what was told of it, by compare() with keeps_modes.

    :param places: the directory that is /etc as it is, and the one that is the new default and becomes /etc.
    :param trees: what the running release brought, and /etc as it is.
    :param policy: one of POLICIES.
    :param left: the state to name (see FleetError).
    :raises FleetError: it cannot be written.
    """
    old, here = trees
    goes = [record.path for record in records if record.outcome == CONFLICT and policy == "take"]
    stays = [record.path for record in records if record.outcome in (KEPT, REMOVED, CARRIED, CONFLICT)]
    made = {path for path, entry in here.items() if entry.kind == DIRECTORY and path not in old}
    try:
        for path in sorted({*stays, *made} - set(goes)):
            gone = [above for above in _above(path) if above in goes and not _is_directory(_at(places[1], above))]
            if not gone:
                _keep(places, path, path in made, left)
    except OSError as error:
        raise FleetError(f"{error.filename or places[1]} cannot be written: {error.strerror}", left, "Make room there")


def _keep(places: typing.Tuple[str, str], path: str, alone: bool, left: str) -> None:
    """Let one path be what it is here.

    :param alone: of a directory only itself, as what is in it is told by itself.
    """
    for above in _above(path):
        if not os.path.isdir(_at(places[1], above)):
            _make(*[_at(place, above) for place in places])
    source, target = [_at(place, path) for place in places]
    if _is_directory(source) and (alone or _is_directory(target)):
        _make(source, target)
    else:
        _replace(source, target, left)


def _make(source: str, target: str) -> None:
    """Make a directory, or let it be, with all attributes of another one."""
    if not _is_directory(target):
        os.mkdir(target)
    status = os.lstat(source)
    os.chown(target, status.st_uid, status.st_gid)
    shutil.copystat(source, target)


def _at(place: str, path: str) -> str:
    return os.path.join(place, path)


def _is_directory(path: str) -> bool:
    return os.path.isdir(path) and not os.path.islink(path)


def _replace(source: str, target: str, left: str) -> None:
    """Put what is at one place, or nothing, at another one."""
    run(["rm", "-rf", "--", target], left=left)
    if os.path.lexists(source):
        run(["cp", "--archive", "--", source, target], left=left)


def _judge(
    path: str, old: typing.Dict[str, Entry], here: typing.Dict[str, Entry], new: typing.Dict[str, Entry]
) -> typing.Optional[Record]:
    was, now, comes = old.get(path), here.get(path), new.get(path)
    told = [entry for entry in (was, now, comes) if entry is not None]
    if all(entry.kind == DIRECTORY for entry in told):
        return _judge_directory(path, old, here, new)
    changed, default_changed = now != was, comes != was
    trouble = _clash_below(path, old, here, new) if now and now.kind == DIRECTORY else ""
    if trouble:
        return Record(path, REFUSED, trouble)
    if not changed or now == comes:
        return Record(path, TAKEN, _change(was, comes)) if default_changed and not changed else None
    clash = _clash(path, was, now, comes, new)
    if clash:
        return Record(path, REFUSED, clash)
    if not default_changed:
        return Record(path, KEPT if now else REMOVED, f"{_change(was, now)} here")
    detail = f"{_change(was, now)} here, and {_change(was, comes)} by the release"
    return Record(path, CARRIED if path in ACCOUNTS else CONFLICT, detail)


def _judge_directory(
    path: str, old: typing.Dict[str, Entry], here: typing.Dict[str, Entry], new: typing.Dict[str, Entry]
) -> typing.Optional[Record]:
    was, now, comes = old.get(path), here.get(path), new.get(path)
    if was and not now:
        below = [name for name in set(old) | set(new) if name.startswith(path + "/")]
        differ = sorted(name for name in below if old.get(name) != new.get(name))
        strange = sorted(name for name in below if _kind(old.get(name)) != _kind(new.get(name)) and name in old)
        if comes is None:
            return None
        if [name for name in strange if name in new]:
            return Record(path, REFUSED, f"removed here, and of another kind in the release: /etc/{strange[0]}")
        if differ:
            return Record(path, CONFLICT, f"removed here, and the release changed /etc/{differ[0]} below it")
        return Record(path, REMOVED, "removed here")
    if now and comes and now not in (was, comes):
        return Record(path, LOST, "its mode or owner is that of the release, and not that of here")
    return None


def _clash_below(
    path: str, old: typing.Dict[str, Entry], here: typing.Dict[str, Entry], new: typing.Dict[str, Entry]
) -> str:
    """Say why OSTree cannot merge what is in a directory here; "" if it can, or if that is no question."""
    was, comes = old.get(path), new.get(path)
    below = sorted(name for name in set(old) | set(here) | set(new) if name.startswith(path + "/"))
    if was and was.kind == DIRECTORY and comes:
        differ = [name for name in below if old.get(name) != here.get(name)]
        return f"/etc/{differ[0]} changed here, and this is a {comes.kind} in the release" if differ else ""
    if was and comes and comes.kind == DIRECTORY:
        differ = [name for name in below if here.get(name) != new.get(name)]
        return f"a directory here and in the release, and none before: /etc/{differ[0]} differs" if differ else ""
    return ""


def _clash(
    path: str,
    was: typing.Optional[Entry],
    now: typing.Optional[Entry],
    comes: typing.Optional[Entry],
    new: typing.Dict[str, Entry],
) -> str:
    """Say why OSTree cannot merge this, or would do it in a way that nobody wants; "" if it can."""
    if now is not None and now.kind == SPECIAL:
        return "a special file, which OSTree does not copy"
    blocked = [above for above in _above(path) if above in new and new[above].kind != DIRECTORY]
    if now is not None and blocked:
        return f"changed here, and /etc/{blocked[0]} is a {new[blocked[0]].kind} in the release"
    if comes is None:
        return ""
    if now is not None and comes.kind == DIRECTORY:
        return f"a {now.kind} here and a directory in the release"
    if now is not None and now.kind == DIRECTORY and comes != was:
        return f"a directory here and a {comes.kind} in the release, which is another one than before"
    if now is None and was is not None and was.kind != comes.kind:
        return f"removed here, and a {comes.kind} in the release instead of a {was.kind}"
    return ""


def _above(path: str) -> typing.List[str]:
    parts = path.split("/")
    return ["/".join(parts[:count]) for count in range(1, len(parts))]


def _kind(entry: typing.Optional[Entry]) -> str:
    return entry.kind if entry else ""


def _kinds(path: str, *trees: typing.Dict[str, Entry]) -> typing.List[str]:
    return [tree[path].kind for tree in trees if path in tree]


def _change(before: typing.Optional[Entry], after: typing.Optional[Entry]) -> str:
    if before is None:
        return "made"
    return "changed" if after else "removed"

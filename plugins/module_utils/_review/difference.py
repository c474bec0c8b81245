# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What differs between two releases.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

import re
import typing

from ansible_collections.osmigrate.fleet.plugins.module_utils._carry import dpkg, rpm
from ansible_collections.osmigrate.fleet.plugins.module_utils._files import elf
from ansible_collections.osmigrate.fleet.plugins.module_utils._review import (
    changelog,
    content,
    debs,
    feed,
    kernel,
    software,
)
from ansible_collections.osmigrate.fleet.plugins.module_utils._review.entries import FILE, PLAIN_DIRECTORY, Entry
from ansible_collections.osmigrate.fleet.plugins.module_utils._review.release import DIRECTORY as IN_DIRECTORY, Release
from ansible_collections.osmigrate.fleet.plugins.module_utils._text import visible

SCHEMA = 2
ADDED, REMOVED, CHANGED = "added", "removed", "changed"
# Of all text that is shown, in characters.
MOST_TEXT = 1 << 20
# Package databases: what changes in these is told as packages.
BOOKS = (dpkg.STATUS, dpkg.STATUS + "-old", "/var/lib/dpkg/available", "/var/cache/ldconfig/aux-cache")
LISTS = (".list", ".md5sums")
DOCUMENTATION = ("/usr/share/doc/", "/usr/share/man/", "/usr/share/locale/", "/usr/share/info/")
CHANGELOG = "/usr/share/doc/{}/changelog{}.gz"

Record = typing.Dict[str, typing.Any]


def of(
    old: Release,
    new: Release,
    known: feed.Feed = feed.NOTHING,
    files: debs.Files = debs.NOTHING,
    images: typing.Optional[typing.Dict[str, str]] = None,
) -> Record:
    """Compare two releases: data that says the same on every machine, so that its digest names the difference.

    :param known: vulnerabilities.
    :param files: package files of the new release, for changelogs that its tree has not.
    :param images: digests by payload kind of what holds the same as the new release.
    """
    found = _files(old, new)
    return {
        "schema": SCHEMA,
        "old": _head(old, {}),
        "new": _head(new, images or {}),
        "packages": _packages(old, new, files),
        "files": found,
        "way": _way(found, old, new),
        "units": _units(old, new),
        "users": _accounts("user", old.users, new.users) + _accounts("group", old.groups, new.groups),
        "kernel_options": _options(old, new),
        "feed": known.digest,
        "open_cves": _holes(old, new, known),
    }


def _head(release: Release, images: typing.Dict[str, str]) -> Record:
    return {
        "kind": release.kind,
        "id": release.id,
        "name": visible(release.name),
        "kernels": release.kernels,
        "kernel_options": len(release.options),
        "packages": len(release.installed),
        "files": len(release.entries),
        "bytes": sum(entry.size for entry in release.entries.values()),
        "initramfs_bytes": release.initramfs_size,
        "boot_bytes": release.initramfs_size + release.image_size,
        "images": images,
    }


def _named(release: Release) -> str:
    """Return how a sentence about a release begins."""
    return f"Release {visible(release.name) or release.id[:12]}"


def _change(before: typing.Any, after: typing.Any) -> str:
    return ADDED if before is None else REMOVED if after is None else CHANGED


def _both(old: typing.Dict, new: typing.Dict) -> typing.Iterator[typing.Tuple[str, typing.Any, typing.Any]]:
    """Yield (name, before, after) of what differs, sorted; None for what is not there."""
    for name in sorted(set(old) | set(new)):
        if old.get(name) != new.get(name):
            yield name, old.get(name), new.get(name)


def _packages(old: Release, new: Release, files: debs.Files) -> typing.List[Record]:
    debs.see_that_they_are_of(files, new.software, _named(new))
    found = []
    known = [software.by_name(one.software) for one in (old, new)]
    # A kernel has its version in its name: the one that goes is the one before.
    gone = {one.source: one for one in old.software if one.name not in known[1]}
    for name, before, after in _both(old.installed, new.installed):
        now = known[1].get(name)
        was = known[0].get(name) or (gone.get(now.source) if now else None)
        news = _news(new, now, was, files) if now and was else None
        found.append(
            {
                "name": name,
                "change": _change(before, after),
                "before": before.version if before else "",
                "after": after.version if after else "",
                "bytes": (after.size if after else 0) - (before.size if before else 0),
                "has_changelog": news is not None,
                "urgency": news.urgency if news else "",
                "cves": news.cves if news else [],
                "changelog": [visible(line) for line in news.lines] if news else [],
            }
        )
    return found


def _news(
    release: Release, now: software.Software, was: software.Software, files: debs.Files
) -> typing.Optional[changelog.News]:
    """Return what came with a package, None where nobody knows.

    A source has one changelog, and some of its packages leave that to others.
    """
    built = [one for one in release.software if (one.source, one.source_version) == (now.source, now.source_version)]
    for one in sorted(built, key=lambda other: other != now):
        names = [CHANGELOG.format(one.name, kind) for kind in (".Debian", "")]
        packed = next(filter(None, map(release.view.read, names)), b"")
        path = "" if packed else debs.file_of(files, one.name, one.version)
        if path:
            packed = debs.member(path, names)
        if packed:
            return changelog.since(content.plain(packed).decode("utf-8", "replace"), was, now)
    return None


def _files(old: Release, new: Release) -> typing.List[Record]:
    changed = {name for name, _before, _after in _both(old.installed, new.installed)}
    found = []
    for name, was, before, after in _pairs(old, new):
        if _is_book(name) or _is_same(before, after):
            continue
        what = _what(name, was, before, after, old, new) if before and after else []
        if before and after and not what:
            continue
        if not (before and after) and _is_plain_directory(before or after):
            continue
        owner = (_owner(new, name) if after else "") or (_owner(old, was) if before else "")
        found.append(
            {
                "path": visible(name),
                "was": visible(was) if was != name else "",
                "change": _change(before, after),
                "what": what,
                "package": owner,
                "with_package": owner in changed and not (after and after.kind == FILE and _is_altered(new, name)),
                "before": _shown(before),
                "after": _shown(after),
                "diff": [],
                "names": (was, name),
            }
        )
    _add_texts(found, old, new)
    return found


def _pairs(
    old: Release, new: Release
) -> typing.Iterator[typing.Tuple[str, str, typing.Optional[Entry], typing.Optional[Entry]]]:
    """Yield (name, name before, before, after) of all entries, sorted.

    Where each has one kernel, what has the version of one in its name is compared with what has that of the other.
    """
    before = {_renamed(was, old, new): was for was in old.entries}
    for name in sorted(set(before) | set(new.entries)):
        was = before.get(name, name)
        sides = [release.entries.get(one) for release, one in ((old, was if name in before else ""), (new, name))]
        # One object of OSTree is one content with one owner and one mode; it is not read for nothing.
        if sides[0] and sides[1] and sides[0].object and sides[0].object == sides[1].object:
            continue
        yield name, was, old.entry(was) if sides[0] else None, new.entry(name) if sides[1] else None


def _renamed(was: str, old: Release, new: Release) -> str:
    if len(old.kernels) != 1 or len(new.kernels) != 1:
        return was
    version = re.compile(rf"(?<=[/-]){re.escape(old.kernels[0])}(?=/|$)")
    name = version.sub(lambda _match: new.kernels[0], was)
    return was if name in old.entries else name


def _owner(release: Release, name: str) -> str:
    """Return the package of a file, its scripts in the database of packages among them; "" if there is none."""
    if name.startswith(dpkg.INFO + "/"):
        package = name[len(dpkg.INFO) + 1 :].rpartition(".")[0]
        return package if package in release.installed else ""
    return release.packages.owner(name) or release.packages.owner(kernel.packaged(name))


def _is_altered(release: Release, name: str) -> bool:
    """Whether a file holds something else than its package brought: a script or a recipe has changed it."""
    if release.packages.owner(name):
        return not release.packages.is_as_brought(name, name)
    return not release.packages.is_as_brought(name, kernel.packaged(name))


def _is_book(name: str) -> bool:
    is_list = name.startswith(dpkg.INFO + "/") and name.endswith(LISTS)
    return name in BOOKS or is_list or name.startswith(tuple(place + "/" for place in rpm.DATABASES))


def _is_same(before: typing.Optional[Entry], after: typing.Optional[Entry]) -> bool:
    if before is None or after is None:
        return False
    return before._replace(object="") == after._replace(object="")


def _is_plain_directory(entry: typing.Optional[Entry]) -> bool:
    return entry == PLAIN_DIRECTORY


def _what(name: str, was: str, before: Entry, after: Entry, old: Release, new: Release) -> typing.List[str]:
    """Return which properties differ."""
    found = [key for key in ("kind", "mode") if getattr(before, key) != getattr(after, key)]
    found += ["owner"] if (before.uid, before.gid) != (after.uid, after.gid) else []
    found += ["attributes"] if before.attributes != after.attributes else []
    # A commit has no hard links: what was one in its tree is a file of its own there.
    if old.kind == new.kind == IN_DIRECTORY and before.twin != after.twin:
        found.append("hard link")
    if before.kind != after.kind or before.content == after.content:
        return found
    if before.kind == FILE and max(before.size, after.size) <= content.LARGEST:
        one, other = old.view.read(was), new.view.read(name)
        if one is not None and other is not None and content.is_same(name, one, other):
            return found
    return [*found, "content"]


def _shown(entry: typing.Optional[Entry]) -> typing.Optional[Record]:
    if entry is None:
        return None
    return {
        "kind": entry.kind,
        "mode": f"{entry.mode:04o}",
        "owner": f"{entry.uid}:{entry.gid}",
        "bytes": entry.size,
        "content": visible(entry.content),
        "attributes": dict(entry.attributes),
        "set_id": entry.is_set_id(),
        "capability": entry.capability(),
        "open": entry.is_open(),
        "hard link": visible(entry.twin),
    }


def _add_texts(found: typing.List[Record], old: Release, new: Release) -> None:
    """Add what texts say now, as long as there is room: first what no change of a package explains."""
    left = MOST_TEXT
    for record in sorted(found, key=lambda one: one["with_package"]):
        was, name = record.pop("names")
        own = not record["with_package"] or name.startswith("/etc/")
        wanted = record["change"] == ADDED or "content" in record["what"]
        if not wanted or not (own or record["change"] == CHANGED) or name.startswith(DOCUMENTATION):
            continue
        texts = [
            _public(release, path) if side else b""
            for release, path, side in ((old, was, record["before"]), (new, name, record["after"]))
        ]
        one, other = texts
        if one is not None and other is not None and left > 0:
            if elf.is_program(one) and elf.is_program(other):
                record["diff"] = elf.difference(one, other, with_strings=not record["with_package"])
            else:
                record["diff"] = content.difference(one, other)
            left -= sum(map(len, record["diff"]))


def _public(release: Release, name: str) -> typing.Optional[bytes]:
    """Return what a file holds that everybody may read: a review is no place for secrets."""
    entry = release.entries[name]
    if entry.kind != FILE or not entry.mode & 0o004 or entry.size > content.LARGEST:
        return None
    return release.view.read(name)


def _way(files: typing.List[Record], old: Release, new: Release) -> Record:
    """Say how a node gets from one to the other: by a soft reboot, where what starts it stays as it is."""
    starts = kernel.boot_files(new.kernels) | kernel.boot_files(old.kernels)
    because = [one["path"] for one in files if {one["path"], one["was"]} & starts and one["what"] != ["mode"]]
    because += [f"kernel {version}" for version in sorted(set(old.kernels) ^ set(new.kernels))]
    return {"by": "reboot" if because else "soft reboot" if files else "nothing", "because": because}


def _holes(old: Release, new: Release, known: feed.Feed) -> typing.List[Record]:
    """Return what is open now, added where it was not before, and what was and is no more."""
    sides = []
    for side in (old, new):
        holes = feed.holes(known, side.software, side.codename, _named(side))
        sides.append({(one.cve, one.source): one._asdict() for one in holes})
    found = []
    for key in sorted(set(sides[0]) | set(sides[1])):
        before, after = sides[0].get(key), sides[1].get(key)
        change = "stays" if before and after else _change(before, after)
        found.append({"change": change, **(after or before or {})})
    return found


def _units(old: Release, new: Release) -> typing.List[Record]:
    found = []
    for name, before, after in _both(old.units, new.units):
        there = [bool(unit and unit.is_there) for unit in (before, after)]
        masked = [bool(unit and unit.is_masked) for unit in (before, after)]
        enabled = [set(unit.enabled if unit else ()) for unit in (before, after)]
        for change, by in (
            (ADDED, there == [False, True]),
            (REMOVED, there == [True, False]),
            ("masked", masked == [False, True]),
            ("unmasked", masked == [True, False]),
            ("enabled", sorted(enabled[1] - enabled[0])),
            ("disabled", sorted(enabled[0] - enabled[1])),
        ):
            if by:
                named = [visible(one) for one in by] if isinstance(by, list) else []
                found.append({"unit": visible(name), "change": change, "by": named})
    return found


def _accounts(kind: str, old: typing.Dict[str, str], new: typing.Dict[str, str]) -> typing.List[Record]:
    return [
        {
            "kind": kind,
            "name": visible(name),
            "change": _change(before, after),
            "before": visible(before or ""),
            "after": visible(after or ""),
        }
        for name, before, after in _both(old, new)
    ]


def _options(old: Release, new: Release) -> typing.List[Record]:
    # Of a kernel whose options are not known, all of the other's would be told.
    if any(side.kernels and not side.options for side in (old, new)):
        return []
    return [
        {"option": name, "change": _change(before, after), "before": before or "", "after": after or ""}
        for name, before, after in _both(old.options, new.options)
    ]

# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A difference for people and programs: rows of a few sections, from which text and page are made. Pure.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

import hashlib
import json
import typing

from ansible_collections.osmigrate.fleet.plugins.module_utils._text import some

# Lists of changes.
PARTS = ("packages", "files", "units", "users", "kernel_options", "open_cves")
Record = typing.Dict[str, typing.Any]
# Of one section of the text; the other forms have all of it.
MOST_ROWS = 80
MOST_TEXT_LINES = 30
MOST_NAMES = 5
NO_FEED = "which vulnerabilities are open is not known: the report was made without a feed"
_MORE = "(%d more: see the other forms of this report)"


class Row(typing.NamedTuple):
    """One change: a sentence, and lines that show it."""

    sentence: str
    lines: typing.List[str]


class Section(typing.NamedTuple):
    title: str
    rows: typing.List[Row]


def as_json(difference: Record) -> str:
    """Return the report whose digest is approved: the same text for the same difference, everywhere."""
    return json.dumps(difference, sort_keys=True, indent=1) + "\n"


def digest(report: bytes) -> str:
    """Return the SHA-256 of a report as JSON, in hex."""
    return hashlib.sha256(report).hexdigest()


def sections(difference: Record) -> typing.List[Section]:
    """Return what differs, section by section; one without rows says that nothing of its kind does."""
    loose = [one for one in difference["files"] if not one["with_package"]]
    bundled = [one for one in difference["files"] if one["with_package"]]
    rights = [one for one in bundled if set(one["what"]) - {"content"} or _is_special(one)]
    rest = [one for one in bundled if one not in rights]
    return [
        Section("Way and sizes", [_way(difference["way"]), *_sizes(difference), *_images(difference)]),
        Section("Vulnerabilities", _holes(difference)),
        Section("Packages", [_package(one) for one in difference["packages"]]),
        Section("Units", [Row(_unit(one), []) for one in difference["units"]]),
        Section("Users and groups", [Row(_account(one), []) for one in difference["users"]]),
        Section("Kernel options", _options(difference)),
        Section("Files that no change of a package explains", [_file(one) for one in loose]),
        Section("Kinds, rights and owners of files of changed packages", [_file(one) for one in rights]),
        Section("Other files of changed packages", _counted(rest) + [_file(one) for one in rest if one["diff"]]),
    ]


def as_text(difference: Record, needs: typing.Sequence[str] = ()) -> str:
    """Return the report as text of bounded length.

    :param needs: sentences that say what needs an approval.
    """
    lines = [f"From {_release(difference['old'])}", f"To   {_release(difference['new'])}"]
    if needs:
        lines += ["", "Needs an approval", ""] + [f"- {one}" for one in needs]
    for section in sections(difference):
        lines += ["", f"{section.title}: nothing"] if not section.rows else ["", section.title, ""]
        for row in section.rows[:MOST_ROWS]:
            lines.append(f"- {row.sentence}")
            lines += ["    " + line for line in row.lines[:MOST_TEXT_LINES]]
            lines += ["    [...]"] * (len(row.lines) > MOST_TEXT_LINES)
        lines += [_MORE % (len(section.rows) - MOST_ROWS)] * (len(section.rows) > MOST_ROWS)
    return "\n".join(line.rstrip() for line in lines) + "\n"


def title(difference: Record) -> str:
    """Return one line that names both releases."""
    return " to ".join(_release(difference[side]) for side in ("old", "new"))


def _release(head: Record) -> str:
    return f"{head['name'] or 'a release'} ({head['kind']} {head['id'][:12]})"


def size(number: int) -> str:
    """Return bytes for people, with a sign where there are less."""
    if abs(number) < 1000:
        return f"{number} bytes"
    return f"{number / 1e6:.1f} MB" if abs(number) >= 1000000 else f"{number / 1e3:.1f} kB"


def _sizes(difference: Record) -> typing.List[Row]:
    rows = []
    for key, what in (("bytes", "all files"), ("boot_bytes", "kernel and initramfs"), ("initramfs_bytes", "initramfs")):
        before, after = difference["old"][key], difference["new"][key]
        more = "+" if after > before else ""
        rows.append(Row(f"{what}: {size(before)} to {size(after)} ({more}{size(after - before)})", []))
    return rows


def _images(difference: Record) -> typing.List[Row]:
    said = sorted(difference["new"]["images"].items())
    return [Row(f"the image {digest[:12]} for {kind} holds what the new release does", []) for kind, digest in said]


def _way(way: Record) -> Row:
    because = f", because of {some(way['because'], MOST_NAMES)}" if way["because"] else ""
    return Row(f"nodes get there by {way['by']}{because}", [])


def _holes(difference: Record) -> typing.List[Row]:
    named = sorted({(cve, one["name"]) for one in difference["packages"] for cve in one["cves"]})
    rows = []
    if named:
        by = [f"{cve} ({', '.join(name for other, name in named if other == cve)})" for cve in sorted(dict(named))]
        rows.append(Row(f"{len(by)} CVEs are named by changelogs of changed packages", by))
    silent = [one["name"] for one in difference["packages"] if one["change"] == "changed" and not one["has_changelog"]]
    if silent:
        rows.append(Row(f"of {len(silent)} changed packages no changelog says what they mend", silent))
    rows += [Row(NO_FEED, [])] * (not difference["feed"])
    for change, sentence in (("added", "open, and was not before"), ("stays", "still open"), ("removed", "closed")):
        found = [one for one in difference["open_cves"] if one["change"] == change]
        lines = [
            f"{one['cve']} {one['source']} {one['version']}"
            + (f" in {some(one['packages'], MOST_NAMES)}" if one["packages"] != [one["source"]] else "")
            + (f", mended in {one['fixed']}" if one["fixed"] else ", not mended yet")
            + (f", urgency {one['urgency']}" if one["urgency"] else "")
            for one in found
        ]
        if lines:
            rows.append(Row(f"{len(lines)} CVEs {sentence}, by the feed {difference['feed'][:12]}", lines))
    return rows


def _package(one: Record) -> Row:
    said = {"added": f"{one['after']} added", "removed": f"{one['before']} removed"}
    sentence = f"{one['name']} " + said.get(one["change"], f"{one['before']} to {one['after']}")
    sentence += f", urgency {one['urgency']}" if one["urgency"] else ""
    sentence += f", names {', '.join(one['cves'])}" if one["cves"] else ""
    return Row(sentence, one["changelog"])


def _unit(one: Record) -> str:
    by = f" by {', '.join(one['by'])}" if one["by"] else ""
    return f"{one['unit']} {one['change']}{by}"


def _account(one: Record) -> str:
    values = " to ".join(value for value in (one["before"], one["after"]) if value)
    return f"{one['kind']} {one['name']} {one['change']}: {values}"


def unknown_options(difference: Record) -> str:
    """Return a sentence, without its full stop, where it is not known with which options a kernel was built, or ""."""
    sides = (("the release before", difference["old"]), ("the new release", difference["new"]))
    lacking = [f"{name} has no config of {head['kernels'][-1]}" for name, head in sides if _lacks_options(head)]
    return f"which options of the kernel differ is not known: {' and '.join(lacking)}" if lacking else ""


def _lacks_options(head: Record) -> bool:
    return bool(head["kernels"]) and not head["kernel_options"]


def _options(difference: Record) -> typing.List[Row]:
    unknown = unknown_options(difference)
    told = [unknown] if unknown else [_option(one) for one in difference["kernel_options"]]
    return [Row(one, []) for one in told]


def _option(one: Record) -> str:
    return f"{one['option']}: {one['before'] or 'unknown'} to {one['after'] or 'unknown'}"


def _is_special(one: Record) -> bool:
    sides = [side for side in (one["before"], one["after"]) if side]
    plain = ("file", "directory", "link")
    return any(side["set_id"] or side["capability"] or side["open"] or side["kind"] not in plain for side in sides)


def _file(one: Record) -> Row:
    was = f" (was {one['was']})" if one["was"] else ""
    package = f" [{one['package']}]" if one["package"] else ""
    before, after = one["before"], one["after"]
    if before and after:
        said = "changed: " + ", ".join(_property(what, before, after) for what in one["what"])
    else:
        side = after or before
        said = f"{one['change']}: {side['kind']} {side['mode']} {side['owner']}, {size(side['bytes'])}"
        said += f" to {side['content']}" if side["kind"] == "link" else ""
        said += f", hard link to {side['hard link']}" if side["hard link"] not in ("", one["path"]) else ""
        said += "".join(f", {name} {value}" for name, value in sorted(side["attributes"].items()))
    return Row(f"{one['path']}{was} {said}{package}", one["diff"])


def _property(what: str, before: Record, after: Record) -> str:
    if what == "attributes":
        names = sorted(set(before[what]) | set(after[what]))
        changed = [name for name in names if before[what].get(name) != after[what].get(name)]
        sides = [", ".join(f"{name} {side[what].get(name, 'none')}" for name in changed) for side in (before, after)]
        return " to ".join(sides)
    if what == "content" and after["kind"] == "file":
        return f"content, {size(before['bytes'])} to {size(after['bytes'])}"
    return f"{what} {before[what] or 'none'} to {after[what] or 'none'}"


def _counted(files: typing.List[Record]) -> typing.List[Row]:
    counts: typing.Dict[typing.Tuple[str, str], int] = {}
    for one in files:
        key = (one["package"], one["change"])
        counts[key] = counts.get(key, 0) + 1
    packages = sorted({package for package, _change in counts})
    return [
        Row(
            f"{package}: " + ", ".join(f"{counts[key]} {key[1]}" for key in sorted(counts) if key[0] == package),
            [],
        )
        for package in packages
    ]

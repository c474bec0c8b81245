# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The kinds of changes for which a policy may ask for an approval. Pure.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

import typing

from ansible_collections.osmigrate.fleet.plugins.module_utils._release.order import is_older_package
from ansible_collections.osmigrate.fleet.plugins.module_utils._review.report import (
    NO_FEED,
    Record,
    size,
    unknown_options,
)

# What it is about, "" for all that there may be, and a sentence that says so.
Change = typing.Tuple[str, str]
Changes = typing.Iterator[Change]


def _files(sentence: str, holds: typing.Callable[[Record, Record], bool]) -> typing.Callable[[Record], Changes]:
    """Files that are there now and of which something is said that was not so before; {} for what there was not."""

    def find(difference: Record) -> Changes:
        for one in difference["files"]:
            if one["after"] and holds(one["before"] or {}, one["after"]):
                yield one["path"], f"{one['path']} {sentence}"

    return find


def _is_set_id(before: Record, after: Record) -> bool:
    # Of one that was set-id already, another owner or program matters as much as a new one.
    keys = ("set_id", "mode", "owner", "content")
    return bool(after["set_id"]) and [before.get(key) for key in keys] != [after[key] for key in keys]


def _is_capable(before: Record, after: Record) -> bool:
    keys = ("capability", "content")
    return bool(after["capability"]) and [before.get(key) for key in keys] != [after[key] for key in keys]


def _has_other_rights(before: Record, after: Record) -> bool:
    return bool(before) and (before["mode"], before["owner"]) != (after["mode"], after["owner"])


def _loose(difference: Record) -> Changes:
    for one in difference["files"]:
        if not one["with_package"]:
            yield one["path"], f"{one['path']} is {one['change']}, and no change of a package explains it"


def _units(*kinds: str) -> typing.Callable[[Record], Changes]:
    def find(difference: Record) -> Changes:
        for one in difference["units"]:
            if one["change"] in kinds:
                yield one["unit"], f"{one['unit']} is {one['change']}"

    return find


def _users(*kinds: str) -> typing.Callable[[Record], Changes]:
    def find(difference: Record) -> Changes:
        for one in difference["users"]:
            if one["change"] in kinds:
                values = " to ".join(value for value in (one["before"], one["after"]) if value)
                yield one["name"], f"{one['kind']} {one['name']} is {one['change']}: {values}"

    return find


def _options(difference: Record) -> Changes:
    unknown = unknown_options(difference)
    if unknown:
        yield "", unknown
    for one in difference["kernel_options"]:
        yield one["option"], f"{one['option']} is {one['after'] or 'gone'}, and was {one['before'] or 'unknown'}"


def _holes(difference: Record) -> Changes:
    if not difference["feed"]:
        yield "", NO_FEED
    for one in difference["open_cves"]:
        if one["change"] == "added":
            mended = f"mended in {one['fixed']}" if one["fixed"] else "not mended yet"
            yield one["cve"], f"{one['cve']} is open in {one['source']} {one['version']}, and is {mended}"


def _packages(kind: str) -> typing.Callable[[Record], Changes]:
    def find(difference: Record) -> Changes:
        for one in difference["packages"]:
            if one["change"] == kind:
                yield one["name"], f"{one['name']} {one['before']}{one['after']} is {kind}"

    return find


def _older(difference: Record) -> Changes:
    for one in difference["packages"]:
        if one["change"] == "changed" and is_older_package(one["after"], one["before"]):
            yield one["name"], f"{one['name']} goes back from {one['before']} to {one['after']}"


KINDS: typing.Dict[str, typing.Callable[[Record], Changes]] = {
    "set-id-file": _files("is set-id, and is new or was something else", _is_set_id),
    "capability": _files("has capabilities, and is new or had others or another content", _is_capable),
    "device": _files("is a new device", lambda before, after: "device" in after["kind"] and before != after),
    "world-writable": _files(
        "may be written by everybody", lambda before, after: bool(after["open"]) and not before.get("open")
    ),
    "rights": _files("has another mode or owner", _has_other_rights),
    "unexplained-file": _loose,
    "unit-added": _units("added", "unmasked"),
    "unit-enabled": _units("enabled"),
    "unit-removed": _units("removed", "masked", "disabled"),
    "user-added": _users("added"),
    "user-changed": _users("changed", "removed"),
    "kernel-option": _options,
    "open-cve": _holes,
    "package-added": _packages("added"),
    "package-removed": _packages("removed"),
    "package-older": _older,
}
# These grow by more bytes than a rule allows.
SIZES = {"size": "bytes", "boot-size": "boot_bytes", "initramfs-size": "initramfs_bytes"}


def find(kind: str, difference: Record, megabytes: int) -> typing.List[Change]:
    """Return the changes of a kind.

    :param kind: of KINDS or SIZES.
    :param megabytes: for SIZES: more than that is a change.
    """
    if kind in KINDS:
        return list(KINDS[kind](difference))
    more = difference["new"][SIZES[kind]] - difference["old"][SIZES[kind]]
    return [(kind, f"{kind} grows by {size(more)}")] if more > megabytes * 1000000 else []

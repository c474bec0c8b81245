# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which of two releases of one name is the older one. Pure.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.

A release here is a dict with version, and serial where its manifest has one.
"""

import re
import typing


def is_older(one: dict, other: dict) -> bool:
    """Say whether a release is older than another of its name.

    Serials decide where both have one; else versions, in the order of Debian's versions.
    """
    if one.get("serial") and other.get("serial"):
        return one["serial"] < other["serial"]
    return version_key(one["version"]) < version_key(other["version"])


def newest(one: typing.Optional[dict], other: dict) -> dict:
    """Return the newer of two releases of one name, the other if there is no one."""
    return one if one is not None and not is_older(one, other) else other


def version_key(version: str) -> typing.List[typing.Any]:
    """Return what versions are sorted by: numbers as numbers, letters before other characters, ~ before the end."""
    key: typing.List[typing.Any] = []
    for text, digits in re.findall(r"([^0-9]*)([0-9]*)", version):
        key += [tuple(_weight(character) for character in text) + (0,), int(digits or 0)]
    return key


def is_older_package(one: str, other: str) -> bool:
    """Say whether a version of a package is older than another, in Debian's order, epochs included."""
    return _package_key(one) < _package_key(other)


def _package_key(version: str) -> typing.Tuple[int, typing.List[typing.Any]]:
    epoch, colon, rest = version.partition(":")
    if not (colon and epoch.isdigit()):
        epoch, rest = "0", version
    upstream, _dash, revision = rest.rpartition("-") if "-" in rest else (rest, "", "")
    return int(epoch), [version_key(upstream), version_key(revision)]


def _weight(character: str) -> int:
    if character == "~":
        return -1
    return ord(character) if character.isalpha() else ord(character) + 256

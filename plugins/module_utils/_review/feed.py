# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Vulnerabilities that a file of Debian's security tracker knows of the packages of a release.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.

The file is what the tracker gives out as data/json: source package, CVE, releases by code name, each with status and,
where there is one, fixed_version.
"""

import hashlib
import typing

from ansible_collections.osmigrate.fleet.plugins.module_utils._errors import FleetError
from ansible_collections.osmigrate.fleet.plugins.module_utils._release.order import is_older_package
from ansible_collections.osmigrate.fleet.plugins.module_utils._review.software import Software
from ansible_collections.osmigrate.fleet.plugins.module_utils._text import parse_json, visible

_TODO = "Give the file that Debian's security tracker has as data/json"


class Feed(typing.NamedTuple):
    """digest: SHA-256 of the file in hex, "" for no feed. sources: what it says, by source package."""

    digest: str
    sources: typing.Dict[str, typing.Any]


class Hole(typing.NamedTuple):
    """A CVE that a source has. version: of it, or several. fixed: the one in which it is mended, "" for none yet.
    packages: those that are built of it, or hold it."""

    cve: str
    source: str
    version: str
    fixed: str
    urgency: str
    packages: typing.List[str]


NOTHING = Feed("", {})


def load(path: str) -> Feed:
    """Read a feed.

    :raises FleetError: it is not there, or something else.
    """
    try:
        with open(path, "rb") as stream:
            content = stream.read()
    except OSError as error:
        raise FleetError(f"Feed {path} cannot be read: {error.strerror}", todo=_TODO)
    try:
        sources = parse_json(content.decode("utf-8"))
        if not sources or any(not isinstance(one, dict) for one in [sources, *sources.values()]):
            raise ValueError("not by packages")
    except (ValueError, AttributeError, TypeError):
        raise FleetError(f"Feed {path} is no list of vulnerabilities by source package", todo=_TODO)
    return Feed(hashlib.sha256(content).hexdigest(), sources)


def holes(feed: Feed, software: typing.Sequence[Software], codename: str, name: str) -> typing.List[Hole]:
    """Return what is open in a release, sorted; nothing without a feed.

    :param codename: of the distribution's release, as the feed has it.
    :param name: names the release, at the beginning of a sentence.
    :raises FleetError: the feed is not about this release, so that no hole in it would say nothing.
    """
    if not feed.sources:
        return []
    _see_that_it_is_about(feed, software, codename, name)
    held: typing.Dict[str, typing.Dict[str, typing.Set[str]]] = {}
    for one in software:
        for source, version in {(one.source, one.source_version), *one.holds}:
            held.setdefault(source, {}).setdefault(version, set()).add(one.name)
    found = []
    for source, versions in held.items():
        for cve, said in feed.sources.get(source, {}).items():
            here = _of(said, codename)
            have = [version for version in sorted(versions) if _is_open(here, version)]
            if have:
                fixed, urgency = (visible(str(here.get(key, ""))) for key in ("fixed_version", "urgency"))
                names = sorted({visible(name) for version in have for name in versions[version]})
                found.append(Hole(visible(cve), visible(source), visible(", ".join(have)), fixed, urgency, names))
    return sorted(found)


def _is_open(here: typing.Dict[str, typing.Any], version: str) -> bool:
    fixed = str(here.get("fixed_version", ""))
    # A resolved one with version 0 never was there.
    is_late = here.get("status") == "resolved" and fixed != "0" and is_older_package(version, fixed)
    return is_late or here.get("status") == "open"


def _of(said: typing.Any, codename: str) -> typing.Dict[str, typing.Any]:
    """Return what is said of a CVE in a distribution's release, {} for nothing."""
    releases = said.get("releases") if isinstance(said, dict) else None
    here = releases.get(codename) if isinstance(releases, dict) else None
    return here if isinstance(here, dict) else {}


def _see_that_it_is_about(feed: Feed, software: typing.Sequence[Software], codename: str, name: str) -> None:
    todo = "Give the feed of its distribution, or leave the feed out: then the report says nothing of what is open"
    if not software:
        raise FleetError(f"{name} has no packages of dpkg, and a feed knows of no others", todo=todo)
    if not codename:
        raise FleetError(
            f"{name} has no VERSION_CODENAME in its os-release, by which the feed would know it", todo=todo
        )
    if not any(_of(said, codename) for source in feed.sources.values() for said in source.values()):
        raise FleetError(f"{name} is called {visible(codename)}, and nothing in the feed is about that", todo=todo)

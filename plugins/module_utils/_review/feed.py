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
    """A CVE that a package has. fixed: version of the source in which it is mended, "" for none yet."""

    cve: str
    source: str
    version: str
    fixed: str
    urgency: str


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


def holes(feed: Feed, software: typing.Iterable[Software], codename: str) -> typing.List[Hole]:
    """Return what is open in a release, sorted.

    :param codename: of the distribution's release, as the feed has it.
    """
    found = set()
    for source, version in {(one.source, one.source_version) for one in software}:
        for cve, said in feed.sources.get(source, {}).items():
            here = said.get("releases", {}).get(codename, {}) if isinstance(said, dict) else {}
            fixed = str(here.get("fixed_version", ""))
            mended = here.get("status") == "resolved"
            # A resolved one with version 0 never was there.
            if here.get("status") == "open" or (mended and fixed != "0" and is_older_package(version, fixed)):
                found.add(Hole(*(visible(one) for one in (cve, source, version, fixed, str(here.get("urgency", ""))))))
    return sorted(found)

# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A repository at the other end of a URL: whether it answers, and has a commit. Needs no ostree.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

import hashlib
import typing

from ansible_collections.osmigrate.fleet.plugins.module_utils._errors import FleetError
from ansible_collections.osmigrate.fleet.plugins.module_utils._release import fetch

LARGEST = 16 * 1024 * 1024  # bytes; some builders put the list of all packages into a commit
PUBLISH = "Publish the whole repository there, or correct payloads.ostree.url of the manifest and sign it again"


def look(payload: typing.Dict[str, typing.Any], timeout: int, left: str) -> None:
    """Ask in a second or two for what a pull of many minutes would miss.

    :param payload: that of the manifest.
    :param timeout: seconds for each of two files.
    :param left: the state to name (see FleetError).
    :raises FleetError: no repository answers, or it does not have the commit.
    """
    base, commit = payload["url"].rstrip("/"), payload["commit"]
    config = _read(f"{base}/config", "The repository of the release", timeout, left)
    if b"[core]" not in config:
        raise FleetError(f"{base}/config is not the configuration of an OSTree repository", left, PUBLISH)
    path = f"{base}/objects/{commit[:2]}/{commit[2:]}.commit"
    if hashlib.sha256(_read(path, f"Commit {commit[:12]}", timeout, left)).hexdigest() != commit:
        raise FleetError(f"{path} is not the commit that its name says", left, PUBLISH)


def _read(url: str, what: str, timeout: int, left: str) -> bytes:
    name = f"{what} ({url})"
    try:
        content = fetch.read(url, name, timeout, LARGEST)
    except FleetError as error:
        raise FleetError(error.problem, left, error.todo)
    if content is None:
        raise FleetError(f"{name} does not exist: the server answered that it is not found", left, PUBLISH)
    return content

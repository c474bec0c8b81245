# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lock of a recipe: a directory with the exact packages that a release is made of, which apt reads, and their list.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

import hashlib
import json
import os
import shutil
import typing

from ansible_collections.osmigrate.fleet.plugins.module_utils._errors import FleetError
from ansible_collections.osmigrate.fleet.plugins.module_utils._storage import read_bytes, sync_directory
from ansible_collections.osmigrate.fleet.plugins.module_utils._text import parse_json

SCHEMA = 1
LIST, INDEX, OUTCOMES = "lock.json", "Packages", "outcomes.json"
_AGAIN = "Make the lock again (update), or bring that directory back as it was"


class Package(typing.NamedTuple):
    """One package file. size: bytes; installed: KiB, as it says itself; stage: which installs it."""

    name: str
    version: str
    architecture: str
    sha256: str
    size: int
    installed: int
    file: str
    stage: str


class Lock(typing.NamedTuple):
    """What a recipe was resolved to.

    asked: digest of what was asked for. time: for all that a build writes, in seconds of the epoch. base: digest of a
    root file system from which it begins, "" where it begins from packages.
    """

    asked: str
    time: int
    base: str
    packages: typing.List[Package]


def read(directory: str) -> typing.Optional[Lock]:
    """Read a lock, None where there is none.

    :raises FleetError: it is damaged.
    """
    path = os.path.join(directory, LIST)
    if not os.path.lexists(path):
        return None
    try:
        document = parse_json(read_bytes(path).decode("utf-8"))
        if document["schema"] != SCHEMA:
            raise ValueError("schema")
        packages = [Package(**one) for one in document["packages"]]
        return Lock(document["asked"], document["time"], document["base"], packages)
    except (ValueError, TypeError, KeyError):
        raise FleetError(f"Lock {path} is damaged, or of another version of osmigrate.fleet", todo=_AGAIN)


def text(lock: Lock) -> str:
    """Return the list as its file has it: a line for each package, so that a review shows what changed."""
    head = json.dumps({"schema": SCHEMA, "asked": lock.asked, "time": lock.time, "base": lock.base})
    lines = ",\n".join(json.dumps(one._asdict()) for one in sorted(lock.packages))
    return f'{head[:-1]}, "packages": [\n{lines}\n]}}\n'


def verify(directory: str, lock: Lock) -> None:
    """See that each package file is the one of the list.

    :raises FleetError: one is missing or another.
    """
    for package in lock.packages:
        path = os.path.join(directory, package.file)
        found = file_digest(path) if os.path.isfile(path) else ""
        if found != package.sha256:
            problem = "is not the one of the lock: its digest differs" if found else "is not there"
            raise FleetError(f"Package {package.name} {package.version} ({path}) {problem}", todo=_AGAIN)


def replace(directory: str, part: str) -> None:
    """Put a new lock where an old one may be. Outcomes of the old one are no outcomes of the new."""
    old = directory + ".old"
    shutil.rmtree(old, ignore_errors=True)
    if os.path.lexists(directory):
        os.rename(directory, old)
    os.rename(part, directory)
    sync_directory(os.path.dirname(os.path.abspath(directory)))
    shutil.rmtree(old, ignore_errors=True)


def outcomes(directory: str) -> typing.Dict[str, str]:
    """Return what was built from a lock: digest of all inputs to commit."""
    try:
        found = parse_json(read_bytes(os.path.join(directory, OUTCOMES)).decode("utf-8") or "{}")
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def file_digest(path: str) -> str:
    """Return the SHA-256 of a file in hex."""
    sha = hashlib.sha256()
    with open(path, "rb") as stream:
        for piece in iter(lambda: stream.read(1 << 20), b""):
            sha.update(piece)
    return sha.hexdigest()

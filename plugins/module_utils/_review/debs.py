# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Changelogs from package files: a tree that has left its documentation out has none.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

import fnmatch
import os
import tarfile
import types
import typing

from ansible_collections.osmigrate.fleet.plugins.module_utils import _command
from ansible_collections.osmigrate.fleet.plugins.module_utils._errors import FleetError
from ansible_collections.osmigrate.fleet.plugins.module_utils._review.content import LARGEST
from ansible_collections.osmigrate.fleet.plugins.module_utils._review.software import Software

Files = typing.Mapping[str, str]
NOTHING: Files = types.MappingProxyType({})


def read(directory: str) -> Files:
    """Return the package files of a directory, such as the lock of a recipe: name to path.

    :raises FleetError: it has none.
    """
    names = sorted(os.listdir(directory)) if os.path.isdir(directory) else []
    found = {name: os.path.join(directory, name) for name in fnmatch.filter(names, "*_*_*.deb")}
    if not found:
        raise FleetError(f"{directory} has no package files", todo="Give the lock of the recipe, or leave it out")
    return found


def see_that_they_are_of(files: Files, software: typing.Sequence[Software], name: str) -> None:
    """Refuse package files none of which is in a release that knows its packages; none at all are all right.

    :param name: names the release, at the beginning of a sentence.
    """
    if files and software and not any(file_of(files, one.name, one.version) for one in software):
        raise FleetError(
            f"{name} has none of the {len(files)} package files",
            todo="Give the lock with which it was built, or leave the package files out",
        )


def file_of(files: Files, name: str, version: str) -> str:
    """Return the path of a package's file, "" if it is not among them."""
    wanted = f"{name}_{version.replace(':', '%3a')}_"
    return next((path for one, path in sorted(files.items()) if one.startswith(wanted)), "")


def member(path: str, names: typing.Sequence[str]) -> bytes:
    """Return what a package file has under the first of some names that it has, without unpacking it.

    :param names: from the root of the tree on.
    :returns: packed as it is there; empty if it has none of them, or one that is too large.
    :raises FleetError: it is damaged.
    """
    wanted = {"." + name: place for place, name in enumerate(names)}
    found: typing.Dict[int, bytes] = {}
    process = _command.start(["dpkg-deb", "--fsys-tarfile", path], todo="Install dpkg")
    try:
        with tarfile.open(fileobj=process.stdout, mode="r|") as archive:
            for one in archive:
                if one.name in wanted and one.isfile() and one.size <= LARGEST:
                    stream = archive.extractfile(one)
                    found[wanted[one.name]] = stream.read() if stream else b""
    except (tarfile.TarError, EOFError):
        raise FleetError(f"Package file {path} is damaged", todo="Fetch it again, or leave the package files out")
    finally:
        process.kill()
        process.communicate()
    return found[min(found)] if found else b""

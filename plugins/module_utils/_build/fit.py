# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a tree has to be before payloads can be made of it, whatever scripts and bases have left there.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

import os
import stat
import typing

from ansible_collections.osmigrate.fleet.plugins.module_utils._build import kept
from ansible_collections.osmigrate.fleet.plugins.module_utils._build.tools import Log
from ansible_collections.osmigrate.fleet.plugins.module_utils._files.tree import Tree
from ansible_collections.osmigrate.fleet.plugins.module_utils._text import some, writable

_TODO = "Rename it, or put it under remove"


def see_its_places(tree: str, log: Log) -> None:
    """Refuse a tree whose /usr or /etc would be lost where it gets the shape of a release.

    :raises FleetError: names what is in the way.
    """
    for name in ("usr", "etc"):
        path = os.path.join(tree, name)
        if os.path.islink(path) or not os.path.isdir(path):
            raise log.failed(f"/{name} of the tree is no directory", "See base and scripts of the recipe")
    defaults = os.path.join(tree, "usr/etc")
    if os.path.lexists(defaults) and not (os.path.isdir(defaults) and not os.listdir(defaults)):
        raise log.failed(
            "the tree has a /usr/etc of its own, where /etc of a release lies",
            "Let a script after base move to /etc what it holds",
        )


def see_what_is_lost(tree: str, log: Log) -> None:
    """Refuse a tree in which packages or scripts have left files where a release has none.

    :raises FleetError: names the first of them.
    """
    found = sorted(set(_lost(Tree(tree))))
    if found:
        raise log.failed(
            f"{some([writable(name) for name in found], 5)} would be in no release: what lies below "
            f"{', '.join(kept.MEANT)} is a node's own",
            "Let a script move it below /usr, or name it under remove",
        )


def _lost(root: Tree) -> typing.Iterator[str]:
    for place in kept.MEANT:
        for name, status in root.walk(root.resolve(place)):
            # A link to what is lost, too, says nothing of its own: Debian has such a one.
            is_lost = stat.S_ISLNK(status.st_mode) and kept.lost(root.resolve(name))
            if not stat.S_ISDIR(status.st_mode) and not is_lost:
                yield name


def see_its_names(tree: str, log: Log) -> None:
    """Refuse files that OSTree cannot hold, and names that a review cannot show.

    :param tree: in the shape of a release.
    :raises FleetError: names the first one.
    """
    for directory, folders, files in os.walk(os.fsencode(tree)):
        for name in sorted(folders + files):
            path = os.path.join(directory, name)
            mode = os.lstat(path).st_mode
            problem = _problem(name, "the name of file")
            if stat.S_ISLNK(mode):
                problem = problem or _problem(os.readlink(path), "what is linked by file")
            elif not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
                problem = "{} is neither file, directory nor link, so OSTree cannot hold it"
            if problem:
                shown = writable(os.path.relpath(path, os.fsencode(tree)).decode("utf-8", "surrogateescape"))
                raise log.failed(problem.format("/" + shown), _TODO)


def _problem(text: bytes, what: str) -> str:
    try:
        text.decode("utf-8")
    except UnicodeDecodeError:
        return what + " {} is no UTF-8"
    return what + " {} has a line break in it" if b"\n" in text else ""

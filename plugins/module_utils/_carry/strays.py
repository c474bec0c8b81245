# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an administrator put among the files of the system, which no move brings along.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

import fnmatch
import operator
import os
import typing

from ansible_collections.osmigrate.fleet.plugins.module_utils._carry.model import Left, Situation
from ansible_collections.osmigrate.fleet.plugins.module_utils._carry.packages import Packages
from ansible_collections.osmigrate.fleet.plugins.module_utils._files.tree import Tree, as_name

PLACES = ("/usr/bin", "/usr/sbin", "/usr/libexec", "/usr/lib", "/usr/lib64", "/bin", "/sbin", "/lib", "/lib64")
# What programs make for themselves there.
CACHES = (
    "*/__pycache__ /usr/lib/locale/* */gconv-modules.cache */loaders.cache */immodules.cache */giomodule.cache "
    "/usr/lib/udev/hwdb.bin /lib/udev/hwdb.bin /usr/lib/modules/* /lib/modules/* /usr/lib/sysimage/* */fonts.cache"
).split()
FILES_MAX = 20
ALTERNATIVES = "/etc/alternatives/"


def search(situation: Situation, taken: typing.Set[str]) -> typing.Tuple[list, typing.List[typing.Dict[str, str]]]:
    """Return what packages did not bring, or did not bring like this.

    A directory that the release does not have and no package brought, or one with too many such files, is named once,
    with its slash.

    :param taken: set of str, what was carried.
    :returns: (list of Left: what the release has, too; list of {"path", "reason"}: what it does not have).
    """
    found = _found(situation.incumbent, situation.packages, situation.candidate)
    found = [stray for stray in found if not any(path.startswith(stray["path"]) for path in taken)]
    left = [
        Left(stray["path"], "the release brings its own")
        for stray in found
        if situation.candidate.exists(stray["path"])
    ]
    same = {known.path for known in left}
    return left, _gathered([stray for stray in found if stray["path"] not in same])


def find(tree: Tree, packages: Packages) -> typing.List[str]:
    """Return the paths of what packages did not bring, or did not bring like this; directories with their slash.

    :param tree: Tree.
    :param packages: Packages of it.
    """
    return [stray["path"] for stray in _found(tree, packages, None)]


def _found(tree: Tree, packages: Packages, candidate: typing.Optional[Tree]) -> typing.List[typing.Dict[str, str]]:
    found: list = []
    for place in PLACES:
        if not tree.is_link(place):
            _search(tree, packages, candidate, place, found)
    return found


def _gathered(found: typing.List[typing.Dict[str, str]]) -> typing.List[typing.Dict[str, str]]:
    """Name the directory instead of its files where they are too many to read."""
    below: dict = {}
    for stray in found:
        below.setdefault("/".join(stray["path"].split("/")[:4]) + "/", []).append(stray)
    result = []
    for directory in sorted(below):
        several = below[directory]
        if len(several) > FILES_MAX:
            reasons = sorted({stray["reason"] for stray in several})
            several = [{"path": directory, "reason": reasons[0]}]
        result += sorted(several, key=operator.itemgetter("path"))
    return result


def _search(tree: Tree, packages: Packages, candidate: typing.Optional[Tree], place: str, found: list) -> None:
    pending = [place]
    while pending:
        directory = pending.pop()
        try:
            listing = list(os.scandir(tree.outside(directory)))
        except OSError:
            continue
        pending += _look(tree, packages, candidate, directory, listing, found)


def _look(
    tree: Tree,
    packages: Packages,
    candidate: typing.Optional[Tree],
    directory: str,
    listing: typing.List["os.DirEntry[str]"],
    found: list,
) -> typing.List[str]:
    """Look at what is in a directory, and return the directories in it that have to be looked at, too."""
    below = []
    for entry in listing:
        path = os.path.join(directory, as_name(entry.name))
        if any(fnmatch.fnmatchcase(path, cache) for cache in CACHES):
            continue
        if entry.is_symlink() and os.readlink(entry.path).startswith(ALTERNATIVES):
            continue
        if not entry.is_dir(follow_symlinks=False):
            verdict = packages.verdict(path, entry.stat(follow_symlinks=False))
            if verdict:
                found.append({"path": path, "reason": verdict})
        elif packages.hold(path) or (candidate is not None and candidate.is_directory(path)):
            below.append(path)
        else:
            found.append({"path": path + "/", "reason": "unowned"})
    return below

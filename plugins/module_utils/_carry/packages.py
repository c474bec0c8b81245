# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who made a file of a root: its packages or an administrator.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

import hashlib
import os
import stat
import typing

from ansible_collections.osmigrate.fleet.plugins.module_utils._carry import databases, dpkg, rpm
from ansible_collections.osmigrate.fleet.plugins.module_utils._files.tree import Tree
from ansible_collections.osmigrate.fleet.plugins.module_utils._storage import is_below

MERGED = ("/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32")
# Where a release keeps its /etc as it brought it, whatever its packages have put there.
RELEASED = "/usr/etc"
ALGORITHMS = {32: hashlib.md5, 40: hashlib.sha1, 64: hashlib.sha256, 128: hashlib.sha512}


class Packages:
    """What the packages of a root brought.

    :param tree: Tree.
    """

    def __init__(self, tree: Tree) -> None:
        self.tree = tree
        self.database = rpm.Rpm(tree) if databases.main(tree) == databases.RPM else dpkg.Dpkg(tree)
        self.links = self.database.links
        self._has_released = tree.is_directory(RELEASED)
        # Packages may still name a file by the directory that has become a link.
        self._aliases: dict = {}
        self._directories: set = set()
        self._above: set = set()
        for directory in MERGED:
            if tree.is_link(directory):
                real = tree.resolve(directory)
                for path in list(self.database.owned):
                    if path.startswith(directory + "/"):
                        self._aliases[real + path[len(directory) :]] = path

    def _named(self, path: str) -> str:
        return self._aliases.get(path, path)

    def own(self, path: str) -> bool:
        """Say whether a package brought the path."""
        name = self._named(path)
        known = name in self.database.owned or name in self.database.digests or path in self.links
        return known or self._is_released(path)

    def owner(self, path: str) -> str:
        """Return the name of the package that brought the path, "" if none did."""
        return self.database.owned.get(self._named(path), "")

    def hold(self, directory: str) -> bool:
        """Say whether a package brought a directory or anything in it."""
        if not self._directories:
            paths = list(self.database.owned) + list(self._aliases)
            for path in paths:
                self._add_above(path)
            self._directories = self._above.union(paths)
        return directory in self._directories

    def _add_above(self, path: str) -> None:
        """Note every directory above a path: packages of rpm do not own all that they need."""
        directory = os.path.dirname(path)
        while directory not in self._above:
            self._above.add(directory)
            directory = os.path.dirname(directory)

    def left_alone(self, path: str, status: typing.Optional[os.stat_result] = None) -> bool:
        """Say whether the path is as its package made it.

        A configuration file is compared with the package. Another file is if it was written after its package was
        installed.

        :param status: os.stat_result of the path itself, if the caller has it.
        """
        name = self._named(path)
        status = status or self.tree.lstat(path)
        is_link = status is not None and stat.S_ISLNK(status.st_mode)
        if self._is_released(path):
            return self._is_as_released(path, is_link)
        if name in self.database.digests:
            return not is_link and self._has(path, self.database.digests[name])
        if name not in self.database.owned:
            return path in self.links
        if is_link and path.startswith("/etc/"):
            return self._brought_link(path)
        if status is None or not stat.S_ISREG(status.st_mode) or status.st_mtime <= self.database.installed(name):
            return True
        digest = self.database.digest(name)
        return not digest or self._has(path, digest)

    def _is_released(self, path: str) -> bool:
        """Say whether the release that a root is made of brought a file or link of /etc."""
        if not (self._has_released and is_below(path, "/etc")):
            return False
        status = self.tree.lstat(RELEASED + path[len("/etc") :])
        return status is not None and not stat.S_ISDIR(status.st_mode)

    def _is_as_released(self, path: str, is_link: bool) -> bool:
        brought = RELEASED + path[len("/etc") :]
        if is_link or self.tree.is_link(brought):
            return is_link and self.tree.is_link(brought) and self.tree.link(path) == self.tree.link(brought)
        return self.tree.is_same(path, self.tree, brought)

    def _brought_link(self, path: str) -> bool:
        """Say whether a link of /etc is as its package made it.

        A database names it whatever it is. It is an administrator's where the package brought a directory with
        something in it, or where it leads to what no package brought.
        """
        if self._has_below(path):
            return False
        place = self.tree.resolve(path)
        return not self.tree.exists(path) or self.own(place) or self.hold(place)

    def _has_below(self, path: str) -> bool:
        self.hold(path)
        return path in self._above

    def _has(self, path: str, digest: str) -> bool:
        # dpkg writes "newconffile" where it has not made the file yet.
        algorithm = ALGORITHMS.get(len(digest))
        if algorithm is None or self.tree.size(path) < 0:
            return False
        found = algorithm()
        for piece in self.tree.pieces(path):
            found.update(piece)
        return found.hexdigest() == digest

    def is_as_brought(self, path: str, brought: str) -> bool:
        """Say whether a file holds what its package brought, as far as the digest of that is known.

        :param brought: its path in the package.
        """
        digest = self.database.digest(self._named(brought))
        return not digest or self._has(path, digest)

    def verdict(self, path: str, status: typing.Optional[os.stat_result] = None) -> str:
        """Return "" for what is as its package made it, "modified" or "unowned" for what an administrator made."""
        if self.left_alone(path, status):
            return ""
        return "modified" if self.own(path) else "unowned"

# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What rpm knows of a root.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

import typing

from ansible_collections.osmigrate.fleet.plugins.module_utils import _lines
from ansible_collections.osmigrate.fleet.plugins.module_utils._carry import presets
from ansible_collections.osmigrate.fleet.plugins.module_utils._carry.installed import Installed
from ansible_collections.osmigrate.fleet.plugins.module_utils._command import run
from ansible_collections.osmigrate.fleet.plugins.module_utils._files.tree import Tree
from ansible_collections.osmigrate.fleet.plugins.module_utils._text import whole_number

DATABASES = ("/usr/lib/sysimage/rpm", "/var/lib/rpm")
FILES = {"Packages", "Packages.db", "rpmdb.sqlite"}  # of bdb, ndb and sqlite
MEND = (
    "Let rpm make its database anew ('rpm --rebuilddb'), or restore it from a backup; where rpm itself is missing, "
    "install that package"
)
FORMAT = "[%{FILENAMES}\\t%{=NAME}\\t%{=INSTALLTIME}\\t%{FILEFLAGS:fflags}\\t%{FILEDIGESTS}\\n]"
INSTALLED = "%{NAME}\\t%|EPOCH?{%{EPOCH}:}|%{VERSION}-%{RELEASE}\\t%{LONGSIZE}\\n"
GHOST = "g"  # a package wants to know of the file, but whoever made it was not the package


def is_used(tree: Tree) -> bool:
    """Say whether a root has a database of rpm's.

    :param tree: Tree.
    """
    return bool(place(tree))


def place(tree: Tree) -> str:
    """Return the directory of rpm's database as it is visible, "" if there is none."""
    # The directory may be there without one, and the newer of the two may lead to the older.
    found = (name for name in DATABASES if set(tree.names(name)) & FILES)
    return next((tree.outside(tree.resolve(name)) for name in found), "")


class Rpm:
    """The files of rpm's packages: the attributes and methods of Dpkg.

    :param tree: Tree.
    """

    def __init__(self, tree: Tree) -> None:
        self.tree = tree
        self.owned: dict = {}
        self.digests: dict = {}
        self._installed: dict = {}
        self._read(self._ask(FORMAT))
        self.links = presets.enabled(tree, self.owned)

    def _ask(self, what: str) -> str:
        # --dbpath instead of --root, which would run in the root and need its programs.
        argv = ["rpm", "--dbpath", place(self.tree), "-qa", "--queryformat", what]
        return run(argv, errors="surrogateescape", todo=MEND).stdout

    def _read(self, text: str) -> None:
        for line in _lines.lines(text):
            fields = line.rsplit("\t", 4)
            if len(fields) != 5 or GHOST in fields[3]:  # a path may hold any byte; one with an end of a line is no line
                continue
            path, package, installed, _flags, digest = fields
            self.owned[path] = package
            self._installed[package] = whole_number(installed, 15) or 0
            if digest:
                self.digests[path] = digest

    def digest(self, path: str) -> typing.Any:
        """Return the digest that a file had in its package, "" if that is not known."""
        return self.digests.get(path, "")

    def installed(self, path: str) -> typing.Any:
        """Return when the package of a path was installed, in seconds; 0 if that is not known."""
        return self._installed.get(self.owned.get(path), 0)

    def packages(self) -> typing.Dict[str, Installed]:
        """Return what is installed, by the names that owned has."""
        return parse_installed(self._ask(INSTALLED))


def parse_installed(text: str) -> typing.Dict[str, Installed]:
    """Read what rpm says of the installed packages: lines of name, version and size, with tabs between them."""
    found: typing.Dict[str, Installed] = {}
    for name, version, size in sorted(line.split("\t") for line in _lines.lines(text)):
        # Of a kernel, or of keys, several versions are installed side by side.
        before = found.get(name)
        taken = whole_number(size, 15) or 0
        found[name] = (
            Installed(f"{before.version}, {version}", before.size + taken) if before else Installed(version, taken)
        )
    return found

# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What rpm knows of a root.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

from ansible_collections.osmigrate.fleet.plugins.module_utils._carry import presets
from ansible_collections.osmigrate.fleet.plugins.module_utils._command import run

DATABASES = ("/usr/lib/sysimage/rpm", "/var/lib/rpm")
FORMAT = "[%{FILENAMES}\\t%{=NAME}\\t%{=INSTALLTIME}\\t%{FILEFLAGS:fflags}\\t%{FILEDIGESTS}\\n]"
GHOST = "g"  # a package wants to know of the file, but whoever made it was not the package


def is_used(tree):
    """Say whether a root has a database of rpm's.

    :param tree: Tree.
    """
    return any(tree.names(database) for database in DATABASES)


class Rpm:
    """The files of rpm's packages: the attributes and methods of Dpkg.

    :param tree: Tree.
    """

    def __init__(self, tree):
        self.owned, self.digests, self._installed = {}, {}, {}
        for database in DATABASES:
            if tree.names(database):
                # --dbpath instead of --root, which would run in the root and need its programs.
                said = run(["rpm", "--dbpath", tree.outside(tree.resolve(database)), "-qa", "--queryformat", FORMAT])
                self._read(said.stdout)
                break
        self.links = presets.enabled(tree)

    def _read(self, text):
        for line in text.splitlines():
            path, package, installed, flags, digest = line.split("\t")
            if GHOST in flags:
                continue
            self.owned[path] = package
            self._installed[package] = int(installed)
            if digest:
                self.digests[path] = digest

    def digest(self, path):
        """Return the digest that a file had in its package, "" if that is not known."""
        return self.digests.get(path, "")

    def installed(self, path):
        """Return when the package of a path was installed, in seconds; 0 if that is not known."""
        return self._installed.get(self.owned.get(path), 0)

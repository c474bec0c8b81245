# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The root of a release as a node that runs it has it.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

import os

from ansible_collections.osmigrate.fleet.plugins.module_utils._files.tree import Tree

# What OSTree and its releases keep elsewhere, by the name under which programs know it.
MOVED = {"/etc": "/usr/etc", "/var/lib/dpkg": "/usr/lib/sysimage/dpkg"}


class View(Tree):
    """A root whose /etc and package database have their usual names, wherever they lie in it.

    :param root: directory where the root is visible.
    """

    def __init__(self, root: str) -> None:
        super().__init__(root)
        self._moved = {
            name: real for name, real in MOVED.items() if not self.is_at(name) and self.is_directory_at(real)
        }

    def is_at(self, real: str) -> bool:
        """Whether there is something at a place inside the root."""
        return os.path.lexists(super().outside(real))

    def is_directory_at(self, real: str) -> bool:
        """Whether there is a directory at a place inside the root."""
        return os.path.isdir(super().outside(real))

    def moved(self, name: str) -> str:
        """Return the place inside the root of a name without links."""
        for usual, real in self._moved.items():
            if name == usual or name.startswith(usual + "/"):
                return real + name[len(usual) :]
        return name

    def outside(self, name: str) -> str:
        """Return where a name without links is visible."""
        return super().outside(self.moved(name))

    def usual(self, name: str) -> str:
        """Return the name under which programs know what lies at a place inside the root."""
        for usual, real in self._moved.items():
            if name == real or name.startswith(real + "/"):
                return usual + name[len(real) :]
        return name

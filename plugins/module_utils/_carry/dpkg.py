# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What dpkg knows of a root.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

import os
import stat
import typing

from ansible_collections.osmigrate.fleet.plugins.module_utils import _lines
from ansible_collections.osmigrate.fleet.plugins.module_utils._carry.installed import Installed
from ansible_collections.osmigrate.fleet.plugins.module_utils._files.tree import Tree
from ansible_collections.osmigrate.fleet.plugins.module_utils._text import whole_number

INFO = "/var/lib/dpkg/info"
STATUS = "/var/lib/dpkg/status"
UCF = "/var/lib/ucf/hashfile"
# One of them is in every system that is made of these packages; where dpkg is a guest of another system, none is.
BASE = ("base-files", "dpkg")
# For each link by which a package enabled a unit of its own, an empty file of the same name lies here.
ENABLED = {
    "/var/lib/systemd/deb-systemd-helper-enabled": "/etc/systemd/system",
    "/var/lib/systemd/deb-systemd-user-helper-enabled": "/etc/systemd/user",
}


def is_base(tree: Tree) -> bool:
    """Say whether a root is made of dpkg's packages, and not only has the tool."""
    return any(tree.exists(f"{INFO}/{name}.list") for name in BASE)


class Dpkg:
    """The files of dpkg's packages.

    owned: dict of path to the name of its package; digests: dict of path to MD5, of configuration files only;
    links: set of paths, what packages enabled.

    :param tree: Tree.
    """

    def __init__(self, tree: Tree) -> None:
        self.tree = tree
        self.owned = {}
        for name in tree.names(INFO):
            if name.endswith(".list"):
                package = name[: -len(".list")]
                for path in _lines.lines(tree.text(os.path.join(INFO, name))):
                    self.owned[path] = package
        self.digests = parse_conffiles(tree.text(STATUS))
        for line in _lines.lines(tree.text(UCF)):
            digest, _blanks, path = line.partition("  ")
            self.digests.setdefault(path, digest)
        self._sums: dict = {}
        self._installed: dict = {}
        self.links = set()
        for directory, scope in ENABLED.items():
            for path, status in tree.walk(directory):
                if stat.S_ISREG(status.st_mode) and not path.endswith(".dsh-also"):
                    self.links.add(scope + path[len(directory) :])

    def digest(self, path: str) -> str:
        """Return the digest that a file had in its package, "" if that is not known."""
        package = self.owned.get(path)
        if package not in self._sums:
            lines = _lines.lines(self.tree.text(f"{INFO}/{package}.md5sums"))
            self._sums[package] = {"/" + line[34:]: line[:32] for line in lines}
        return self.digests.get(path) or self._sums[package].get(path, "")

    def installed(self, path: str) -> float:
        """Return when the package of a path was installed, in seconds; 0 if that is not known."""
        package = self.owned.get(path)
        if package not in self._installed:
            status = self.tree.lstat(f"{INFO}/{package}.list")
            self._installed[package] = status.st_mtime if status else 0
        return self._installed[package]

    def packages(self) -> typing.Dict[str, Installed]:
        """Return what is installed, by the names that owned has."""
        return parse_installed(self.tree.text(STATUS))


def parse_installed(status: str) -> typing.Dict[str, Installed]:
    """Read the installed packages out of dpkg's status.

    :param status: content of the status file.
    :returns: by name; where several architectures of it can be installed, name:architecture.
    """
    found = {}
    for paragraph in status.split("\n\n"):
        lines = [line.partition(":") for line in _lines.lines(paragraph) if line[:1] not in (" ", "\t")]
        fields = {key: value.strip() for key, _colon, value in lines}
        if fields.get("Package") and fields.get("Status", "").endswith(" installed"):
            name = fields["Package"]
            if fields.get("Multi-Arch") == "same":
                name = f"{name}:{fields.get('Architecture', '')}"
            size = whole_number(fields.get("Installed-Size", ""), 12) or 0
            found[name] = Installed(fields.get("Version", ""), size * 1024)
    return found


def parse_conffiles(status: str) -> dict:
    """Read the digests of configuration files out of dpkg's status.

    :param status: str, content of the status file.
    :returns: dict of path to MD5 as the package shipped it.
    """
    digests, inside = {}, False
    for line in _lines.lines(status):
        if inside and line.startswith(" "):
            words = _lines.words(line)
            if len(words) > 1:
                digests[words[0]] = words[1]
        else:
            inside = line == "Conffiles:"
    return digests

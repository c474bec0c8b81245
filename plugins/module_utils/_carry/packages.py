# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which files came from packages and which an administrator made, read from dpkg's own files.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import hashlib
import os
import stat

INFO = "/var/lib/dpkg/info"
STATUS = "/var/lib/dpkg/status"
UCF = "/var/lib/ucf/hashfile"
# For each link by which a package enabled a unit of its own, an empty file of the same name lies here.
ENABLED = {
    "/var/lib/systemd/deb-systemd-helper-enabled": "/etc/systemd/system",
    "/var/lib/systemd/deb-systemd-user-helper-enabled": "/etc/systemd/user",
}
# The lists name a hundred thousand files; only these places are ever asked about.
PLACES = ("/etc/", "/var/", "/lib/systemd/", "/usr/lib/systemd/")


class Packages(object):
    """What the packages of a root brought.

    :param tree: Tree.
    """

    def __init__(self, tree):
        self.tree = tree
        self.owned = set()
        for name in tree.names(INFO):
            if name.endswith(".list"):
                self.owned.update(
                    path
                    for path in tree.text(os.path.join(INFO, name)).splitlines()
                    if path.startswith(PLACES) or path.count("/") == 1
                )
        self.digests = parse_conffiles(tree.text(STATUS))
        for line in tree.text(UCF).splitlines():
            digest, _blanks, path = line.partition("  ")
            self.digests.setdefault(path, digest)
        self.links = set()
        for directory, scope in ENABLED.items():
            for path, status in tree.walk(directory):
                if stat.S_ISREG(status.st_mode) and not path.endswith(".dsh-also"):
                    self.links.add(scope + path[len(directory) :])

    def own(self, path):
        """Say whether a package brought the path."""
        return path in self.owned or path in self.digests or path in self.links

    def left_alone(self, path):
        """Say whether the path is as its package made it."""
        if path in self.digests:
            content = self.tree.read(path)
            return content is not None and hashlib.md5(content).hexdigest() == self.digests[path]
        return path in self.owned or path in self.links

    def verdict(self, path):
        """Return "" for what is as its package made it, "modified" or "unowned" for what an administrator made."""
        if self.left_alone(path):
            return ""
        return "modified" if self.own(path) else "unowned"


def parse_conffiles(status):
    """Read the digests of configuration files out of dpkg's status.

    :param status: str, content of the status file.
    :returns: dict of path to MD5 as the package shipped it.
    """
    digests, inside = {}, False
    for line in status.splitlines():
        if inside and line.startswith(" "):
            words = line.split()
            if len(words) > 1:
                digests[words[0]] = words[1]
        else:
            inside = line == "Conffiles:"
    return digests

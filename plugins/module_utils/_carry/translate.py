# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Names that Debian's family and EL's have for the same thing: files, programs, units, groups.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

import re
import typing

from ansible_collections.osmigrate.fleet.plugins.module_utils import _osrelease
from ansible_collections.osmigrate.fleet.plugins.module_utils._carry import databases, rules
from ansible_collections.osmigrate.fleet.plugins.module_utils._files.tree import Tree

# Accounts, as (Debian, EL) call them; membership and ownership go by the name.
USERS = [("_chrony", "chrony")]
GROUPS = [("sudo", "wheel"), ("_chrony", "chrony"), ("nogroup", "nobody")]

# Where open-iscsi keeps what it has logged in to, and what starts it.
ISCSI = ("/etc/iscsi", "/var/lib/iscsi")
ISCSI_UNITS = ("open-iscsi.service", "iscsi.service", "iscsid.service", "iscsi-init.service")


class Translation:
    """From the names of one root to those of another; of one family to itself nothing changes.

    :param incumbent: Tree.
    :param candidate: Tree.
    """

    def __init__(self, incumbent: Tree, candidate: Tree) -> None:
        self.source, self.target = (databases.family(tree) or _osrelease.DEBIAN for tree in (incumbent, candidate))
        self.names = self._table([pair for area in rules.AREAS for pair in area.same])
        self._ask_for_records(candidate)
        self.users, self.groups = self._table(USERS), self._table(GROUPS)
        self.words = {area.name: self._table(area.words) for area in rules.AREAS}

    @property
    def changes(self) -> bool:
        """Say whether the families differ."""
        return self.source != self.target

    def _ask_for_records(self, candidate: Tree) -> None:
        """Let records of iSCSI go where the release's units look: that differs between versions of one family."""
        texts = "".join(candidate.text(f"/usr/lib/systemd/system/{unit}") for unit in ISCSI_UNITS)
        looked = [place for place in ISCSI if f"{place}/nodes" in texts]
        if len(looked) != 1:
            return
        for name in ("/nodes/", "/send_targets/", "/ifaces/"):
            for place in ISCSI:
                self.names.pop(place + name, None)
                if place != looked[0]:
                    self.names[place + name] = looked[0] + name

    def _table(self, pairs: typing.List[typing.Tuple[str, str]]) -> dict:
        if not self.changes:
            return {}
        ours = 0 if self.source == _osrelease.DEBIAN else 1
        return {pair[ours]: pair[1 - ours] for pair in pairs if pair[0] != pair[1]}

    def name(self, name: str) -> str:
        """Return what the candidate calls a file, a program or a unit."""
        if name in self.names:
            return self.names[name]
        for directory, other in self.names.items():
            if directory.endswith("/") and name.startswith(directory):
                return other + name[len(directory) :]
        return name

    def text(self, content: bytes, area: str) -> typing.Tuple[bytes, list]:
        """Name everything in a text as the candidate does.

        :param content: bytes.
        :param area: str, whose words count too.
        :returns: (bytes, list of str: what was replaced, as "a is now b").
        """
        table = dict(self.names, **self.words.get(area, {}))
        if not table or b"\0" in content:
            return content, []
        replaced = []

        def replace(found: re.Match) -> str:
            name = found.group(0)
            change = f"{name} is now {table[name]}"
            if change not in replaced:
                replaced.append(change)
            return table[name]

        # A name ends where no longer one could go on; one of a directory has its slash.
        longest = sorted(table, key=lambda name: (-len(name), name))
        known = "|".join(re.escape(name) + ("" if name.endswith("/") else r"(?![\w/-]|\.\w)") for name in longest)
        text = content.decode("utf-8", "surrogateescape")
        text = re.sub(rf"(?<![\w./])(?:{known})", replace, text)
        return text.encode("utf-8", "surrogateescape"), replaced

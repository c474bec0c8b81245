# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Scripts that lie where both systems see them: nothing carries them, but the release may lack what they name.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

import os
import typing

from ansible_collections.osmigrate.fleet.plugins.module_utils._carry.formats import kinds, reader
from ansible_collections.osmigrate.fleet.plugins.module_utils._carry.model import LOCAL
from ansible_collections.osmigrate.fleet.plugins.module_utils._files.item import HELD_MAX
from ansible_collections.osmigrate.fleet.plugins.module_utils._files.tree import Tree
from ansible_collections.osmigrate.fleet.plugins.module_utils._storage import is_below

# Where the release has its own programs and files, or a boot makes them; /usr/local is the node's.
OF_RELEASE = tuple("/usr /bin /sbin /lib /lib32 /lib64 /etc /boot /dev /proc /run /sys /tmp".split())
STARTED = (kinds.PROGRAM, kinds.OPTIONAL, kinds.MENTIONED)


class Scripts:
    """What scripts of the incumbent name, each read once.

    :param tree: Tree of the incumbent.
    """

    def __init__(self, tree: Tree) -> None:
        self._tree = tree
        self._known: typing.Dict[str, typing.List[kinds.Named]] = {}

    def behind(
        self, names: typing.Iterable[kinds.Named]
    ) -> typing.Iterator[typing.Tuple[str, typing.List[kinds.Named]]]:
        """Yield the scripts that these names lead to, and those that they start, each once.

        :returns: iterator of (path, what the script names).
        """
        seen: typing.Set[str] = set()
        pending = sorted({path for named in names for path in _places(named)}, reverse=True)
        while pending:
            path = pending.pop()
            if path in seen or _is_of_release(path):
                continue
            seen.add(path)
            if path not in self._known:
                self._known[path] = self._read(path)
            if self._known[path]:
                yield path, self._known[path]
            pending += [place for named in self._known[path] for place in _places(named)]

    def _read(self, path: str) -> typing.List[kinds.Named]:
        place = self._tree.resolve(path)
        if _is_of_release(place):
            return [kinds.Named(kinds.MENTIONED, place)]  # a link to what does not come along
        if self._tree.size(place) > HELD_MAX:
            return []
        # What a script has in it beyond its first piece are data.
        begin = next(self._tree.pieces(place), b"")
        return reader.script(begin.decode("utf-8", "surrogateescape")) if begin.startswith(b"#!") else []


def _places(named: kinds.Named) -> typing.List[str]:
    if named.kind not in STARTED or "\0" in named.name:
        return []
    if named.name.startswith("/"):
        return [os.path.normpath(named.name)]
    return [f"{place}/{named.name}" for place in LOCAL]


def _is_of_release(path: str) -> bool:
    return any(is_below(path, place) for place in OF_RELEASE) and not is_below(path, "/usr/local")

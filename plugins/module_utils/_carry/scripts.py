# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Scripts and programs that lie where both systems see them: nothing carries them, but the release may lack what they
name, or their libraries.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

import mmap
import os
import re
import typing

from ansible_collections.osmigrate.fleet.plugins.module_utils._carry.formats import kinds, reader
from ansible_collections.osmigrate.fleet.plugins.module_utils._carry.model import LOCAL
from ansible_collections.osmigrate.fleet.plugins.module_utils._files import elf
from ansible_collections.osmigrate.fleet.plugins.module_utils._files.item import HELD_MAX
from ansible_collections.osmigrate.fleet.plugins.module_utils._files.tree import Tree
from ansible_collections.osmigrate.fleet.plugins.module_utils._storage import is_below

# Where the release has its own programs and files, or a boot makes them; /usr/local is the node's.
OF_RELEASE = tuple("/usr /bin /sbin /lib /lib32 /lib64 /etc /boot /dev /proc /run /sys /tmp".split())
STARTED = (kinds.PROGRAM, kinds.OPTIONAL, kinds.MENTIONED)


class Scripts:
    """What scripts of the incumbent name and which libraries its programs load, each read once.

    :param tree: Tree of the incumbent.
    """

    def __init__(self, tree: Tree) -> None:
        self._tree = tree
        self._known: typing.Dict[str, typing.List[kinds.Named]] = {}

    def behind(
        self, names: typing.Iterable[kinds.Named]
    ) -> typing.Iterator[typing.Tuple[str, typing.List[kinds.Named]]]:
        """Yield the scripts and programs that these names lead to, and those that scripts start, each once.

        :returns: iterator of (path, what it names).
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
        # What a script has in it beyond its first piece are data.
        begin = next(self._tree.pieces(place), b"")
        if elf.is_program(begin):
            return list(self._libraries(place))
        if self._tree.size(place) > HELD_MAX:
            return []
        return reader.script(begin.decode("utf-8", "surrogateescape")) if begin.startswith(b"#!") else []

    def _libraries(self, place: str) -> typing.Iterator[kinds.Named]:
        """Name the libraries of a program but for those that it looks for itself where both systems see them."""
        try:
            with open(self._tree.outside(place), "rb") as content:
                with mmap.mmap(content.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
                    needed, looked = elf.libraries(mapped)
        except (OSError, ValueError):
            return
        own = [os.path.normpath(re.sub(r"\$\{?ORIGIN\}?", os.path.dirname(place), said)) for said in looked]
        own = [said for said in own if not _is_of_release(said)]
        for name in sorted(needed):
            if not any(self._tree.exists(f"{said}/{name}") for said in own):
                yield kinds.Named(kinds.LIBRARY, name)


def _places(named: kinds.Named) -> typing.List[str]:
    if named.kind not in STARTED or "\0" in named.name:
        return []
    if named.name.startswith("/"):
        return [os.path.normpath(named.name)]
    return [f"{place}/{named.name}" for place in LOCAL]


def _is_of_release(path: str) -> bool:
    return any(is_below(path, place) for place in OF_RELEASE) and not is_below(path, "/usr/local")

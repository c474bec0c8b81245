# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A root file system to read from, wherever it is visible: links never lead out of it.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

import fnmatch
import os
import re
import stat
import typing

from ansible_collections.osmigrate.fleet.plugins.module_utils._storage import is_below

LINKS_MAX = 40
NO_NAME = "\ufffd"
NOWHERE = "/" + NO_NAME  # where nothing is
PIECE = 1 << 20


def as_name(path: str) -> str:
    """Return a name that the system gave as Python has it in a UTF-8 locale, whatever the locale is."""
    return os.fsencode(path).decode("utf-8", "surrogateescape")


def as_path(name: str) -> str:
    """Return a name of a Tree as functions of the system take it in this locale."""
    return os.fsdecode(name.encode("utf-8", "surrogateescape"))


class Tree:
    """One root file system. All names are absolute paths inside it, of any bytes.

    Bytes that are no UTF-8 are surrogates in names and in texts alike, so that one can be found in the other.

    Where a directory leads is looked up once: a Tree is made anew after its directories have changed.

    :param root: str, the directory where it is visible.
    :param silent: paths at which file systems are mounted that do not answer; nothing is there, and nobody looks.
    :param elsewhere: directories by names without links, and where they are to be looked for instead.
    """

    def __init__(
        self,
        root: str,
        silent: typing.Iterable[str] = (),
        elsewhere: typing.Optional[typing.Dict[str, str]] = None,
    ) -> None:
        self.root = root
        self.silent = frozenset(silent)
        self.elsewhere = elsewhere or {}
        self._directories: typing.Dict[str, str] = {"/": "/"}

    def resolve(self, name: str, last: bool = True) -> str:
        """Return the name without links in it; parts that do not exist stay as they are. A loop leads to NOWHERE.

        :param last: bool, whether the last part is followed too.
        """
        # No file has a NUL in its name, but a file that a power cut left may have one where a name is meant.
        name = name.replace("\0", NO_NAME)
        directory, slash, base = name.rpartition("/")
        if not slash or base in ("", ".", ".."):
            return self._follow(name, last)
        above = self._directories.get(directory or "/")
        if above is None:
            above = self._directories[directory] = self._follow(directory, True)
        if above == NOWHERE:
            return NOWHERE
        found = f"{above}/{base}" if above != "/" else f"/{base}"
        if found in self.silent:
            return NOWHERE
        return self._follow(found, True) if last and self.target(found) is not None else found

    def _follow(self, name: str, last: bool) -> str:
        pending, done, links = [part for part in reversed(name.split("/")) if part not in ("", ".")], "/", 0
        while pending:
            part = pending.pop()
            if part == "..":
                done = os.path.dirname(done)
                continue
            found = f"{done}/{part}" if done != "/" else f"/{part}"
            if found in self.silent:
                return NOWHERE
            target = self.target(found) if pending or last else None
            if target is not None:
                links += 1
                if links > LINKS_MAX:
                    return NOWHERE
                if target.startswith("/"):
                    done = "/"
                pending.extend(step for step in reversed(target.split("/")) if step not in ("", "."))
            else:
                done = found
        return done

    def outside(self, name: str) -> str:
        """Return where a name without links is visible."""
        for directory, place in self.elsewhere.items():
            if is_below(name, directory):
                return place + as_path(name[len(directory) :])
        return os.path.join(self.root, as_path(name.lstrip("/"))) if name != "/" else self.root

    def target(self, name: str) -> typing.Optional[str]:
        """Return where the link at a name without links points to, None if it is no link."""
        place = self.outside(name)
        return as_name(os.readlink(place)) if os.path.islink(place) else None

    def place(self, name: str) -> str:
        """Return where the name is visible, its parents resolved and its last part not."""
        return self.outside(self.resolve(name, last=False))

    def status(self, name: str) -> os.stat_result:
        """As lstat, of what is there.

        :raises OSError: it is not.
        """
        return os.lstat(self.place(name))

    def lstat(self, name: str) -> typing.Optional[os.stat_result]:
        """Return the status of the name itself, or None."""
        try:
            return self.status(name)
        except OSError:
            return None

    def exists(self, name: str) -> bool:
        """Say whether the name leads to something."""
        return os.path.lexists(self.outside(self.resolve(name)))

    def is_directory(self, name: str) -> bool:
        """Say whether the name leads to a directory."""
        return os.path.isdir(self.outside(self.resolve(name)))

    def is_link(self, name: str) -> bool:
        """Say whether the name itself is a link."""
        return os.path.islink(self.place(name))

    def link(self, name: str) -> str:
        """Return where the link of that name points to."""
        return as_name(os.readlink(self.place(name)))

    def read(self, name: str) -> typing.Optional[bytes]:
        """Return the content of the file that the name leads to, as bytes; None if there is none, or it is no file."""
        place = self.outside(self.resolve(name))
        try:
            # A pipe would be waited for, and a device may never end.
            if not stat.S_ISREG(os.stat(place).st_mode):
                return None
            with open(place, "rb") as content:
                return content.read()
        except OSError:
            return None

    def size(self, name: str) -> int:
        """Return how many bytes the file has that the name leads to; -1 if there is none, or it is no file."""
        try:
            status = os.stat(self.outside(self.resolve(name)))
        except OSError:
            return -1
        return status.st_size if stat.S_ISREG(status.st_mode) else -1

    def pieces(self, name: str) -> typing.Iterator[bytes]:
        """Yield the content of a file piece by piece, so that none is held whole; nothing for what is no file."""
        if self.size(name) > 0:
            try:
                with open(self.outside(self.resolve(name)), "rb") as content:
                    yield from iter(lambda: content.read(PIECE), b"")
            except OSError:
                return

    def is_blank(self, name: str) -> bool:
        """Say whether a file holds nothing but blanks."""
        return self.size(name) >= 0 and not any(piece.strip() for piece in self.pieces(name))

    def is_same(self, name: str, other: "Tree", other_name: str) -> bool:
        """Say whether two files hold the same.

        :param other: Tree of the second one.
        """
        if self.size(name) < 0 or self.size(name) != other.size(other_name):
            return False
        return all(one == two for one, two in zip(self.pieces(name), other.pieces(other_name)))

    def text(self, name: str) -> str:
        """Return the content as str, "" if there is none."""
        return (self.read(name) or b"").decode("utf-8", "surrogateescape")

    def names(self, directory: str) -> typing.List[str]:
        """Return the names in a directory, sorted; none if it does not exist."""
        try:
            return sorted(as_name(name) for name in os.listdir(self.outside(self.resolve(directory))))
        except OSError:
            return []

    def walk(self, name: str) -> typing.Iterator[typing.Tuple[str, os.stat_result]]:
        """Yield everything at and below a name as (name, status), parents first, links not followed."""
        pending = [name]
        while pending:
            name = pending.pop()
            status = self.lstat(name)
            if status is not None:
                yield name, status
                if stat.S_ISDIR(status.st_mode):
                    pending += [os.path.join(name, entry) for entry in reversed(self.names(name))]

    def glob(self, pattern: str) -> typing.List[str]:
        """Return the names that match, sorted. A last part ** stands for everything below the directory."""
        if pattern.endswith("/**"):
            # The directory itself may be a link, those below it are not followed.
            below = [os.path.join(pattern[:-3], name) for name in self.names(pattern[:-3])]
            return [name for path in below for name, _status in self.walk(path)]
        found = ["/"]
        for part in pattern.strip("/").split("/"):
            if any(sign in part for sign in "*?["):
                found = [
                    os.path.join(directory, name)
                    for directory in found
                    for name in _matching(self.names(directory), part)
                ]
            else:
                found = [os.path.join(directory, part) for directory in found]
        return [name for name in found if self.lstat(name) is not None]


def _matching(names: typing.List[str], pattern: str) -> typing.List[str]:
    try:
        return fnmatch.filter(names, pattern)
    except re.error:  # a set of characters that is none, which older versions of Python hand on
        return []

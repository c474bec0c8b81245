# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A commit of an OSTree repository as a root to read from, without checking it out.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.

What is read is verified by the checksums that lead to it from the commit: a review is of what the commit names, also
where somebody else writes to the repository.
"""

import ast
import hashlib
import os
import re
import stat
import struct
import typing
import zlib

from ansible_collections.osmigrate.fleet.plugins.module_utils._command import run
from ansible_collections.osmigrate.fleet.plugins.module_utils._errors import FleetError
from ansible_collections.osmigrate.fleet.plugins.module_utils._files.tree import NOWHERE
from ansible_collections.osmigrate.fleet.plugins.module_utils._review.entries import (
    DIRECTORY,
    FILE,
    LABEL,
    LINK,
    Entry,
)
from ansible_collections.osmigrate.fleet.plugins.module_utils._review.view import View

_KINDS = {"-": FILE, "d": DIRECTORY, "l": LINK}
_MODES = {FILE: stat.S_IFREG, DIRECTORY: stat.S_IFDIR, LINK: stat.S_IFLNK}
_LINE = re.compile(
    r"(?P<kind>[-dl])(?P<mode>[0-7]{5}) +(?P<uid>\d+) +(?P<gid>\d+) +(?P<size>\d+) "
    r"(?P<checksums>[0-9a-f]{64}(?: [0-9a-f]{64})?) \{ (?P<attributes>.*?) \} (?P<rest>/.*)"
)
_NO_ATTRIBUTES = "@a(ayay) []"
_BYTES = r"b'(?:[^'\\]|\\.)*'|b\"(?:[^\"\\]|\\.)*\""
_ATTRIBUTE = re.compile(rf"\(({_BYTES}), ({_BYTES}|(?:@ay )?\[[^]]*\])\)")
_PIECE = 1 << 20
Attributes = typing.Tuple[typing.Tuple[str, str], ...]


class Commit(View):
    """A commit as a root; the methods of Tree, read from the repository.

    entries: of all names, as entries.read() has them, but that content of files is "" until entry() reads it.

    :param repository: path of the repository.
    :param commit: 64 hex digits.
    :param work: existing directory that belongs to the caller, for what programs have to read as files.
    :raises FleetError: the repository lacks something of it, or has something else in its place.
    """

    def __init__(self, repository: str, commit: str, work: str) -> None:
        self.repository, self.commit, self.work = repository, commit, work
        self._found: typing.Dict[str, Entry] = {}
        self._frames: typing.Dict[str, bytes] = {}
        self._below: typing.Dict[str, typing.List[str]] = {}
        self._verify(commit, "commit")
        #: When it was made, in seconds of the epoch.
        self.made = _time_of(self._object(commit, "commit"))
        self._read_names()
        super().__init__(os.path.join(work, commit))
        self.entries = {self.usual(name): entry for name, entry in self._found.items()}

    def _read_names(self) -> None:
        names = self._ls("--nul-filenames-only").split("\0")[:-1]
        lines = self._ls("--checksum", "--xattrs").split("\n")[:-1]
        if len(names) != len(lines):
            raise FleetError(
                f"Commit {self.commit[:12]} has names or links with line breaks in them",
                todo="Build the release without them, or compare the directories from which the commits were made",
            )
        # A directory that is there again is one object.
        seen = set()
        for name, line in zip(names, lines):
            entry, checksums, attributes = _entry(line, name, self.commit)
            if entry.kind == DIRECTORY:
                for checksum, kind in zip(checksums, ("dirtree", "dirmeta")):
                    if checksum not in seen:
                        seen.add(checksum)
                        self._verify(checksum, kind)
                self._below[name] = []
            if name != "/":
                self._found[name] = entry
                self._frames[name] = _framed(entry, attributes)
                self._below[os.path.dirname(name)].append(os.path.basename(name))

    def _ls(self, *options: str) -> str:
        argv = ["ostree", "ls", f"--repo={self.repository}", "--recursive", *options, self.commit]
        return run(argv, todo=_fsck(self.repository), errors="surrogateescape").stdout

    def _verify(self, checksum: str, kind: str) -> None:
        if hashlib.sha256(self._object(checksum, kind)).hexdigest() != checksum:
            raise self._other(f"object {checksum[:12]}.{kind}")

    def _object(self, checksum: str, kind: str) -> bytes:
        path = os.path.join(self.repository, "objects", checksum[:2], f"{checksum[2:]}.{kind}")
        try:
            with open(path, "rb") as content:
                return content.read()
        except OSError as error:
            raise FleetError(
                f"Object {checksum[:12]}.{kind} of commit {self.commit[:12]} cannot be read: {error.strerror}",
                todo=_fsck(self.repository),
            )

    def _other(self, what: str) -> FleetError:
        return FleetError(
            f"The repository {self.repository} does not hold what commit {self.commit[:12]} names: {what} is another",
            todo="Find out who has changed it, and get the commit again: " + _fsck(self.repository),
        )

    def _content(self, name: str) -> bytes:
        """Return what a file holds, verified; of a link, nothing."""
        entry = self._found[name]
        packed = os.path.join(self.repository, "objects", entry.object[:2], entry.object[2:] + ".filez")
        if entry.kind == LINK:
            content = b""
        elif os.path.lexists(packed):
            content = _unpacked(self._object(entry.object, "filez"))
        else:
            content = self._object(entry.object, "file")
        sha = hashlib.sha256(self._frames[name])
        sha.update(content)
        if sha.hexdigest() != entry.object:
            raise self._other(name)
        return content

    def entry(self, name: str) -> Entry:
        """Return the whole entry of a usual name, its content verified.

        :raises FleetError: it is not what the commit names.
        """
        real = self._real(name)
        entry = self._found[real]
        if entry.kind == DIRECTORY:
            return entry
        content = self._content(real)
        return entry._replace(content=hashlib.sha256(content).hexdigest()) if entry.kind == FILE else entry

    # What Tree asks the system for. Names without links in them are looked up, and no link is followed twice.

    def is_at(self, real: str) -> bool:
        return real == "/" or real in self._found

    def is_directory_at(self, real: str) -> bool:
        return real in self._below

    def _real(self, name: str) -> str:
        return self.moved(name)

    def _at(self, name: str, last: bool = True) -> typing.Optional[Entry]:
        return self._found.get(self._real(self.resolve(name, last)))

    def target(self, name: str) -> typing.Optional[str]:
        entry = self._found.get(self._real(name))
        return entry.content if entry and entry.kind == LINK else None

    def outside(self, name: str) -> str:
        """Return where a directory is visible: it is checked out for that, with the rights of who asks.

        One that the commit has not is visible nowhere, and no mistake: that of a package database, say.
        """
        place = os.path.join(self.root, hashlib.sha256(name.encode("utf-8", "surrogateescape")).hexdigest())
        if name != NOWHERE and self.is_at(self._real(name)) and not os.path.lexists(place):
            os.makedirs(self.root, exist_ok=True)
            run(
                ["ostree", "checkout", f"--repo={self.repository}", "--user-mode", "--fsync=false"]
                + [f"--subpath={self._real(name)}", self.commit, place],
                todo=_fsck(self.repository),
            )
        return place

    def lstat(self, name: str) -> typing.Optional[os.stat_result]:
        entry = self._at(name, last=False)
        if entry is None:
            return None
        return os.stat_result((_MODES[entry.kind] | entry.mode, 0, 0, 1, entry.uid, entry.gid, entry.size, 0, 0, 0))

    def exists(self, name: str) -> bool:
        return self.is_at(self._real(self.resolve(name)))

    def is_directory(self, name: str) -> bool:
        return self.is_directory_at(self._real(self.resolve(name)))

    def is_link(self, name: str) -> bool:
        entry = self._at(name, last=False)
        return entry is not None and entry.kind == LINK

    def link(self, name: str) -> str:
        entry = self._at(name, last=False)
        return entry.content if entry else ""

    def read(self, name: str) -> typing.Optional[bytes]:
        real = self._real(self.resolve(name))
        entry = self._found.get(real)
        return self._content(real) if entry and entry.kind == FILE else None

    def size(self, name: str) -> int:
        entry = self._at(name)
        return entry.size if entry and entry.kind == FILE else -1

    def pieces(self, name: str) -> typing.Iterator[bytes]:
        content = self.read(name) or b""
        for start in range(0, len(content), _PIECE):
            yield content[start : start + _PIECE]

    def names(self, directory: str) -> typing.List[str]:
        return sorted(self._below.get(self._real(self.resolve(directory)), ()))


def _time_of(content: bytes) -> int:
    """Return the time of a commit, a GVariant (a{sv}aya(say)sstayay), whose offsets are at its end, the last one first.

    What is before the time is of other lengths each, and the time is aligned to eight bytes.
    """
    width = 1 if len(content) < 1 << 8 else 2 if len(content) < 1 << 16 else 4
    # Five members before the time end somewhere: metadata, parent, related, subject and body.
    place = len(content) - 5 * width
    body = int.from_bytes(content[place : place + width], "little")
    return int.from_bytes(content[body + -body % 8 :][:8], "big")


def _fsck(repository: str) -> str:
    return f"See that the commit is whole: ostree fsck --repo={repository}"


def _entry(line: str, name: str, commit: str) -> typing.Tuple[Entry, typing.List[str], Attributes]:
    """Read one line of ostree ls.

    :returns: the entry, the checksums of its objects, and all its extended attributes.
    """
    match = _LINE.fullmatch(line)
    rest = match.group("rest") if match else ""
    kind = _KINDS[match.group("kind")] if match else ""
    arrow = name + " -> "
    if not match or not (rest.startswith(arrow) if kind == LINK else rest == name):
        raise FleetError(
            f"What ostree ls says of commit {commit[:12]} is not understood", todo="Compare directories instead"
        )
    checksums = match.group("checksums").split(" ")
    attributes = _attributes(match.group("attributes"))
    return (
        Entry(
            kind,
            int(match.group("mode"), 8),
            int(match.group("uid")),
            int(match.group("gid")),
            int(match.group("size")) if kind == FILE else 0,
            rest[len(arrow) :] if kind == LINK else "",
            tuple(one for one in attributes if one[0] != LABEL),
            "" if kind == DIRECTORY else checksums[0],
        ),
        checksums,
        attributes,
    )


def _attributes(text: str) -> Attributes:
    """Read extended attributes as GVariant writes them: bytes that end with NUL as b'text', others as lists."""
    if text == _NO_ATTRIBUTES:
        return ()
    found = []
    for name, value in _ATTRIBUTE.findall(text):
        if value.startswith(("[", "@")):
            held = bytes(int(one, 16) for one in re.findall(r"0x([0-9a-f]{2})", value))
        else:
            held = ast.literal_eval(value) + b"\0"
        found.append((ast.literal_eval(name).decode("utf-8", "surrogateescape"), held.hex()))
    return tuple(sorted(found))


def _unpacked(content: bytes) -> bytes:
    """Return what an object of an archive holds: the size of its header, four bytes, the header, and deflated data."""
    try:
        (size,) = struct.unpack_from(">I", content)
        return zlib.decompress(content[8 + size :], -zlib.MAX_WBITS)
    except (struct.error, zlib.error):
        return b""


def _framed(entry: Entry, attributes: Attributes) -> bytes:
    """Return what OSTree hashes before the content of a file or link: owner, mode, target, attributes."""
    head = struct.pack(">IIII", entry.uid, entry.gid, _MODES[entry.kind] | entry.mode, 0)
    target = (entry.content if entry.kind == LINK else "").encode("utf-8", "surrogateescape") + b"\0"
    pairs = []
    for name, value in attributes:
        raw = name.encode("utf-8", "surrogateescape") + b"\0"
        pairs.append(_with_offsets([raw, bytes.fromhex(value)], [len(raw)]))
    ends, end = [], 0
    for pair in pairs:
        end += len(pair)
        ends.append(end)
    variant = _with_offsets([head, target, _with_offsets(pairs, ends)], [len(head) + len(target)])
    return struct.pack(">II", len(variant), 0) + variant


def _with_offsets(parts: typing.List[bytes], ends: typing.List[int]) -> bytes:
    """Join the parts of a GVariant container and add where they end, in numbers as wide as the whole needs."""
    body = b"".join(parts)
    for width in (1, 2, 4):
        if len(body) + width * len(ends) < 1 << (8 * width):
            break
    return body + b"".join(end.to_bytes(width, "little") for end in ends)

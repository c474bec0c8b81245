# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The image of a slot and its index, brought from one place to another; each is seen when it is whole.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

import gzip
import hashlib
import io
import os
import tempfile
import typing
import zlib

from ansible_collections.osmigrate.fleet.plugins.module_utils._errors import FleetError
from ansible_collections.osmigrate.fleet.plugins.module_utils._release import fetch
from ansible_collections.osmigrate.fleet.plugins.module_utils._storage import digest, make_directory

# Where images lie, beside the repository.
DIRECTORY = "slots"
NEW = ".osmigrate-"
_PIECE = 1 << 20
_LEFT = "Nothing of the release is to be seen yet"

Payload = typing.Mapping[str, typing.Any]
Step = typing.Tuple[str, typing.Callable[[], None]]


class _Copying(io.RawIOBase):
    """A stream that writes down what is read from it."""

    def __init__(self, source: typing.BinaryIO, goal: typing.BinaryIO) -> None:
        super().__init__()
        self._source, self._goal = source, goal

    def readable(self) -> bool:
        """Say that it can be read."""
        return True

    def readinto(self, buffer: typing.Any) -> int:
        """Read at most as much as a buffer takes, and return how much."""
        piece = self._source.read(len(buffer))
        self._goal.write(piece)
        buffer[: len(piece)] = piece
        return len(piece)


def names(payload: Payload) -> typing.List[str]:
    """Return the names of the files of a payload: the image first, then its index.

    :raises FleetError: it lies somewhere else than where images are published.
    """
    found = []
    for key in ("url", "index"):
        directory, _slash, name = payload[key].rpartition("/")
        if not directory.endswith("/" + DIRECTORY) or name.startswith("."):
            raise FleetError(
                f"Image {payload[key]} does not lie in {DIRECTORY}, beside the manifests",
                todo="Sign a manifest whose URLs end with /slots/NAME, or publish the image by other means",
            )
        found.append(name)
    return found


def plan(payload: Payload, repository: str, place: str, timeout: int) -> typing.List[Step]:
    """Return what is left to do until an image is there: it comes first, so that with its index it is whole, unless
    somebody has removed it since.

    :param repository: path or URL of the repository beside which images lie; "" for where the manifest says they are.
    :param place: directory that gets DIRECTORY.
    :param timeout: seconds after which a server that sends nothing is given up.
    :raises FleetError: another image has its name here.
    """
    steps: typing.List[Step] = []
    image, index = names(payload)
    present = digest(os.path.join(place, DIRECTORY, index))
    if present == payload["index_sha256"] and os.path.exists(os.path.join(place, DIRECTORY, image)):
        return steps
    if present not in ("", payload["index_sha256"]):
        raise FleetError(
            f"{DIRECTORY}/{index} is published in {place} already, and is of another image",
            todo="Give the image a name of its own in the manifest, and sign that",
        )
    beside = repository.rstrip("/").rpartition("/")[0]
    for key, name in (("url", image), ("index", index)):
        source = "/".join(filter(None, (beside, DIRECTORY, name))) if repository else payload[key]

        def bring(source: str = source, name: str = name, packed: bool = key == "url") -> None:
            _bring(source, os.path.join(place, DIRECTORY, name), payload, packed, timeout)

        steps.append((f"fetch {DIRECTORY}/{name} from {fetch.shown(source)}", bring))
    return steps


def verify(payload: Payload, place: str) -> None:
    """Read an image and its index.

    :raises FleetError: one is damaged or not there.
    """
    for name, packed in zip(names(payload), (True, False)):
        path = os.path.join(place, DIRECTORY, name)
        with fetch.stream(path, f"Image {path}", 0) as source, open(os.devnull, "wb") as nowhere:
            _copy(source, nowhere, payload, packed, path)


def _bring(source: str, goal: str, payload: Payload, packed: bool, timeout: int) -> None:
    make_directory(os.path.dirname(goal))
    descriptor, new = tempfile.mkstemp(prefix=NEW, dir=os.path.dirname(goal))
    try:
        with os.fdopen(descriptor, "wb") as stored, fetch.stream(
            source, f"Image {fetch.shown(source)}", timeout
        ) as got:
            _copy(got, stored, payload, packed, fetch.shown(source))
            stored.flush()
            os.fchmod(stored.fileno(), 0o644)
            os.fsync(stored.fileno())
        os.rename(new, goal)
    finally:
        if os.path.exists(new):
            os.unlink(new)


def _copy(source: typing.BinaryIO, goal: typing.BinaryIO, payload: Payload, packed: bool, shown: str) -> None:
    sha, size = hashlib.sha256(), 0
    copied = io.BufferedReader(_Copying(source, goal), _PIECE)
    plain: typing.Any = gzip.GzipFile(fileobj=copied) if packed else copied
    # An index has 32 bytes for each block of 4096, so it is never larger than its image.
    try:
        while size <= payload["size"]:
            piece = plain.read(_PIECE)
            if not piece:
                break
            sha.update(piece)
            size += len(piece)
    except (EOFError, zlib.error, OSError) as error:
        raise FleetError(f"{shown} cannot be read whole: {error}", _LEFT, "See that it was not cut off, then try again")
    wanted = payload["sha256"] if packed else payload["index_sha256"]
    if sha.hexdigest() != wanted:
        raise FleetError(
            f"{shown} is not what the manifest names: its SHA-256 is another one",
            _LEFT,
            "Bring the one that was signed",
        )

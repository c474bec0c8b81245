# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What each slot holds, and whether it is whole: a small file beside the record, where both systems see it.

A slot is marked not good before its first byte is written and good after the last was read back, so that a cut at any
instant leaves one that nobody boots. Marks belong to a PARTUUID: a name may be given to another partition.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

import json
import os
import time
import typing

from ansible_collections.osmigrate.fleet.plugins.module_utils import _storage
from ansible_collections.osmigrate.fleet.plugins.module_utils._constants import DIRECTORY
from ansible_collections.osmigrate.fleet.plugins.module_utils._text import parse_json

PATH = DIRECTORY + "/slots.json"
SCHEMA = 1


class Mark(typing.NamedTuple):
    """What is known of a slot. An empty image: nothing; good: it was read back and is the image, bit for bit.

    release: id of its boot entry. image: SHA-256 of its first `size` bytes. at: when, seconds of the epoch.
    """

    release: str = ""
    image: str = ""
    size: int = 0
    good: bool = False
    at: int = 0


UNKNOWN = Mark()
GOOD, PARTIAL, NOTHING = "good", "partial", "unknown"


def parse(text: str) -> typing.Dict[str, Mark]:
    """Read the marks, by PARTUUID. What cannot be read says nothing, so no slot is good. Pure."""
    try:
        document = parse_json(text)
        known = document["slots"] if document["schema"] == SCHEMA else {}
        return {partuuid: Mark(**mark) for partuuid, mark in known.items() if _is_whole(Mark(**mark))}
    except (ValueError, TypeError, KeyError, AttributeError):
        return {}


def _is_whole(mark: Mark) -> bool:
    return all(isinstance(value, type(default)) for value, default in zip(mark, UNKNOWN))


def render(marks: typing.Dict[str, Mark]) -> str:
    """Return the content of the file. Pure."""
    slots = {partuuid: dict(mark._asdict()) for partuuid, mark in marks.items()}
    return json.dumps({"schema": SCHEMA, "slots": slots}, indent=1, sort_keys=True) + "\n"


def read(path: str = PATH) -> typing.Dict[str, Mark]:
    """Return the marks of this node."""
    return parse(_storage.read_text(path))


def put(partuuid: str, mark: Mark, path: str = PATH) -> None:
    """Note what a slot holds, on the disk before this returns.

    :raises FleetError: it cannot be noted.
    """
    try:
        _storage.make_directory(os.path.dirname(path))
    except OSError as error:
        raise _storage.cannot_be_written(path, error)
    marks = dict(read(path), **{partuuid: mark._replace(at=int(time.time()))})
    _storage.write_atomic(path, render(marks).encode("utf-8"), 0o644)


def state(mark: Mark) -> str:
    """Say what a slot holds: GOOD, PARTIAL or NOTHING. Pure."""
    if mark.good:
        return GOOD
    return PARTIAL if mark.image else NOTHING

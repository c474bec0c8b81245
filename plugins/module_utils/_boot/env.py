# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""GRUB's environment block: 1024 bytes that GRUB reads and rewrites in place.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

import os
import re
import typing

from ansible_collections.osmigrate.fleet.plugins.module_utils._errors import FleetError

SIZE = 1024
HEADER = b"# GRUB Environment Block\n"
NAME = re.compile(r"^[A-Za-z_][A-Za-z0-9_]*$")
VALUE = re.compile(r"^[A-Za-z0-9_.+~:-]*$")
# As GRUB takes a block apart: a backslash keeps what follows it from meaning anything, a line break too.
LINE = re.compile(r"(?s)(?:\\.|[^\\\n])*")
ASSIGNMENT = re.compile(r"(?s)([^=]*)=((?:\\.|[^\\\n])*)\n")
# No block is longer; a file that is has become something else.
READ_MAX = 1 << 20


def parse(data: bytes) -> typing.Dict[str, str]:
    """Read the variables of a block as GRUB does, whatever size it has and whoever wrote it.

    :param data: bytes, the content of the file.
    :returns: dict of str to str; of a name that is there twice the last one, as GRUB has it.
    :raises ValueError: to GRUB this is no block.
    """
    if not data.startswith(HEADER) or len(data) == len(HEADER):
        raise ValueError("its header is not GRUB's")
    return dict(_pairs(data))


def _pairs(data: bytes) -> typing.List[typing.Tuple[str, str]]:
    """Return the variables as list of (name, value); what GRUB takes for a name may hold anything, even line breaks."""
    body = data[len(HEADER) :].decode("ascii", "replace")
    found = []
    while body:
        if body.startswith("#"):
            body = LINE.sub("", body, count=1)[1:]
            continue
        named = ASSIGNMENT.match(body)
        if named is None:
            break  # no name, or a value that nothing ends: GRUB reads no further
        found.append((named.group(1), re.sub(r"(?s)\\(.)", r"\1", named.group(2))))
        body = body[named.end() :]
    return found


def unfit(data: bytes) -> str:
    """Say why GRUB cannot be trusted to rewrite a block that it reads, empty if it can.

    :param data: bytes, as parse() takes.
    """
    if len(data) != SIZE:
        return f"has {len(data)} bytes instead of {SIZE}"
    if not data.rstrip(b"#").endswith(b"\n"):
        return "has a last line that is torn"
    names = [name for name, _value in _pairs(data)]
    if len(set(names)) != len(names):
        return "has a variable twice, of which GRUB reads the last and rewrites the first"
    return ""


def render(variables: typing.Dict[str, str]) -> bytes:
    """Make a block of exactly 1024 bytes.

    :param variables: dict of str to str; values of letters, digits and _.+~:- only, so that nothing needs escaping.
    :returns: bytes.
    :raises ValueError: a name or value does not fit.
    """
    lines = []
    for name in sorted(variables):
        if not NAME.match(name) or not VALUE.match(variables[name]):
            raise ValueError(f"{name}={variables[name]} cannot be kept in an environment block")
        lines.append(f"{name}={variables[name]}\n")
    data = HEADER + "".join(lines).encode("ascii")
    if len(data) > SIZE:
        raise ValueError(f"{len(data)} bytes of variables do not fit")
    return data + b"#" * (SIZE - len(data))


def read(path: str) -> typing.Tuple[typing.Optional[typing.Dict[str, str]], str, str]:
    """Read the block at path.

    :returns: (dict of variables, "", unfit()) or (None, str reason why GRUB would ignore the block, "").
    """
    try:
        with open(path, "rb") as block:
            data = block.read(READ_MAX)
    except OSError as error:
        return None, f"{path} cannot be read: {error.strerror}", ""
    try:
        return parse(data), "", unfit(data)
    except ValueError as error:
        return None, f"{path} is unusable: {error}", ""


def rewrite(path: str, variables: typing.Dict[str, str]) -> None:
    """Replace the block's content in place by one synchronous write of its 1024 bytes.

    The file keeps its blocks on disk, so GRUB, which replays no journal, sees the new content at once.

    :raises FleetError: the file is missing or cannot be written, or reads back differently.
    """
    data = render(variables)
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_DSYNC)
        try:
            written = os.pwrite(descriptor, data, 0)
            if written != SIZE or os.pread(descriptor, SIZE + 1, 0) != data:
                raise OSError(5, "it reads back differently")
        finally:
            os.close(descriptor)
    except OSError as error:
        raise FleetError(
            f"The GRUB environment block {path} cannot be rewritten: {error.strerror}",
            "A plain reboot boots what it booted before",
            "Look at the file system that holds it, then run the same command again",
        )

# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""GRUB's environment block: 1024 bytes that GRUB reads and rewrites in place.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

import os
import re

from ansible_collections.osmigrate.fleet.plugins.module_utils._errors import FleetError

SIZE = 1024
HEADER = b"# GRUB Environment Block\n"
NAME = re.compile(r"^[A-Za-z_][A-Za-z0-9_]*$")
VALUE = re.compile(r"^[A-Za-z0-9_.+~:-]*$")


def parse(data):
    """Read the variables of a block.

    :param data: bytes, the content of the file.
    :returns: dict of str to str.
    :raises ValueError: the block is not one that GRUB could read and rewrite.
    """
    if len(data) != SIZE:
        raise ValueError("it has %d bytes instead of %d" % (len(data), SIZE))
    if not data.startswith(HEADER):
        raise ValueError("its header is not GRUB's")
    body = data[len(HEADER) :].rstrip(b"#")
    if body and not body.endswith(b"\n"):
        raise ValueError("its last line is torn")
    variables = {}
    for line in body.decode("ascii", "replace").split("\n"):
        # To GRUB these are comments; newer versions of grub-editenv write one of their own.
        if not line or line.startswith("#"):
            continue
        name, equals, value = line.partition("=")
        if not equals or not NAME.match(name):
            raise ValueError("it holds a line that is no variable")
        variables[name] = value
    return variables


def render(variables):
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


def read(path):
    """Read the block at path.

    :returns: (dict of variables, "") or (None, str reason why GRUB would ignore the block).
    """
    try:
        with open(path, "rb") as block:
            data = block.read(SIZE + 1)
    except OSError as error:
        return None, f"{path} cannot be read: {error.strerror}"
    try:
        return parse(data), ""
    except ValueError as error:
        return None, f"{path} is unusable: {error}"


def rewrite(path, variables):
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

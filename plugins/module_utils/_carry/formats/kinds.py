# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Kinds of what a text names, and how names stand in commands and texts of any format. Pure.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

import os
import re
import typing

from ansible_collections.osmigrate.fleet.plugins.module_utils import _lines

# Kinds of what is named. A FILE is read by the program whose file names it, or everything below it; a MENTIONED one
# only where it is a file that an administrator made. A PLUGIN is one of CNI, by its type. A HELPER is
# that of a file system, by the name of its type.
FILE, MENTIONED, PROGRAM, PLUGIN, HELPER, USER, GROUP, UNIT, MODULE = (
    "file",
    "mentioned",
    "program",
    "plugin",
    "helper",
    "user",
    "group",
    "unit",
    "module",
)
# A path of the system or of /etc, which ends where a shell would end it.
_PATH = r"""(?<![\w./-])/(?:etc|usr|lib|lib64|bin|sbin)/[^\s"'`;:,<>|&()\[\]{}=$*?\\]+"""
NAME = r"([A-Za-z_][A-Za-z0-9_.-]*\$?)"


class Named(typing.NamedTuple):
    kind: str
    name: str


Found = typing.Iterator[Named]


def mentioned(text: str) -> Found:
    """Files of /etc that a script or a file of settings names somewhere; of a script also those of the system."""
    interpreter = re.match(r"#!\s*(/\S+)(?:[ \t]+(\S+))?", text)
    if interpreter is not None:
        is_env = os.path.basename(interpreter.group(1)) == "env" and interpreter.group(2)
        yield Named(PROGRAM, interpreter.group(2)) if is_env else Named(MENTIONED, interpreter.group(1))
        for line in _lines.unit(text):
            yield from command(line)
    for line in _lines.unit(text):
        for path in re.findall(r"""(?<![\w./-])/etc/[^\s"'`;:,<>|&()\[\]{}=$*?\\]+""", line):
            yield Named(MENTIONED, path.rstrip("/."))


def command(text: str) -> Found:
    """Paths in a command, whoever runs it: what a shell is given, what env starts, arguments."""
    for path in re.findall(_PATH, text):
        yield Named(MENTIONED, path.rstrip("/."))


def any_of(path: str) -> str:
    """Return a path with what systemd or sudo puts into it as a pattern."""
    return re.sub(r"%[A-Za-z]", "*", path)


def accounts(kind: str, words: typing.Iterable[str]) -> Found:
    for word in words:
        # A number names whoever has it.
        if re.match(NAME + r"\Z", word) or word.isdigit():
            yield Named(kind, word)

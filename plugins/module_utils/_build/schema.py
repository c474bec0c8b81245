# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The recipe of a release: its one schema. Pure.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

import re
import typing

from ansible_collections.osmigrate.fleet.plugins.module_utils._build import kept
from ansible_collections.osmigrate.fleet.plugins.module_utils._release import checks, schema

SCHEMA = 1
# The stages, in their order. Before and after each, scripts of the recipe can run.
BASE, PACKAGES, USERS, FILES, UNITS, KERNEL, TIDY = STAGES = (
    "base",
    "packages",
    "users",
    "files",
    "units",
    "kernel",
    "tidy",
)
# The ways to begin a tree: of packages, from what is there, by a command of the user's own.
MMDEBSTRAP, DIRECTORY, ARCHIVE, OCI, COMMAND = "mmdebstrap", "directory", "archive", "oci", "command"
# What mmdebstrap begins with: what Debian calls required, or only what is essential; apt in both.
MINBASE, APT = "minbase", "apt"
ARGUMENTS = "arguments"
DRACUT, INITRAMFS_TOOLS, NONE = "dracut", "initramfs-tools", "none"
# What can be left out by a word, and where it lies below /usr/share.
LEFT_OUT = {
    "documentation": ("doc", "info", "lintian", "bug"),
    "manuals": ("man",),
    "locales": ("locale",),
}
# What is done with units.
ENABLE, DISABLE, MASK = VERBS = ("enable", "disable", "mask")
PACKAGE = r"[a-z0-9][a-z0-9.+-]+"
_ACCOUNT = checks.text(r"[a-z_][a-z0-9_-]{0,30}\$?", "a name of a user or group")
_UNIT = checks.text(r"[0-9A-Za-z:_.@\\-]+\.[a-z]+", "a unit with its ending, such as kubelet.service")
_PACKAGE = checks.text(PACKAGE, "a name of a package")
_VERSION = checks.text(r"[0-9A-Za-z][0-9A-Za-z.+~:*-]*", "a version of a package; * stands for any part")
# The last number stands for none.
_NUMBER = checks.integer(0, 2**32 - 2)
_VARIABLE = checks.text(r"[A-Za-z_][A-Za-z0-9_]*", "a name of an environment variable")


def known_schema(value: typing.Any, path: str, problems: checks.Problems) -> typing.Any:
    if value != SCHEMA or not checks.is_integer(value):
        problems.append(f"{path}: must be {SCHEMA}")
    return value


def line(value: typing.Any, path: str, problems: checks.Problems) -> typing.Any:
    """One line of text."""
    if checks.is_text(value, path, problems) and ("\n" in value or not value.strip()):
        problems.append(f"{path}: must be one line")
    return value


def anything(value: typing.Any, path: str, problems: checks.Problems) -> typing.Any:
    """Text, of any number of lines."""
    checks.is_text(value, path, problems)
    return value


def commands(value: typing.Any, path: str, problems: checks.Problems) -> typing.Any:
    """Text of a script."""
    if checks.is_text(value, path, problems) and not value.strip():
        problems.append(f"{path}: is empty")
    return value


def some_of(item: checks.Check) -> checks.Check:
    """A list that is not empty."""
    check_all = checks.list_of(item)

    def check(value: typing.Any, path: str, problems: checks.Problems) -> typing.Any:
        if value == []:
            problems.append(f"{path}: is empty")
        return check_all(value, path, problems)

    return check


def column(check: checks.Check) -> checks.Check:
    """What becomes one column of /etc/passwd, whose lines have colons between them."""

    def both(value: typing.Any, path: str, problems: checks.Problems) -> typing.Any:
        if isinstance(value, str) and ":" in value:
            problems.append(f"{path}: must have no colon")
        return check(value, path, problems)

    return both


def boolean(value: typing.Any, path: str, problems: checks.Problems) -> typing.Any:
    if not isinstance(value, bool):
        problems.append(f"{path}: must be true or false, not {checks.kind(value)}")
    return value


def place(value: typing.Any, path: str, problems: checks.Problems) -> typing.Any:
    """A path in the tree, from its root on, that does not lead out of it."""
    if checks.is_text(value, path, problems):
        leads_out = not value.startswith("/") or ".." in value.split("/") or value.endswith("/")
        if leads_out or not value.isprintable():
            problems.append(f"{path}: {checks.shown(value)} is not a path from the root of the tree on")
    return value


def stays(check: checks.Check) -> checks.Check:
    """A mapping whose path is one that a release keeps."""

    def both(value: typing.Any, path: str, problems: checks.Problems) -> typing.Any:
        wanted = value.get("path") if isinstance(value, dict) else ""
        why = kept.lost(wanted, "directory" in value) if isinstance(wanted, str) else ""
        if isinstance(wanted, str) and why:
            problems.append(f"{path}.path: {checks.shown(wanted)} would be in no release: {why}")
        return check(value, path, problems)

    return both


def pattern(value: typing.Any, path: str, problems: checks.Problems) -> typing.Any:
    if checks.is_text(value, path, problems):
        leads_out = value.startswith("/") or {".", ".."} & set(value.split("/"))
        if leads_out or value.strip("*/") in ("", "etc", "usr"):
            problems.append(f"{path}: {checks.shown(value)} is not a pattern of paths below the root of the tree")
    return value


def goes_with(check: checks.Check, key: str, *others: str) -> checks.Check:
    """A mapping in which a key says something of one of others, so it is not there without any of them."""

    def both(value: typing.Any, path: str, problems: checks.Problems) -> typing.Any:
        if isinstance(value, dict) and key in value and not set(others) & set(value):
            problems.append(f"{path}.{key}: goes with {', '.join(others)}")
        return check(value, path, problems)

    return both


def each_once(check: checks.Check, *keys: str) -> checks.Check:
    """A mapping in which no text is in two of some lists."""

    def both(value: typing.Any, path: str, problems: checks.Problems) -> typing.Any:
        seen: typing.Dict[str, str] = {}
        for key in keys if isinstance(value, dict) else ():
            for one in value.get(key) if isinstance(value.get(key), list) else ():
                if isinstance(one, str) and seen.setdefault(one, key) != key:
                    problems.append(f"{path}.{key}: {checks.shown(one)} is in {path}.{seen[one]}, too")
        return check(value, path, problems)

    return both


def true(value: typing.Any, path: str, problems: checks.Problems) -> typing.Any:
    if value is not True:
        problems.append(f"{path}: can only be true")
    return value


def one_of(*words: str) -> checks.Check:
    def check(value: typing.Any, path: str, problems: checks.Problems) -> typing.Any:
        if checks.is_text(value, path, problems) and value not in words:
            problems.append(f"{path}: {checks.shown(value)} is none of {', '.join(words)}")
        return value

    return check


def just_one(check: checks.Check, *keys: str) -> checks.Check:
    """A mapping that has exactly one of some keys."""

    def both(value: typing.Any, path: str, problems: checks.Problems) -> typing.Any:
        if isinstance(value, dict) and len([key for key in keys if key in value]) != 1:
            problems.append(f"{path}: needs exactly one of {', '.join(keys)}")
        return check(value, path, problems)

    return both


def a_mode(value: typing.Any, path: str, problems: checks.Problems) -> typing.Any:
    if checks.is_text(value, path, problems) and not re.match(r"[0-7]{4}\Z", value):
        problems.append(f'{path}: {checks.shown(value)} is not a mode of four octal digits, such as "0644"')
    return value


def pins(value: typing.Any, path: str, problems: checks.Problems) -> typing.Any:
    if not isinstance(value, dict):
        problems.append(f"{path}: must be a mapping of packages to versions, not {checks.kind(value)}")
        return value
    for name, version in value.items():
        _PACKAGE(name, f"{path}.{name}", problems)
        _VERSION(version, f"{path}.{name}", problems)
    return value


_source = checks.mapping(
    required={"uri": line, "suite": line},
    lists={"components": checks.list_of(line)},
    optional={"keyring": line},
)
_argv = some_of(line)
_base = just_one(
    checks.mapping(
        required={},
        optional={MMDEBSTRAP: one_of(MINBASE, APT), DIRECTORY: line, ARCHIVE: line, OCI: line, COMMAND: _argv},
    ),
    MMDEBSTRAP,
    DIRECTORY,
    ARCHIVE,
    OCI,
    COMMAND,
)
_packages = checks.mapping(
    required={},
    lists={
        "sources": checks.list_of(_source),
        "base": checks.list_of(_PACKAGE),
        "install": checks.list_of(_PACKAGE),
        "preseed": checks.list_of(line),
    },
    optional={
        "architecture": checks.text(r"[a-z0-9-]+", "an architecture of dpkg"),
        "keyring": line,
        "pins": pins,
        "recommends": boolean,
    },
)
_user = checks.mapping(
    required={"name": _ACCOUNT, "uid": _NUMBER},
    lists={"groups": checks.list_of(_ACCOUNT)},
    optional={"group": _ACCOUNT, "home": column(place), "shell": column(place), "comment": column(line)},
)
_group = checks.mapping(required={"name": _ACCOUNT, "gid": _NUMBER})
_file = checks.mapping(
    required={"path": place},
    optional={
        "content": anything,
        "source": line,
        "link": line,
        "directory": true,
        "sha256": checks.text("[0-9a-f]{64}", "64 hex digits in lower case"),
        "mode": a_mode,
        "owner": _ACCOUNT,
        "group": _ACCOUNT,
    },
)
_file = just_one(
    stays(goes_with(goes_with(_file, "sha256", "source"), "mode", "content", "source", "directory")),
    "content",
    "source",
    "link",
    "directory",
)
_units = checks.mapping(required={}, lists={verb: checks.list_of(_UNIT) for verb in VERBS}, optional={"default": _UNIT})
_kernel = checks.mapping(
    required={},
    lists={ARGUMENTS: checks.list_of(line)},
    optional={"initramfs": one_of(DRACUT, INITRAMFS_TOOLS, NONE)},
)
_script = just_one(
    just_one(
        checks.mapping(
            required={},
            lists={"secrets": checks.list_of(_VARIABLE)},
            optional={
                "name": line,
                # Before the first one there is no tree.
                "before": one_of(*STAGES[1:]),
                "after": one_of(*STAGES),
                "file": line,
                "text": commands,
                "inside": boolean,
                "network": boolean,
            },
        ),
        "file",
        "text",
    ),
    "before",
    "after",
)
KEYS: typing.Dict[str, checks.Check] = {
    "schema": known_schema,
    "extends": line,
    "name": checks.text(schema.NAME, "a name of a release (lower-case letters, digits, dashes, a letter first)"),
    "ref": checks.text(schema.REF, "a name of an OSTree branch"),
    "base": _base,
    "packages": _packages,
    "users": checks.list_of(_user),
    "groups": checks.list_of(_group),
    "files": checks.list_of(_file),
    "units": each_once(_units, *VERBS),
    "kernel": _kernel,
    "leave_out": checks.list_of(one_of(*sorted(LEFT_OUT))),
    "remove": checks.list_of(pattern),
    "scripts": checks.list_of(_script),
}
REQUIRED = ("name", "ref", "base")
# One file of a recipe: what is required may stand in the one that it extends.
part = checks.mapping(
    required={"schema": KEYS["schema"]}, optional={key: check for key, check in KEYS.items() if key != "schema"}
)

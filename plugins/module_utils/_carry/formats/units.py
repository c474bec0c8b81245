# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What units of systemd name, and what is made or loaded at boot. Pure.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

import re
import typing

from ansible_collections.osmigrate.fleet.plugins.module_utils import _lines
from ansible_collections.osmigrate.fleet.plugins.module_utils._carry.formats.kinds import (
    FILE,
    GROUP,
    MODULE,
    PROGRAM,
    UNIT,
    USER,
    Found,
    Named,
    accounts,
    any_of,
    command,
)
from ansible_collections.osmigrate.fleet.plugins.module_utils._carry.formats.kubernetes import kubelet
from ansible_collections.osmigrate.fleet.plugins.module_utils._carry.formats.mounts import mount

# Where udev looks for a program that is given without a path.
UDEV_PROGRAMS = "/usr/lib/udev/"
# Settings of units that make directories and files of the system seen, or hand them out.
BOUND = ("BindPaths", "BindReadOnlyPaths", "PathChanged", "PathModified", "PathExists", "PathExistsGlob")


def unit(text: str) -> Found:
    """A unit of systemd or a drop-in of one."""
    mounted: typing.Dict[str, str] = {}
    for line in _lines.unit(text):
        key, equals, value = (part.strip() for part in line.partition("="))
        if not equals:
            continue
        words = _lines.words(value)
        if key.startswith("Exec") and words:
            program = words[0].lstrip("-@:+!|")
            if re.match(r"[\w/.-]+\Z", program):
                yield Named(PROGRAM, program)
            yield from command(value[len(words[0]) :])
            for path in re.findall(r"(?<![\w./-])/etc/[^\s\"';,]+", value[len(words[0]) :]):
                yield Named(FILE, any_of(path))
        elif key in ("User", "SocketUser"):
            yield from accounts(USER, words)
        elif key in ("Group", "SupplementaryGroups", "SupplementaryGroup", "Groups", "SocketGroup"):
            yield from accounts(GROUP, words)
        elif key in ("EnvironmentFile", "RootDirectory", "RootImage", "WorkingDirectory") or (
            key.startswith(("ConditionPath", "ConditionFile", "ConditionDirectory", "AssertPath", "AssertFile"))
            and not value.lstrip("|").startswith("!")
        ):
            yield Named(FILE, any_of(value.lstrip("-+|").strip('"')))
        elif key in ("LoadCredential", "LoadCredentialEncrypted"):
            yield Named(FILE, any_of(value.partition(":")[2]))
        elif key in BOUND:
            for word in words:
                yield Named(FILE, word.lstrip("-+").partition(":")[0])
        elif key == "PAMName":
            yield Named(FILE, "/etc/pam.d/" + value)
        elif key == "Environment":
            yield from kubelet(value)
        elif key in ("Unit", "Service", "Requires", "Requisite", "BindsTo"):
            for name in words:
                if "%" not in name:
                    yield Named(UNIT, name)
        elif key in ("What", "Where", "Type", "Options"):
            mounted[key] = value
    if "What" in mounted:
        fields = [mounted.get(key, other) for key, other in (("What", ""), ("Where", "/"), ("Type", "auto"))]
        yield from mount(*(fields + [mounted.get("Options", "")]))


def tmpfiles(text: str) -> Found:
    """Owners of what is made at boot, and what is copied or linked."""
    for line in _lines.unit(text):
        fields = _lines.quoted(line)
        yield from accounts(USER, [word.lstrip(":") for word in fields[3:4]])
        yield from accounts(GROUP, [word.lstrip(":") for word in fields[4:5]])
        if fields[0][:1] in ("L", "C") and len(fields) > 6:
            yield Named(FILE, fields[6])
        elif fields[0][:1] in ("a", "A"):
            listed = [(USER, "u", "user"), (GROUP, "g", "group")]
            for kind, sign, word in listed:
                yield from accounts(kind, re.findall(rf"(?:^|[,:])(?:{sign}|{word}):([^:,]+):", ",".join(fields[6:])))


def sysusers(text: str) -> Found:
    """Accounts that a service makes at boot, if they are not there."""
    for line in _lines.unit(text):
        words = _lines.words(line)
        if words[0][:1] in ("u", "m"):
            yield from accounts(USER, words[1:2])
        if words[0][:1] in ("g", "m"):
            yield from accounts(GROUP, words[1:2] if words[0][:1] == "g" else words[2:3])


def udev(text: str) -> Found:
    """Owners of devices, and programs that rules start."""
    for line in _lines.unit(text):
        yield from accounts(USER, re.findall(r'\bOWNER\s*:?=\s*"([^"]+)"', line))
        yield from accounts(GROUP, re.findall(r'\bGROUP\s*:?=\s*"([^"]+)"', line))
        for path in re.findall(r'\bIMPORT\{file\}\s*=?=\s*"([^"]+)"', line):
            yield Named(FILE, path)
        for name in re.findall(r'\bENV\{SYSTEMD_(?:USER_)?WANTS\}\s*\+?=\s*"([^"$%]+)"', line):
            for word in _lines.words(name):
                yield Named(UNIT, word)
        for program in re.findall(r'\b(?:RUN(?:\{program\})?|PROGRAM|IMPORT\{program\})\s*[+:=]?=\s*"([^"\s]+)', line):
            if "$" not in program and "%" not in program:
                yield Named(PROGRAM, program if program.startswith("/") else UDEV_PROGRAMS + program)


def sysctl(text: str) -> Found:
    """Programs that the kernel starts."""
    for program in re.findall(
        r"(?m)^\s*-?kernel[./](?:core_pattern|modprobe|poweroff_cmd|hotplug)\s*=\s*\|?(/\S+)", text
    ):
        yield Named(PROGRAM, program)


def modules(text: str) -> Found:
    """Modules that are loaded at boot."""
    for line in _lines.unit(text):
        yield Named(MODULE, _lines.words(line)[0])


def modprobe(text: str) -> Found:
    """Programs by which modules are loaded."""
    for program in re.findall(r"(?m)^\s*(?:install|remove)\s+\S+\s+(/\S+)", text):
        yield Named(PROGRAM, program)

# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What units of systemd name, and what is made or loaded at boot. Pure.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

import os
import re
import typing

from ansible_collections.osmigrate.fleet.plugins.module_utils import _lines
from ansible_collections.osmigrate.fleet.plugins.module_utils._carry.formats.kinds import (
    FILE,
    GROUP,
    MENTIONED,
    MODULE,
    PROGRAM,
    UNIT,
    USER,
    ZONES,
    Found,
    Named,
    accounts,
    command,
    paths,
    programs,
)
from ansible_collections.osmigrate.fleet.plugins.module_utils._carry.formats.kubernetes import kubelet
from ansible_collections.osmigrate.fleet.plugins.module_utils._carry.formats.mounts import mount, placed

# Where udev looks for a program that is given without a path.
UDEV_PROGRAMS = "/usr/lib/udev/"
# Settings of units that make directories and files of the system seen, or hand them out.
BOUND = (
    "BindPaths BindReadOnlyPaths PathChanged PathModified PathExists PathExistsGlob Volume Yaml ConfigMap "
    "RootDirectory RootImage MountImages ExtensionImages ExtensionDirectories"
).split()
ASKED = ("ConditionPath", "ConditionFile", "ConditionDirectory", "AssertPath", "AssertFile")
CALLED = "Unit Service Requires Requisite BindsTo Wants Upholds OnFailure OnSuccess Sockets Also".split()
# Settings that say of files only who may not use them, or tell people of them.
NOT_NEEDED = ("Description", "Documentation", "SourcePath")
# Where credentials lie that are given without a path, and what those that are encrypted are read with.
CREDENTIALS = ("/etc/credstore/", "/etc/credstore.encrypted/")
CREDENTIAL_SECRET = "/var/lib/systemd/credential.secret"
# What systemd puts into the paths of the system's units; anything else may stand for anything.
SPECIFIERS = {
    "C": "/var/cache",
    "E": "/etc",
    "L": "/var/log",
    "S": "/var/lib",
    "T": "/tmp",
    "V": "/var/tmp",
    "h": "/root",
}
SPECIFIERS.update({"t": "/run", "%": "%"})
# What tmpfiles.d copies or links where a line does not say what.
FACTORY = "/usr/share/factory"
# Lines of tmpfiles.d that change what others made.
CHANGING = "aAhHtTzZ"


def specified(path: str) -> str:
    """Return a path of a unit with what systemd puts into it, as a pattern."""
    return re.sub(r"%(.)", lambda found: SPECIFIERS.get(found.group(1), "*"), path)


def unit(text: str) -> Found:
    """A unit of systemd or a drop-in of one, or what podman makes one of."""
    mounted: typing.Dict[str, str] = {}
    for line in _lines.unit(text):
        key, equals, value = (part.strip() for part in line.partition("="))
        if not equals:
            continue
        words = _lines.words(value)
        if key.startswith("Exec") and words:
            yield from _started(_lines.quoted(value)[0].lstrip("-@:+!|"), value)
        elif key in ("User", "SocketUser"):
            yield from accounts(USER, words)
        elif key in ("Group", "SupplementaryGroups", "SupplementaryGroup", "Groups", "SocketGroup"):
            yield from accounts(GROUP, words)
        elif key in ("EnvironmentFile", "WorkingDirectory") or key.startswith(ASKED):
            # By what must not be there a unit is kept from starting.
            kind = MENTIONED if value.lstrip("|").startswith("!") else FILE
            yield Named(kind, specified(value.lstrip("-+|!").strip('"')))
        elif "Credential" in key:
            yield from _credential(key, value)
        elif key == "ConfigurationDirectory":
            for word in words:
                yield Named(FILE, specified("/etc/" + word.partition(":")[0]))
        elif key in BOUND:
            for word in words:
                yield Named(FILE, specified(word.lstrip("-+").partition(":")[0]))
        elif key == "OnCalendar" and words and re.match(r"[A-Z][\w+/-]*\Z", words[-1]):
            yield Named(FILE, ZONES + words[-1])
        elif key == "PAMName":
            yield Named(FILE, "/etc/pam.d/" + value)
        elif key in CALLED:
            for word in words:
                # Of a template the instance may be anything.
                name = re.sub(r"@.*%.*(\.[a-z]+)$", r"@\1", word)
                if "%" not in name:
                    yield Named(UNIT, name)
        elif key in ("What", "Where", "Type", "Options"):
            mounted[key] = value
        elif not key.startswith(("Condition", "Assert")) and key not in NOT_NEEDED:
            if key == "Environment":
                yield from kubelet(value)
            yield from paths(value)
    if "What" in mounted:
        yield from placed([specified(mounted["What"])])
        fields = [mounted.get(key, other) for key, other in (("What", ""), ("Where", "/"), ("Type", "auto"))]
        yield from mount(*(fields + [mounted.get("Options", "")]))


def _started(program: str, value: str) -> Found:
    arguments = re.sub(r"\A[-@:+!|]*(?:\"[^\"]*\"|'[^']*'|\S+)", "", value)
    if re.match(r"[\w/. -]+\Z", program):
        yield Named(PROGRAM, program)
    yield from command(f"{os.path.basename(program)} {arguments}")
    for word in _lines.quoted(arguments):
        if re.match(r"/etc/[^;|&<>$]* [^;|&<>$]*\Z", word):
            yield Named(MENTIONED, specified(word))
    if program.endswith("/env"):
        yield from programs(arguments)
    for path in re.findall(r"(?<![\w./-])(?:/etc|%E)/[^\s\"';,:]+", arguments):
        yield Named(FILE, specified(path))


def _credential(key: str, value: str) -> Found:
    name, _colon, path = value.partition(":")
    if key.startswith(("Load", "Import")):
        path = specified(path or name)
        for place in [""] if path.startswith("/") else CREDENTIALS:
            yield Named(FILE, place + path)
    if key.endswith("Encrypted") or key.startswith("Import"):
        yield Named(FILE, CREDENTIAL_SECRET)


def tmpfiles(text: str) -> Found:
    """Owners of what is made at boot, what is copied, linked or changed, and modules that are told something."""
    for line in _lines.effective(text):
        fields = _lines.quoted(line) + [""] * 7
        kind, place, source = fields[0][:1], specified(fields[1]), " ".join(fields[6:]).strip()
        yield from accounts(USER, [word.lstrip(":") for word in fields[3:4]])
        yield from accounts(GROUP, [word.lstrip(":") for word in fields[4:5]])
        if kind in ("L", "C"):
            source = specified(source) if source not in ("", "-") else FACTORY + place
            yield Named(FILE, os.path.normpath(os.path.join(os.path.dirname(place), source)))
        elif kind and kind in CHANGING:
            yield Named(MENTIONED, place)
        if kind in ("a", "A"):
            listed = [(USER, "u", "user"), (GROUP, "g", "group")]
            for of, sign, word in listed:
                yield from accounts(of, re.findall(rf"(?:^|[,:])(?:{sign}|{word}):([^:,]+):", ",".join(fields[6:])))
        told = re.match(r"/sys/module/([^/*]+)/", place)
        if told is not None:
            yield Named(MODULE, told.group(1))


def sysusers(text: str) -> Found:
    """Accounts that a service makes at boot, if they are not there."""
    for line in _lines.effective(text):
        words = _lines.words(line) + ["", ""]
        if words[0][:1] in ("u", "m"):
            yield from accounts(USER, words[1:2])
        if words[0][:1] == "u":
            yield from accounts(GROUP, [words[2].partition(":")[2]])
        if words[0][:1] in ("g", "m"):
            yield from accounts(GROUP, words[1:2] if words[0][:1] == "g" else words[2:3])


def udev(text: str) -> Found:
    """Owners of devices, programs that rules start, files that they ask for, units and modules."""
    for line in _lines.rules(text):
        yield from accounts(USER, re.findall(r'\bOWNER\s*:?=\s*"([^"]+)"', line))
        yield from accounts(GROUP, re.findall(r'\bGROUP\s*:?=\s*"([^"]+)"', line))
        for path in re.findall(r'\b(?:IMPORT\{file\}\s*=?=|TEST(?:\{\d+\})?\s*==)\s*"([^"]+)"', line):
            yield Named(FILE, path)
        for name in re.findall(r'\bENV\{SYSTEMD_(?:USER_)?WANTS\}\s*\+?=\s*"([^"]+)"', line):
            for word in _lines.words(re.sub(r"@[^\s@]*[$%]\S*(\.[a-z]+)", r"@\1", name)):
                if not re.search("[$%]", word):
                    yield Named(UNIT, word)
        for called in re.findall(r'\b(?:RUN(?:\{program\})?|PROGRAM|IMPORT\{program\})\s*[+:=]?=\s*"([^"]+)"', line):
            program = (_lines.words(called) or [""])[0]
            if "$" not in program and "%" not in program:
                yield Named(PROGRAM, program if program.startswith("/") else UDEV_PROGRAMS + program)
            yield from command(os.path.basename(program) + called[len(program) :])
        for name in re.findall(r'\bRUN\{builtin\}\s*\+?=\s*"kmod load ([\w -]+)"', line):
            for word in _lines.words(name):
                yield Named(MODULE, word)


def sysctl(text: str) -> Found:
    """Programs that the kernel starts; a pattern for dumps that does not begin with | is the name of a file."""
    for program in re.findall(
        r"(?m)^\s*-?kernel[./](?:core_pattern\s*=\s*\||(?:modprobe|poweroff_cmd|hotplug)\s*=\s*)(/\S+)", text
    ):
        yield Named(PROGRAM, program)


def modules(text: str) -> Found:
    """Modules that are loaded at boot."""
    for line in _lines.effective(text, "#;"):
        yield Named(MODULE, _lines.words(line)[0])


def modprobe(text: str) -> Found:
    """Modules that are told something or are loaded with others, and programs by which that is done."""
    for line in _lines.shell(text):
        words = _lines.words(line)
        if words[0] in ("install", "remove") and len(words) > 2:
            if words[2].startswith("/"):
                yield Named(PROGRAM, words[2])
            yield from command(" ".join(words[3:]))
        elif words[0] in ("options", "softdep", "alias"):
            yield from paths(line)
            for word in words[2:] if words[0] != "options" else words[1:2]:
                if re.match(r"[\w-]+\Z", word):
                    yield Named(MODULE, word)

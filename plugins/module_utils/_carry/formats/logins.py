# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What files name that say who logs in and what they may do. Pure.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

import re
import typing

from ansible_collections.osmigrate.fleet.plugins.module_utils import _lines
from ansible_collections.osmigrate.fleet.plugins.module_utils._carry.formats.kinds import (
    EXTENSION,
    FILE,
    GROUP,
    MENTIONED,
    NAME,
    PROGRAM,
    USER,
    Found,
    Named,
    accounts,
    any_of,
    paths,
)

SSHD_USERS = ("authorizedkeyscommanduser", "authorizedprincipalscommanduser")
SSHD_PROGRAMS = ("authorizedkeyscommand", "authorizedprincipalscommand", "forcecommand")
# Settings that name files; without some of them sshd does not start, or lets nobody in.
SSHD_FILES = (
    "hostkey hostcertificate trustedusercakeys revokedkeys authorizedkeysfile authorizedkeyscommand "
    "authorizedprincipalsfile authorizedprincipalscommand banner chrootdirectory modulifile"
).split()
# In files of sudo: what is quoted, a number, and a comment, which is a # that no number follows.
SUDO_TOKENS = re.compile(r'"[^"\n]*"|(?P<group>%?)#(?P<number>[0-9]+)(?![\w.])|#.*')
# One line of PAM: what it includes, or its control, module and arguments.
PAM_LINE = re.compile(r"(?:@include (\S+)|-?(?:auth|account|password|session) (\[[^\]]*\]|\S+) (\S+)(.*))\Z", re.I)
# What the C library asks by itself since 2.34.
IN_LIBRARY = ("files", "dns")
SSHD_LISTS = {"allowusers": USER, "denyusers": USER, "allowgroups": GROUP, "denygroups": GROUP}


def sshd(text: str) -> Found:
    """Settings of sshd: files, programs, and who gets in."""
    for line in _lines.effective(text):
        words = _lines.quoted(line.replace("=", " ", 1)) or [""]
        keyword, values = words[0].lower(), words[1:]
        if keyword in SSHD_USERS:
            yield from accounts(USER, values[:1])
        elif keyword in SSHD_LISTS:
            yield from accounts(SSHD_LISTS[keyword], [value.partition("@")[0] for value in values])
        elif keyword == "match":
            for of, said in zip(values[::2], values[1::2]):
                kind = {"user": USER, "group": GROUP}.get(of.lower())
                yield from accounts(kind, [one.partition("@")[0] for one in said.split(",")]) if kind else ()
        if keyword in SSHD_PROGRAMS and values and values[0].startswith("/"):
            yield Named(PROGRAM, values[0])
        elif keyword in SSHD_FILES:
            for value in values:
                yield Named(FILE, any_of(value))


def included(text: str) -> typing.Iterator[str]:
    """Paths that a file of sudo includes; blanks in them are in quotes or behind a backslash."""
    for quoted, bare in re.findall(r"(?m)^[@#]include(?:dir)?[ \t]+(?:\"([^\"\n]+)\"|((?:[^\s\\]|\\.)+))", text):
        yield quoted or re.sub(r"\\(.)", r"\1", bare)


def is_group(token: typing.Match[str]) -> bool:
    """Say whether a number in a file of sudo is a group's: behind a %, or behind the colon of (users:groups)."""
    before = token.string[: token.start()].rpartition("\n")[2]
    return bool(token.group("group") or re.search(r"\([^()]*:[^()]*\Z", before))


def sudoers(text: str) -> Found:
    """Users and groups that get rights, or as whom they may act, what they may run, and included files."""
    # What includes another file has the sign of a comment in older versions.
    for path in included(text):
        # What has no path in front lies beside the file that includes it.
        for place in [path] if path.startswith("/") else [f"/etc/{path}", f"/etc/sudoers.d/{path}"]:
            yield Named(FILE, any_of(place))
    for token in SUDO_TOKENS.finditer(text):
        if token.group("number") is not None:
            yield Named(GROUP if is_group(token) else USER, token.group("number"))
    for line in _lines.unit(text):
        head, _equals, rest = line.partition("=")
        if re.match(r"(User|Runas)_Alias\s", head):
            words = re.split(r"[\s,:=]+", rest)
        elif head.startswith(("Defaults", "Host_Alias", "Cmnd_Alias", "@")):
            words = re.findall(rf"^Defaults[:>]{NAME}", head)
            if "secure_path" not in line:
                yield from paths(line)
        else:
            yield from paths(rest)
            for path in re.findall(r"/(?:[^\s\\,]|\\.)*\\ (?:[^\s\\,]|\\.)*", rest):
                yield Named(MENTIONED, path.replace("\\", ""))
            # Everything before the hosts, which are the last word.
            words = re.split(r"[\s,]+", head)[:-1] + re.split(r"[\s,:]+", " ".join(re.findall(r"\(([^)]*)\)", rest)))
            yield from accounts(GROUP, re.findall(rf":\s*{NAME}", " ".join(re.findall(r"\(([^)]*)\)", rest))))
        yield from accounts(GROUP, [word.lstrip("!")[1:] for word in words if word.lstrip("!")[:1] == "%"])
        yield from accounts(USER, [word.lstrip("!") for word in words])


def limits(text: str) -> Found:
    """For whom limits are."""
    for line in _lines.effective(text):
        word = _lines.words(line)[0]
        yield from accounts(GROUP if word[0] in "@%" else USER, [word.lstrip("@%")])


def pam(text: str) -> Found:
    """The modules that a service asks, without which it lets nobody in, other services, and what modules are told."""
    for line in _lines.shell(text):
        said = PAM_LINE.match(" ".join(_lines.words(line.partition("#")[0])))
        if said is None:
            continue
        included, control, module, rest = said.groups()
        if included or control in ("include", "substack"):
            yield Named(FILE, "/etc/pam.d/" + (included or module))
        elif not module.startswith("/") and not line.startswith("-"):
            yield Named(EXTENSION, "security/" + module)
        yield from paths(f"{module or ''} {rest or ''}")


def switch(text: str) -> Found:
    """What the C library asks about names, each by a library of its own."""
    for line in _lines.effective(text):
        _database, _colon, sources = line.partition("#")[0].partition(":")
        for name in _lines.words(re.sub(r"\[[^\]]*\]", " ", sources)):
            if name not in IN_LIBRARY:
                yield Named(EXTENSION, f"libnss_{name}.so.2")


def wrappers(text: str) -> Found:
    """The library that reads it, and what its lines start."""
    yield Named(EXTENSION, "libwrap.so.0")
    for line in _lines.shell(text):
        yield from paths(line)

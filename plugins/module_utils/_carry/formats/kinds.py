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
# only where it is a file that an administrator made. A PLUGIN is one of CNI, by its type. An EXTENSION is a library
# that a program loads, by its name below one of the directories of libraries. A HELPER is that of a file system, by
# the name of its type. A LIBRARY is loaded with a program of the node's own. An OPTIONAL program is one that a text
# asks for before it starts it.
FILE, MENTIONED, PROGRAM, OPTIONAL, PLUGIN, EXTENSION, LIBRARY, HELPER, USER, GROUP, UNIT, MODULE = (
    "file",
    "mentioned",
    "program",
    "optional",
    "plugin",
    "extension",
    "library",
    "helper",
    "user",
    "group",
    "unit",
    "module",
)
# A path of the system, of /etc or of where people keep their own, which ends where a shell would end it.
_PATH = (
    r"(?:(?<=file://)|(?<![\w./-]))/(?:etc|usr|lib|lib64|bin|sbin|opt|srv|home|root|mnt)/"
    r"""[^\s"'`;:,<>|&()\[\]{}=$*?\\]+"""
)
# What a shell puts into words that are quoted.
_PUT_IN = r"\$\([^()]*\)|`[^`]*`"
_SHELLS = r"#!\s*(?:\S*/env\s+)?\S*/?(?:ba|da|k|z|a)?sh\b"
# Words of a shell that a command may follow, and programs that start another one.
_WORDS = set("if then elif else do while until case in exec time command type which hash".split())
_STARTERS = set("nice nohup ionice env sudo setsid chronic xargs timeout stdbuf doas systemd-cat".split())
# As whom a command starts another one, and what it has systemd start.
_AS_WHOM = (
    r"\b(?:(?:su|runuser)\s+(?:-[a-z]?\s+)*|(?:sudo|runuser|doas)\s+(?:-[A-Za-tv-z]\s+)*(?:-u\s*|--user[= ]))"
    r"([a-z_][\w-]*)"
)
# Programs that are told accounts: by these flags a user and a group, or by their first word one or both.
_TOLD_BY_FLAGS = {
    "install": ("-o --owner", "-g --group"),
    "setpriv": ("--reuid --ruid --euid", "--regid --rgid --egid --groups"),
    "chpst": ("-u -U", ""),
    "dockerd": ("--userns-remap", "-G --group"),
    "start-stop-daemon": ("-c --chuid -u --user", "-g --group"),
}
_TOLD_FIRST = {"chgrp": "group"}
_TOLD_FIRST.update(dict.fromkeys("chown gosu su-exec setuidgid s6-setuidgid".split(), "user"))
_TOLD = re.compile(rf"(?<![\w.-])({'|'.join([*_TOLD_BY_FLAGS, *_TOLD_FIRST, 'setfacl'])})\s+([^;|&\n]*)")
_STARTED = (
    r"\bsystemctl\s+(?:-\S+\s+)*(?:start|restart|reload|reload-or-restart|try-restart|isolate)\s+(?:-\S+\s+)*"
    r"([\w@.%$-]+)"
)
# A pattern of files of /etc, below a directory of it.
_PATTERN = r"""(?<![\w./-])/etc/[\w.+-]+/[^\s"'`;:,<>|&(){}=$\\*]*\*[^\s"'`;:,<>|&(){}=$\\]*"""
# How a shell asks whether a program is there, and what says that nothing goes on without it.
_ASKS = re.compile(
    r"""(?:\b(?:command\s+-[vV]|type(?:\s+-[a-zA-Z]+)?|which(?:\s+-[a-zA-Z]+)?|hash)|(?:\[\[?|\btest)\s+(?:!\s+)?-[xfesr])"""
    r"""\s+["']?([\w./+-]*[\w+])"""
)
_INSISTS = re.compile(r"\b(?:exit|return)\s+[1-9]|\b(?:die|fail|fatal|abort)\b")
ZONES = "/usr/share/zoneinfo/"
NAME = r"([A-Za-z_][A-Za-z0-9_.-]*\$?)"


class Named(typing.NamedTuple):
    kind: str
    name: str


Found = typing.Iterator[Named]


def mentioned(text: str) -> Found:
    """Files of /etc and of the system that a script or a file of settings names somewhere; a script's programs."""
    interpreter = re.match(r"#!\s*(/\S+)(?:[ \t]+(\S+))?", text)
    if interpreter is not None:
        is_env = os.path.basename(interpreter.group(1)) == "env" and interpreter.group(2)
        yield Named(PROGRAM, interpreter.group(2)) if is_env else Named(MENTIONED, interpreter.group(1))
        if re.match(_SHELLS, interpreter.group(0)):
            for line in _lines.shell(text):
                yield from programs(line)
                yield from command(re.sub(r"(?:^|\s)#.*", "", line))
    for path in re.findall(r"(?m)^\s*include(?:dir|file)?\s+(/[^\s\"';]+)", text):
        yield Named(FILE, path)
    for line in _lines.unit(text):
        # Not every directory of a list has to be there.
        if not re.match(r"(?:export\s+)?\w*PATH=", line):
            yield from paths(line)


def asked(text: str) -> typing.Set[str]:
    """Return the programs that a shell asks for and does without, by their names without a path."""
    found = set()
    for ask in _ASKS.finditer(text):
        rest = text[ask.end() :]
        line = rest.partition("\n")[0]
        is_refusal = "!" in text[: ask.end()].rpartition("\n")[2] or re.search(r"\|\|\s*[{(]\s*\Z", line)
        # Of what is done where it is missing, all up to its end.
        done = re.split(r"\n\s*(?:fi|else|elif|[)}])", rest, maxsplit=1)[0] if is_refusal else line
        if not _INSISTS.search(done):
            found.add(os.path.basename(ask.group(1)))
    return found


def paths(text: str) -> Found:
    """Paths in a text: arguments, what a shell is given, what env starts; the file of a time zone that it sets."""
    for zone in re.findall(r"""\b(?:CRON_)?TZ=["']?:?([A-Za-z][\w+/-]*)""", text):
        yield Named(FILE, ZONES + zone)
    for path in re.findall(_PATH, text):
        yield Named(MENTIONED, path.rstrip("/."))
    for pattern in re.findall(_PATTERN, text):
        yield Named(MENTIONED, pattern)


def command(text: str) -> Found:
    """A command, whoever runs it: paths, accounts, units, what a shell gets of it, modules, directories of programs."""
    yield from paths(text)
    yield from accounts(USER, re.findall(_AS_WHOM, text))
    for program, rest in _TOLD.findall(text):
        yield from _told(program, rest.partition(" -- ")[0])
    for name in re.findall(_STARTED, text):
        plain = re.sub(r"@.*[%$].*?(\.[a-z]+)?$", r"@\1", name)
        if not re.search("[%$]", plain):
            yield Named(UNIT, plain if re.search(r"\.[a-z]+$", plain) else plain + ".service")
    for single, double in re.findall(r"\s-[a-z]*c\s+(?:'([^']*)'|\"([^\"]*)\")", text):
        yield from programs(single or double)
    for name in re.findall(r"\bmodprobe\s+(?:-\S+\s+)*([\w-]+)", text):
        yield Named(MODULE, name)
    for path in re.findall(r"\brun-parts\s+(?:-\S+\s+)*(/\S+)", text):
        yield Named(FILE, path)


def _told(program: str, rest: str) -> Found:
    """Accounts that a program is told in its arguments; with a colon between them a user and a group."""
    words = [word.strip("\"'") for word in _lines.words(rest)]
    if program == "setfacl":
        for kind, sign in ((USER, "u(?:ser)?"), (GROUP, "g(?:roup)?")):
            yield from accounts(kind, re.findall(rf"(?<!\w){sign}:([^\s:,]+)", " ".join(words)))
    elif program in _TOLD_FIRST:
        plain = [word for word in words if not word.startswith("-")][:1]
        yield from _owners(_TOLD_FIRST[program], plain)
        # chown still takes a dot for the colon, unless the whole word is a name.
        yield from _owners(
            USER, [word.replace(".", ":", 1) for word in plain if program == "chown" and ":" not in word]
        )
    else:
        for kind, flags in zip((USER, GROUP), _TOLD_BY_FLAGS[program]):
            for flag in flags.split():
                sign = f"{flag}[ =]" if flag.startswith("--") else f"-[a-zA-Z]*{flag[1:]} ?"
                yield from _owners(kind, re.findall(rf"(?<!\S){sign}(\S+)", " ".join(words)))


def _owners(kind: str, words: typing.Iterable[str]) -> Found:
    for word in words:
        first, colon, group = word.partition(":")
        yield from accounts(kind, first.split(",") if kind == GROUP else [first])
        yield from accounts(GROUP, [group] if colon else [])


def programs(text: str) -> Found:
    """Programs without a path that a line of a shell starts."""
    # What stands in quotes is no command, but for what a shell puts in there.
    plain = re.sub(r"'[^']*'", " '' ", text)
    plain = re.sub(r'"([^"]*)"', lambda found: " '' " + " ; ".join(re.findall(_PUT_IN, found.group(1))), plain)
    plain = re.sub(r"(?:^|\s)#.*", "", plain)
    for part in re.split(r"[;&|(){}`]", plain):
        words = _lines.words(part)
        while words and (re.match(r"\w+=|[!<>\d-]", words[0]) or words[0] in _WORDS | _STARTERS):
            if words[0] in _STARTERS:
                yield Named(PROGRAM, words[0])
            words = words[1:]
        if words and re.match(r"[A-Za-z_][\w.+-]*\Z", words[0]):
            yield Named(PROGRAM, words[0])


def any_of(path: str) -> str:
    """Return a path with what systemd or sudo puts into it as a pattern."""
    return re.sub(r"%[A-Za-z]", "*", path)


def accounts(kind: str, words: typing.Iterable[str]) -> Found:
    for word in words:
        # A number names whoever has it.
        if re.match(NAME + r"\Z", word) or word.isdigit():
            yield Named(kind, word)

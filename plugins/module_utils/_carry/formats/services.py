# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What settings of services name: packet filters, jobs by the clock, logs and time. Pure.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

import os
import re
import typing

from ansible_collections.osmigrate.fleet.plugins.module_utils import _lines
from ansible_collections.osmigrate.fleet.plugins.module_utils._carry.formats.kinds import (
    EXTENSION,
    FILE,
    GROUP,
    MENTIONED,
    MODULE,
    NAME,
    PROGRAM,
    USER,
    ZONES,
    Found,
    Named,
    accounts,
    command,
    mentioned,
    paths,
    programs,
)

# What begins a script of logrotate.
SCRIPTS = ("prerotate", "postrotate", "firstaction", "lastaction", "preremove")
COMPRESSING = ("compresscmd", "uncompresscmd")
# What hands mail to others.
SENDMAIL = "sendmail"
# Files of which audit watches the directory that they lie in, and directories that every system has.
_WATCHED = r"(?:^-w\s+|\s-w\s+|-F\s*(?:path|exe)=)(/\S+)"
_EVERYWHERE = r"/(?:var/)?[^/]*/?\Z"


def nftables(text: str) -> Found:
    """Included files, and accounts by whose sockets it filters; without a path in front nft looks in /etc."""
    plain = re.sub(r"(\"[^\"\n]*\"|'[^'\n]*')|#.*", lambda found: found.group(1) or "", text)
    for path in re.findall(r"""(?:^|[\s;{}])include\s+["']([^"'\n]+)["']""", plain):
        yield Named(FILE, path if path.startswith("/") else os.path.normpath(os.path.join("/etc", path)))
    said = re.findall(r"\bsk(uid|gid)\s+(?:(?:==|!=|eq|ne|v?map)\s+)?(\{[^}]*\}|[^\s;]+)", plain)
    # What a name stands for: one that is defined, and the elements of a set or map.
    named = [("$" + name, value) for name, value in re.findall(r"\bdefine\s+(\w+)\s*=\s*(\{[^}]*\}|\S+)", plain)]
    for name, inside in re.findall(r"\b(?:set|map)\s+(\w+)\s*\{((?:[^{}]|\{[^{}]*\})*)\}", plain):
        elements = re.findall(r"\belements\s*=\s*(\{[^}]*\}|\S+)", inside)
        named += [("@" + name, value) for value in elements]
        said += [(of, value) for of in re.findall(r"\btypeof\b[^;\n]*\bsk(uid|gid)\b", inside) for value in elements]
    named += [
        ("@" + name, value) for name, value in re.findall(r"\belement\s+(?:\w+\s+)?\w+\s+(\w+)\s*(\{[^}]*\})", plain)
    ]
    done: typing.Set[typing.Tuple[str, str]] = set()
    while said:
        of, words = said.pop()
        for word in set(re.split(r"[\s{},;:\"]+", words)):
            if word[:1] in ("$", "@") and (of, word) not in done:
                done.add((of, word))
                said += [(of, value) for name, value in named if name == word]
            yield from accounts(USER if of == "uid" else GROUP, [word])


def iptables(text: str) -> Found:
    """Accounts by whose sockets it filters, and what each match and target is done by."""
    for line in _lines.effective(text):
        yield from accounts(USER, re.findall(r"--uid-owner\s+(\S+)", line))
        yield from accounts(GROUP, re.findall(r"--gid-owner\s+(\S+)", line))
        for name in re.findall(r"\s(?:-m|--match|-j|--jump)\s+(\w+)", line):
            for kind in ("xt", "ipt", "ip6t"):
                yield Named(EXTENSION, f"xtables/lib{kind}_{name}.so")
            yield Named(MODULE, f"xt_{name}")


def logrotate(text: str) -> Found:
    """As whom it rotates, to whom files are given, and what it and its scripts run."""
    is_script = False
    for line in _lines.unit(text):
        words = _lines.words(line)
        is_script = words[0] in SCRIPTS or (is_script and words[0] != "endscript")
        if is_script and words[0] not in SCRIPTS:
            yield from command(line)
            yield from programs(line)
        elif words[0] in ("create", "createolddir", "su"):
            owners = words[2:] if words[0] != "su" and words[1:2] and words[1].isdigit() else words[1:]
            yield from accounts(USER, owners[:1])
            yield from accounts(GROUP, owners[1:2])
        elif words[0] in COMPRESSING and len(words) > 1:
            yield Named(PROGRAM, words[1])
        elif words[0] == "include" and len(words) > 1:
            yield Named(FILE, words[1])


def own_crontab(text: str) -> Found:
    """Programs of the table of a user, who is its name."""
    for line in _lines.effective(text):
        words = _lines.words(line)
        if re.match(r"\w+\s*=", line):
            yield from _setting(line)
        else:
            job = " ".join(words[1 if line.startswith("@") else 5 :])
            yield from command(job)
            yield from programs(job)


def crontab(text: str) -> Found:
    """As whom jobs run, by which shell, and their programs."""
    for line in _lines.effective(text):
        words = _lines.words(line)
        place = 1 if line.startswith("@") else 5
        if re.match(r"\w+\s*=", line):
            yield from _setting(line)
        elif len(words) > place + 1:
            yield Named(USER, words[place])
            yield from _job(" ".join(words[place + 1 :]))


def anacrontab(text: str) -> Found:
    """By which shell jobs run, and their programs; all of them run as root."""
    for line in _lines.effective(text):
        if re.match(r"\w+\s*=", line):
            yield from _setting(line)
        else:
            yield from _job(" ".join(_lines.words(line)[3:]))


def _setting(line: str) -> Found:
    """A variable of a table of jobs: by which shell they run, and whether what they say is mailed."""
    name, _equals, value = line.partition("=")
    value = value.strip(_lines.BLANKS + "\"'")
    if name.strip(_lines.BLANKS) == "SHELL" and value:
        yield Named(PROGRAM, _lines.words(value)[0])
    elif name.strip(_lines.BLANKS) == "MAILTO" and value:
        yield Named(PROGRAM, SENDMAIL)
    elif name.strip(_lines.BLANKS) != "PATH":
        yield from paths(f"{name.strip(_lines.BLANKS)}={value}")


def _job(line: str) -> Found:
    program = line.partition(" ")[0]
    if program.startswith("/"):
        yield Named(PROGRAM, program)
        yield from command(os.path.basename(program) + line[len(program) :])
    else:
        yield from command(line)
    yield from programs(line)


def rsyslog(text: str) -> Found:
    """Whom files are given to, as whom it runs, and what it reads and loads."""
    for key, value in re.findall(rf"""(?mi)^\s*\$(\w+)\s+{NAME}\s*$""", text):
        if key.lower().endswith(("owner", "droptouser")):
            yield Named(USER, value)
        elif key.lower().endswith(("group", "droptogroup")):
            yield Named(GROUP, value)
        elif key.lower() in ("modload", "defaultnetstreamdriver"):
            yield from _loaded(key, value)
    for key, value in re.findall(r'(?i)\b(load|type|streamdriver|defaultnetstreamdriver)\s*=\s*"([\w.-]+)"', text):
        yield from _loaded(key, value)
    yield from accounts(USER, re.findall(r'(?i)\b(?:file|dir)owner\s*=\s*"([^"]+)"', text))
    yield from accounts(GROUP, re.findall(r'(?i)\b(?:file|dir)group\s*=\s*"([^"]+)"', text))
    for program in re.findall(r'(?i)\bbinary\s*=\s*"(/[^"\s]+)', text):
        yield Named(PROGRAM, program)
    included = re.findall(r"(?mi)^\s*\$IncludeConfig\s+(/\S+)", text)
    for path in included + re.findall(r'(?i)\binclude\s*\([^)]*\bfile\s*=\s*"([^"]+)"', text):
        yield Named(FILE, path)
    yield from mentioned(text)


def _loaded(key: str, value: str) -> Found:
    name = value[: -len(".so")] if value.endswith(".so") else value
    yield Named(EXTENSION, f"rsyslog/{'lmnsd_' if 'driver' in key.lower() else ''}{name}.so")


def chrony(text: str) -> Found:
    """As whom chronyd runs, the files and directories that it reads, and what it mails by."""
    for line in _lines.effective(text, "#!;%"):
        words = _lines.words(line)
        if words[0] == "user":
            yield from accounts(USER, words[1:2])
        elif words[0] == "leapsectz" and len(words) > 1:
            yield Named(FILE, ZONES + words[1])
        elif words[0] == "mailonchange":
            yield Named(PROGRAM, SENDMAIL)
        for path in [word for word in words[1:] if word.startswith(("/etc/", "/usr/"))]:
            yield Named(FILE, path)


def audit(text: str) -> Found:
    """Accounts by whom rules are chosen, and directories that have to be there: else no rule after it is loaded."""
    for line in _lines.effective(text):
        watched = [os.path.dirname(path.rstrip("/")) for path in re.findall(_WATCHED, line)]
        for path in watched + re.findall(r"-F\s*dir=(/\S+)", line):
            if not re.match(_EVERYWHERE, path):
                yield Named(MENTIONED, path)
        yield from accounts(USER, re.findall(r"\b(?:[aefs]?uid|fsuid|obj_uid|loginuid)\s*!?=\s*(\w[\w.-]*)", line))
        yield from accounts(GROUP, re.findall(r"\b(?:[efs]?gid|fsgid|obj_gid)\s*!?=\s*(\w[\w.-]*)", line))


def audit_plugin(text: str) -> Found:
    """What auditd hands its messages to, and what that reads."""
    lines = [[part.strip() for part in line.partition("=")[::2]] for line in _lines.effective(text)]
    if dict(lines).get("active") != "no":
        for key, value in lines:
            if key == "path" and value.startswith("/"):
                yield Named(PROGRAM, value)
            yield from paths(value)


def auditd(text: str) -> Found:
    """Whose its logs are, and what it starts where something is wrong with a disk."""
    for line in _lines.effective(text):
        key, _equals, value = (part.strip() for part in line.partition("="))
        if key == "log_group":
            yield from accounts(GROUP, [value])
        elif value.lower().startswith("exec "):
            yield from (Named(PROGRAM, word) for word in _lines.words(value)[1:2])


def openvpn(text: str) -> Found:
    """As whom it runs, and what it reads and starts."""
    for line in _lines.effective(text, "#;"):
        words = _lines.words(line)
        if words[0] in ("user", "group"):
            yield from accounts(USER if words[0] == "user" else GROUP, words[1:2])
    yield from mentioned(text)


def idmapd(text: str) -> Found:
    """Who stands for whoever has no name here."""
    yield from accounts(USER, re.findall(r"(?mi)^\s*Nobody-User\s*=\s*(\S+)", text))
    yield from accounts(GROUP, re.findall(r"(?mi)^\s*Nobody-Group\s*=\s*(\S+)", text))


def exports(text: str) -> Found:
    """As whom others are that come by NFS; the directories are there or not, whatever this file says."""
    for line in _lines.shell(text):
        yield from accounts(USER, re.findall(r"\banonuid=(\d+)", line))
        yield from accounts(GROUP, re.findall(r"\banongid=(\d+)", line))

# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What settings of services name: packet filters, jobs by the clock, logs and time. Pure.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

import os
import re

from ansible_collections.osmigrate.fleet.plugins.module_utils import _lines
from ansible_collections.osmigrate.fleet.plugins.module_utils._carry.formats.kinds import (
    FILE,
    GROUP,
    NAME,
    PROGRAM,
    USER,
    Found,
    Named,
    accounts,
    command,
    mentioned,
)

# What begins a script of logrotate.
SCRIPTS = ("prerotate", "postrotate", "firstaction", "lastaction", "preremove")


def nftables(text: str) -> Found:
    """Included files; without a path in front nft looks in /etc."""
    for path in re.findall(r"""(?m)^\s*include\s+["']([^"']+)["']""", text):
        yield Named(FILE, path if path.startswith("/") else os.path.normpath(os.path.join("/etc", path)))


def logrotate(text: str) -> Found:
    """As whom it rotates, to whom files are given, and what its scripts run."""
    is_script = False
    for line in _lines.unit(text):
        words = _lines.words(line)
        is_script = words[0] in SCRIPTS or (is_script and words[0] != "endscript")
        if is_script:
            yield from command(line)
            continue
        if words[0] in ("create", "createolddir", "su"):
            owners = [word for word in words[1:] if not word.isdigit()]
            yield from accounts(USER, owners[:1])
            yield from accounts(GROUP, owners[1:2])
        elif words[0] == "include" and len(words) > 1:
            yield Named(FILE, words[1])


def own_crontab(text: str) -> Found:
    """Programs of the table of a user, who is its name."""
    for line in _lines.unit(text):
        words = _lines.words(line)
        if not re.match(r"\w+\s*=", line):
            yield from command(" ".join(words[1 if line.startswith("@") else 5 :]))


def crontab(text: str) -> Found:
    """As whom jobs run, by which shell, and their programs."""
    for line in _lines.unit(text):
        words = _lines.words(line)
        place = 1 if line.startswith("@") else 5
        setting = re.match(r"(\w+)\s*=\s*[\"']?([^\s\"']*)", line)
        if setting is not None:
            if setting.group(1) == "SHELL":
                yield Named(PROGRAM, setting.group(2))
        elif len(words) > place + 1:
            yield Named(USER, words[place])
            if words[place + 1].startswith("/"):
                yield Named(PROGRAM, words[place + 1])
            yield from command(" ".join(words[place + 2 :]))
    yield from mentioned(text)


def rsyslog(text: str) -> Found:
    """Whom files are given to, as whom it runs, and what it reads."""
    for key, value in re.findall(rf"""(?mi)^\s*\$(\w+)\s+{NAME}\s*$""", text):
        if key.lower().endswith(("owner", "droptouser")):
            yield Named(USER, value)
        elif key.lower().endswith(("group", "droptogroup")):
            yield Named(GROUP, value)
    yield from accounts(USER, re.findall(r'(?i)\b(?:file|dir)owner\s*=\s*"([^"]+)"', text))
    yield from accounts(GROUP, re.findall(r'(?i)\b(?:file|dir)group\s*=\s*"([^"]+)"', text))
    for program in re.findall(r'(?i)\bbinary\s*=\s*"(/[^"\s]+)', text):
        yield Named(PROGRAM, program)
    for path in re.findall(r"(?mi)^\s*\$IncludeConfig\s+(/\S+)", text):
        yield Named(FILE, path)
    yield from mentioned(text)


def chrony(text: str) -> Found:
    """As whom chronyd runs, and the files and directories that it reads."""
    for line in _lines.unit(text):
        words = _lines.words(line)
        if words[0] == "user":
            yield from accounts(USER, words[1:2])
        for path in [word for word in words[1:] if word.startswith("/etc/")]:
            yield Named(FILE, path)

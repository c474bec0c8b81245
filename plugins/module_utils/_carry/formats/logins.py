# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What files name that say who logs in and what they may do. Pure.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

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
    any_of,
)

SSHD_USERS = ("authorizedkeyscommanduser", "authorizedprincipalscommanduser")
SSHD_PROGRAMS = ("authorizedkeyscommand", "authorizedprincipalscommand", "forcecommand")


def sshd(text: str) -> Found:
    """Settings of sshd; the files among them are carried by dropins.py."""
    for line in _lines.unit(text):
        words = _lines.words(line.replace("=", " ", 1)) or [""]
        if words[0].lower() in SSHD_USERS:
            yield from accounts(USER, words[1:2])
        elif words[0].lower() in SSHD_PROGRAMS and len(words) > 1 and words[1].startswith("/"):
            yield Named(PROGRAM, words[1])


def sudoers(text: str) -> Found:
    """Users and groups that get rights, or as whom they may act, and included files."""
    # What includes another file has the sign of a comment in older versions.
    for path in re.findall(r"(?m)^[@#]include(?:dir)?\s+(/\S+)", text):
        yield Named(FILE, any_of(path))
    for line in _lines.unit(text):
        head, _equals, rest = line.partition("=")
        if re.match(r"(User|Runas)_Alias\s", head):
            words = re.split(r"[\s,:=]+", rest)
        elif head.startswith(("Defaults", "Host_Alias", "Cmnd_Alias", "@")):
            words = re.findall(rf"^Defaults[:>]{NAME}", head)
        else:
            # Everything before the hosts, which are the last word.
            words = re.split(r"[\s,]+", head)[:-1] + re.split(r"[\s,:]+", " ".join(re.findall(r"\(([^)]*)\)", rest)))
            yield from accounts(GROUP, re.findall(rf":\s*{NAME}", " ".join(re.findall(r"\(([^)]*)\)", rest))))
        yield from accounts(GROUP, [word.lstrip("!")[1:] for word in words if word.lstrip("!")[:1] == "%"])
        yield from accounts(USER, [word.lstrip("!") for word in words])


def limits(text: str) -> Found:
    """For whom limits are."""
    for line in _lines.unit(text):
        word = _lines.words(line)[0]
        yield from accounts(GROUP if word.startswith("@") else USER, [word.lstrip("@")])

# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who may do what by sudo on both systems, by all of its files: what differs is said. Only reads.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

import os
import re
import typing

from ansible_collections.osmigrate.fleet.plugins.module_utils import _lines
from ansible_collections.osmigrate.fleet.plugins.module_utils._carry import accounts
from ansible_collections.osmigrate.fleet.plugins.module_utils._carry.formats import logins
from ansible_collections.osmigrate.fleet.plugins.module_utils._carry.model import Situation
from ansible_collections.osmigrate.fleet.plugins.module_utils._files.item import FILE, Item

SUDOERS, SUDO = "/etc/sudoers", "/usr/bin/sudo"
INCLUDES_MAX = 16
# Settings that change nothing about who may do what.
NEUTRAL = (
    "mail_badpass secure_path env_keep env_reset use_pty insults lecture logfile syslog editor passprompt mailto "
    "env_file badpass_message match_group_by_gid always_query_group_plugin always_set_home fqdn visiblepw"
).split()
# Settings by which a release would let more happen.
OPENING = (
    "!authenticate targetpw runaspw rootpw !tty_tickets setenv !use_pty visiblepw !requiretty !env_reset !secure_path "
    "timestamp_timeout timestamp_type exempt_group"
).split()
# Variables by which somebody chooses what a program of root's loads, if they are kept.
LOADING = re.compile(r"\benv_keep\b.*\b(?:LD_\w+|PYTHONPATH|PERL5LIB|PERLLIB|RUBYLIB|BASH_ENV|ENV|PATH)\b")
# Those that stand in no quotes.
_COMMAS = re.compile(r",(?=(?:[^\"]*\"[^\"]*\")*[^\"]*$)")
Read = typing.Callable[[str], str]
Below = typing.Callable[[str], typing.Iterable[str]]


class Rule(typing.NamedTuple):
    """who: a user, %group or alias. rights: hosts, and as whom. what: commands, which may hold secrets."""

    who: str
    rights: str
    what: str


class Rules(typing.NamedTuple):
    rules: typing.Set[Rule]
    defaults: typing.Set[str]


def read(text_of: Read, below: Below) -> Rules:
    """Return what all files say together; blanks and order do not count.

    :param text_of: gives the text of a file.
    :param below: gives the paths of the files in a directory.
    """
    found = Rules(set(), set())
    _read(text_of, below, SUDOERS, found, 0)
    return found


def _read(text_of: Read, below: Below, path: str, found: Rules, deep: int) -> None:
    for line in _joined(text_of(path)):
        included = re.match(r"[@#](include|includedir)\s", line)
        if included and deep < INCLUDES_MAX:
            named = next(logins.included(line), "")
            place = os.path.join(os.path.dirname(path), named).rstrip("/")
            names = sorted(below(place)) if included.group(1) == "includedir" else [place]
            for name in names:
                if name == place or not re.search(r"\.|~$", os.path.basename(name)):
                    _read(text_of, below, name, found, deep + 1)
        if included:
            continue
        # A number is no comment.
        line = " ".join(_lines.words(re.sub(r"(?<!%)#(?!\d).*", "", line)))
        head, equals, rest = line.partition("=")
        if line.startswith("Defaults"):
            scope, _blank, settings = line.partition(" ")
            found.defaults.update(f"{scope} {word.strip()}" for word in _COMMAS.split(settings))
        elif equals and not re.match(r"(User|Runas|Host|Cmnd|Cmd)_Alias\s", line):
            who, _blank, hosts = head.strip().rpartition(" ")
            said = re.match(r"\s*(\([^)]*\))?\s*((?:[A-Z]+:\s*)*)(.*)", rest)
            if said is not None:
                tags = said.group(2).replace(" ", "")
                what = said.group(3).strip()
                rights = " ".join(word for word in (f"{hosts}=", _as_whom(said.group(1) or "", what), tags) if word)
                for one in who.split(","):
                    found.rules.add(Rule(one.strip(), rights, what))


def _as_whom(named: str, what: str) -> str:
    """Return as whom, which EL and Debian write otherwise: to run everything as anybody needs no group besides."""
    users = named.strip("()").partition(":")[0].strip()
    return "(ALL)" if users == what == "ALL" else named


def _joined(text: str) -> typing.List[str]:
    """Lines that go on; here a comment does, too, and what includes files looks like one."""
    return [line.strip() for line in _lines.lines(text.replace("\\\n", " ")) if line.strip()]


def compare(situation: Situation, items: typing.Iterable[Item]) -> typing.List[str]:
    """Return in sentences who may do what on one of both systems only.

    :param items: what the candidate gets.
    """
    incumbent = situation.incumbent
    if not (incumbent.exists(SUDO) and situation.has_program(SUDO)) or situation.pristine(SUDOERS) is None:
        return []
    items = list(items)
    made = {one.target for one in items if one.kind == FILE}
    text_of = situation.reading(items)
    before = read(incumbent.text, lambda place: incumbent.glob(place + "/*"))
    after = read(
        text_of,
        lambda place: {*situation.brought(place + "/*"), *(path for path in made if os.path.dirname(path) == place)},
    )
    before = Rules({_renamed(situation, rule) for rule in before.rules}, before.defaults)
    nobody = _empty_groups(text_of)
    told = [
        f"{rule.who} may {rule.rights} {rule.what} on the candidate only"
        for rule in sorted(after.rules - before.rules)
        if rule.who not in nobody and rule.who != "root"
    ]
    told += [
        # What somebody may run can hold anything, and not everybody may read it on the node.
        f"{rule.who} has rights ({rule.rights}) on the node only"
        for rule in sorted(before.rules - after.rules)
        if rule.who != "root"
    ]
    own = sorted(_name(one) for one in before.defaults - after.defaults if _name(one).lstrip("!") not in NEUTRAL)
    told += [f"Defaults {name} counts on the node only" for name in dict.fromkeys(own)]
    told += [
        f"{one} counts on the candidate only"
        for one in sorted(after.defaults - before.defaults)
        if _name(one) in OPENING or LOADING.search(one)
    ]
    return told


def _name(default: str) -> str:
    return re.split(r"[=+\s-]", default.partition(" ")[2], maxsplit=1)[0]


def _renamed(situation: Situation, rule: Rule) -> Rule:
    groups = {"%" + old: "%" + new for old, new in situation.translation.groups.items()}
    return rule._replace(who=groups.get(rule.who, rule.who))


def _empty_groups(text_of: Read) -> typing.Set[str]:
    """Return the groups that nobody is in on the candidate, as sudo names them."""
    primary = {fields[3] for fields in accounts.parse(text_of(accounts.PASSWD))}
    return {
        "%" + fields[0]
        for fields in accounts.parse(text_of(accounts.GROUP))
        if not fields[3] and fields[2] not in primary
    }

# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What sshd's files come to on both systems: where the release says otherwise, the node's value goes before it.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

import fnmatch
import os
import re
import typing

from ansible_collections.osmigrate.fleet.plugins.module_utils import _lines
from ansible_collections.osmigrate.fleet.plugins.module_utils._carry.dropins import (
    HEADER,
    NOT_INCLUDED,
    SSHD,
    SSHD_FIRST,
    SSHD_LAST,
    SSHD_PLACE,
)
from ansible_collections.osmigrate.fleet.plugins.module_utils._carry.model import Found, Left, Situation
from ansible_collections.osmigrate.fleet.plugins.module_utils._files.item import FILE, Item, item

Read = typing.Callable[[str], str]
# What sshd does where no file says anything, in the settings that say who gets in and what they may do.
DEFAULTS = {
    "allowagentforwarding": "yes",
    "allowstreamlocalforwarding": "yes",
    "allowtcpforwarding": "yes",
    "clientalivecountmax": "3",
    "clientaliveinterval": "0",
    "disableforwarding": "no",
    "gatewayports": "no",
    "gssapiauthentication": "no",
    "hostbasedauthentication": "no",
    "ignorerhosts": "yes",
    "kbdinteractiveauthentication": "yes",
    "kerberosauthentication": "no",
    "logingracetime": "120",
    "maxauthtries": "6",
    "maxsessions": "10",
    "passwordauthentication": "yes",
    "permitemptypasswords": "no",
    "permitrootlogin": "prohibit-password",
    "permittty": "yes",
    "permittunnel": "no",
    "permituserenvironment": "no",
    "permituserrc": "yes",
    "pubkeyauthentication": "yes",
    "strictmodes": "yes",
    "usepam": "no",
    "x11forwarding": "no",
}
ALIASES = {"challengeresponseauthentication": "kbdinteractiveauthentication"}
VALUES = {"without-password": "prohibit-password", "2m": "120"}
# Who may get in at all; each line adds to what others say, so none comes before another.
ADDED = ("allowusers", "denyusers", "allowgroups", "denygroups")
# Settings by which somebody gets in, each with what sshd does where no file says anything.
LETTING_IN = {
    "authorizedkeysfile": ".ssh/authorized_keys .ssh/authorized_keys2",
    "authorizedkeyscommand": "none",
    "authorizedprincipalscommand": "none",
    "authorizedprincipalsfile": "none",
    "trustedusercakeys": "none",
}
# Settings that say where something lies, which differs between systems.
PLACES = ("subsystem", "xauthlocation", "sshdsessionpath", "sshdauthpath", "pidfile")
# Values of lists that let nothing happen: what a terminal looks like, and in which language it speaks.
HARMLESS = {"acceptenv": ("LANG", "LC_*", "COLORTERM", "NO_COLOR")}
INCLUDES_MAX = 16
NOT_SAID = "the release says %s, the node does not"


class Setting(typing.NamedTuple):
    keyword: str
    value: str
    path: str


def effective(read: Read, names: typing.Callable[[], typing.Iterable[str]]) -> typing.Dict[str, Setting]:
    """Return what counts outside of Match blocks, by the keyword in lower case; of several values the first.

    :param read: gives the text of a file.
    :param names: gives the paths of all files that an Include may mean.
    """
    found: typing.Dict[str, Setting] = {}
    _read(read, names, SSHD, found, 0)
    return found


def _read(
    read: Read, names: typing.Callable[[], typing.Iterable[str]], path: str, found: typing.Dict[str, Setting], deep: int
) -> None:
    for line in _lines.effective(read(path)):
        words = line.strip().replace("=", " ", 1).split()
        if not words or words[0].lower() == "match":
            return
        if words[0].lower() == "include":
            for pattern in [os.path.join("/etc/ssh", word.strip('"')) for word in words[1:]]:
                for name in [name for name in sorted(names()) if fnmatch.fnmatchcase(name, pattern)]:
                    if deep < INCLUDES_MAX:
                        _read(read, names, name, found, deep + 1)
            continue
        keyword = ALIASES.get(words[0].lower(), words[0].lower())
        found.setdefault(keyword, Setting(words[0], " ".join(words[1:]).strip('"'), path))


def _matches(text: str) -> typing.List[typing.Tuple[str, typing.Set[str]]]:
    """Return the Match blocks of one file, each with the settings in it that say who gets in and what they may do."""
    found: typing.List[typing.Tuple[str, typing.Set[str]]] = []
    for line in _lines.effective(text):
        words = _lines.words(line.replace("=", " ", 1))
        if words[0].lower() == "match":
            found.append((" ".join(words), set()))
        elif found and ALIASES.get(words[0].lower(), words[0].lower()) in DEFAULTS:
            found[-1][1].add(" ".join(words))
    return found


def compare(situation: Situation, items: typing.Iterable[Item]) -> typing.List[str]:
    """Return in sentences by which keys and Match blocks of the release somebody gets in who does not on the node.

    :param items: what the candidate gets.
    """
    incumbent, candidate = situation.incumbent, situation.candidate
    if not (incumbent.text(SSHD) and situation.has_program("/usr/sbin/sshd")):
        return []
    items = list(items)
    carried = {made.target for made in items}
    blocks = [_matches(incumbent.text(path)) for path in [SSHD, *incumbent.glob(SSHD_PLACE + "/*.conf")]]
    known = [(match.lower(), {line.lower() for line in said}) for several in blocks for match, said in several]
    brought = _brought(situation)
    before, after = _both(situation, items)
    told = []
    for keyword, default in LETTING_IN.items():
        own = _lines.words(before[keyword].value if keyword in before else default)
        other = after.get(keyword)
        if other is not None and other.path in brought and other.path not in carried:
            if set(_lines.words(other.value)) - {*own, "none"}:
                told.append(f"sshd: {other.keyword} {other.value} in the release's {other.path}")
    return told + [
        f"sshd: {match} with {', '.join(sorted(said))} in the release's {path}"
        for path in sorted(set(brought) - carried)
        for match, said in _matches(candidate.text(brought[path]))
        if said
        and not any(match.lower() == other and {line.lower() for line in said} <= lines for other, lines in known)
    ]


def _brought(situation: Situation) -> typing.Dict[str, str]:
    """Return the release's own files of sshd: each with where it lies now."""
    return {SSHD: situation.pristine_path(SSHD), **situation.brought(SSHD_PLACE + "/*.conf")}


def _both(
    situation: Situation, items: typing.Iterable[Item]
) -> typing.Tuple[typing.Dict[str, Setting], typing.Dict[str, Setting]]:
    """Return what counts on the node, and what will on the candidate, as effective has it."""
    incumbent = situation.incumbent
    texts = {made.target: made.content.decode("utf-8", "surrogateescape") for made in items if made.kind == FILE}
    for path, pristine_path in _brought(situation).items():
        texts.setdefault(path, situation.candidate.text(pristine_path))
    before = effective(incumbent.text, lambda: incumbent.glob("/etc/ssh/*") + incumbent.glob(SSHD_PLACE + "/*"))
    return before, effective(lambda path: texts.get(path, ""), lambda: texts)


def plan(situation: Situation, items: typing.Iterable[Item]) -> Found:
    """Return Found: drop-ins with what would be otherwise on the candidate.

    :param items: what is carried; those drop-ins may be among it already, and have more to say then.
    """
    found, items = Found([], [], set()), list(items)
    incumbent, pristine = situation.incumbent, situation.pristine(SSHD)
    if pristine is None or not incumbent.text(SSHD) or not situation.has_program("/usr/sbin/sshd"):
        return found
    carried = {made.target: made for made in items if made.kind == FILE and made.target.startswith("/etc/ssh/")}
    before, after = _both(situation, items)
    lines: typing.Dict[str, typing.List[str]] = {}
    for keyword in sorted(set(before) | set(after)):
        own, other = before.get(keyword), after.get(keyword)
        default = DEFAULTS.get(keyword)
        now, then = own.value if own else default, other.value if other else default
        if _same(now, then) or keyword in PLACES:
            continue
        name = (own or other or Setting(keyword, "", "")).keyword
        made = own is not None and bool(situation.packages.verdict(own.path))
        if keyword in DEFAULTS or (made and other is not None and keyword not in ADDED and other.path not in carried):
            # Drop-ins are read before the main file, in the order of their names.
            place = SSHD_LAST if other is None or other.path == SSHD else SSHD_FIRST
            lines.setdefault(SSHD_PLACE + place, []).append(f"{name} {now}")
        elif own is None and other is not None and other.path not in carried and keyword in ADDED:
            found.left.append(Left(SSHD, NOT_SAID % f"{other.keyword} {other.value}"))
    is_read = re.search(r"(?mi)^\s*include\s.*sshd_config\.d/", pristine.decode("utf-8", "surrogateescape"))
    for target in sorted(lines):
        found.items.append(_drop_in(target, carried.get(target), lines[target], "" if is_read else NOT_INCLUDED))
    return found


def _same(value: typing.Optional[str], other: typing.Optional[str]) -> bool:
    pair = [VALUES.get((text or "").lower(), (text or "").lower()) for text in (value, other)]
    return pair[0] == pair[1]


def _drop_in(target: str, there: typing.Optional[Item], lines: typing.List[str], lost: str) -> Item:
    text = "".join(line + "\n" for line in lines)
    if there is not None:
        return there._replace(content=there.content + text.encode("utf-8", "surrogateescape"))
    return item(FILE, target, SSHD, "ssh", HEADER % SSHD + text, 0o600, lost=lost)

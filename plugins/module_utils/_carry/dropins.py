# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Changes of a packaged configuration file, carried as a drop-in: later merges of /etc stay quiet.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

import os
import re
import stat
import typing

from ansible_collections.osmigrate.fleet.plugins.module_utils import _lines
from ansible_collections.osmigrate.fleet.plugins.module_utils._carry.formats.logins import SSHD_FILES
from ansible_collections.osmigrate.fleet.plugins.module_utils._carry.model import Found, Left, Situation
from ansible_collections.osmigrate.fleet.plugins.module_utils._files.item import Item, item
from ansible_collections.osmigrate.fleet.plugins.module_utils._files.tree import Tree

HEADER = "# Carried from %s by osmigrate.fleet.\n"
# What may be set twice, or names a place that differs between systems.
SSHD_STAYS = ("include", "subsystem")
SYSTEMD = (
    "system user journald logind networkd resolved timesyncd sleep pstore coredump oomd homed journal-upload "
    "journal-remote"
).split()
# Settings that several lines add to; a line without a value begins anew.
LISTS = set(
    "DefaultEnvironment ManagerEnvironment CPUAffinity NUMAMask SystemCallArchitectures DNS FallbackDNS Domains NTP "
    "FallbackNTP KillOnlyUsers KillExcludeUsers RouteTable SuspendMode SuspendState HibernateMode HibernateState "
    "HybridSleepMode HybridSleepState".split()
)
WHOLE = [
    ("services", f"/etc/systemd/{name}.conf", f"/etc/systemd/{name}.conf.d/90-osmigrate.conf") for name in SYSTEMD
] + [
    ("sysctl", "/etc/sysctl.conf", "/etc/sysctl.d/99-sysctl.conf"),
    ("modules", "/etc/modules", "/etc/modules-load.d/modules.conf"),
]
# The same of files whose package's text nobody knows: what they say and the release's do not. Of drop-ins the last
# value counts, so these go before all others.
INI = [
    ("firewall", f"/etc/fail2ban/{name}.conf", f"/etc/fail2ban/{name}.d/0-osmigrate.conf")
    for name in ("jail", "fail2ban")
]
SSHD = "/etc/ssh/sshd_config"
SSHD_PLACE = SSHD + ".d"
# Of several drop-ins the first value counts, so what the main file says before it includes them goes first.
SSHD_FIRST, SSHD_LAST = "/0-osmigrate.conf", "/99-osmigrate.conf"
NOT_INCLUDED = "the release's sshd_config does not include it"
SSH, SSH_NOT_INCLUDED = "/etc/ssh/ssh_config", "the release's ssh_config does not include it"
NOTHING_NEW = "nothing in it that the release does not say, too"
_SSH_INCLUDE = re.compile(r"(?mi)^\s*include\s.*ssh_config\.d/")

# The lines of a file of ssh, each with what begins its block, "" before the first one.
Blocks = typing.List[typing.Tuple[str, typing.List[str]]]


def plan(situation: Situation) -> Found:
    """Return Found: a drop-in for each file that an administrator changed."""
    found = Found([], [], set())
    for rule, path, target in WHOLE:
        if situation.packages.verdict(path) and situation.incumbent.lstat(path) is not None:
            found.taken.update((path, target))
            text = situation.incumbent.text(path)
            lines = _lines.unit(text) if rule == "services" else _lines.effective(text, "#;")
            told = "only comments were changed"
            if lines and rule == "services":
                lines = _not_overridden(situation, path, lines, os.path.basename(target))
                told = "its drop-ins say all of it otherwise"
            if lines:
                # The environment of all services is set there, proxies with passwords among it.
                found.items.append(_drop_in(situation, path, target, rule, lines))
            else:
                found.left.append(Left(path, told))
    for rule, path, target in INI:
        if situation.packages.verdict(path) and situation.pristine(path) is not None:
            found.taken.add(path)
            _ini(situation, rule, path, target, found)
    if situation.incumbent.lstat(SSHD) is not None and situation.packages.verdict(SSHD):
        found.taken.add(SSHD)
        _sshd(situation, found)
    _sshd_files(situation, found)
    if situation.incumbent.lstat(SSH) is not None and situation.packages.verdict(SSH):
        found.taken.add(SSH)
        _ssh(situation, found)
    return found


def _ini(situation: Situation, rule: str, path: str, target: str, found: Found) -> None:
    """Carry what a file of sections says and the release's does not."""
    said, known = (_values(tree.text(name)) for tree, name in _both(situation, path))
    lines: typing.List[str] = []
    for section, key in sorted(said):
        if known.get((section, key)) != said[section, key]:
            lines += [f"[{section}]"] if f"[{section}]" not in lines else []
            lines.append(f"{key} = {said[section, key]}")
    if lines:
        found.items.append(_drop_in(situation, path, target, rule, lines))
    else:
        found.left.append(Left(path, NOTHING_NEW))


def _both(situation: Situation, path: str) -> typing.List[typing.Tuple[Tree, str]]:
    return [(situation.incumbent, path), (situation.candidate, situation.pristine_path(path))]


def _values(text: str) -> typing.Dict[typing.Tuple[str, str], str]:
    """Return what a file of sections says, by section and key; a value goes on in lines that begin with a blank."""
    found: typing.Dict[typing.Tuple[str, str], str] = {}
    section, key = "", ""
    for line in _lines.effective(text, "#;"):
        if line.startswith("["):
            section, key = line.strip("[]"), ""
        elif line[0] in _lines.BLANKS and key:
            found[section, key] += "\n" + line
        elif "=" in line:
            key, _equals, value = (part.strip(_lines.BLANKS) for part in line.partition("="))
            found[section, key] = value
    return found


def _ssh(situation: Situation, found: Found) -> None:
    """Carry what ssh_config says and the release's does not; of two values the first one counts."""
    text = _lines.effective(situation.incumbent.text(SSH))
    pristine = (situation.pristine(SSH) or b"").decode("utf-8", "surrogateescape")
    known = {(head.lower(), line.lower()) for head, lines in _blocks(_lines.effective(pristine)) for line in lines}
    above = ([place for place, line in enumerate(text) if _SSH_INCLUDE.match(line)] + [len(text)])[0]
    lost = SSH_NOT_INCLUDED if pristine and not _SSH_INCLUDE.search(pristine) else ""
    is_new = False
    for place, part in ((SSHD_FIRST, _blocks(text[:above])), (SSHD_LAST, _blocks(text[above:]))):
        kept: typing.List[str] = []
        for head, lines in part:
            new = [line for line in lines if (head.lower(), line.lower()) not in known and not _SSH_INCLUDE.match(line)]
            kept += ([head] if head and new else []) + new
        if kept:
            is_new = True
            found.items.append(_drop_in(situation, SSH, SSH + ".d" + place, "ssh", kept, lost))
    if not is_new:
        found.left.append(Left(SSH, NOTHING_NEW))


def _blocks(lines: typing.List[str]) -> Blocks:
    found: Blocks = [("", [])]
    for line in lines:
        if _keyword(line) in ("host", "match"):
            found.append((" ".join(_lines.words(line)), []))
        else:
            found[-1][1].append(" ".join(_lines.words(line)))
    return found


def _drop_in(situation: Situation, path: str, target: str, rule: str, lines: typing.List[str], lost: str = "") -> Item:
    """Return the Item of a drop-in, which nobody may read who may not read the file that it comes from."""
    mode = stat.S_IMODE(situation.incumbent.status(path).st_mode) & 0o666
    text = HEADER % path + "\n".join(lines) + "\n"
    return item("file", target, path, rule, text, mode, lost=lost)


def _not_overridden(situation: Situation, path: str, lines: typing.List[str], name: str) -> typing.List[str]:
    """Return the lines of a file of systemd's without those that a drop-in overrides which is read before ours."""
    before = [found for found in situation.incumbent.glob(path + ".d/*.conf") if os.path.basename(found) < name]
    said = [line for found in before for line in _lines.unit(situation.incumbent.text(found)) if "=" in line]
    kept = []
    for place, line in enumerate(lines):
        later = [other for other in said if _key(other) == _key(line)]
        if "=" not in line or not later:
            kept.append(line)
        elif _key(line) in LISTS and f"{_key(line)}=" not in [other.rstrip(_lines.BLANKS) for other in later]:
            # Ours is read after them, and what is added last counts most: so the whole list is said anew.
            first = _key(line) not in [_key(other) for other in lines[:place]]
            last = _key(line) not in [_key(other) for other in lines[place + 1 :]]
            kept += ([f"{_key(line)}="] if first else []) + [line] + (later if last else [])
    return kept if any("=" in line for line in kept) else []


def _key(line: str) -> str:
    return line.partition("=")[0].strip(_lines.BLANKS)


def _sshd(situation: Situation, found: Found) -> None:
    """Carry what sshd_config says and the release's does not."""
    pristine = (situation.pristine(SSHD) or b"").decode("utf-8", "surrogateescape")
    early, late = _around_drop_ins(situation, situation.incumbent.text(SSHD))
    first = [line for line in early if _keyword(line) not in SSHD_STAYS]
    last = sshd_changes("\n".join(late), pristine, _own_includes(situation, found))
    lost = [] if not pristine or re.search(r"(?mi)^\s*include\s.*sshd_config\.d/", pristine) else [NOT_INCLUDED]
    known = [" ".join(_lines.words(line)).lower() for line in _lines.effective(pristine)]
    lost += [
        f"{' '.join(_lines.words(line)[:2])} stays as the release has it"
        for line in early + late
        if line.lower().startswith("subsystem")
        and " ".join(_lines.words(line)).lower() not in known
        and os.path.basename((_lines.words(line) + [""])[2]) != "sftp-server"
    ]
    for place, lines in ((SSHD_FIRST, first), (SSHD_LAST, last)):
        if lines:
            target, told = SSHD_PLACE + place, "; ".join(lost)
            found.items.append(_drop_in(situation, SSHD, target, "ssh", lines, lost=told))
    if not first + last:
        found.left.append(Left(SSHD, "; ".join(lost) or NOTHING_NEW))


def _around_drop_ins(situation: Situation, text: str) -> typing.Tuple[typing.List[str], typing.List[str]]:
    """Return the lines that count before drop-ins that say otherwise, and all others, Match blocks among them."""
    lines = _lines.effective(text)
    texts = [situation.incumbent.text(path) for path in situation.incumbent.glob(SSHD_PLACE + "/*.conf")]
    said = {_keyword(line) for text in texts for line in _lines.effective(text)}
    ends = [
        place
        for place, line in enumerate(lines)
        if _keyword(line) == "match" or (_keyword(line) == "include" and "sshd_config.d/" in line)
    ]
    above = lines[: (ends + [len(lines)])[0]]
    early = [line for line in above if _keyword(line) in said]
    return early, [line for line in above if line not in early] + lines[len(above) :]


def _keyword(line: str) -> str:
    return (_lines.words(line.replace("=", " ", 1).lower()) + [""])[0]


def _own_includes(situation: Situation, found: Found) -> typing.Set[str]:
    """Carry what sshd_config includes besides drop-ins, and return those lines in lower case, as set."""
    kept = set()
    for line in _lines.effective(situation.incumbent.text(SSHD)):
        words = _lines.words(line)
        if _keyword(line) == "include" and "sshd_config.d/" not in line:
            patterns = [os.path.join("/etc/ssh", word.strip('"')) for word in words[1:]]
            if _carry_files(situation, patterns, found):
                kept.add(" ".join(words).lower())
    return kept


def _sshd_files(situation: Situation, found: Found) -> None:
    """Carry the files of /etc that settings of sshd name; %u and the like stand for anything."""
    incumbent = situation.incumbent
    if not situation.has_program("/usr/sbin/sshd"):
        return
    patterns = []
    for path in incumbent.glob(SSHD) + incumbent.glob(SSHD_PLACE + "/*.conf"):
        for line in _lines.effective(incumbent.text(path)):
            words = _lines.words(line.replace("=", " ", 1))
            if _keyword(line) in SSHD_FILES:
                patterns += [re.sub(r"%.", "*", word.strip('"')) for word in words[1:]]
    _carry_files(situation, patterns, found)


def _carry_files(situation: Situation, patterns: typing.List[str], found: Found) -> typing.List[str]:
    """Carry what an administrator made of the files of /etc that patterns name; return them, as list."""
    made = []
    for path in [
        path for pattern in patterns if pattern.startswith("/etc/") for path in situation.incumbent.glob(pattern)
    ]:
        status = situation.incumbent.status(path)
        if stat.S_ISREG(status.st_mode) and situation.packages.verdict(path):
            made.append(path)
            if path not in found.taken:
                found.taken.add(path)
                found.items.append(situation.copy(path, "ssh"))
    return made


def sshd_changes(text: str, pristine: str, includes: typing.Collection[str] = ()) -> typing.List[str]:
    """Return the settings that the release's own sshd_config does not have; Match blocks stay whole and last.

    :param includes: set of str, lines in lower case that include files that come along.
    """
    known = {" ".join(_lines.words(line)).lower() for line in _lines.effective(pristine)}
    changes, matched = [], False
    for line in _lines.effective(text):
        words = _lines.words(line.lower())
        matched = matched or words[0] == "match"
        is_new = words[0] not in SSHD_STAYS and " ".join(words) not in known
        if matched or is_new or " ".join(words) in includes:
            changes.append(line)
    return changes if changes != ["Match all"] else []

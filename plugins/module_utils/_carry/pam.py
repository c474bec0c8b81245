# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What lets people in on both systems by PAM and login.defs: never carried, so where the node is stricter it is said.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

import os
import re
import typing

from ansible_collections.osmigrate.fleet.plugins.module_utils import _lines
from ansible_collections.osmigrate.fleet.plugins.module_utils._carry.model import Situation
from ansible_collections.osmigrate.fleet.plugins.module_utils._files.tree import Tree

# What is no service, but is included by services.
INCLUDED = re.compile(r"common-|(?:system|password|fingerprint|smartcard)-auth|postlogin|.*\.")
PLACES = ("/etc/pam.d", "/usr/lib/pam.d")
# What modules read by which they are strict.
SETTINGS = (
    "/etc/security/faillock.conf /etc/security/pwquality.conf /etc/security/pwquality.conf.d/*.conf "
    "/etc/security/pwhistory.conf /etc/security/access.conf /etc/security/access.d/*.conf /etc/security/time.conf "
    "/etc/security/group.conf /etc/security/namespace.conf /etc/security/namespace.d/*.conf"
).split()
LOGIN_DEFS, SWITCH = "/etc/login.defs", "/etc/nsswitch.conf"
# What every system can ask about names, or asks in another way.
EVERYWHERE = set("files compat db dns systemd myhostname mymachines resolve".split())
# What EL asks without anybody having said so, and which answers only where it was given settings.
UNSETTLED = {"sss": ("/etc/sssd/sssd.conf", "/etc/sssd/conf.d/*.conf")}
INCLUDES_MAX = 16
# Modules that refuse nobody, or whose work does not depend on who gets in.
NEUTRAL = set(
    "pam_permit pam_deny pam_cap pam_env pam_motd pam_mail pam_lastlog pam_lastlog2 pam_keyinit pam_systemd "
    "pam_systemd_home pam_umask pam_selinux pam_warn pam_echo pam_debug pam_gnome_keyring pam_kwallet5 pam_fprintd "
    "pam_localuser pam_faildelay pam_unix pam_rootok pam_xauth "
    "pam_ck_connector pam_mkhomedir pam_oddjob_mkhomedir".split()
)
# Modules of sessions that restrict what somebody may do then.
RESTRICT = set("pam_access pam_limits pam_namespace pam_time pam_loginuid pam_tty_audit pam_group pam_exec".split())
# Modules whose arguments say how strict they are.
STRICT = set(
    "pam_faillock pam_tally2 pam_tally pam_pwquality pam_cracklib pam_passwdqc pam_pwhistory pam_access pam_listfile "
    "pam_wheel pam_time pam_succeed_if pam_usertype".split()
)
# Arguments by which a module lets more people in.
OPENING = ("nullok", "nullok_secure", "trust", "open_err", "onerr=succeed")
DEFS = "ENCRYPT_METHOD FAIL_DELAY HOME_MODE LOGIN_RETRIES PASS_MAX_DAYS PASS_MIN_DAYS PASS_MIN_LEN SU_WHEEL_ONLY UMASK"
DEFS_OF_PACKAGES = "HOME_MODE PASS_MAX_DAYS PASS_MIN_DAYS SU_WHEEL_ONLY UMASK"
_LINE = re.compile(r"-?(auth|account|password|session)[ \t]+(\[[^\]]*\]|\S+)[ \t]+(\S+)[ \t]*(.*)\Z", re.I)


class Entry(typing.NamedTuple):
    """One line of a stack. args: the arguments of the module."""

    control: str
    module: str
    args: typing.Tuple[str, ...]


Stack = typing.Dict[str, typing.List[Entry]]


def compare(situation: Situation) -> typing.List[str]:
    """Return in sentences where the node is stricter than the candidate will be, or otherwise strict."""
    told: typing.List[str] = []
    for service in [name for name in situation.incumbent.names(PLACES[0]) if not INCLUDED.match(name)]:
        before = stack(situation.incumbent, PLACES, service)
        after = stack(situation.candidate, (situation.pristine_path(PLACES[0]), PLACES[1]), service)
        if before and after:
            for kind in ("auth", "account", "password", "session"):
                told += [f"{service}: {word}" for word in _compared(kind, before[kind], after[kind])]
    return _gathered(told) + _settings_of_modules(situation) + _sources(situation) + _defs(situation)


def stack(tree: Tree, places: typing.Sequence[str], service: str) -> Stack:
    """Return what a service asks, with what it includes; {} if there is no such service."""
    found: Stack = {"auth": [], "account": [], "password": [], "session": []}
    return found if _read(tree, places, service, "", found, 0) else {}


def _read(tree: Tree, places: typing.Sequence[str], name: str, only: str, found: Stack, deep: int) -> bool:
    path = next((path for path in (os.path.join(place, name) for place in places) if tree.size(path) >= 0), "")
    if not path or deep > INCLUDES_MAX:
        return False
    for line in _lines.shell(tree.text(path)):
        words = _lines.words(line.partition("#")[0])
        if words[:1] == ["@include"]:
            _read(tree, places, "".join(words[1:2]), only, found, deep + 1)
            continue
        said = _LINE.match(" ".join(words))
        if said is None or (only and said.group(1).lower() != only):
            continue
        kind, control, module, rest = said.group(1).lower(), said.group(2).lower(), said.group(3), said.group(4)
        if control in ("include", "substack"):
            _read(tree, places, module, kind, found, deep + 1)
        else:
            plain = os.path.basename(module)
            plain = plain[: -len(".so")] if plain.endswith(".so") else plain
            found[kind].append(Entry(control, plain, tuple(rest.split())))
    return True


def _compared(kind: str, before: typing.List[Entry], after: typing.List[Entry]) -> typing.List[str]:
    told = []
    there, then = {entry.module for entry in before}, {entry.module for entry in after}
    for module in sorted(there - then):
        if module in RESTRICT or (module not in NEUTRAL and kind != "session"):
            told.append(f"{kind} asks {module} on the node only")
    for module in sorted(then - there):
        lets_in = any(entry.module == module and _suffices(entry.control) for entry in after)
        if lets_in and module not in ("pam_permit", "pam_unix") and kind == "auth":
            told.append(f"{kind} lets in by {module} on the candidate only")
    for module in sorted(there & then):
        own, other = _args(before, module), _args(after, module)
        opened = sorted(arg for arg in other - own if arg in OPENING)
        if opened:
            told.append(f"{kind} has {module} with {' '.join(opened)} on the candidate only")
        elif module in STRICT and own != other:
            # Values may be secrets of a service.
            names = sorted({arg.partition("=")[0] for arg in own ^ other})
            told.append(f"{kind} has {module} with another {' '.join(names)} on the candidate")
    return told


def _args(entries: typing.List[Entry], module: str) -> typing.Set[str]:
    return {arg for entry in entries if entry.module == module for arg in entry.args}


def _suffices(control: str) -> bool:
    return control == "sufficient" or re.search(r"success=(?:done|\d)", control) is not None


def _gathered(told: typing.List[str]) -> typing.List[str]:
    """Say once what several services have in common, because they include the same file."""
    services: typing.Dict[str, typing.List[str]] = {}
    for word in told:
        service, _colon, said = word.partition(": ")
        services.setdefault(said, []).append(service)
    return [f"{', '.join(names)}: {said}" for said, names in services.items()]


def _settings_of_modules(situation: Situation) -> typing.List[str]:
    """Return which settings of modules an administrator made: they stay behind with PAM itself."""
    told = []
    for path in [path for pattern in SETTINGS for path in situation.incumbent.glob(pattern)]:
        own = set(_lines.effective(situation.incumbent.text(path))) if situation.packages.verdict(path) else set()
        missing = own - set(_lines.effective(situation.candidate.text(situation.pristine_path(path))))
        # Values may be secrets, and rules name people.
        names = sorted(
            {re.split(r"[\s=:]", line.strip(_lines.BLANKS), maxsplit=1)[0] for line in missing if "=" in line}
        )
        if missing:
            told.append(f"{path} says {' '.join(names) or f'{len(missing)} lines'} on the node only")
    return told


def _sources(situation: Situation) -> typing.List[str]:
    """Return what the C library asks about names on the node only: people of a directory are nobody without it."""
    before, after = (
        {line.partition(":")[0].strip(): set(_lines.words(line.partition(":")[2])) for line in _lines.effective(text)}
        for text in (situation.incumbent.text(SWITCH), situation.candidate.text(situation.pristine_path(SWITCH)))
    )
    return [
        f"nsswitch.conf: {database} asks {source} on the node only"
        for database, sources in sorted(before.items())
        for source in sorted(sources - after.get(database, set()))
        if re.match(r"\w+\Z", source) and source not in EVERYWHERE and _answers(situation.incumbent, source)
    ]


def _answers(tree: Tree, source: str) -> bool:
    """Say whether a source of names can know any."""
    places = UNSETTLED.get(source, ())
    return not places or any(tree.glob(place) for place in places)


def _defs(situation: Situation) -> typing.List[str]:
    before, after = (
        _settings(situation.incumbent.text(LOGIN_DEFS)),
        _settings(situation.candidate.text(situation.pristine_path(LOGIN_DEFS))),
    )
    # What packages leave out they have by themselves, so of theirs only what both say can be compared.
    is_made = bool(situation.packages.verdict(LOGIN_DEFS))
    return [
        f"login.defs: {key} is {before[key]} on the node, {after.get(key, 'not set')} on the candidate"
        for key in (DEFS if is_made else DEFS_OF_PACKAGES).split()
        if key in before and before[key] != after.get(key) and (is_made or key in after)
    ]


def _settings(text: str) -> typing.Dict[str, str]:
    found = [_lines.words(line) for line in _lines.effective(text)]
    return {words[0]: words[1] for words in found if len(words) > 1}

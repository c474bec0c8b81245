# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ask the release's own programs (programs.py) about what the candidate has from the node. Changes nothing.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

import os
import re
import shlex
import time
import typing

from ansible_collections.osmigrate.fleet.plugins.module_utils import _lines
from ansible_collections.osmigrate.fleet.plugins.module_utils._carry import programs, sshd
from ansible_collections.osmigrate.fleet.plugins.module_utils._carry.model import Situation, is_ours
from ansible_collections.osmigrate.fleet.plugins.module_utils._carry.mounts import FSTAB, parse_fstab
from ansible_collections.osmigrate.fleet.plugins.module_utils._carry.programs import PROGRAMS, Program
from ansible_collections.osmigrate.fleet.plugins.module_utils._command import Completed
from ansible_collections.osmigrate.fleet.plugins.module_utils._constants import UNIT_PLACES
from ansible_collections.osmigrate.fleet.plugins.module_utils._errors import FleetError
from ansible_collections.osmigrate.fleet.plugins.module_utils._files import confined
from ansible_collections.osmigrate.fleet.plugins.module_utils._files.tree import Tree
from ansible_collections.osmigrate.fleet.plugins.module_utils._secret import credentials
from ansible_collections.osmigrate.fleet.plugins.module_utils._text import printable

# What a verdict is. SAME: the node's own program refuses it as well. DIFFERS: both take it, and do something else.
REFUSED, WARNED, SAME, DIFFERS, SILENT = "refused", "warned", "same", "differs", "silent"
EACH_SECONDS, ALL_SECONDS = 20, 120
MOST_LINES, LONGEST_LINE = 4, 300
SYSTEMD = "systemd-analyze"
# Of the running system, what belongs to its root although it is mounted there.
OWN_MOUNTS = ("/etc", "/home", "/opt", "/root", "/srv", "/usr", "/usr/local", "/var", "/var/lib", "/var/log")
HIDDEN = "***"
SHORTEST_SECRET = 3
_STAMPS = re.compile(
    r"\x1b\[[0-9;:]*m|^[EWIF]\d{4} [\d:.]+\s+\d+ \S+\] |\btime=\"[^\"]*\" ?|^\d{4}-\d\d-\d\dT[\d:]+Z |\[\d+\.\d+\] "
)
_FLAGS = re.compile(r"(?m)^\s*(?:export\s+)?KUBELET_(?:KUBEADM|EXTRA)_ARGS=(.*)$")
# How programs say that they are too old for what they are asked by.
_TOO_OLD = re.compile(r"(?i)\b(?:unrecognized|unknown|invalid) (?:option|argument|flag|command)|\bis unknown\b")
_MARKS = re.compile(r"[\s^~|.-]*")


class Verdict(typing.NamedTuple):
    """What one program says. words: its own, cut, and without what may be secret."""

    program: str
    kind: str
    words: typing.List[str]


class _Side(typing.NamedTuple):
    tree: Tree
    place: confined.Place


def ask(situation: Situation) -> typing.List[Verdict]:
    """Ask all programs that something was carried for.

    :param situation: both sides; the candidate has the plan, or is a rehearsal of that.
    """
    incumbent, deployment = situation.incumbent, situation.candidate.root
    node = _Side(incumbent, confined.Place(incumbent.root, deployment, _own_binds(situation)))
    candidate = _Side(situation.candidate, confined.Place(deployment, deployment, _binds(situation)))
    found: typing.List[Verdict] = []
    ends = time.monotonic() + ALL_SECONDS
    for program in PROGRAMS:
        files = changed(situation, program)
        if files:
            found += _judge(situation, program, files, node, candidate, ends)
    return found + _sshd_settings(situation, node, candidate)


def changed(situation: Situation, program: Program) -> typing.List[str]:
    """Return the files of the candidate that a program is asked about: those that the release does not bring so."""
    tree, found = situation.candidate, []
    for pattern in program.files.split():
        # What lies elsewhere than in /etc is the node's, and both systems use it.
        of = tree if pattern.startswith("/etc/") else situation.incumbent
        for path in of.glob(pattern):
            is_brought = of is tree and of.is_same(path, tree, situation.pristine_path(path))
            if of.size(path) > 0 and not is_ours(path) and not is_brought:
                found.append(path)
    if program.name == SYSTEMD:
        found += _units_with_drop_ins(situation)
    return sorted(set(found))


def _units_with_drop_ins(situation: Situation) -> typing.List[str]:
    tree, found = situation.candidate, []
    for path in tree.glob(UNIT_PLACES[0] + "/*.d/*.conf"):
        name = os.path.basename(os.path.dirname(path))[: -len(".d")]
        places = [os.path.join(place, name) for place in UNIT_PLACES if tree.size(os.path.join(place, name)) > 0]
        if places and not is_ours(path) and not tree.is_same(path, tree, situation.pristine_path(path)):
            found.append(places[0])
    return found


def _binds(situation: Situation) -> typing.Tuple[typing.Tuple[str, str], ...]:
    """What the candidate's fstab will mount of what is there now: its /var, and the directories that are shared."""
    found, seen = [(situation.root.var, "/var")], situation.root.incumbent_at
    found += [(place, name) for name, place in situation.candidate.elsewhere.items()]
    for fields in parse_fstab(situation.candidate.text(FSTAB)):
        source, place = _lines.field(fields[0]), _lines.field(fields[1])
        if source.startswith(seen + "/") and place != "/var" and not place.startswith(seen):
            there = situation.incumbent.outside(source[len(seen) :])
            found.append((there, situation.candidate.resolve(place)))
    return tuple(found)


def _own_binds(situation: Situation) -> typing.Tuple[typing.Tuple[str, str], ...]:
    mounted = [place for place in sorted(situation.mount_points) if place in OWN_MOUNTS]
    return tuple((situation.incumbent.outside(place), place) for place in mounted)


def _judge(
    situation: Situation, program: Program, files: typing.List[str], node: _Side, candidate: _Side, ends: float
) -> typing.List[Verdict]:
    def said(kind: str, words: typing.Iterable[str]) -> Verdict:
        hidden = _secrets(situation, files)
        return Verdict(program.name, kind, _cleaned(words, hidden))

    if not _place(candidate.tree, program):
        is_missed = bool(_place(node.tree, program))
        return [said(SILENT, ["the release does not have it"])] if is_missed else []
    if time.monotonic() > ends:
        return [said(SILENT, ["there was no time left for it"])]
    try:
        refused, warned = _words(program, candidate, files, ends)
    except FleetError as error:
        return [said(SILENT, [error.problem])]
    if refused or warned:
        before = _before(situation, program, node, files, ends)
        same = [word for word in refused if word in before]
        refused = [word for word in refused if word not in before]
        warned = [word for word in warned if word not in before]
    else:
        same = []
    found = [said(REFUSED, refused)] if refused else []
    found += [said(SAME, same)] if same and not refused else []
    return found + ([said(WARNED, warned)] if warned else [])


def _before(
    situation: Situation, program: Program, node: _Side, files: typing.List[str], ends: float
) -> typing.List[str]:
    """Return what the node's own program says of the same files, nothing if it cannot be asked."""
    there = [path for path in files if situation.incumbent.size(path) > 0]
    if not there or not _place(node.tree, program):
        return []
    try:
        refused, warned = _words(program, node, there, ends)
    except FleetError:
        return []
    return refused + warned


def _place(tree: Tree, program: Program) -> str:
    return next((path for path in program.places.split() if tree.exists(path)), "")


def _words(program: Program, side: _Side, files: typing.List[str], ends: float) -> typing.Tuple[typing.List[str], ...]:
    """Run it, and return the lines by which it refuses something, and those by which it warns of something."""
    refused: typing.List[str] = []
    warned: typing.List[str] = []
    for asked in [[path] for path in files] if program.each else [files]:
        argv = [_place(side.tree, program)]
        for word in program.argv:
            argv += asked if word == programs.FILES else _flags(side.tree) if word == programs.FLAGS else [word]
        seconds = max(1, min(EACH_SECONDS, int(ends - time.monotonic())))
        given = side.tree.read(asked[0]) if program.given else None
        done = confined.ask(side.place, argv, seconds, program.directories, given, program.user, program.lasts)
        said = _too_old(program, done)
        if said:
            raise FleetError(f"its version cannot be asked: {said}")
        name = f"{asked[0]}: " if program.each else ""
        lines = _said(side.tree, program, done, asked)
        refused += [name + line for line in lines[0]]
        warned += [name + line for line in lines[1]]
    return refused, warned


def _too_old(program: Program, done: Completed) -> str:
    """Return the line by which a program says that it does not know a word of the table's, "" if it knows them."""
    words = {word.split("=")[0] for word in program.argv}
    for line in _lines.lines(done.stderr) if done.rc else ():
        if _TOO_OLD.search(line) and words & set(re.findall(r"[\w-]+", line)):
            return line.strip()
    return ""


def _said(
    tree: Tree, program: Program, done: Completed, files: typing.List[str]
) -> typing.Tuple[typing.List[str], ...]:
    listed = [_STAMPS.sub("", line).strip() for line in _lines.lines(done.stderr)]
    if program.accepted and program.accepted in done.stderr:
        listed = [line for line in listed if program.warned and re.search(program.warned, line)]
        done = done._replace(rc=0)
    kept = [line for line in listed if line and not (program.ignored and re.search(program.ignored, line))]
    echoed = {line.strip() for path in files for line in _lines.lines(tree.text(path))}
    kept = [line for line in kept if line not in echoed and not _MARKS.fullmatch(line)]
    warned = [line for line in kept if program.warned and re.search(program.warned, line)]
    kept = [line for line in kept if line not in warned]
    if program.refused:
        refused = [line for line in kept if re.search(program.refused, line)]
    else:
        refused = kept if done.rc else []
    if done.rc and not refused and not warned and (program.accepted or not listed):
        refused = kept[-1:] or [f"it ended with code {done.rc} and said nothing"]
    return refused, warned


def _flags(tree: Tree) -> typing.List[str]:
    """Kubelet's configuration, and the flags of its files of variables."""
    found = [f"--config={programs.KUBELET_CONFIG}"] if tree.exists(programs.KUBELET_CONFIG) else []
    for path in programs.KUBELET_FLAGS:
        for value in _FLAGS.findall("\n".join(_lines.shell(tree.text(path)))):
            try:
                words = shlex.split(value)
                # What stands in quotes is one word for the shell, and several for systemd.
                found += [one for word in words for one in shlex.split(word)]
            except ValueError:
                continue  # systemd leaves such a line out, too
    return found


def _secrets(situation: Situation, files: typing.Iterable[str]) -> typing.Set[str]:
    """Return the words of files that not everybody may read, but for those that name a setting."""
    found: typing.Set[str] = set()
    for path in files:
        for tree in (situation.candidate, situation.incumbent):
            status = tree.lstat(path)
            if status is not None and not status.st_mode & 0o004:
                for line in _lines.effective(tree.text(path), "#;"):
                    found.update(re.split(r"[\s\"'=:,;(){}\[\]]+", line.strip())[1:])
    return {word for word in found if len(word) >= SHORTEST_SECRET and not word.startswith("/")}


def _cleaned(lines: typing.Iterable[str], hidden: typing.Set[str]) -> typing.List[str]:
    found: typing.List[str] = []
    for line in lines:
        for secret in sorted(set(credentials(line)), key=len, reverse=True):
            line = line.replace(secret, HIDDEN)
        line = "".join(HIDDEN if part in hidden else part for part in re.split(r"([\s\"'=:,;(){}\[\]]+)", line))
        line = printable(line, LONGEST_LINE)
        if line not in found:
            found.append(line)
    rest = len(found) - MOST_LINES
    return found[:MOST_LINES] + ([f"and {rest} lines more"] if rest > 0 else [])


def _sshd_settings(situation: Situation, node: _Side, candidate: _Side) -> typing.List[Verdict]:
    """Compare what sshd itself says its settings are, on both systems, in what lets somebody in or something happen."""
    program = PROGRAMS[0]
    before, after = [_settings(side, program) for side in (node, candidate)]
    said = sshd.effective(node.tree.text, lambda: node.tree.glob("/etc/ssh/*") + node.tree.glob("/etc/ssh/*/*"))
    # A file as its package brought it says what that version does by itself.
    own = [keyword for keyword, setting in said.items() if situation.packages.verdict(setting.path)]
    # What a newer version offers of its own, such as ciphers, is no setting of the node's.
    told = [
        f"{keyword}: {before[keyword]} on the node, {after[keyword]} on the candidate"
        for keyword in sorted(set(before) & set(after) & (set(sshd.DEFAULTS) | set(sshd.ADDED) | set(own)))
        if before[keyword] != after[keyword] and keyword not in sshd.PLACES
    ]
    told += [
        f"{keyword}: {before[keyword]} on the node, nothing on the candidate"
        for keyword in sorted(set(before) - set(after))
        if after and keyword in (*sshd.ADDED, *own)
    ]
    return [Verdict(program.name, DIFFERS, _cleaned(told, set()))] if told else []


def _settings(side: _Side, program: Program) -> typing.Dict[str, str]:
    found: typing.Dict[str, str] = {}
    place = _place(side.tree, program)
    if place:
        try:
            done = confined.ask(side.place, [place, "-T"], EACH_SECONDS, program.directories)
        except FleetError:
            return {}
        for line in _lines.lines(done.stdout) if done.rc == 0 else ():
            keyword, _blank, value = line.partition(" ")
            if value not in sshd.HARMLESS.get(keyword, ()):
                found[keyword] = "; ".join([found[keyword], value] if keyword in found else [value])
    return found

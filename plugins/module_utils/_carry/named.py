# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What carried things name (formats/): it comes along, or it is said at the thing that names it. Only reads.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

import os
import re
import stat
import typing

from ansible_collections.osmigrate.fleet.plugins.module_utils import _lines
from ansible_collections.osmigrate.fleet.plugins.module_utils._carry import (
    accounts,
    built,
    instances,
    rules,
    scripts,
    sudoers,
)
from ansible_collections.osmigrate.fleet.plugins.module_utils._carry.formats import kinds, reader, units
from ansible_collections.osmigrate.fleet.plugins.module_utils._carry.model import Found, Left, Situation, is_ours
from ansible_collections.osmigrate.fleet.plugins.module_utils._constants import UNIT_PLACES
from ansible_collections.osmigrate.fleet.plugins.module_utils._errors import FleetError
from ansible_collections.osmigrate.fleet.plugins.module_utils._files.item import (
    ABSENT,
    FILE,
    HELD_MAX,
    LINK,
    Item,
    item,
)
from ansible_collections.osmigrate.fleet.plugins.module_utils._files.tree import Tree
from ansible_collections.osmigrate.fleet.plugins.module_utils._storage import is_below

Names = typing.Set[str]
Items = typing.List[Item]

PATH = ("/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin")
# Where plugins of CNI lie.
PLUGINS = ("/opt/cni/bin", "/usr/lib/cni", "/usr/libexec/cni")
# Below which programs look for what they load.
LIBRARIES = ("/usr/lib", "/usr/lib64", "/usr/lib/*", "/lib", "/lib64", "/lib/*")
# Types that no kernel mounts without a program; of others it counts whether the node has one.
HELPED = ("nfs", "nfs4", "cifs", "smb3", "glusterfs", "ceph.fuse", "davfs", "sshfs")
# Where what is named is copied from.
CARRIED = ("/etc/", units.CREDENTIAL_SECRET)
# What every boot makes anew, so nothing of it can be carried.
MADE_AT_BOOT = ("/run", "/var/run", "/dev", "/proc", "/sys", "/tmp", "/var/tmp", "/boot")
# In files for containers names stay as they are.
AS_IS = ("kubelet", "runtime", "cni")
# Too much to come along because one file names it.
WHOLE = (
    "/etc /etc/ssl /etc/pki /etc/systemd /etc/default /etc/sysconfig /etc/security "
    "/etc/cron.hourly /etc/cron.daily /etc/cron.weekly /etc/cron.monthly"
).split()
# What both systems read from a shared directory, so that no Item has its text.
SHARED_TEXTS = ("/var/lib/kubelet/config.yaml", "/var/lib/kubelet/kubeadm-flags.env")
CRONTABS = ("/var/spool/cron", "/var/spool/cron/crontabs")
# Who makes a list of name servers in /run, and what takes its place where the release has no such service.
RESOLVERS = (
    ("/run/systemd/resolve/", "systemd-resolved.service"),
    ("/run/NetworkManager/", "NetworkManager.service"),
)
# How it is told that something is missing.
NO, NAMES, LEADS = "the release has no ", "it names ", "it leads to "
MISSING = (NO, NAMES, LEADS)
# How it is told that a script may go on without.
ASKS = "it asks first for %s, and does without on the candidate"
RESOLV_COPY, RESOLV_MADE = "/etc/osmigrate/resolv.conf", "/etc/tmpfiles.d/osmigrate-resolv.conf"
FIXED = "kubelet's list of name servers was kept by a service that the release does not have; now a fixed file"


def accounts_of(situation: Situation, items: Items) -> typing.Tuple[Names, Names]:
    """Return the users and groups that carried files name, by number as well, and those who have a table of cron."""
    found = [named for made in items for named in reader.names(made.target, _shown(situation, made))]
    tables = [path for place in CRONTABS for path in situation.incumbent.glob(place + "/*")]
    found += [named for path in tables for named in reader.names(path, situation.incumbent.text(path))]
    found += [named for _path, names in scripts.Scripts(situation.incumbent).behind(found) for named in names]
    called = {named.name for named in found if named.kind == kinds.UNIT}
    called.update(os.path.basename(made.target) for made in items if made.kind == LINK and made.rule == "services")
    found += instances.accounts(situation.incumbent, called)
    users = {named.name for named in found if named.kind == kinds.USER}
    users.update(os.path.basename(path) for path in tables if situation.incumbent.size(path) >= 0)
    groups = {named.name for named in found if named.kind == kinds.GROUP}
    return _with_names(situation, accounts.PASSWD, users), _with_names(situation, accounts.GROUP, groups)


def _with_names(situation: Situation, path: str, named: Names) -> Names:
    known = accounts.names(accounts.parse(situation.incumbent.text(path)))
    return {name for name, number in known.items() if name in named or str(number) in named} | named


def numbered(made: Item, people: accounts.Accounts) -> Item:
    """Say of a file that names accounts by their numbers whose numbers these are on the candidate.

    Those of sudo get the candidate's numbers, which is said with that.
    """
    if made.kind != FILE or not made.source or made.rule == sudoers.AREA:
        return made
    lost = made.lost
    for kind, name in reader.names(made.target, _text(made)):
        if kind in (kinds.USER, kinds.GROUP) and name.isdigit() and int(name):
            new = people.numbers.get((kind, int(name)))
            others = sorted(accounts.holders(people.names[kind]).get(int(name), ()))
            if new is not None and new != int(name):
                lost = _joined(lost, f"{kind} {name} is {new} on the candidate")
            elif new is None and others:
                lost = _joined(lost, f"{kind} {name} is {' and '.join(others)} in the release")
    return made._replace(lost=lost)


def follow(situation: Situation, items: Items, taken: Names) -> Found:
    """Carry the files that carried ones name, and the files that those name, wherever the release has none.

    :param items: what is carried so far.
    :param taken: sources that need no other rule; what is found is put in.
    :returns: Found, with what is new.
    """
    found, known = Found([], [], set()), set(taken)
    known.update(path for pattern, _reason in rules.STAYS for path in situation.incumbent.glob(pattern))
    listed: typing.Dict[str, Names] = {}
    pending = [(_names(situation, made, listed), made.rule) for made in items]
    pending += [(reader.names(path, situation.incumbent.text(path)), "kubelet") for path in SHARED_TEXTS]
    tables = [path for place in CRONTABS for path in situation.incumbent.glob(place + "/*")]
    pending += [(reader.names(path, situation.incumbent.text(path)), "cron") for path in tables]
    own = scripts.Scripts(situation.incumbent)
    while pending:
        names, rule = pending.pop()
        for named in [*names, *(one for _path, more in own.behind(names) for one in more)]:
            for path in _files(situation, named, known):
                known.add(path)
                found.taken.add(path)
                copied = situation.copy(path, rule, as_is=rule in AS_IS)
                found.items.append(copied)
                pending.append((_names(situation, copied, listed), rule))
    found.items.extend(_made_at_boot(situation))
    return found


def _names(situation: Situation, made: Item, listed: typing.Dict[str, Names]) -> typing.List[kinds.Named]:
    """Return what an item names: its text, and a link by where it leads."""
    names = reader.names(made.target, _shown(situation, made))
    if made.kind == FILE:
        names += _beside(situation, made, listed)
    # What a link of a unit leads to is one of its own.
    if made.kind == LINK and made.source.startswith("/etc/") and made.rule != "services":
        try:
            names.append(kinds.Named(kinds.FILE, situation.incumbent.resolve(made.source)))
        except FleetError:
            pass  # it leads nowhere on the incumbent either
    return names


def _beside(situation: Situation, made: Item, listed: typing.Dict[str, Names]) -> typing.List[kinds.Named]:
    """Return what lies beside a file in a directory of its own and is named in it without a path.

    :param listed: names in directories, each looked at once.
    """
    directory = os.path.dirname(made.source)
    if not directory.startswith("/etc/") or directory.startswith("/etc/systemd/") or directory in WHOLE:
        return []
    if directory not in listed:
        listed[directory] = set(situation.incumbent.names(directory))
    words = set(re.findall(r"(?<![\w/.-])(?:\./)?([\w.-]{3,})", _text(made)))
    return [kinds.Named(kinds.MENTIONED, f"{directory}/{name}") for name in sorted(words & listed[directory])]


def _places(tree: Tree, name: str) -> typing.List[str]:
    """Return what a path or a pattern stands for; a path may have the characters of patterns in it."""
    path = os.path.normpath(name)
    return [path] if tree.lstat(path) is not None else tree.glob(path)


def _files(situation: Situation, named: kinds.Named, known: Names) -> typing.List[str]:
    """Return the files and links of the incumbent that a name stands for and that nothing has carried yet."""
    incumbent, candidate = situation.incumbent, situation.candidate
    if named.kind not in (kinds.FILE, kinds.MENTIONED, kinds.PROGRAM) or not named.name.startswith(CARRIED):
        return []
    found = []
    for place in _places(incumbent, named.name):
        below = [(place, incumbent.status(place))]
        if stat.S_ISDIR(below[0][1].st_mode) and named.kind == kinds.FILE and place not in WHOLE:
            below = list(incumbent.walk(place))
        for path, status in below:
            is_plain = stat.S_ISREG(status.st_mode) or stat.S_ISLNK(status.st_mode)
            if not is_plain or path in known or candidate.lstat(situation.pristine_path(path)) is not None:
                continue
            # Where the release has nothing in its place, what a package brought is missed as well.
            if named.kind != kinds.MENTIONED or situation.packages.verdict(path):
                found.append(path)
        if len(below) > 1 or not stat.S_ISDIR(below[0][1].st_mode) or named.kind != kinds.FILE:
            continue
        if place not in WHOLE and place not in known and candidate.lstat(situation.pristine_path(place)) is None:
            found.append(place)  # an empty directory
    return found


def _made_at_boot(situation: Situation) -> Items:
    """The list of name servers that kubelet reads, where a service of the incumbent makes it in /run."""
    for path in SHARED_TEXTS:
        for named in reader.names(path, situation.incumbent.text(path)):
            content = situation.incumbent.read(named.name) if named.name.startswith("/run/") else None
            makers = [unit for place, unit in RESOLVERS if named.name.startswith(place)]
            if content is None or any(situation.candidate.exists(f"{UNIT_PLACES[1]}/{unit}") for unit in makers):
                continue
            text = f"d {os.path.dirname(named.name)} 0755 - - -\nL {named.name} - - - - {RESOLV_COPY}\n"
            return [
                item(FILE, RESOLV_COPY, named.name, "kubelet", content, lost=FIXED),
                item(FILE, RESOLV_MADE, "", "kubelet", text, shown=True),
            ]
    return []


class _Candidate:
    """What there will be on the candidate once the plan is applied."""

    def __init__(self, situation: Situation, items: Items, shared: typing.Iterable[str], known: bool = False) -> None:
        """known: whether only what the node has can be missing."""
        self.situation, self.known = situation, known
        self.targets: Names = set()
        for made in items:
            path = made.target if made.kind != ABSENT else "/"
            while path not in self.targets and path != "/":
                self.targets.add(path)
                path = os.path.dirname(path)
        self.places = list(shared)
        targets = {part.target for made in items for part in made.parts}
        # What is mounted comes back by its own line or unit, but for the candidate's /var.
        self.places += [place for place in situation.mount_points if place != "/" and place not in targets]
        for made in items:
            for part in made.parts if made.target == reader.FSTAB else ():
                if part.target not in ("/", "/var", "none"):
                    self.places.append(part.target)
        self._modules = built.listed(situation.candidate)
        self.scripts = scripts.Scripts(situation.incumbent)

    def has(self, path: str) -> bool:
        """Say whether a file or directory is there, or made by somebody else."""
        if path in self.targets:
            return True
        if any(is_below(path, place) for place in MADE_AT_BOOT):
            return True
        real = self.situation.candidate.resolve(path)
        if any(is_below(path, place) or is_below(real, place) for place in self.places):
            return self.situation.incumbent.exists(path)
        return self.situation.candidate.exists(self.situation.pristine_path(path))

    def lacks(self, named: kinds.Named) -> str:
        """Return what is missing, as it is told, "" if nothing is."""
        kind, name = named
        if kind in (kinds.PROGRAM, kinds.OPTIONAL):
            is_path = name.startswith("/")
            places = [name] if is_path else [os.path.join(place, name) for place in PATH]
            may_lack = is_path and not self.known and kind == kinds.PROGRAM
            if not may_lack and not any(self.situation.incumbent.exists(place) for place in places):
                return ""  # nor does the node have it
            return "" if any(self.situation.has_program(place) or place in self.targets for place in places) else name
        if kind == kinds.PLUGIN:
            places = [os.path.join(place, name) for place in PLUGINS]
            before = any(self.situation.incumbent.exists(place) for place in places)
            there = any(self.situation.has_program(place) for place in places)
            return f"plugin {name} of CNI" if before and not there else ""
        if kind == kinds.EXTENSION:
            before, there = (
                any(tree.glob(os.path.join(place, name)) for place in LIBRARIES)
                for tree in (self.situation.incumbent, self.situation.candidate)
            )
            return os.path.basename(name) if before and not there else ""
        if kind == kinds.LIBRARY:
            return self.lacks(kinds.Named(kinds.EXTENSION, name)) or self._not_cached(name)
        if kind == kinds.HELPER:
            helper = "/usr/sbin/mount." + name
            on_node = any(self.situation.incumbent.exists(place) for place in (helper, "/sbin/mount." + name))
            return helper if (name in HELPED or on_node) and not self.situation.has_program(helper) else ""
        if kind == kinds.UNIT:
            template = re.sub(r"@[^@]*(\.[a-z]+)$", r"@\1", name)
            incumbent, places = self.situation.incumbent, [os.path.join(place, name) for place in UNIT_PLACES]
            places += [os.path.join(place, template) for place in UNIT_PLACES]
            there = any(place in self.targets or self.situation.candidate.exists(place) for place in places)
            return "" if there or not any(incumbent.exists(place) for place in places) else name
        if kind == kinds.MODULE:
            module = built.plain(name)
            before = self.situation.incumbent.exists(built.LOADED + module)
            return f"kernel module {name}" if before and self._modules and module not in self._modules else ""
        return ""

    def _not_cached(self, name: str) -> str:
        """Say whether only ldconfig found a library: it lies in a directory of the node's own."""
        incumbent = self.situation.incumbent
        if any(incumbent.glob(os.path.join(place, name)) for place in LIBRARIES):
            return ""
        texts = [incumbent.text(path) for path in ["/etc/ld.so.conf", *incumbent.glob("/etc/ld.so.conf.d/*.conf")]]
        places = [line for text in texts for line in _lines.effective(text) if line.startswith("/")]
        is_found = any(incumbent.exists(os.path.join(place, name)) for place in places)
        return f"entry for {name} in its cache of libraries" if is_found else ""

    def misses(self, named: kinds.Named) -> typing.List[str]:
        """Return the files of the incumbent that a name stands for and that will not be there."""
        if named.kind not in (kinds.FILE, kinds.MENTIONED) or not named.name.startswith("/"):
            return []
        places = _places(self.situation.incumbent, named.name)
        return [place for place in places if not self.has(self.situation.translation.name(place))]

    def leads_nowhere(self, link: str) -> str:
        """Say where a link of the incumbent leads if the candidate will have nothing there."""
        incumbent = self.situation.incumbent
        try:
            place = incumbent.resolve(link)
        except FleetError:
            return ""  # nor does it lead anywhere on the incumbent
        is_lost = incumbent.exists(place) and not self.has(self.situation.translation.name(place))
        return f"{LEADS}{place}, which is not there" if is_lost else ""


def judge(situation: Situation, items: Items, shared: typing.Iterable[str]) -> typing.Tuple[Items, typing.List[Left]]:
    """Say at each carried thing what it names and the candidate will not have.

    :param items: the whole plan.
    :param shared: the directories that both systems use.
    :returns: (the items, with it in lost; what is said of texts that are shared, where no item has them).
    """
    shared = list(shared)
    candidate = _Candidate(situation, items, shared)
    tables = [path for place in CRONTABS for path in situation.incumbent.glob(place + "/*")]
    texts = {path: _told(candidate, path, situation.incumbent.text(path)) for path in [*SHARED_TEXTS, *tables]}
    told = {path: f"{os.path.basename(path)}: {lost}" for path, lost in texts.items() if lost}
    judged, said = [], set()
    for made in items:
        if made.kind == LINK and made.source.startswith("/etc/") and made.rule != "services" and not made.lost:
            lost = candidate.leads_nowhere(made.source)
            made = made._replace(lost=lost or _told(candidate, made.target, _shown(situation, made)))
        elif made.kind == FILE and made.target == reader.FSTAB:
            parts = []
            for part in made.parts:
                lost = _joined(part.lost, _told(candidate, made.target, part.line))
                for path in [path for path in told if path not in said and is_below(path, part.target)]:
                    if part.target != "/var":
                        said.add(path)
                        lost = _joined(lost, told[path])
                parts.append(part._replace(lost=lost))
            made = made._replace(parts=parts)
        elif made.kind == FILE:
            made = made._replace(lost=_joined(made.lost, _told(candidate, made.target, _text(made))))
        judged.append(made)
    return judged, [Left(path, lost) for path, lost in sorted(texts.items()) if lost and path not in said]


def of_merge(situation: Situation) -> typing.List[str]:
    """Say of files that the merge of /etc has kept what they name and the next release does not have any more."""
    tree, items = situation.candidate, []
    for path, status in tree.walk("/etc"):
        is_plain = stat.S_ISREG(status.st_mode) and status.st_size <= HELD_MAX and not is_ours(path)
        if is_plain and not tree.is_same(path, tree, situation.pristine_path(path)):
            items.append(item(FILE, path, path, "merge", tree.read(path) or b""))
    candidate = _Candidate(situation, items, ("/var", *rules.HOMES), known=True)
    judged = [(made.target, _told(candidate, made.target, _text(made))) for made in items]
    return [f"{path}: {lost}" for path, lost in judged if lost]


def _told(candidate: _Candidate, target: str, text: str) -> str:
    """Say what a text names and the candidate will not have, and what scripts do that it leads to."""
    named = reader.names(target, text)
    told = "; ".join(_missing(candidate, named))
    for path, names in candidate.scripts.behind(named):
        for words in _missing(candidate, names):
            told = _joined(told, f"{path}: {words}")
    return told


def _missing(candidate: _Candidate, named: typing.List[kinds.Named]) -> typing.List[str]:
    asked, missing = (
        [lack for lack in (candidate.lacks(one) for one in named if (one.kind == kinds.OPTIONAL) == optional) if lack]
        for optional in (True, False)
    )
    files = sorted({path for one in named for path in candidate.misses(one)})
    told = [f"{NO}{', no '.join(missing)}"] if missing else []
    told += [f"{NAMES}{', '.join(files)}, not there on the candidate"] if files else []
    return told + ([ASKS % ", ".join(asked)] if asked else [])


def _joined(lost: str, more: str) -> str:
    return lost if more in lost else "; ".join(word for word in (lost, more) if word)


def _shown(situation: Situation, made: Item) -> str:
    """Return what is read at the place of an item: of a link of the node's, the file that it leads to."""
    if made.kind == LINK and made.source.startswith("/etc/") and situation.incumbent.size(made.source) <= HELD_MAX:
        return situation.incumbent.text(made.source)
    return _text(made) if made.kind == FILE else ""


def _text(made: Item) -> str:
    return made.content.decode("utf-8", "surrogateescape")

# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where data lies: fstab, and the binds by which the candidate uses the incumbent's data without copying.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

import fnmatch
import os
import re
import stat
import typing

from ansible_collections.osmigrate.fleet.plugins.module_utils import _lines
from ansible_collections.osmigrate.fleet.plugins.module_utils._carry import rules
from ansible_collections.osmigrate.fleet.plugins.module_utils._carry.formats.reader import FSTAB
from ansible_collections.osmigrate.fleet.plugins.module_utils._carry.model import NO_PLACE, Found, Left, Situation
from ansible_collections.osmigrate.fleet.plugins.module_utils._errors import FleetError
from ansible_collections.osmigrate.fleet.plugins.module_utils._files.item import DIRECTORY, FILE, Item, Part, item
from ansible_collections.osmigrate.fleet.plugins.module_utils._network import ini
from ansible_collections.osmigrate.fleet.plugins.module_utils._secret import without_userinfo
from ansible_collections.osmigrate.fleet.plugins.module_utils._storage import is_below

HEADER = "# Written by osmigrate.fleet from the fstab of the incumbent.\n"
# Options by which less may be done on a file system.
RESTRICTIONS = ("ro", "nodev", "nosuid", "noexec", "nosymfollow")
WHERE = ("Mount", "Where")


def parse_fstab(text: str) -> typing.List[typing.List[str]]:
    """Return the entries as lists of six fields, comments left out.

    :raises FleetError: a line is no text, so nobody knows what it mounted.
    """
    entries = []
    for number, line in enumerate(_lines.lines(text), 1):
        fields = _lines.words(line)
        if "\0" in line:
            raise FleetError(
                f"{FSTAB} has NUL bytes in line {number}, as a power cut leaves them",
                todo="Write that line anew, then run the same command again",
            )
        if len(fields) >= 3 and not fields[0].startswith("#"):
            entries.append((fields + ["defaults", "0", "0"][len(fields) - 3 :])[:6])
    return entries


class _Layout:
    """The candidate's mounts while they are put together."""

    def __init__(self, situation: Situation) -> None:
        self.situation = situation
        self.lines: typing.List[str] = []
        self.parts: typing.List[Part] = []
        self.items: typing.List[Item] = []
        self.left: typing.List[Left] = []
        self.places: typing.Set[str] = set()
        self.shared: typing.List[
            str
        ] = []  # directories of the incumbent that the candidate uses, for the search of owners
        self.seen = {"/"}  # the incumbent's file systems that the candidate sees where it sees that

    def add(self, fields: typing.List[str], source: str, action: str) -> None:
        line = " ".join(fields)
        self.lines.append(line)
        self.parts.append(Part(fields[1], source, "data", action, line, ""))
        self.places.add(plain(fields[1]))

    def directory(self, place: str, source: str) -> None:
        """Make a mount point with owner and mode of what will be seen there, and what is missing above it."""
        if not self._exists(place):
            self.directory(os.path.dirname(place), "")
            status = self.situation.incumbent.lstat(source) if source else None
            mode = stat.S_IMODE(status.st_mode) if status else 0o755
            owner = (status.st_uid, status.st_gid) if status else (0, 0)
            self.items.append(item(DIRECTORY, place, source, "data", mode=mode, owner=owner))

    def can_show(self, place: str) -> bool:
        """Say whether a mount point is there, or can be made."""
        return not _is_sealed(self.situation, place) or self.situation.candidate.is_directory(place)

    def _exists(self, place: str) -> bool:
        if any(made.target == place for made in self.items):
            return True
        # What the candidate's /var has is for apply to see.
        return place == "/var" or (not place.startswith("/var/") and self.situation.candidate.is_directory(place))


def plan(situation: Situation) -> typing.Tuple[Found, typing.List[str]]:
    """Decide the candidate's mounts.

    :returns: (Found, list of str directories of the incumbent that are shared).
    """
    layout = _Layout(situation)
    entries = parse_fstab(situation.incumbent.text(FSTAB))
    if any(plain(fields[1]) == "/var" for fields in entries):
        layout.seen.add("/var")
    # By a mount unit, which cannot be given another place: the candidate has the whole of it then.
    own_var = "/var" in situation.mount_points and "/var" not in layout.seen
    for line in situation.root.mounts:
        layout.add(line.split(), "", "line")
    if situation.root.var_mount and not own_var:
        layout.add(situation.root.var_mount.split(), "", "bind")
    lines = {_place(situation, plain(fields[1])) for fields in entries}
    _examine_mounts(situation, entries)
    for path, target in _sources(situation, own_var):
        if target not in lines:
            _share(layout, path, target, own_var)
    for fields in entries:
        _carry_line(layout, fields, own_var)
    _mount_units(layout, own_var)
    _leave_directories(layout, own_var)
    if not own_var:
        _leave_state(layout)
    for fields in parse_fstab((situation.pristine(FSTAB) or b"").decode("utf-8", "surrogateescape")):
        if plain(fields[1]) not in layout.places:
            layout.add(fields, situation.pristine_path(FSTAB), "line")
    text = HEADER + "".join(line + "\n" for line in layout.lines)
    status = situation.incumbent.lstat(FSTAB)
    mode = stat.S_IMODE(status.st_mode) if status else 0o644
    items = layout.items + [item(FILE, FSTAB, FSTAB, "data", text, mode, parts=layout.parts)]
    return Found(items, layout.left, {FSTAB}), layout.shared


def _nowhere(path: str, target: str, link: str = "") -> Left:
    """Return what stays behind because the candidate has no place for it.

    :param link: where it leads, if it is a link.
    """
    told = f"a link to {link}; " if link else ""
    return Left(path, f"{told}the release has no directory {target}, and none can be made there", NO_PLACE)


def _named(fields: typing.List[str]) -> str:
    """Return a line of fstab as it is called: what is mounted may have credentials in it, in words of its own."""
    spec = re.sub(r"([?,]).*", r"\1...", without_userinfo(fields[0]))
    return f"{FSTAB}: {' '.join([spec] + fields[1:3])}"


def plan_missing(situation: Situation) -> Found:
    """Return Found: what a new deployment needs below / for the fstab that it got by merge."""
    incumbent, candidate, items, left = situation.incumbent, situation.candidate, [], []
    for fields in parse_fstab(candidate.text(FSTAB)):
        place = candidate.resolve(plain(fields[1]))
        if not _is_made(situation, place, fields[3], own_var=True) or candidate.is_directory(place):
            continue
        if _is_sealed(situation, place):
            left.append(_nowhere(_named(fields), place))
        else:
            status = incumbent.lstat(place)
            mode = stat.S_IMODE(status.st_mode) if status else 0o755
            items.append(item(DIRECTORY, place, place, "data", mode=mode))
    for name in incumbent.names("/"):
        if name not in rules.TOP and incumbent.is_link("/" + name) and candidate.lstat("/" + name) is None:
            if _is_sealed(situation, "/" + name):
                left.append(_nowhere("/" + name, "/" + name, incumbent.link("/" + name)))
            else:
                items.append(situation.copy("/" + name, "data"))
    return Found(items, left, set())


def compare(situation: Situation, items: typing.Iterable[Item]) -> typing.List[str]:
    """Return in sentences which restrictions of the node's root and /var the candidate will not have.

    :param items: what the candidate gets.
    """
    told = []
    before, after = _restrictions(situation.incumbent.text(FSTAB)), _restrictions(situation.reading(items)(FSTAB))
    for place in ("/", "/var"):
        strict = [option for option in before.get(place, []) if option not in after.get(place, [])]
        if strict:
            told.append(f"{place} is mounted with {','.join(strict)} on the node, without on the candidate")
    return told


def _restrictions(fstab: str) -> typing.Dict[str, typing.List[str]]:
    return {
        plain(fields[1]): [option for option in fields[3].split(",") if option in RESTRICTIONS]
        for fields in parse_fstab(fstab)
    }


def _examine_mounts(situation: Situation, entries: typing.List[typing.List[str]]) -> None:
    """Refuse data of the node on something that is mounted, but would not be on the candidate."""
    known = {plain(fields[1]) for fields in entries}
    for path in situation.incumbent.glob("/etc/systemd/system/*.mount"):
        known.add(_where(situation.incumbent.text(path)))
    for path in ["/var"] + ["/var/lib/" + name for name in sorted(rules.DATA)]:
        place = situation.mount_of(path)
        if place != "/" and place not in known:
            raise FleetError(
                f"{place} is mounted, but neither /etc/fstab nor a mount unit in /etc/systemd/system says so",
                todo="Add it to /etc/fstab; the candidate would miss it",
            )


def _where(unit: str) -> str:
    """Return where a mount unit mounts, "" for one that says nothing; of several lines the last one counts."""
    said = [value for section, lines in ini.parse(unit) for key, value in lines if (section, key) == WHERE]
    return said[-1] if said else ""


def _place(situation: Situation, place: str) -> str:
    """Return where the candidate will have a mount point, without links.

    Of those the node may have some directly below /, which come along.
    """
    top = "/" + place.split("/")[1] if place.startswith("/") else ""
    is_carried = top.strip("/") not in rules.TOP and situation.candidate.lstat(top) is None
    if top and is_carried and situation.incumbent.is_link(top):
        place = os.path.normpath(os.path.join("/", situation.incumbent.link(top), place[len(top) :].lstrip("/")))
    return situation.candidate.resolve(place)


def _is_made(situation: Situation, place: str, options: str, own_var: bool) -> bool:
    """Say whether we have to see to it that a mount point exists; others come with the system or what is mounted."""
    wanted = options.split(",")
    if ("noauto" in wanted and "x-systemd.automount" not in wanted) or not place.startswith("/"):
        return False
    if is_below(place, "/var"):
        return not own_var and place != "/var"
    made = ("/boot", "/run", "/proc", "/sys", "/dev", "/tmp", situation.root.incumbent_at)
    return not any(is_below(place, directory) for directory in made)


def _is_sealed(situation: Situation, place: str) -> bool:
    """Say whether nothing can be made there, because it belongs to the release."""
    if situation.root.sealed and not is_below(place, "/var"):
        return True
    return is_below(place, "/usr") or is_below(place, "/etc")


def _carry_line(layout: _Layout, fields: typing.List[str], own_var: bool) -> None:
    spec, place, fstype, options = fields[:4]
    name = _named(fields)
    if plain(place) == "/":
        layout.left.append(Left(name, "the boot entry names the root"))
        return
    if fstype == "swap":
        layout.left.append(Left(name, "kubelet wants no swap"))
        return
    target = _place(layout.situation, plain(place))
    if target == "/var":
        target = (
            layout.situation.root.incumbent_at + target
        )  # beside the root that it belongs to; what is shared of it is bound from there
    source = spec
    if spec.startswith("/") and not spec.startswith("/dev/") and layout.situation.mount_of(plain(spec)) in layout.seen:
        source = layout.situation.root.incumbent_at + spec
    if _mount_point(layout, name, target, plain(place), options, own_var):
        layout.add([source, _lines.as_field(target)] + fields[2:], f"{FSTAB}: {place}", "line")


def _mount_point(layout: _Layout, name: str, target: str, place: str, options: str, own_var: bool) -> bool:
    """Make the mount point where one has to be made; say whether there will be one."""
    if _is_made(layout.situation, target, options, own_var):
        if not layout.can_show(target):
            layout.left.append(_nowhere(name, target))
            return False
        layout.directory(target, place)
    return True


def _sources(situation: Situation, own_var: bool) -> typing.Iterator[typing.Tuple[str, str]]:
    """Yield what the incumbent keeps on its root and the candidate shall use: (path, where the candidate has it)."""
    incumbent, candidate, own = situation.incumbent, situation.candidate, situation.packages.own
    for path in rules.HOMES:
        if path != "/mnt" or incumbent.names(path):
            yield path, candidate.resolve(path)
    for name in incumbent.names("/"):
        if name not in rules.TOP and not own("/" + name):
            yield "/" + name, "/" + name
    if own_var:
        return
    yield "/var/log", "/var/log"
    for path in ("/var/spool/cron", "/var/mail", "/var/opt", "/var/local"):
        if path == "/var/spool/cron" and situation.translation.changes:
            continue  # copied by crontabs
        if any(not incumbent.is_directory(name) for name, _status in incumbent.walk(path)):
            yield path, path
    for name in incumbent.names("/var/lib"):
        path = "/var/lib/" + name
        if name in rules.DATA or (name not in rules.STATE and not own(path)):
            yield path, path
    for name in incumbent.names("/var"):
        path = "/var/" + name
        if not own(path) and name not in rules.VAR:
            yield path, path


def _leave_state(layout: _Layout) -> None:
    """Name the state of the incumbent's packages: what the same package of the release makes of it is not known."""
    incumbent, packages = layout.situation.incumbent, layout.situation.packages
    for name in incumbent.names("/var/lib"):
        path = "/var/lib/" + name
        if name in rules.DATA | rules.STATE or not packages.own(path):
            continue
        files = (file for file, status in incumbent.walk(path) if not stat.S_ISDIR(status.st_mode))
        if any(not packages.own(file) for file in files):
            layout.left.append(Left(path, "state of a package of the incumbent; the release begins with its own"))


def _leave_directories(layout: _Layout, own_var: bool) -> None:
    """Name what lies in directories of packages, and in those of queues and backups, and is no package's."""
    incumbent, packages = layout.situation.incumbent, layout.situation.packages
    found = ["/" + name for name in incumbent.names("/") if name not in rules.TOP and packages.own("/" + name)]
    if not own_var:
        found += ["/var/" + name for name in incumbent.names("/var") if name not in rules.VAR]
        found = [path for path in found if packages.own(path)]
        found += ["/var/spool/" + name for name in incumbent.names("/var/spool") if name not in rules.SPOOL]
        found.append("/var/backups")
    for path in found:
        if layout.situation.mount_of(path) not in layout.seen:
            continue  # it comes back by its own line or unit
        files = (file for file, status in incumbent.walk(path) if stat.S_ISREG(status.st_mode))
        made = (file for file in files if not packages.own(file))
        if any(not any(fnmatch.fnmatchcase(file, known) for known in rules.BACKUPS) for file in made):
            layout.left.append(Left(path, "files of the incumbent; the release begins with its own, or none"))


def _share(layout: _Layout, path: str, target: str, own_var: bool) -> None:
    situation = layout.situation
    status = situation.incumbent.lstat(path)
    if status is None or situation.mount_of(path) not in layout.seen:
        return  # what is mounted there comes back by its own line or unit
    if target in layout.places:
        layout.left.append(Left(path, f"its place {target} on the candidate is taken"))
        return
    if stat.S_ISLNK(status.st_mode):
        if situation.candidate.lstat(target) is not None:
            layout.left.append(Left(path, "a link here, and something else on the candidate"))
            return
        if _is_sealed(situation, target):
            layout.left.append(_nowhere(path, target, situation.incumbent.link(path)))
            return
        layout.directory(os.path.dirname(target), "")
        layout.items.append(situation.copy(path, "data", target=target))
        layout.places.add(target)
        return
    if not stat.S_ISDIR(status.st_mode):
        layout.left.append(Left(path, "not a directory, so it cannot be shared"))
        return
    if not layout.can_show(target):
        layout.left.append(_nowhere(path, target))
        return
    if not (own_var and target.startswith("/var/")):
        layout.directory(target, path)
    source = _lines.as_field(situation.root.incumbent_at + path)
    layout.add([source, _lines.as_field(target), "none", "bind", "0", "0"], path, "bind")
    layout.shared.append(path)


def _mount_units(layout: _Layout, own_var: bool) -> None:
    """Mount points of the administrator's own mount units."""
    incumbent = layout.situation.incumbent
    for path in incumbent.glob("/etc/systemd/system/*.mount"):
        place = _where(incumbent.text(path))
        if not place:
            continue  # a mask
        target = layout.situation.candidate.resolve(place)
        if target != place:
            told = f"systemd will refuse it: {place} is a link on the candidate"
            layout.left.append(Left(path, told, NO_PLACE))
        else:
            _mount_point(layout, path, target, place, "", own_var)


def plain(field: str) -> str:
    """Return a field of fstab as the path that it means."""
    path = _lines.field(field)
    return path if path == "/" else path.rstrip("/")

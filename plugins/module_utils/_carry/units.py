# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Services of the administrator: units, drop-ins, masks, and what is enabled.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

import os
import re
import stat
import typing

from ansible_collections.osmigrate.fleet.plugins.module_utils._carry import network, presets
from ansible_collections.osmigrate.fleet.plugins.module_utils._carry.model import (
    OTHER_PROGRAM,
    Found,
    Left,
    Situation,
    is_ours,
)
from ansible_collections.osmigrate.fleet.plugins.module_utils._files.item import ABSENT, LINK, Item, item
from ansible_collections.osmigrate.fleet.plugins.module_utils._files.tree import Tree
from ansible_collections.osmigrate.fleet.plugins.module_utils._network import tables

SCOPES = ("/etc/systemd/system", "/etc/systemd/user")
UNIT = re.compile(r"^[^/]+\.(service|socket|timer|mount|automount|swap|path|slice|target)$")
MASK = "/dev/null"
VENDOR = "/usr/lib/systemd"
LINGER = "/var/lib/systemd/linger"
# Where a link to a unit leads without saying more than its name; others lead to a unit itself.
PLACES = ("/usr/lib/systemd/", "/lib/systemd/", "/etc/systemd/", "/run/", "/dev/")
COPIED = "a link to %s, which is not there yet when systemd reads its units; now a copy"
# What the release starts instead of the node's own, by program and flags without their values.
NETWORK = "the release configures its network by it"
# What snapd writes for each of its snaps, whose files lie in its own state.
OF_SNAPS = re.compile(r"snap[-.]|var-lib-snapd-")
SNAPD, NO_SNAPD = "/usr/lib/snapd/snapd", "made by snapd for a snap, and the release has no snapd"


def plan(situation: Situation) -> Found:
    """Return Found."""
    found = Found([], [], set())
    for scope in SCOPES:
        _units(situation, scope, found)
        _vendor_units(situation, scope, found)
        _links(situation, scope, found)
    _lingering(situation, found)
    return found


def _units(situation: Situation, scope: str, found: Found) -> None:
    incumbent, packages = situation.incumbent, situation.packages
    for name in incumbent.names(scope):
        path = os.path.join(scope, name)
        place = _linked(incumbent, path)
        if is_ours(name):
            found.taken.add(path)
        elif OF_SNAPS.match(name) and not situation.has_program(SNAPD):
            found.taken.update(below for below, _status in incumbent.walk(path))
            found.left.append(Left(path, NO_SNAPD))
        elif name.endswith(".d") and incumbent.is_directory(path):
            for drop_in, _status in incumbent.walk(path):
                if drop_in == path or incumbent.is_directory(drop_in):
                    continue
                if packages.verdict(drop_in) or not situation.candidate.exists(situation.pristine_path(drop_in)):
                    found.items.append(_copy(situation, drop_in, _drop_in_place(situation, path, drop_in)))
                found.taken.add(drop_in)
        elif UNIT.match(name) and packages.verdict(path) and (place or not incumbent.is_link(path)):
            found.taken.add(path)
            if incumbent.size(path) == 0:
                _mask(situation, path, found)
            elif _vendor(situation.candidate, scope, name) and not _vendor(incumbent, scope, name):
                found.left.append(_instead(situation, scope, name, path))
            elif place:
                copied = _copy(situation, place, path)
                lost = "; ".join(word for word in (COPIED % place, copied.lost) if word)
                found.items.append(copied._replace(source=path, lost=lost))
            else:
                found.items.append(_copy(situation, path, path))


def _instead(situation: Situation, scope: str, name: str, path: str) -> Left:
    """Leave a unit because the release has one of its own, and say what that starts otherwise."""
    texts = [situation.candidate.text(place + scope[len("/etc") :] + "/" + name) for place in ("/usr/lib", "/lib")]
    release, own = _started(texts[0] or texts[1]), _started(situation.incumbent.text(path))
    told = f"the release brings its own {os.path.basename(name)}"
    if not own or own == release:
        return Left(path, told)
    return Left(path, f"{told}, which starts {release or 'nothing'}; the node's starts {own}", OTHER_PROGRAM)


def _started(text: str) -> str:
    """Return the programs of a unit's ExecStart lines with the names of their flags and variables.

    What follows the letter of a short flag may be its value.
    """
    commands = re.findall(r"(?m)^\s*ExecStart\s*=[-@:+!|]*(\S+)(.*)$", text.replace("\\\n", " "))
    shown = [
        [program] + re.findall(r"(?<!\S)(--[A-Za-z][\w-]*|-[A-Za-z][\w-]*(?==)|-[A-Za-z]|\$\{?\w+\}?)", rest)
        for program, rest in commands
    ]
    return " and ".join(" ".join(words) for words in shown)


def _linked(tree: Tree, path: str) -> str:
    """Return where the unit lies that a link in /etc leads to, if that is no place of systemd's; else ""."""
    if not tree.is_link(path):
        return ""
    place = tree.resolve(path)
    return "" if place.startswith(PLACES) or tree.read(place) is None else place


def _copy(situation: Situation, path: str, target: str) -> Item:
    return situation.copy(path, "services", target)


def _drop_in_place(situation: Situation, directory: str, drop_in: str) -> str:
    """Return where a drop-in lies beside what the candidate calls its unit."""
    above, name = os.path.split(directory)
    return os.path.join(above, situation.translation.name(name[: -len(".d")]) + ".d") + drop_in[len(directory) :]


def _vendor_units(situation: Situation, scope: str, found: Found) -> None:
    """Units and drop-ins that an administrator put where packages keep theirs; /etc is where the candidate has room."""
    incumbent = situation.incumbent
    directory = incumbent.resolve(VENDOR + scope[len("/etc/systemd") :])
    for name in incumbent.names(directory):
        path = os.path.join(directory, name)
        is_drop_in = name.endswith(".d") and incumbent.is_directory(path)
        if not is_drop_in and (not UNIT.match(name) or incumbent.is_link(path)):
            continue
        for file, status in incumbent.walk(path):
            if not stat.S_ISREG(status.st_mode) or situation.packages.verdict(file) != "unowned":
                continue
            found.taken.add(file)
            target = scope + file[len(directory) :]
            if _vendor(situation.candidate, scope, file[len(directory) + 1 :]):
                found.left.append(_instead(situation, scope, file[len(directory) + 1 :], file))
            elif not any(made.target == target for made in found.items):
                found.items.append(_copy(situation, file, target))


def _lingering(situation: Situation, found: Found) -> None:
    """Whose own service manager begins with the boot: an empty file for each, which says so by being there."""
    for path in situation.incumbent.glob(LINGER + "/*"):
        found.items.append(situation.copy(path, "services"))


def is_mask(tree: Tree, path: str) -> bool:
    """Say whether a file or link of /etc masks a unit: an empty one does, and a link that leads there in any way."""
    return tree.resolve(path) == MASK if tree.is_link(path) else tree.size(path) == 0


def _mask(situation: Situation, path: str, found: Found) -> None:
    """Carry a mask, which counts whatever the release has in its place."""
    if os.path.basename(path) in _units_of_network(situation):
        found.left.append(Left(path, NETWORK))
    elif not situation.incumbent.is_link(path) or not situation.adds_nothing(path):
        found.items.append(situation.copy(path, "services"))


def _links(situation: Situation, scope: str, found: Found) -> None:
    """Masks, aliases and what is enabled; what packages enabled is for the release to decide."""
    incumbent, carried = situation.incumbent, {made.target for made in found.items}
    needed = _units_of_network(situation)
    for path, _status in incumbent.walk(scope):
        if not incumbent.is_link(path) or path in found.taken:
            continue
        found.taken.add(path)
        if is_ours(path) or not situation.packages.verdict(path):
            continue
        target = incumbent.link(path)
        unit = os.path.basename(target)
        if OF_SNAPS.match(unit) and not situation.has_program(SNAPD):
            continue  # said of the unit
        if is_mask(incumbent, path):
            _mask(situation, path, found)
            continue
        if situation.candidate.lstat(situation.pristine_path(path)) is not None:
            continue
        place = _place(situation, scope, situation.translation.name(unit), carried)
        if place:
            found.items.append(item(LINK, _renamed(situation, path), path, "services", place))
        else:
            found.left.append(Left(path, f"the release has no {unit}"))
    for path in sorted(situation.packages.links):
        # A person switched off what its package had switched on.
        if path.startswith(scope + "/") and incumbent.lstat(path) is None:
            target = _renamed(situation, path)
            if os.path.basename(target) in needed:
                found.left.append(Left(path, NETWORK))
            elif situation.candidate.lstat(situation.pristine_path(target)) is not None:
                found.items.append(item(ABSENT, target, "", "services"))


def _units_of_network(situation: Situation) -> typing.List[str]:
    """Return the units without which the candidate has no network, whatever the incumbent makes of them.

    What is enabled together with one, as what waits for the network is, belongs to it unless the incumbent runs the
    same one: then an administrator who switched a part of it off meant that part.
    """
    if situation.network is None:
        return []
    target = network.system_of(situation)
    needed = [unit for system in tables.SYSTEMS if system.name == target for unit in system.units]
    scope = SCOPES[0]
    for unit in [unit for unit in needed if not situation.incumbent.glob(f"{scope}/*.wants/{unit}")]:
        others = [unit]
        for one in others:
            text = situation.candidate.text(VENDOR + scope[len("/etc/systemd") :] + "/" + one)
            others += [name for name in presets.also(text) if name not in others]
            needed += [os.path.basename(link) for link in presets.installs(text, one)]
    return needed


def _renamed(situation: Situation, path: str) -> str:
    """Return the path with the candidate's name of the unit at its end."""
    directory, name = os.path.split(path)
    return os.path.join(directory, situation.translation.name(name))


def _place(situation: Situation, scope: str, unit: str, carried: typing.Set[str]) -> str:
    """Return where a unit of that name lies on the candidate, "" if nowhere."""
    template = re.sub(r"@[^@]*(\.[a-z]+)$", r"@\1", unit)
    for name in (unit, template):
        for directory in (scope, "/usr/lib" + scope[len("/etc") :]):
            path = os.path.join(directory, name)
            if path in carried or situation.candidate.exists(situation.pristine_path(path)):
                return path
    return ""


def _vendor(tree: Tree, scope: str, name: str) -> bool:
    """Say whether a root has a unit of that name of its own."""
    return any(tree.exists(directory + scope[len("/etc") :] + "/" + name) for directory in ("/usr/lib", "/lib"))

# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The network: carried as it is where the release has the same system, written anew where it has another.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

import typing

from ansible_collections.osmigrate.fleet.plugins.module_utils._carry.model import Found, Left
from ansible_collections.osmigrate.fleet.plugins.module_utils._errors import FleetError
from ansible_collections.osmigrate.fleet.plugins.module_utils._files.item import item
from ansible_collections.osmigrate.fleet.plugins.module_utils._network import merge, names, sources, tables
from ansible_collections.osmigrate.fleet.plugins.module_utils._network.write import networkd, networkmanager


# What runs on the incumbent: state (State), owners (list of str, the systems at work), and predicted (dict, see names).
class Live(typing.NamedTuple):
    state: typing.Any
    owners: typing.List[str]
    predicted: dict


RENDERERS = {"systemd-networkd": networkd.render, "NetworkManager": networkmanager.render}
NETPLAN = "/etc/netplan/*.yaml"
NETPLAN_PROGRAM = "/usr/lib/systemd/system-generators/netplan"
# What netplan made of its files, and where that lies when it is nobody's any more.
NETPLAN_MADE = {
    "systemd-networkd": ("/run/systemd/network/*netplan*", "/etc/systemd/network/"),
    "NetworkManager": ("/run/NetworkManager/system-connections/netplan-*", "/etc/NetworkManager/system-connections/"),
}
NOT_RUNNING = "made by netplan for %s, by which the release does not configure its network"
NO_NETPLAN = "the release has no netplan; what that made of it comes along, or is written anew"
FROZEN = "made by netplan of its files; from now on it is this file that counts"


def plan(situation):
    """Return Found; nothing where the network that runs is not known."""
    found = Found([], [], set())
    live = situation.network
    if live is None:
        return found
    target = system_of(situation)
    network, rendered = _network(situation, live, target)
    for one in judged_names(situation, network, target):
        if one.kept_for:
            link = live.state.links[one.name]
            found.items.append(_item(networkd.pin(link, one.kept_for), "network/names", one.detail))
    _as_they_are(situation, live.owners, target, found)
    if rendered:
        _render(situation, network, rendered, target, found)
    return found


def describe(situation):
    """Return what the module documents about the network, as dict."""
    live = situation.network
    target = system_of(situation)
    network, rendered = _network(situation, live, target)
    return {
        "incumbent": live.owners,
        "candidate": target,
        "rendered": rendered,
        "names_predicted_by": "udev of the candidate" if live.predicted else "",
        "names": [dict(one._asdict()) for one in judged_names(situation, network, target)],
        "lost": ["%s: %s" % lost for lost in network.lost] if rendered else [],
        "undeclared": network.undeclared,
    }


def system_of(situation):
    """Return the name of the system that configures the candidate's network, "" if none is known to."""
    candidate = situation.candidate
    for system in tables.SYSTEMS:
        for unit in system.units:
            for place in ("/usr/etc/systemd/system", "/usr/lib/systemd/system"):
                if any(
                    candidate.lstat(f"{place}/{directory}/{unit}") is not None
                    for directory in candidate.names(place)
                    if directory.endswith((".wants", ".requires"))
                ):
                    return system.name
    return ""


def _network(situation, live, target):
    """Return the Network and the systems whose part of it has to be written anew, as list of str."""
    rendered = [owner for owner in live.owners if _differs(situation, owner, target)]
    return merge.merge(sources.read(situation.incumbent, live.owners), live.state), rendered


def _differs(situation, owner, target):
    if owner == "netplan":
        has_netplan = situation.candidate.exists(NETPLAN_PROGRAM)
        return not has_netplan and not any(
            situation.incumbent.glob(pattern) for name, (pattern, _to) in NETPLAN_MADE.items() if name == target
        )
    if owner == "NetworkManager" == target:
        return bool(sources.ifcfg.read(situation.incumbent).stanzas)
    return owner in sources.READERS and owner != target


def judged_names(situation, network, target):
    """Return list of Name for the devices of the Network."""
    patterns = list(tables.REFERENCES)
    if target in situation.network.owners:
        patterns += [pattern for one in tables.SYSTEMS if one.name == target for pattern in one.files.split()]
    if "netplan" in situation.network.owners and not _differs(situation, "netplan", target):
        patterns += [NETPLAN] + [pattern for pattern, _place in NETPLAN_MADE.values()]
    texts = names.texts(situation.incumbent, patterns)
    given = names.written(situation.incumbent)
    return names.judge([one.link for one in network.interfaces], situation.network.predicted, given, texts)


def _as_they_are(situation, owners, target, found):
    """Carry the files of the system that the candidate has, too; those of systemd-networkd have a rule already."""
    if "netplan" in owners:
        yaml = situation.incumbent.glob(NETPLAN)
        if situation.candidate.exists(NETPLAN_PROGRAM):
            found.items.extend(situation.copy(path, "network/netplan") for path in yaml)
        else:
            found.left.extend(Left(path, NO_NETPLAN) for path in yaml)
            _without_netplan(situation, target, found)
        found.taken.update(yaml)
    for system in tables.SYSTEMS:
        if system.name == target and system.name in owners and system.name != "systemd-networkd":
            included = sources.ifupdown.read(situation.incumbent).paths if system.name == "ifupdown" else []
            for pattern in system.files.split() + [path for path in included if path.startswith("/etc/")]:
                for path in situation.incumbent.glob(pattern):
                    if path in found.taken:
                        continue
                    if not situation.incumbent.is_directory(path) and situation.packages.verdict(path):
                        found.items.append(situation.copy(path, "network/" + system.name))
                        found.taken.add(path)


def _without_netplan(situation, target, found):
    """Carry what netplan made of its files for the system that the candidate has; name what it made for another one."""
    if target in NETPLAN_MADE:
        pattern, place = NETPLAN_MADE[target]
        made = situation.incumbent.glob(pattern)
        for path in made:
            there = place + path.rpartition("/")[2]
            found.items.append(situation.copy(path, "network/netplan", target=there, lost=FROZEN))
        for name, (other, _place) in sorted(NETPLAN_MADE.items()):
            if made and name != target:
                found.left.extend(Left(path, NOT_RUNNING % name) for path in situation.incumbent.glob(other))


def _render(situation, network, owners, target, found):
    if target not in RENDERERS:
        raise FleetError(
            "The network of the node is configured by %s, and the release configures it by %s"
            % (" and ".join(owners), target or "nothing that is known"),
            todo=f"Build a release that has one of {' and '.join(sorted(RENDERERS))} switched on",
        )
    declared = _written_anew(situation, owners, target)
    paths = {path for one in declared for path in one.paths}
    told = {}
    for lost in network.lost:
        if lost.path in paths:
            told.setdefault(lost.path, []).append(lost.what)
    # Members come first; what gets lost is told where the addresses are.
    for one in reversed(RENDERERS[target](network)):
        if one.sources and not paths.intersection(one.sources):
            continue  # of a system that the candidate has, too; its files come as they are
        lost = list(one.lost)
        for path in one.sources:
            lost += told.pop(path, [])
        found.items.append(_item(one, "network/" + target, "; ".join(lost)))
    for path, what in sorted(told.items()):
        found.left.append(Left(path, "; ".join(what)))
    found.taken.update(paths)


def _written_anew(situation, owners, target):
    """Return Declared for the files that do not come as they are, as list."""
    if owners == ["NetworkManager"] == [target]:
        return [sources.ifcfg.read(situation.incumbent)]
    return sources.read(situation.incumbent, owners)


def _item(one, rule, lost):
    return item("file", one.path, ", ".join(one.sources), rule, one.text, mode=one.mode, lost=lost)

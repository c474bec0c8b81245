# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The network: carried as it is where the release has the same system, written anew where it has another.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

import os
import re
import stat
import typing

from ansible_collections.osmigrate.fleet.plugins.module_utils._carry import rules
from ansible_collections.osmigrate.fleet.plugins.module_utils._carry.model import Found, Left, Situation
from ansible_collections.osmigrate.fleet.plugins.module_utils._errors import FleetError
from ansible_collections.osmigrate.fleet.plugins.module_utils._files.item import Item, item
from ansible_collections.osmigrate.fleet.plugins.module_utils._network import merge, names, sources, tables
from ansible_collections.osmigrate.fleet.plugins.module_utils._network.model import Declared, Network, Rendered
from ansible_collections.osmigrate.fleet.plugins.module_utils._network.read import keyfiles
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
# What else it makes of them, and what that is for.
NETPLAN_BESIDE = (
    ("/run/udev/rules.d/*sriov-netplan*.rules", "virtual functions (SR-IOV)"),
    ("/run/udev/rules.d/*-netplan-*.rules", "rules for udev"),
    ("/run/systemd/system/netplan-ovs-*.service", "Open vSwitch"),
    ("/run/systemd/system/netplan-wpa-*.service", "authentication on the wire or the air"),
    ("/run/systemd/system/netplan-sriov-*.service", "virtual functions (SR-IOV)"),
    ("/run/systemd/system/netplan-regdom.service", "the regulatory domain"),
    ("/run/NetworkManager/conf.d/*netplan*.conf", "settings of NetworkManager itself"),
)
BESIDE = "made by netplan for %s; nothing makes that on the candidate, where there is no netplan"
UDEV_RULES = "/etc/udev/rules.d/"
# Where systemd-networkd looks besides /etc, first what counts first, and which of its files configure each device now.
ETC = "/etc/systemd/network"
READ = ("/run/systemd/network", "/usr/lib/systemd/network", "/lib/systemd/network")
NETWORKD_SUFFIXES = (".network", ".netdev", ".link", ".conf")
LINK_STATES = "/run/systemd/netif/links/*"
MADE_AT_BOOT = "a program made it at boot, or a package brought it; from now on it is this file that counts"
FROZEN = "made by netplan of its files; from now on it is this file that counts"


def plan(situation: Situation) -> Found:
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
    _hooks(situation, live.owners, target, found)
    if rendered:
        _render(situation, network, rendered, target, found)
        if target == "systemd-networkd":
            found.items.append(_item(networkd.leave_foreign(), "network/" + target, ""))
    _carry_made(situation, target, found)
    return found


def describe(situation: Situation) -> dict:
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
        "lost": [f"{lost.path}: {lost.what}" for lost in network.lost] if rendered else [],
        "undeclared": network.undeclared,
    }


def system_of(situation: Situation) -> str:
    """Return the name of the system that configures the candidate's network, "" if none is known to."""
    candidate = situation.candidate
    for system in tables.SYSTEMS:
        for unit in system.units:
            for place in (situation.pristine_path("/etc/systemd/system"), "/usr/lib/systemd/system"):
                if any(
                    candidate.lstat(f"{place}/{directory}/{unit}") is not None
                    for directory in candidate.names(place)
                    if directory.endswith((".wants", ".requires"))
                ):
                    return system.name
    return ""


def _network(situation: Situation, live: Live, target: str) -> typing.Tuple[Network, typing.List[str]]:
    """Return the Network and the systems whose part of it has to be written anew, as list of str."""
    return merge.merge(sources.read(situation.incumbent, live.owners), live.state), _rendered(situation, target)


def _rendered(situation: Situation, target: str) -> typing.List[str]:
    return [owner for owner in situation.network.owners if _differs(situation, owner, target)]


def _differs(situation: Situation, owner: str, target: str) -> bool:
    if owner == "netplan":
        has_netplan = situation.candidate.exists(NETPLAN_PROGRAM)
        return not has_netplan and not any(
            situation.incumbent.glob(pattern) for name, (pattern, _to) in NETPLAN_MADE.items() if name == target
        )
    if owner == "NetworkManager" == target:
        return bool(sources.ifcfg.read(situation.incumbent).stanzas)
    return owner in sources.READERS and owner != target


def judged_names(situation: Situation, network: Network, target: str) -> typing.List[names.Name]:
    """Return list of Name for the devices of the Network."""
    texts = names.texts(situation.incumbent, _naming(situation, target))
    given = names.written(situation.incumbent)
    return names.judge([one.link for one in network.interfaces], situation.network.predicted, given, texts)


def _naming(situation: Situation, target: str) -> typing.Iterator[str]:
    """Yield the paths of what may name a device and comes along: what an administrator made, and a few places more.

    Files of a system that the candidate does not have say nothing any more: what is written instead goes by addresses.
    """
    owners = situation.network.owners
    tree = situation.incumbent
    without: set = set()
    for system in tables.SYSTEMS:
        if system.name != target or target not in owners:
            without.update(path for pattern in system.files.split() for path in tree.glob(pattern))
    if "netplan" in owners:
        own = [
            path for pattern in [NETPLAN] + [one for one, _to in NETPLAN_MADE.values()] for path in tree.glob(pattern)
        ]
        if _differs(situation, "netplan", target):
            without.update(own)
        else:
            yield from own
    yield from (path for path, _place in _made_at_boot(situation, target))
    stays = {path for pattern, _reason in rules.STAYS for path in tree.glob(pattern)}
    for pattern in tables.REFERENCES:
        yield from tree.glob(pattern)
    for path, status in tree.walk("/etc"):
        if path not in without and path not in stays and not stat.S_ISDIR(status.st_mode):
            if situation.packages.verdict(path, status):
                yield path


def _as_they_are(situation: Situation, owners: typing.List[str], target: str, found: Found) -> None:
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


def _hooks(situation: Situation, owners: typing.List[str], target: str, found: Found) -> None:
    """Say of what the node's system starts when something happens to a device that the candidate's does not do so."""
    for system in tables.SYSTEMS:
        if system.name in owners and system.name != target:
            for path in situation.incumbent.glob(system.hooks):
                if not situation.incumbent.is_directory(path) and situation.packages.verdict(path):
                    lost = f"the release has no {system.name} at work that starts it"
                    found.items.append(situation.copy(path, "network/" + system.name, lost=lost))
                    found.taken.add(path)


def _carry_made(situation: Situation, target: str, found: Found) -> None:
    done = {made.target for made in found.items}
    for path, place in _made_at_boot(situation, target):
        if path not in found.taken and place not in done:
            done.add(place)
            found.taken.add(path)
            mode = 0o600 if target == "NetworkManager" else None
            found.items.append(situation.copy(path, "network/" + target, place, mode, MADE_AT_BOOT))


def _made_at_boot(situation: Situation, target: str) -> typing.Iterator[typing.Tuple[str, str]]:
    """Yield what the node's system reads from where neither /etc nor the release has it, and where it goes in /etc.

    Programs made it at boot. What a package keeps in /usr only counts if it is what configures a device now.
    """
    tree = situation.incumbent
    if target != "NetworkManager" and _rendered(situation, target):
        return
    if target == "NetworkManager" and target in situation.network.owners:
        for path in keyfiles.profiles(tree):
            name = os.path.basename(path)
            is_here = path.startswith(keyfiles.ETC) or name.startswith(keyfiles.NETPLAN)
            if not is_here and not situation.candidate.exists(path):
                yield path, f"{keyfiles.ETC}/{name}"
    used = set(re.findall(r"(?m)^NETWORK_FILE=(\S+)$", "\n".join(tree.text(path) for path in tree.glob(LINK_STATES))))
    for place in READ if target == "systemd-networkd" else ():
        for path in [path for path, status in tree.walk(place) if stat.S_ISREG(status.st_mode)]:
            there = ETC + path[len(place) :]
            if not path.endswith(NETWORKD_SUFFIXES) or tree.exists(there):
                continue
            is_made = place == READ[0] or situation.packages.verdict(path) or path in used
            if is_made and not situation.candidate.exists(path) and "-netplan-" not in os.path.basename(path):
                yield path, there


def _without_netplan(situation: Situation, target: str, found: Found) -> None:
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
    done = set()
    for pattern, lost in NETPLAN_BESIDE:
        for path in [path for path in situation.incumbent.glob(pattern) if path not in done]:
            done.add(path)
            text = situation.incumbent.text(path)
            if re.search(r'\bNAME="', text) and "RUN" not in text:
                there = UDEV_RULES + os.path.basename(path)
                found.items.append(situation.copy(path, "network/netplan", target=there, lost=FROZEN))
            else:
                found.left.append(Left(path, BESIDE % lost))


def _render(situation: Situation, network: Network, owners: typing.List[str], target: str, found: Found) -> None:
    if target not in RENDERERS:
        raise FleetError(
            f"The network of the node is configured by {' and '.join(owners)}, and the release configures it by "
            f"{target or 'nothing that is known'}",
            todo=f"Build a release that has one of {' and '.join(sorted(RENDERERS))} switched on",
        )
    declared = _written_anew(situation, owners, target)
    paths = {path for one in declared for path in one.paths}
    told: dict = {}
    for lost in network.lost:
        if lost.path in paths:
            told.setdefault(lost.path, []).append(lost.what)
    # Members come first; what gets lost is told where the addresses are.
    for one in reversed(RENDERERS[target](network)):
        if one.sources and not paths.intersection(one.sources):
            continue  # of a system that the candidate has, too; its files come as they are
        all_lost = list(one.lost)
        for path in one.sources:
            all_lost += told.pop(path, [])
        found.items.append(_item(one, "network/" + target, "; ".join(all_lost)))
    for path, what in sorted(told.items()):
        found.left.append(Left(path, "; ".join(what)))
    found.taken.update(paths)


def _written_anew(situation: Situation, owners: typing.List[str], target: str) -> typing.List[Declared]:
    """Return Declared for the files that do not come as they are, as list."""
    if owners == ["NetworkManager"] == [target]:
        return [sources.ifcfg.read(situation.incumbent)]
    return sources.read(situation.incumbent, owners)


def _item(one: Rendered, rule: str, lost: str) -> Item:
    return item("file", one.path, ", ".join(one.sources), rule, one.text, mode=one.mode, lost=lost)

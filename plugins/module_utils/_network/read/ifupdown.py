# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Read /etc/network/interfaces, the configuration of ifupdown. Pure.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

import fnmatch
import os
import re
import typing

from ansible_collections.osmigrate.fleet.plugins.module_utils import _lines
from ansible_collections.osmigrate.fleet.plugins.module_utils._network import model
from ansible_collections.osmigrate.fleet.plugins.module_utils._network.read import commands, dhclient

PLACE = "/etc/network/interfaces"
DEVICES = "/sys/class/net"
_VARIABLES = {"mac": "address"}
# Layers below the addresses are taken from what runs; other words only say what is clear or done anyway.
_LINKS = re.compile(r"(bond|vlan|bridge)[-_]|(mtu|slaves|hwaddress)$")
_PORTS = re.compile(r"(bridge[-_]ports|bond[-_]slaves|slaves|vlan[-_]raw[-_]device)$")
_PRIVACY = {"0": "no", "1": "prefer-public", "2": "yes"}
_CLEAR = ("broadcast", "network", "netmask")
_ENDS = ("pre-down", "down", "post-down")
_COMMANDS = ("pre-up", "up", "post-up") + _ENDS
_WITH_WORDS = ("iface", "source", "source-directory")
_STATIC, _DHCP, _MANUAL, _AUTO = "static", "dhcp", "manual", "auto"

Started = typing.Dict[str, str]  # devices that a boot starts, and by the iface blocks of which name


def read(tree: typing.Any) -> model.Declared:
    """Return Declared.

    :param tree: Tree.
    """
    found = model.Declared([], [], [], False)
    blocks: list = []
    started: Started = {}
    _read_file(tree, PLACE, blocks, started, found)
    bases = {names[4] for _path, names, _lines in blocks if _inherits(names)}
    _add_below(blocks, started)
    for path, names, lines in blocks:
        name, family, method = (names + ["", ""])[:3]
        devices = [device for device in started if started[device] == name]
        if name == "lo":
            _read_loopback(path, lines, found)
        elif devices:
            lines = _with_inherited(blocks, names, lines, path, found)
            for device in devices:
                _read_block(tree, path, device.partition(":")[0], family, method, lines, found)
        elif name not in bases and (method != _MANUAL or lines):
            found.lost.append(model.Lost(path, f"{name} is not started at boot"))
    return found


def _add_below(
    blocks: typing.List[typing.Tuple[str, typing.List[str], typing.List[typing.Tuple[str, str]]]], started: Started
) -> None:
    """Add what is started with the bonds, bridges and VLANs on it."""
    below = [name for device in started for name in device.split(".")[:-1]]
    for _path, names, lines in blocks:
        if names[0] in started.values():
            for key, value in lines:
                below += _lines.words(value) if _PORTS.match(key) else []
    for name in below:
        started.setdefault(name, name)


def _inherits(names: typing.List[str]) -> bool:
    return names[3:4] == ["inherits"] and len(names) == 5


def _with_inherited(
    blocks: typing.List[typing.Tuple[str, typing.List[str], typing.List[typing.Tuple[str, str]]]],
    names: typing.List[str],
    lines: typing.List[typing.Tuple[str, str]],
    path: str,
    found: model.Declared,
    seen: typing.Tuple[str, ...] = (),
) -> typing.List[typing.Tuple[str, str]]:
    """Return the lines of a block with those that it inherits before them; its own settings count."""
    if names[3:] and (not _inherits(names) or names[4] in seen):
        found.lost.append(model.Lost(path, f"iface {' '.join(names)}"))
        return lines
    if not names[3:]:
        return lines
    same = [block for block in blocks if block[1][:1] == names[4:] and block[1][1:2] == names[1:2]]
    if not same:
        found.lost.append(model.Lost(path, f"iface {' '.join(names)}: there is no {names[4]}"))
    own, above = {key for key, _value in lines if key not in _COMMANDS}, []
    for other, other_names, other_lines in same:
        above += _with_inherited(blocks, other_names, other_lines, other, found, tuple(seen) + (names[4],))
    return [line for line in above if line[0] not in own] + lines


def _read_loopback(path: str, lines: typing.List[typing.Tuple[str, str]], found: model.Declared) -> None:
    """Name what the loopback device gets besides its own addresses: nothing of it is written."""
    for key, value in lines:
        if key in _CLEAR or (key == "address" and value.startswith(("127.", "::1"))):
            continue
        found.lost.append(_lost(path, key, value, "lo"))


def _lost(path: str, key: str, value: str, name: str) -> model.Lost:
    """Return the Lost of one line of an iface block."""
    if key in _COMMANDS:
        return model.lost_command(path, key, value, f"of iface {name}")
    return model.lost_setting(path, key, f"of iface {name}")


def _read_file(
    tree: typing.Any,
    path: str,
    blocks: typing.List[typing.Tuple[str, typing.List[str], typing.List[typing.Tuple[str, str]]]],
    started: Started,
    found: model.Declared,
) -> None:
    """Collect the iface blocks and what is started at boot, includes followed."""
    block: typing.Optional[tuple] = None
    if path in found.paths or tree.read(path) is None:
        return
    found.paths.append(path)
    for line in _lines.ifupdown(tree.text(path)):
        words = _lines.words(line)
        if len(words) < (4 if words[0] == "iface" else 2) and words[0] in _WITH_WORDS:
            block = None
            found.lost.append(model.Lost(path, f"{words[0]}: words are missing"))
        elif words[0] == "iface":
            block = (path, words[1:], [])
            blocks.append(block)
        elif words[0] == "auto" or words[0].startswith("allow-"):
            block = None
            # A device may be started by a block of another name: eno1=lan.
            for device, _equals, name in (word.partition("=") for word in words[1:]):
                devices = _matching(tree, device) if "/" in device else [device]
                started.update({one: name or one for one in devices})
                if not devices:
                    found.lost.append(model.Lost(path, f"{words[0]} {device}: no device matches"))
        elif words[0] in ("source", "source-directory"):
            block = None
            pattern = os.path.join(os.path.dirname(path), words[1])
            for name in tree.glob(pattern if words[0] == "source" else pattern.rstrip("/") + "/*"):
                if words[0] == "source" or re.match(r"[a-zA-Z0-9_-]+$", os.path.basename(name)):
                    _read_file(tree, name, blocks, started, found)
        elif words[0] in ("mapping", "rename", "template") or words[0].startswith("no-"):
            block = None
            if not words[0].startswith("no-"):
                found.lost.append(model.lost_setting(path, line))
        elif block is not None:
            block[2].append((words[0], line[len(words[0]) :].strip(_lines.BLANKS)))
        elif words[0] in ("script", "map"):
            continue  # of a mapping, which is told of already
        else:
            found.lost.append(model.lost_setting(path, line))


def _matching(tree: typing.Any, words: str) -> typing.List[str]:
    """Return the devices that [variable]/pattern[/number] stands for; without a variable it is about their names.

    A variable is one of the kernel's for each device, the number says which one of those that match.
    """
    variable, _slash, pattern = words.partition("/")
    pattern, _slash, number = pattern.partition("/")
    found = []
    for name in tree.names(DEVICES):
        place = f"{DEVICES}/{name}/{_VARIABLES.get(variable, variable)}"
        said = tree.text(place).strip() if variable else name
        # Of a MAC address it is all the same how its letters are written.
        said, wanted = (said.lower(), pattern.lower()) if variable == "mac" else (said, pattern)
        if fnmatch.fnmatchcase(said, wanted):
            found.append(name)
    return found[int(number) - 1 : int(number)] if number.isdigit() and int(number) else found


def _read_block(
    tree: typing.Any,
    path: str,
    name: str,
    family: str,
    method: str,
    lines: typing.List[typing.Tuple[str, str]],
    found: model.Declared,
) -> None:
    made = model.stanza([name], sources=[path])
    values = dict(lines)
    if (family, method) == ("inet", _DHCP):
        sent = dhclient.sent(tree, name)
        found.lost.extend(sent.lost)
        found.paths.extend([sent.path] if sent.path and sent.path not in found.paths else [])
        made = made._replace(dhcp4=True, client_id=sent.client_id or "mac", host=sent.host)
    elif (family, method) == ("inet6", _DHCP):
        made = made._replace(dhcp6=True, ra=True)
    elif (family, method) == ("inet6", _AUTO):
        made = made._replace(ra=True)
    elif family not in ("inet", "inet6") or method not in (_STATIC, _MANUAL):
        found.lost.append(model.Lost(path, f"iface {name} {family} {method}"))
    for key, value in lines:
        try:
            made = _read_line(made, key, value, values, method)
        except commands.UNKNOWN:
            found.lost.append(_lost(path, key, value, name))
    found.stanzas.append(made)


def _read_line(made: model.Stanza, key: str, value: str, values: typing.Dict[str, str], method: str) -> model.Stanza:
    """Return the Stanza with what one line says.

    :raises KeyError, ValueError: the model has no word for it.
    """
    if key == "address" and method == _STATIC:
        made.addresses.append(commands.interface(commands.cidr(value, values.get("netmask", ""))))
    elif key == "gateway":
        made.routes.append(model.route("default", value, int(values.get("metric", "0"))))
    elif key == "metric":
        int(value)
    elif key == "dns-nameservers":
        made.dns.extend(value.split())
    elif key == "hostname" and method == _DHCP:
        return made._replace(host=value)
    elif key in ("dns-search", "dns-domain"):
        made.search.extend(word for word in value.split() if word not in made.search)
    elif key in ("up", "post-up"):
        _read_command(made, value)
    elif key in _ENDS:
        if commands.command(value) is not None:
            raise ValueError(value)
    elif key == "accept_ra":  # without it the kernel takes routes of advertisements, if no addresses
        return made._replace(ra={"0": False, "1": True, "2": True}[value])
    elif key == "autoconf" and value == "1":
        return made._replace(ra=True)
    elif key == "privext":
        return made._replace(privacy=_PRIVACY[value])
    elif key == "scope" and value == "global":
        return made
    elif key not in _CLEAR and not _LINKS.match(key):
        raise ValueError(key)
    return made


def _read_command(made: model.Stanza, text: str) -> None:
    name = made.names[0]
    meant = commands.command(re.sub(r"\$\{?IFACE\}?", name, text))
    device = re.search(r"\bdev (\S+)", text)
    if device and device.group(1) not in ("$IFACE", "${IFACE}", name):
        raise ValueError(text)
    if isinstance(meant, model.Route):
        made.routes.append(meant)
    elif meant is None:
        raise ValueError(text)  # here it takes away what somebody else has made, such as the route that DHCP gave
    else:
        made.rules.append(meant)

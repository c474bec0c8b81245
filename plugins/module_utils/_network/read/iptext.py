# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What ip shows to people, taken apart into what it says as JSON: that of EL 7 (4.11) has no JSON yet. Pure.

Only what state.py reads is in it.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

import re
import typing

from ansible_collections.osmigrate.fleet.plugins.module_utils import _lines
from ansible_collections.osmigrate.fleet.plugins.module_utils._network import tables
from ansible_collections.osmigrate.fleet.plugins.module_utils._text import whole_number

Found = typing.Dict[str, typing.Any]

_LINK = re.compile(r"\d+: ([^:@\s]+)(?:@([^:\s]+))?: <([^>]*)> (.*)$")
_ADDRESS = re.compile(r"\d+: (\S+)\s+inet6? ([^\s/]+)(?:/(\d+))?(.*)$")
_TYPES = "unicast local broadcast multicast anycast throw unreachable prohibit blackhole nat".split()
_SLAVE = "_slave"
# Settings by their names in JSON, and what people are shown instead.
_SHOWN = {name: tables.BOND_DRIVER.get(name, name) for name in (*tables.BOND, *tables.BOND_OTHERS, *tables.BRIDGE)}
_SHOWN.update({"id": "id", "protocol": "protocol", "primary": "primary", "vlan_filtering": "vlan_filtering"})
_LISTS = ("arp_ip_target",)


def addresses(links: str, shown: str) -> typing.List[Found]:
    """Return what 'ip -j -d address show' says.

    :param links: what 'ip -o -d link show' says.
    :param shown: what 'ip -o address show' says.
    """
    found = {link["ifname"]: link for link in map(_link, _lines.lines(links)) if link}
    for line in _lines.lines(shown):
        parts = _ADDRESS.match(line)
        if parts is None:
            continue
        name, local, length, rest = parts.groups()
        words = rest.split()
        if not length:  # of one with a peer, that has the length
            length = _after(words, "peer").partition("/")[2]
        prefix = whole_number(length)
        if name.partition("@")[0] in found and prefix is not None:
            made: Found = {"local": local, "prefixlen": prefix, "scope": _after(words, "scope")}
            made.update({flag: True for flag in ("dynamic", "temporary") if flag in words})
            if _after(words, "proto"):
                made["protocol"] = _after(words, "proto")
            found[name.partition("@")[0]]["addr_info"].append(made)
    return list(found.values())


def _link(line: str) -> Found:
    parts = _LINK.match(line)
    if parts is None:
        return {}
    name, parent, flags, rest = parts.groups()
    segments = [segment.split() for segment in rest.split("\\")]
    words = segments[0]
    found: Found = {"ifname": name, "flags": flags.split(","), "addr_info": []}
    found["mtu"] = whole_number(_after(words, "mtu")) or 0
    if _after(words, "master"):
        found["master"] = _after(words, "master")
    if parent and parent != "NONE":
        found["link"] = parent
    info: Found = {}
    for segment in segments[1:]:
        if not segment:
            continue
        if segment[0].startswith("link/"):
            found["address"] = segment[1] if len(segment) > 1 else ""
            if _after(segment, "permaddr"):
                found["permaddr"] = _after(segment, "permaddr")
        elif segment[0].endswith(_SLAVE):
            info["info_slave_data"] = {"perm_hwaddr": _after(segment, "perm_hwaddr")}
        elif "info_kind" not in info:
            info["info_kind"], info["info_data"] = segment[0], _settings(segment[1:])
    return {**found, "linkinfo": info} if info else found


def _settings(words: typing.List[str]) -> Found:
    found: Found = {}
    for name, shown in _SHOWN.items():
        value = _after(words, shown)
        if value:
            number = whole_number(value)
            found[name] = value.split(",") if name in _LISTS else value if number is None else number
    flags = next((word for word in words if word.startswith("<") and word.endswith(">")), "")
    return {**found, "flags": flags[1:-1].split(",")} if flags else found


def routes(shown: str) -> typing.List[Found]:
    """Return what 'ip -j route show table all' says of routes by one device."""
    found = []
    for line in _lines.lines(shown):
        words = line.split()
        if not words or line[:1].isspace():  # the gateways of one that has several
            continue
        made: Found = {"type": words.pop(0)} if words[0] in _TYPES else {}
        made["dst"] = words.pop(0) if words else "default"
        via = _after(words, "via")
        made["gateway"] = _after(words, via) if via in ("inet", "inet6") else via
        for name, said in (("dev", "dev"), ("table", "table"), ("protocol", "proto"), ("prefsrc", "src")):
            if _after(words, said):
                made[name] = _after(words, said)
        if _after(words, "metric"):
            made["metric"] = whole_number(_after(words, "metric"), 10) or 0
        made["flags"] = [flag for flag in ("onlink", "linkdown") if flag in words]
        found.append({key: value for key, value in made.items() if value != ""})
    return found


def _after(words: typing.List[str], name: str) -> str:
    """Return the word after another one, "" if that is not there."""
    return words[words.index(name) + 1] if name in words[:-1] else ""

# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The network of a node before its reboot and after it: what has to be the same, and what is different. Pure.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

import json
import typing

from ansible_collections.osmigrate.fleet.plugins.module_utils._constants import DIRECTORY
from ansible_collections.osmigrate.fleet.plugins.module_utils._network import model
from ansible_collections.osmigrate.fleet.plugins.module_utils._text import parse_json

SCHEMA = 1
PATH = DIRECTORY + "/network.json"
LINK_LOCAL = "fe80:"
# What is compared of an interface, and how it is called.
COMPARED = ("name", "addresses", "mtu", "up", "gateways", "client_id")


def take(state: model.State, addresses: typing.List[str], client_ids: dict) -> dict:
    """Return what is kept of the network that runs, as dict.

    :param state: State.
    :param addresses: list of str, those by which Kubernetes knows the node; if there are none, those from which it
        speaks by default count.
    :param client_ids: dict of interface name to the id by which it speaks to DHCP.
    """
    interfaces = {}
    state = model.with_own(state, _used(state, addresses))
    keys = keys_of(state)
    for name, link in state.links.items():
        gateways = [
            made.via or "link" for device, _protocol, made in state.routes if device == name and made.to == "default"
        ]
        interfaces[keys[name]] = {
            "name": name,
            "addresses": sorted(link.static + link.dynamic),
            "mtu": link.mtu,
            "up": link.up,
            "gateways": sorted(set(gateways)),
            "client_id": client_ids.get(name, ""),
        }
    present = {plain for one in interfaces.values() for plain in _plain(one["addresses"])}
    kept = [address for address in addresses if address in present] if addresses else _speaks_from(state)
    return {"schema": SCHEMA, "kubernetes": sorted(kept), "interfaces": interfaces}


def keys_of(state: model.State) -> typing.Dict[str, str]:
    """Return by what each device is the same before and after a reboot, as dict of its name to str.

    What has hardware may have another name then, and has the same MAC address, if no other device has that, too.
    """
    macs = [link.mac for link in state.links.values() if link.kind == model.PHYSICAL]
    return {
        name: link.mac if link.kind == model.PHYSICAL and macs.count(link.mac) == 1 else name
        for name, link in state.links.items()
    }


def addresses(state: model.State) -> dict:
    """Return dict of address with its prefix to the device that has it, by its key; link-local ones do not count."""
    keys = keys_of(state)
    return {address: keys[name] for name, link in state.links.items() for address in link.static + link.dynamic}


def routes(state: typing.Any) -> typing.Any:
    """Return dict of a route, as "to via gateway dev key table number", to its metric (int).

    Gateway and table are left out where there is none, or where it is the main one. Of several that only differ in
    their metric the first one counts, which the kernel would take. Those of link-local addresses do not count.
    """
    keys, found = keys_of(state), {}
    for name, _protocol, made in sorted(state.routes, key=lambda one: -one[2].metric):
        if made.to.startswith(LINK_LOCAL):
            continue
        words = [made.to] + (["via", made.via] if made.via else []) + ["dev", keys[name]]
        found[" ".join(words + (["table", str(made.table)] if made.table else []))] = made.metric
    return found


def _used(state: model.State, addresses: typing.List[str]) -> typing.Set[str]:
    """Return the names of devices that Kubernetes or a default route uses, whoever made them, as set."""
    found = {device for device, _protocol, made in state.foreign_routes if made.to == "default" and made.table == 0}
    return found | {
        name for name, link in state.foreign.items() if set(_plain(link.static + link.dynamic)) & set(addresses)
    }


def _plain(addresses: typing.List[str]) -> typing.List[str]:
    return [address.partition("/")[0] for address in addresses]


def _speaks_from(state: model.State) -> typing.List[str]:
    """Return the addresses from which a node speaks by default: one of each family."""
    found: dict = {}
    for device, _protocol, made in sorted(state.routes, key=lambda one: one[2].metric):
        if made.to == "default" and made.table == 0:
            number = model.family(made)
            link = state.links[device]
            own = [one for one in _plain(link.static + link.dynamic) if model.is_ipv6(one) == (number == 6)]
            if own or made.source:
                found.setdefault(number, made.source or own[0])
    return list(found.values())


def parse(text: str) -> typing.Any:
    """Return what was kept, None if there is nothing or it is of another schema."""
    try:
        kept = parse_json(text)
    except ValueError:
        return None
    return kept if isinstance(kept, dict) and kept.get("schema") == SCHEMA else None


def render(kept: typing.Any) -> typing.Any:
    """Return the text of the file."""
    return json.dumps(kept, indent=1, sort_keys=True) + "\n"


def gone(before: dict, after: dict) -> list:
    """Return the addresses that Kubernetes knows and that the node does not have any more, as list of str."""
    present = {plain for one in after["interfaces"].values() for plain in _plain(one["addresses"])}
    return [address for address in before["kubernetes"] if address not in present]


def compare(before: typing.Any, after: typing.Any) -> typing.Any:
    """Return what is different, as list of dict with interface, what, before and after."""
    found = []
    for key in sorted(set(before["interfaces"]) | set(after["interfaces"])):
        old, new = before["interfaces"].get(key), after["interfaces"].get(key)
        if old is None or new is None:
            one = old or new
            if one["addresses"] or old is not None:
                found.append(_difference(one["name"], "interface", old and old["name"], new and new["name"]))
            continue
        for what in COMPARED:
            # Not every system lets others see by which id it speaks to DHCP.
            if old[what] != new[what] and not (what == "client_id" and not (old[what] and new[what])):
                found.append(_difference(old["name"], what, old[what], new[what]))
    return found


def _difference(interface: typing.Any, what: typing.Any, before: typing.Any, after: typing.Any) -> typing.Any:
    def said(value: typing.Any) -> typing.Any:
        return ", ".join(value) if isinstance(value, list) else "" if value is None else str(value)

    return {"interface": interface, "what": what, "before": said(before), "after": said(after)}

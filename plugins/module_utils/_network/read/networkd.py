# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Read the units of systemd-networkd, and those that netplan makes of its own files. Pure.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

import os
import typing

from ansible_collections.osmigrate.fleet.plugins.module_utils._network import ini, model
from ansible_collections.osmigrate.fleet.plugins.module_utils._network.read import commands

PLACES = ("/etc/systemd/network", "/run/systemd/network")
_YES, _NO = ("yes", "true", "1", "on"), ("no", "false", "0", "off")
_ALL_YES = [[word] for word in _YES]
_PRIVACY = {"prefer-public": "prefer-public", "kernel": "kernel"}
# What is taken of an answer unless a file forbids it.
_TAKEN = ("UseDNS", "UseAddress")
# Layers below the addresses are taken from what runs; other words have no effect on them.
_CLEAR = {
    "Match": "Name MACAddress PermanentMACAddress Type",
    "Network": "Description VLAN Bond Bridge ConfigureWithoutCarrier LLMNR MulticastDNS EmitLLDP LLDP "
    "IgnoreCarrierLoss KeepConfiguration",
    "Link": "MTUBytes MACAddress RequiredForOnline RequiredFamilyForOnline",
    "DHCPv4": "UseMTU UseDNS UseDomains UseHostname RouteMetric UseNTP",
    "DHCP": "UseMTU UseDNS UseDomains UseHostname RouteMetric UseNTP",
    "DHCPv6": "UseDNS UseHostname UseNTP RouteMetric UseAddress",
    "IPv6AcceptRA": "UseDNS UseDomains RouteMetric UseMTU",
    "Address": "Label",
    "Route": "GatewayOnLink Gateway Metric Table PreferredSource Scope Destination Protocol Type",
}


def read(tree: typing.Any) -> model.Declared:
    """Return Declared; a file in /etc hides one of the same name in /run.

    :param tree: Tree.
    """
    found = model.Declared([], [], [], True)
    units: dict = {}
    for place in reversed(PLACES):
        units.update((name, os.path.join(place, name)) for name in tree.names(place) if name.endswith(".network"))
    for name in sorted(units):
        paths = [units[name]]
        for place in PLACES:
            paths += tree.glob(f"{place}/{name}.d/*.conf")
        found.paths.extend(paths)
        if tree.is_link(paths[0]) and tree.link(paths[0]) == "/dev/null":
            continue
        _read_unit(paths, ini.parse("\n".join(tree.text(path) for path in paths)), found)
    return found


def _read_unit(
    paths: typing.List[str],
    sections: typing.List[typing.Tuple[str, typing.List[typing.Tuple[str, str]]]],
    found: model.Declared,
) -> None:
    match = [line for name, lines in sections if name == "Match" for line in lines]
    names = [word for key, value in match if key == "Name" for word in value.split()]
    mac = [value for key, value in match if key in ("MACAddress", "PermanentMACAddress")]
    if not names and not mac:
        found.lost.append(model.Lost(paths[0], "a match without name and address"))
        return
    if [value for name, lines in sections if name == "Link" for key, value in lines if key == "Unmanaged"][
        -1:
    ] in _ALL_YES:
        return  # so that networkd leaves a device to somebody else
    made = model.stanza(names, mac[0] if mac else "", paths)
    for section, lines in sections:
        if section in ("Address", "Route", "RoutingPolicyRule"):
            made = _whole(made, section, lines, paths[0], found)
            continue
        for key, value in lines:
            try:
                made = _read_line(made, section, key, value)
            except commands.UNKNOWN:
                found.lost.append(model.lost_setting(paths[0], f"{section}.{key}"))
    found.stanzas.append(made)


def _whole(
    made: model.Stanza, section: str, lines: typing.List[typing.Tuple[str, str]], path: str, found: model.Declared
) -> model.Stanza:
    """Return the Stanza with what a section means that is one thing as a whole."""
    values = dict(lines)
    try:
        if section == "Address":
            made.addresses.append(_address(values.pop("Address")))
        elif section == "Route":
            made.routes.append(_route(values))
        else:
            words = {"From": "from", "To": "to", "Table": "table", "Priority": "priority"}
            made.rules.append(commands.ip_rule([part for key, value in lines for part in (words[key], value)]))
            return made
        strange = sorted(set(values) - set(_CLEAR[section].split()))
        if strange:
            raise KeyError(strange[0])
    except commands.UNKNOWN:
        found.lost.append(model.Lost(path, " ".join([f"[{section}]"] + [key for key, _value in lines])))
    return made


def _address(value: str) -> str:
    """Return an address; without a prefix it is one of a single host.

    :raises ValueError: it is none.
    """
    return commands.interface(commands.cidr(value, "128" if model.is_ipv6(value) else "32"))


def _route(values: typing.Dict[str, str]) -> model.Route:
    via = values.get("Gateway", "")
    if via.startswith("_") or values.get("Type", "unicast") != "unicast":
        raise KeyError("Gateway")
    return model.route(
        values.get("Destination") or "default",
        via,
        int(values.get("Metric", "0")),
        commands.table_number(values.get("Table", "main")),
        values.get("GatewayOnLink", "no") in _YES,
        values.get("PreferredSource", ""),
    )


def _read_line(made: model.Stanza, section: str, key: str, value: str) -> model.Stanza:
    """Return the Stanza with what one line says.

    :raises KeyError, ValueError: the model has no word for it.
    """
    if section == "Network" and key == "Address":
        made.addresses.append(_address(value))
    elif section == "Network" and key == "Gateway":
        made.routes.append(_route({"Gateway": value}))
    elif section == "Network" and key == "DNS":
        made.dns.extend(value.split())
    elif section == "Network" and key == "Domains":
        made.search.extend(value.split())
    elif section == "Network" and key == "DHCP":
        four, six = value in _YES + ("ipv4", "both", "v4"), value in _YES + ("ipv6", "both", "v6")
        return made._replace(dhcp4=four, dhcp6=six, client_id=made.client_id or "duid")
    elif section == "Network" and key == "IPv6PrivacyExtensions":
        return made._replace(privacy="yes" if value in _YES else "no" if value in _NO else _PRIVACY[value])
    elif section in ("DHCPv4", "DHCP") and key == "UseGateway":
        return made._replace(no_default4=value in _NO)
    elif section == "IPv6AcceptRA" and key == "UseGateway":
        return made._replace(no_default6=value in _NO)
    elif section == "Network" and key == "IPv6AcceptRA":
        return made._replace(ra=value in _YES)
    elif section == "Network" and key == "LinkLocalAddressing":
        if value in ("ipv4", "fallback"):
            raise ValueError(value)
    elif section in ("DHCPv4", "DHCP") and key == "ClientIdentifier":
        if value not in ("mac", "duid"):
            raise ValueError(value)
        return made._replace(client_id=value)
    elif section in ("DHCPv4", "DHCP") and key == "SendHostname":
        return made._replace(no_host=value in _NO)
    elif section in ("DHCPv4", "DHCP") and key == "Hostname":
        return made._replace(host=value)
    elif key not in _CLEAR[section].split() or (key in _TAKEN and value in _NO):
        raise KeyError(key)
    return made

# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Write a network as keyfiles of NetworkManager. Pure.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

import typing
import uuid

from ansible_collections.osmigrate.fleet.plugins.module_utils._network import ini, model, tables
from ansible_collections.osmigrate.fleet.plugins.module_utils._network.write import networkd

PLACE = "/etc/NetworkManager/system-connections"
HEADER = networkd.HEADER
# By what systemd-networkd calls them; without a line NetworkManager takes what the kernel says.
PRIVACY = {"no": "0", "prefer-public": "1", "yes": "2"}
# The ids have to be the same each time, and differ from node to node and from device to device.
_SPACE = uuid.UUID("4f36f0c2-6b1e-5e0c-9f27-0c7a8a2f6e11")


def render(network: model.Network) -> typing.List[model.Rendered]:
    """Return the files, as list of Rendered."""
    return [_file(one, network) for one in network.interfaces]


def _uuid(link: model.Link) -> str:
    return str(uuid.uuid5(_SPACE, str(f"{link.name} {link.address}")))


def _file(one: model.Interface, network: model.Network) -> model.Rendered:
    link, stanza = one.link, one.stanza
    lost: list = []
    connection = [
        ("id", "osmigrate-" + link.name),
        ("uuid", _uuid(link)),
        ("type", "ethernet" if link.kind == model.PHYSICAL else link.kind),
    ]
    if link.kind != model.PHYSICAL:
        connection.append(("interface-name", link.name))
    master = networkd.master_of(link, network)
    if master is not None:
        connection += [("master", _uuid(master)), ("slave-type", master.kind)]
    sections = [("connection", connection), ("ethernet", _ethernet(link, network))]
    if link.kind != model.PHYSICAL:
        make = {model.BOND: _bond, model.VLAN: _vlan, model.BRIDGE: _bridge}[link.kind]
        sections.append((link.kind, make(link, network, lost)))
    if master is None:
        sections += [("ipv4", _ipv4(one, lost)), ("ipv6", _ipv6(one, lost))]
    header = HEADER % (", ".join(stanza.sources) or networkd.NO_FILE)
    path = f"{PLACE}/osmigrate-{link.name}.nmconnection"
    # NetworkManager ignores what anybody but root may read.
    return model.Rendered(path, ini.render(header, sections), 0o600, stanza.sources, lost)


def _ethernet(link: model.Link, network: model.Network) -> typing.List[typing.Tuple[str, str]]:
    lines = []
    if link.kind == model.PHYSICAL:
        lines.append(("mac-address", link.mac.upper()))
    if (link.kind == model.PHYSICAL and not link.master and link.address != link.mac) or link.kind in (
        model.BOND,
        model.BRIDGE,
    ):
        lines.append(("cloned-mac-address", link.address.upper()))
    return lines + ([("mtu", str(link.mtu))] if networkd.says_mtu(link, network) else [])


def _bond(link: model.Link, network: model.Network, lost: list) -> typing.List[typing.Tuple[str, str]]:
    settings, missing = networkd.bond_settings(link)
    lost += missing
    lines = [(tables.BOND_DRIVER.get(name, name), value.replace(" ", ",")) for name, value in settings]
    if link.options.get("primary"):
        lost.append(f"primary={link.options['primary']} of the bond {link.name}")
    return lines


def _vlan(link: model.Link, network: model.Network, lost: list) -> typing.List[typing.Tuple[str, str]]:
    lost += networkd.vlan_losses(link)
    parent = next((other.link for other in network.interfaces if other.link.name == link.parent), None)
    flags = sum(tables.VLAN_FLAGS.get(flag, ("", 0))[1] for flag in link.options.get("flags") or [])
    lines = [("flags", str(flags)), ("id", str(link.options["id"]))]
    if link.options.get("protocol", "802.1Q") != "802.1Q":
        lost.append(f"the protocol {link.options['protocol']} of the VLAN {link.name}")
    return lines + ([("parent", _uuid(parent))] if parent is not None else [])


def _bridge(link: model.Link, network: model.Network, lost: list) -> typing.List[typing.Tuple[str, str]]:
    lost += networkd.bridge_losses(link)
    lines = []
    for _name, name, value, divisor in networkd.bridge_settings(link):
        if divisor:
            lines.append((name, str(value // divisor)))
        else:
            lines.append((name, str(value) if name == "priority" else "true" if value else "false"))
    return lines


def _ipv4(one: model.Interface, lost: list) -> typing.List[typing.Tuple[str, str]]:
    stanza = one.stanza
    addresses = [address for address in stanza.addresses if not model.is_ipv6(address)]
    method = "auto" if stanza.dhcp4 else "manual" if addresses else "disabled"
    lines = [("method", method)] + _common(stanza, addresses, 4)
    if stanza.dhcp4:
        lines.append(("dhcp-client-id", stanza.client_id or "mac"))
        lines += [("dhcp-send-hostname", "false")] if stanza.no_host else []
        lines += [("dhcp-hostname", stanza.host)] if stanza.host else []
        if stanza.client_id == "duid":
            lost.append(f"the DHCP client id of {one.link.name}: NetworkManager makes another one")
        lines += [("route-metric", str(one.metric))] if one.metric else []
    return lines + ([("never-default", "true")] if stanza.no_default4 else [])


def _ipv6(one: model.Interface, lost: typing.List[str]) -> typing.List[typing.Tuple[str, str]]:
    stanza = one.stanza
    if stanza.ra == model.ROUTES:
        lost.append(f"{one.link.name} takes no address of router advertisements; NetworkManager makes one")
    addresses = [address for address in stanza.addresses if model.is_ipv6(address)]
    method = "auto" if stanza.ra or stanza.dhcp6 else "manual" if addresses else "link-local"
    lines = [("method", method), ("addr-gen-mode", "eui64")] + _common(stanza, addresses, 6)
    if stanza.dhcp6:
        lost += [] if stanza.duid else [networkd.NO_DUID % one.link.name]
        lines += [("dhcp-duid", stanza.duid)] if stanza.duid else []
        lines += [("dhcp-iaid", str(int(stanza.iaid.replace(":", ""), 16)))] if stanza.iaid else []
    lines += [("ip6-privacy", PRIVACY[stanza.privacy])] if stanza.privacy in PRIVACY else []
    return lines + ([("never-default", "true")] if stanza.no_default6 else [])


def _common(stanza: model.Stanza, addresses: typing.List[str], number: int) -> typing.List[typing.Tuple[str, str]]:
    lines = [(f"address{place}", address) for place, address in enumerate(addresses, 1)]
    routes = [made for made in stanza.routes if model.family(made) == number]
    plain = [made for made in routes if made == model.route("default", made.via) and made.via]
    if plain:
        lines.append(("gateway", plain[0].via))
        routes.remove(plain[0])
    for place, made in enumerate(routes, 1):
        default = "::/0" if number == 6 else "0.0.0.0/0"
        fields = [default if made.to == "default" else made.to, made.via or ("::" if number == 6 else "0.0.0.0")]
        lines.append((f"route{place}", ",".join(fields + ([str(made.metric)] if made.metric else []))))
        options = [("table", made.table), ("src", made.source), ("onlink", "true" if made.onlink else "")]
        said = ",".join(f"{name}={value}" for name, value in options if value)
        lines += [(f"route{place}_options", said)] if said else []
    rules = [rule for rule in stanza.rules if (6 if model.is_ipv6(rule.from_ + rule.to) else 4) == number]
    for place, rule in enumerate(rules, 1):
        # NetworkManager wants a priority; this is the one before the main table that the kernel would choose first.
        words = [f"priority {rule.priority or 32765}"]
        words += [f"from {rule.from_}"] if rule.from_ else []
        words += [f"to {rule.to}"] if rule.to else []
        lines.append((f"routing-rule{place}", " ".join(words + [f"table {rule.table}"])))
    dns = [address for address in stanza.dns if model.is_ipv6(address) == (number == 6)]
    lines += [("dns", ";".join(dns) + ";")] if dns else []
    return lines + ([("dns-search", ";".join(stanza.search) + ";")] if stanza.search and number == 4 else [])

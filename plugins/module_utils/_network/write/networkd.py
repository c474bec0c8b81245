# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Write a network as units of systemd-networkd. Pure.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

import typing

from ansible_collections.osmigrate.fleet.plugins.module_utils._network import ini, model, tables

PLACE = "/etc/systemd/network"
HEADER = "# Written by osmigrate.fleet from %s.\n"
# Read before what an administrator says of it, which counts.
FOREIGN_PLACE = "/etc/systemd/networkd.conf.d/10-osmigrate.conf"
NO_FILE = "what ran"
# What a DUID begins with, and how systemd-networkd calls its kind.
DUID_KINDS = {"00:01": "link-layer-time", "00:02": "vendor", "00:03": "link-layer", "00:04": "uuid"}
NO_DUID = "the id by which DHCPv6 knows %s (DUID), which nothing tells; another one is made"


def render(network: model.Network) -> typing.List[model.Rendered]:
    """Return the files, as list of Rendered."""
    files = []
    for one in network.interfaces:
        if one.link.kind != model.PHYSICAL:
            files.append(_netdev(one))
        files.append(_network(one, network))
    return files


def leave_foreign() -> model.Rendered:
    """Return the file by which routes and rules stay that systemd-networkd did not make: unasked it deletes them."""
    lines = [("Network", [("ManageForeignRoutes", "no"), ("ManageForeignRoutingPolicyRules", "no")])]
    text = ini.render(HEADER % NO_FILE, lines)
    return model.Rendered(FOREIGN_PLACE, text, 0o644, [], [])


def pin(link: model.Link, why: str) -> model.Rendered:
    """Return the file by which a device keeps its name.

    :param why: str, what names it.
    """
    lines = [("Match", [match(link)]), ("Link", [("Name", link.name)])]
    return _file(link.name, "link", [why] if why else [], lines, [])


def match(link: model.Link) -> typing.Tuple[str, str]:
    """Return the line by which a device with hardware is known, whatever its name will be."""
    return ("PermanentMACAddress" if link.permanent else "MACAddress", link.mac)


def _file(
    name: str,
    suffix: str,
    sources: typing.List[str],
    sections: typing.List[typing.Tuple[str, typing.List[typing.Tuple[str, str]]]],
    lost: typing.List[str],
) -> model.Rendered:
    text = ini.render(HEADER % (", ".join(sources) or NO_FILE), sections)
    return model.Rendered(f"{PLACE}/10-osmigrate-{name}.{suffix}", text, 0o644, sources, lost)


def _netdev(one: model.Interface) -> model.Rendered:
    link = one.link
    head = [("Name", link.name), ("Kind", link.kind)]
    if link.kind != model.VLAN:
        head.append(("MACAddress", link.address))
    lines, lost = {model.BOND: _bond, model.VLAN: _vlan, model.BRIDGE: _bridge}[link.kind](link)
    section = {model.BOND: "Bond", model.VLAN: "VLAN", model.BRIDGE: "Bridge"}[link.kind]
    return _file(link.name, "netdev", one.stanza.sources, [("NetDev", head), (section, lines)], lost)


def bond_settings(link: model.Link) -> typing.Tuple[typing.List[typing.Tuple[str, str]], list]:
    """Return the settings of a bond that differ from the kernel's, as list of (kernel's name, value), and what is lost.

    :returns: (list of (str, str), list of str).
    """
    mode, found, lost = link.options.get("mode", ""), [], []
    for name in tables.BOND:
        value = _word(link.options.get(name))
        counts = mode in tables.BOND_MODES.get(name, (mode,)) and not (
            name.startswith("arp_") and not link.options.get("arp_interval")
        )
        if value and counts and tables.BOND_DEFAULTS.get(name) != value:
            found.append((name, value))
    for name, usual in tables.BOND_OTHERS.items():
        if _word(link.options.get(name)) not in ("", usual):
            lost.append(f"{name}={_word(link.options[name])} of the bond {link.name}")
    return found, lost


def _word(value: typing.Any) -> str:
    if isinstance(value, list):
        return " ".join(str(part) for part in value)
    return "" if value is None else str(int(value)) if isinstance(value, bool) else str(value)


def _bond(link: model.Link) -> typing.Tuple[typing.List[typing.Tuple[str, str]], list]:
    settings, lost = bond_settings(link)
    return [(tables.BOND[name][0], value + tables.BOND[name][1]) for name, value in settings], lost


def _vlan(link: model.Link) -> typing.Tuple[typing.List[typing.Tuple[str, str]], list]:
    lines = [("Id", str(link.options["id"]))]
    if link.options.get("protocol", "802.1Q") != "802.1Q":
        lines.append(("Protocol", link.options["protocol"]))
    flags = link.options.get("flags") or []
    if "REORDER_HDR" not in flags:
        lines.append(("ReorderHeader", "no"))
    lines += [(tables.VLAN_FLAGS[flag][0], "yes") for flag in flags if flag in tables.VLAN_FLAGS and flag[0] != "R"]
    return lines, vlan_losses(link)


def vlan_losses(link: model.Link) -> list:
    """Return what of a VLAN no renderer writes, as list of str."""
    return [f"{name} of the VLAN {link.name}" for name in ("ingress_qos", "egress_qos") if link.options.get(name)]


def bridge_settings(link: model.Link) -> typing.List[typing.Tuple[str, str, int, int]]:
    """Return the settings of a bridge, as list of (networkd's name, NetworkManager's name, number, divisor)."""
    found = []
    for name, (networkd, manager, usual, divisor) in sorted(tables.BRIDGE.items()):
        value = link.options.get(name)
        if value is not None and value != usual:
            found.append((networkd, manager, int(value), divisor))
    return found


def bridge_losses(link: model.Link) -> list:
    """Return what of a bridge no renderer writes, as list of str."""
    return [f"the VLAN filter of the bridge {link.name}"] if link.options.get("vlan_filtering") else []


def _bridge(link: model.Link) -> typing.Tuple[typing.List[typing.Tuple[str, str]], list]:
    lines = []
    for name, _manager, value, divisor in bridge_settings(link):
        if divisor:
            lines.append((name, f"{value / float(divisor):g}"))
        else:
            lines.append((name, str(value) if name == "Priority" else "yes" if value else "no"))
    return lines, bridge_losses(link)


def _network(one: model.Interface, network: model.Network) -> model.Rendered:
    link, stanza = one.link, one.stanza
    if link.kind != model.PHYSICAL:
        known = [("Name", link.name)]
    else:
        # Devices that lie on this one may have the same address, but are no plain Ethernet devices.
        known = [match(link)] + ([] if link.permanent else [("Type", "ether")])
    device = [("MTUBytes", str(link.mtu))] if says_mtu(link, network) else []
    is_alone = link.kind == model.BRIDGE and not any(other.link.master == link.name for other in network.interfaces)
    if is_alone:
        # Only containers or virtual machines are on it, so nobody may wait for it.
        device.append(("RequiredForOnline", "no"))
    if link.kind == model.PHYSICAL and not link.master and link.address != link.mac:
        device.append(("MACAddress", link.address))
    above = [
        ("VLAN", other.link.name)
        for other in network.interfaces
        if other.link.kind == model.VLAN and other.link.parent == link.name
    ]
    membership = _membership(link, network)
    sections: list = [("Match", known), ("Link", device)]
    lost: list = []
    if membership:
        sections.append(("Network", membership + above))
    else:
        alone = [("ConfigureWithoutCarrier", "yes")] if is_alone else []
        sections.append(("Network", above + alone + _addresses(stanza)))
        advertised = [("UseAutonomousPrefix", "no")] if stanza.ra == model.ROUTES else []
        advertised += [("UseGateway", "no")] if stanza.no_default6 and stanza.ra else []
        sections.append(("IPv6AcceptRA", advertised))
        sections += [("Route", _route(made)) for made in stanza.routes]
        sections += [("RoutingPolicyRule", _rule(made)) for made in stanza.rules]
        sections.append(("DHCPv4", _dhcp(one, lost)))
        sections.append(("DHCPv6", _dhcp6(one, lost)))
    return _file(link.name, "network", stanza.sources, sections, lost)


def says_mtu(link: model.Link, network: model.Network) -> bool:
    """Say whether the MTU has to be written down: a VLAN begins with that of the device that it lies on."""
    parent = next((other.link for other in network.interfaces if other.link.name == link.parent), None)
    return link.mtu != (parent.mtu if parent is not None else 1500)


def master_of(link: model.Link, network: model.Network) -> typing.Optional[model.Link]:
    """Return the bond or bridge that a device belongs to, as Link; None if there is none."""
    masters = [other.link for other in network.interfaces if other.link.kind in (model.BOND, model.BRIDGE)]
    return next((other for other in masters if other.name == link.master), None)


def _membership(link: model.Link, network: model.Network) -> typing.List[typing.Tuple[str, str]]:
    master = master_of(link, network)
    if master is None:
        return []
    lines = [("Bridge" if master.kind == model.BRIDGE else "Bond", master.name)]
    return lines + ([("PrimarySlave", "yes")] if master.options.get("primary") == link.name else [])


def _addresses(stanza: model.Stanza) -> typing.List[typing.Tuple[str, str]]:
    dhcp = {(True, False): "ipv4", (False, True): "ipv6", (True, True): "yes"}.get((stanza.dhcp4, stanza.dhcp6), "no")
    lines = [("DHCP", dhcp), ("IPv6AcceptRA", "yes" if stanza.ra else "no")]
    lines += [("IPv6PrivacyExtensions", stanza.privacy)] if stanza.privacy else []
    lines += [("Address", address) for address in stanza.addresses]
    lines += [("DNS", address) for address in stanza.dns]
    return lines + ([("Domains", " ".join(stanza.search))] if stanza.search else [])


def _route(made: model.Route) -> typing.List[typing.Tuple[str, str]]:
    default = "::/0" if model.family(made) == 6 else "0.0.0.0/0"
    lines = [("Destination", default if made.to == "default" else made.to)]
    lines += [("Gateway", made.via)] if made.via else []
    lines += [("Metric", str(made.metric))] if made.metric else []
    lines += [("Table", str(made.table))] if made.table else []
    lines += [("GatewayOnLink", "yes")] if made.onlink else []
    return lines + ([("PreferredSource", made.source)] if made.source else [])


def _rule(made: model.Rule) -> typing.List[typing.Tuple[str, str]]:
    lines = [("From", made.from_)] if made.from_ else []
    lines += [("To", made.to)] if made.to else []
    lines.append(("Table", str(made.table)))
    return lines + ([("Priority", str(made.priority))] if made.priority else [])


def _dhcp(one: model.Interface, lost: list) -> typing.List[typing.Tuple[str, str]]:
    stanza = one.stanza
    if not stanza.dhcp4:
        return []
    lines = []
    known = stanza.client_id in ("", "mac") or stanza.client_id.lower() == "01:" + one.link.address
    if known:
        lines.append(("ClientIdentifier", "mac"))
    elif stanza.client_id != "duid":
        lost.append(f"the DHCP client id of {one.link.name}")
    lines += [("SendHostname", "no")] if stanza.no_host else [("Hostname", stanza.host)] if stanza.host else []
    lines += [("UseGateway", "no")] if stanza.no_default4 else []
    return lines + ([("RouteMetric", str(one.metric))] if one.metric is not None else [])


def _dhcp6(one: model.Interface, lost: list) -> typing.List[typing.Tuple[str, str]]:
    """The ids by which the node and the interface are known; of the first the two bytes of its kind go before."""
    stanza = one.stanza
    kind = DUID_KINDS.get(stanza.duid[:5])
    if not stanza.dhcp6 or not kind:
        lost += [NO_DUID % one.link.name] if stanza.dhcp6 else []
        return []
    lines = [("DUIDType", kind), ("DUIDRawData", stanza.duid[6:])]
    return lines + ([("IAID", str(int(stanza.iaid.replace(":", ""), 16)))] if stanza.iaid else [])

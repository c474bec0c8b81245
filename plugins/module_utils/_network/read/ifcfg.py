# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Read the ifcfg files of the Red Hat family. Pure.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

import os
import re

from ansible_collections.osmigrate.fleet.plugins.module_utils._network import model
from ansible_collections.osmigrate.fleet.plugins.module_utils._network.read import commands

PLACE = "/etc/sysconfig/network-scripts"
GLOBAL = "/etc/sysconfig/network"
TYPES = ("", "ethernet", "bond", "vlan", "bridge")
# Files that the packages bring, and copies that editors and rpm leave.
_NOT_OURS = re.compile(r"(\.(bak|orig|rpmnew|rpmsave|rpmorig)$|~$)")
# What the links themselves show while they run, names, and what is clear or done anyway.
_CLEAR = set(
    "DEVICE NAME UUID TYPE ONBOOT BOOTPROTO HWADDR MACADDR MTU MASTER SLAVE BONDING_OPTS BONDING_MASTER "
    "VLAN VLAN_ID PHYSDEV REORDER_HDR BRIDGE STP DELAY BRIDGING_OPTS NETWORK BROADCAST USERCTL DEFROUTE "
    "PEERDNS PEERROUTES IPV4_FAILURE_FATAL IPV6_FAILURE_FATAL IPV6_DEFROUTE IPV6_PEERDNS IPV6_PEERROUTES "
    "IPV6_ADDR_GEN_MODE PROXY_METHOD BROWSER_ONLY IPV6INIT IPV6_AUTOCONF DHCPV6C NM_CONTROLLED HOTPLUG "
    "ARPCHECK VLAN_FLAGS GVRP MVRP AUTOCONNECT_SLAVES NETMASK PREFIX IPV6_PRIVACY BONDING_MODULE_OPTS "
    "ESSID AUTOCONNECT_PRIORITY NETWORKING NETWORKING_IPV6 NOZEROCONF HOSTNAME GATEWAYDEV GATEWAY "
    "IPV6_DEFAULTGW IPV6_DEFAULTDEV METRIC IPV4_ROUTE_METRIC".split()
)
# Of these only the first value means what the model says without a word.
_USUAL = {"DEFROUTE": "yes", "PEERDNS": "yes", "PEERROUTES": "yes", "NM_CONTROLLED": "yes", "IPV6_PRIVACY": "no",
          "IPV6_DEFROUTE": "yes", "IPV6_PEERDNS": "yes", "IPV6_PEERROUTES": "yes", "ARPCHECK": "yes"}  # fmt: skip


def read(tree):
    """Return Declared.

    :param tree: Tree.
    """
    found = model.Declared([], [], [], False)
    common = _values(tree.text(GLOBAL))
    if common:
        found.paths.append(GLOBAL)
    for path in tree.glob(PLACE + "/ifcfg-*"):
        name = os.path.basename(path)
        if name == "ifcfg-lo":
            found.paths.append(path)
        elif not _NOT_OURS.search(name):
            found.paths.append(path)
            _read_file(tree, path, name[len("ifcfg-") :], common, found)
    for path in tree.glob(PLACE + "/*"):
        if re.match(r"(route6?|rule6?)-", os.path.basename(path)) and path not in found.paths:
            found.lost.append(model.Lost(path, "routes or rules of an interface that no ifcfg file starts"))
            found.paths.append(path)
    return found


def _values(text):
    found = {}
    for line in text.splitlines():
        name, equals, value = line.strip().partition("=")
        if equals and not name.startswith("#"):
            found[name.replace("export ", "")] = value.split(" #")[0].strip().strip("'\"")
    return found


def _read_file(tree, path, suffix, common, found):
    values = _values(tree.text(path))
    name = values.get("DEVICE", suffix)
    if values.get("TYPE", "").lower() not in TYPES:
        found.lost.append(model.Lost(path, f"an interface of type {values['TYPE']}"))
        return
    if values.get("ONBOOT", "yes").lower() in ("no", "false", "0"):
        found.lost.append(model.Lost(path, f"{name} is not started at boot"))
        return
    made = model.stanza([name.partition(":")[0]], values.get("HWADDR", ""), [path])
    method = values.get("BOOTPROTO", "none").lower()
    if method in ("dhcp", "bootp"):
        made = made._replace(dhcp4=True, client_id="mac")
    elif method not in ("none", "static", ""):
        found.lost.append(model.Lost(path, f"BOOTPROTO={method}"))
    ipv6 = values.get("IPV6INIT", "yes" if "IPV6ADDR" in values else "no").lower() in ("yes", "true", "1")
    made = made._replace(
        ra=ipv6 and values.get("IPV6_AUTOCONF", "yes").lower() != "no",
        dhcp6=ipv6 and values.get("DHCPV6C", "no").lower() == "yes",
    )
    for key, value in sorted(values.items()):
        try:
            _read_value(made, key, value, values)
        except commands.UNKNOWN:
            found.lost.append(model.lost_setting(path, key, value))
    try:
        _gateways(made, name, values, common)
    except ValueError as error:
        found.lost.append(model.Lost(path, f"a default route: {error}"))
    _extras(tree, suffix, made, found)
    found.stanzas.append(made)


def _read_value(made, key, value, values):
    """Add to the Stanza what one variable says.

    :raises KeyError, ValueError: the model has no word for it.
    """
    number = re.search(r"\d*$", key).group(0)
    if re.match(r"IPADDR\d*$", key):
        mask = values.get("PREFIX" + number) or values.get("NETMASK" + number, "")
        made.addresses.append(commands.interface(commands.cidr(value, mask)))
    elif key in ("IPV6ADDR", "IPV6ADDR_SECONDARIES"):
        made.addresses.extend(commands.interface(commands.cidr(word, "64")) for word in value.split())
    elif re.match(r"DNS\d+$", key):
        made.dns.append(value)
    elif key in ("DOMAIN", "SEARCH"):
        made.search.extend(value.split())
    elif re.match(r"(PREFIX|NETMASK)\d+$", key) and "IPADDR" + number in values:
        return
    elif key not in _CLEAR or _USUAL.get(key, value.lower()) != value.lower():
        raise KeyError(key)


def _gateways(made, name, values, common):
    """Add the default routes; the common file names one for all interfaces, or for one of them."""
    metric = int(values.get("IPV4_ROUTE_METRIC") or values.get("METRIC") or 0)
    gateway = values.get("GATEWAY") or values.get("GATEWAY0", "")
    if not gateway and made.addresses and common.get("GATEWAYDEV", name) == name:
        gateway = common.get("GATEWAY", "")
    six = values.get("IPV6_DEFAULTGW") or (
        common.get("IPV6_DEFAULTGW", "") if common.get("IPV6_DEFAULTDEV") == name else ""
    )
    for via in (gateway, six.partition("%")[0]):
        if via:
            made.routes.append(model.route("default", via, metric))


def _extras(tree, suffix, made, found):
    for prefix in ("route", "route6", "rule", "rule6"):
        path = f"{PLACE}/{prefix}-{suffix}"
        if tree.read(path) is None:
            continue
        found.paths.append(path)
        made.sources.append(path)
        text = tree.text(path)
        if re.search(r"(?m)^ADDRESS\d+=", text):
            values = _values(text)
            lines = _numbered_routes(path, values, found)
        else:
            lines = [line.strip() for line in text.splitlines() if line.strip() and not line.strip().startswith("#")]
        for line in lines:
            try:
                (made.rules if prefix.startswith("rule") else made.routes).append(
                    (commands.ip_rule if prefix.startswith("rule") else commands.ip_route)(line.split())
                )
            except commands.UNKNOWN:
                found.lost.append(model.Lost(path, line))


def _numbered_routes(path, values, found):
    """Return the routes of a file of numbered variables as lines that ip takes; those that are none are lost."""
    lines = []
    for key in sorted(values):
        number = key[len("ADDRESS") :]
        if not key.startswith("ADDRESS"):
            continue
        try:
            to = commands.cidr(values[key], values.get("NETMASK" + number, "32"))
            lines.append(f"{to} via {values['GATEWAY' + number]} metric {values.get('METRIC' + number, '0')}")
        except commands.UNKNOWN:
            found.lost.append(model.Lost(path, f"{key}={values[key]}"))
    return lines

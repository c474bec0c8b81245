# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Read the ifcfg files of the Red Hat family. Pure.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

import os
import re
import typing

from ansible_collections.osmigrate.fleet.plugins.module_utils import _lines
from ansible_collections.osmigrate.fleet.plugins.module_utils._network import model
from ansible_collections.osmigrate.fleet.plugins.module_utils._network.read import commands, dhclient

PLACE = "/etc/sysconfig/network-scripts"
MANAGER = "/usr/sbin/NetworkManager"
GLOBAL = "/etc/sysconfig/network"
TYPES = ("", "ethernet", "bond", "vlan", "bridge")
# Files that the packages bring, and copies that editors and rpm leave.
_NOT_OURS = re.compile(r"(\.(bak|old|orig|rej|rpmnew|rpmsave|rpmorig|augnew|augtmp|swp)$|~$)")
# What the links themselves show while they run, names, and what is clear or done anyway.
_CLEAR = set(
    "DEVICE NAME UUID TYPE ONBOOT BOOTPROTO HWADDR MACADDR MTU MASTER SLAVE BONDING_OPTS BONDING_MASTER "
    "VLAN VLAN_ID PHYSDEV REORDER_HDR BRIDGE STP DELAY BRIDGING_OPTS NETWORK BROADCAST USERCTL DEFROUTE "
    "PEERDNS PEERROUTES IPV4_FAILURE_FATAL IPV6_FAILURE_FATAL IPV6_DEFROUTE IPV6_PEERDNS IPV6_PEERROUTES "
    "IPV6_ADDR_GEN_MODE PROXY_METHOD BROWSER_ONLY IPV6INIT IPV6_AUTOCONF DHCPV6C NM_CONTROLLED HOTPLUG "
    "ARPCHECK VLAN_FLAGS GVRP MVRP AUTOCONNECT_SLAVES NETMASK PREFIX IPV6_PRIVACY BONDING_MODULE_OPTS "
    "ESSID AUTOCONNECT_PRIORITY NETWORKING NETWORKING_IPV6 NOZEROCONF HOSTNAME GATEWAYDEV GATEWAY "
    "IPV6_DEFAULTGW IPV6_DEFAULTDEV METRIC IPV4_ROUTE_METRIC "
    "DEVICETYPE ONPARENT PERSISTENT_DHCLIENT ARPUPDATE IPV4_DHCP_TIMEOUT IPV6_DHCP_TIMEOUT ZONE".split()
)
# Of these only the first value means what the model says without a word.
_USUAL = {"DEFROUTE": "yes", "PEERDNS": "yes", "PEERROUTES": "yes", "ZONE": "public", "IPV6_PRIVACY": "no",
          "IPV6_DEFROUTE": "yes", "IPV6_PEERDNS": "yes", "IPV6_PEERROUTES": "yes", "ARPCHECK": "yes"}  # fmt: skip
_NO, _PRIVACY = ("no", "false", "0"), ("rfc3041", "rfc4941", "yes", "true", "1")


def read(tree: typing.Any) -> model.Declared:
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


def _values(text: str) -> typing.Dict[str, str]:
    found = {}
    for line in _lines.shell(text):
        name, equals, value = line.partition("=")
        if equals:
            found[name.replace("export ", "")] = value.split(" #")[0].strip(_lines.BLANKS).strip("'\"")
    return found


def _read_file(tree: typing.Any, path: str, suffix: str, common: typing.Dict[str, str], found: model.Declared) -> None:
    values = _values(tree.text(path))
    name = values.get("DEVICE") or suffix
    for kind in (values.get("TYPE", ""), values.get("DEVICETYPE", "")):
        if kind.lower() not in TYPES:
            found.lost.append(model.Lost(path, f"an interface of type {kind}"))
            return
    if values.get("ONBOOT", "yes").lower() in ("no", "false", "0"):
        found.lost.append(model.not_started(path, name))
        return
    # A file without a device's name is for the one with that address; what the file is called means nothing then.
    names = [] if values.get("HWADDR") and not values.get("DEVICE") else [name.partition(":")[0]]
    made = model.stanza(names, values.get("HWADDR", ""), [path])
    method = values.get("BOOTPROTO", "none").lower()
    if method in ("dhcp", "bootp"):
        sent = _sent(tree, name, values)
        found.lost.extend(sent.lost)
        made = made._replace(dhcp4=True, client_id=sent.client_id or "mac", host=sent.host)
    elif method not in ("none", "static", ""):
        found.lost.append(model.lost_setting(path, "BOOTPROTO"))
    ipv6 = values.get("IPV6INIT", "yes" if "IPV6ADDR" in values else "no").lower() in ("yes", "true", "1")
    made = made._replace(
        ra=ipv6 and values.get("IPV6_AUTOCONF", "yes").lower() != "no",
        dhcp6=ipv6 and values.get("DHCPV6C", "no").lower() == "yes",
    )
    for key, value in sorted(values.items()):
        try:
            made = _read_value(made, key, value, values)
        except commands.UNKNOWN:
            found.lost.append(model.lost_setting(path, key))
    try:
        _gateways(made, name, values, common)
    except ValueError:
        found.lost.append(model.Lost(path, "a default route whose gateway or metric is none"))
    _extras(tree, suffix, made, found)
    found.stanzas.append(made)


def _sent(tree: typing.Any, name: str, values: typing.Dict[str, str]) -> dhclient.Sent:
    """Return what a DHCP client tells: NetworkManager has one of its own, and the scripts start dhclient."""
    by_scripts = values.get("NM_CONTROLLED", "yes").lower() in _NO or not tree.exists(MANAGER)
    return dhclient.sent(tree, name) if by_scripts else dhclient.Sent("", "", "", [])


def _read_value(made: model.Stanza, key: str, value: str, values: typing.Dict[str, str]) -> model.Stanza:
    """Return the Stanza with what one variable says.

    :raises KeyError, ValueError: the model has no word for it.
    """
    number = key[len(key.rstrip("0123456789")) :]
    if re.match(r"IPADDR\d*$", key):
        mask = values.get("PREFIX" + number) or values.get("NETMASK" + number) or _of_class(value)
        made.addresses.append(commands.interface(commands.cidr(value, mask)))
    elif key in ("IPV6ADDR", "IPV6ADDR_SECONDARIES"):
        made.addresses.extend(commands.interface(commands.cidr(word, "64")) for word in value.split())
    elif re.match(r"DNS\d+$", key):
        made.dns.append(value)
    elif key in ("DOMAIN", "SEARCH"):
        made.search.extend(value.split())
    elif re.match(r"(PREFIX|NETMASK)\d+$", key) and "IPADDR" + number in values:
        return made
    elif key == "DHCP_CLIENT_ID":
        return made._replace(client_id=value)
    elif key == "DHCP_HOSTNAME":
        return made._replace(host=value)
    elif key == "DHCP_SEND_HOSTNAME":
        return made._replace(no_host=value.lower() in _NO)
    elif key in ("DEFROUTE", "IPV6_DEFROUTE") and value.lower() in _NO:
        return made._replace(no_default4=True) if key == "DEFROUTE" else made._replace(no_default6=True)
    elif key == "IPV6_PRIVACY" and value.lower() in _PRIVACY:
        prefers = values.get("IPV6_PRIVACY_PREFER_PUBLIC_IP", "no").lower() not in _NO
        return made._replace(privacy="prefer-public" if prefers else "yes")
    elif key == "IPV6_PRIVACY_PREFER_PUBLIC_IP" and "IPV6_PRIVACY" in values:
        return made
    elif key not in _CLEAR or _USUAL.get(key, value.lower()) != value.lower():
        raise KeyError(key)
    return made


def _of_class(address: str) -> str:
    """Return the length of a prefix that nobody gave, as ipcalc has it: that of the address's class."""
    first = address.partition(".")[0]
    return next((length for below, length in ((128, "8"), (192, "16"), (224, "24")) if int(first) < below), "32")


def _gateways(made: model.Stanza, name: str, values: typing.Dict[str, str], common: typing.Dict[str, str]) -> None:
    """Add the default routes; the common file names one for all interfaces, or for one of them."""
    metric = int(values.get("IPV4_ROUTE_METRIC") or values.get("METRIC") or 0)
    gateway = values.get("GATEWAY") or values.get("GATEWAY0", "")
    if not gateway and made.addresses and common.get("GATEWAYDEV", name) == name:
        gateway = common.get("GATEWAY", "")
    six = values.get("IPV6_DEFAULTGW") or (
        common.get("IPV6_DEFAULTGW", "") if common.get("IPV6_DEFAULTDEV") == name else ""
    )
    for via, forbidden in ((gateway, made.no_default4), (six.partition("%")[0], made.no_default6)):
        if via and not forbidden:
            made.routes.append(model.route("default", via, metric))


def _extras(tree: typing.Any, suffix: str, made: model.Stanza, found: model.Declared) -> None:
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
            lines = _lines.effective(text)
        for line in lines:
            try:
                if prefix.startswith("rule"):
                    made.rules.append(commands.ip_rule(_lines.words(line)))
                else:
                    made.routes.append(commands.ip_route(_lines.words(line)))
            except commands.UNKNOWN:
                found.lost.append(model.Lost(path, f"a line that is no plain {prefix.rstrip('6')}"))


def _numbered_routes(path: str, values: typing.Dict[str, str], found: model.Declared) -> typing.List[str]:
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
            found.lost.append(model.lost_setting(path, key))
    return lines

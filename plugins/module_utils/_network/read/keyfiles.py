# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Read the keyfiles of NetworkManager. Pure.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

import os
import re
import typing

from ansible_collections.osmigrate.fleet.plugins.module_utils._network import ini, model
from ansible_collections.osmigrate.fleet.plugins.module_utils._network.read import commands

Sections = typing.Dict[str, typing.Dict[str, str]]

# Where profiles lie; what a boot makes in /run it makes anew, so what is in /etc counts first.
ETC, RUN, LIB = (place + "/NetworkManager/system-connections" for place in ("/etc", "/run", "/usr/lib"))
NETPLAN, SUFFIX = "netplan-", ".nmconnection"
# Which profile configures each device now.
DEVICES = "/run/NetworkManager/devices/*"
TYPES = ("ethernet", "802-3-ethernet", "bond", "vlan", "bridge")
LOOPBACK = "loopback"
MEMBER = ("master", "controller")
# What the links themselves show while they run, names, and what only programs with a screen ask for.
_CLEAR = {
    "connection": "id uuid type interface-name autoconnect autoconnect-priority autoconnect-slaves autoconnect-ports "
    "autoconnect-retries slave-type port-type master controller timestamp permissions multi-connect "
    "wait-device-timeout wait-activation-delay gateway-ping-timeout auth-retries metered",
    "ethernet": "mac-address mtu cloned-mac-address mac-address-blacklist mac-address-denylist",
    "802-3-ethernet": "mac-address mtu cloned-mac-address mac-address-blacklist",
    "ipv4": "method may-fail never-default ignore-auto-dns ignore-auto-routes dhcp-send-hostname dhcp-timeout "
    "required-timeout dad-timeout",
    "ipv6": "method may-fail never-default ignore-auto-dns ignore-auto-routes addr-gen-mode dhcp-send-hostname "
    "ip6-privacy dhcp-timeout required-timeout ra-timeout",
}
_WHOLE = ("bond", "vlan", "bridge", "bridge-port", "bond-port", "proxy", "user", ".nmmeta", "nm-generated")
_YES = ("true", "yes", "1")
_PRIVACY = {"-1": "", "0": "no", "1": "prefer-public", "2": "yes"}
_HEX = re.compile(r"[0-9A-Fa-f]{2}(:[0-9A-Fa-f]{2})+")
_NO_LINE = ("", "0", "-1", "true", "yes", "default")


def read(tree: typing.Any) -> model.Declared:
    """Return Declared.

    :param tree: Tree.
    """
    found = model.Declared([], [], [], True)
    for path in profiles(tree):
        _read_file(path, tree.text(path), found)
    return found


def profiles(tree: typing.Any) -> typing.List[str]:
    """Return the paths of the profiles that count: of several with one name or UUID the first one does.

    Those that NetworkManager makes itself of what it finds are none, and of those in /usr only what is at work is.

    :param tree: Tree.
    """
    used = set(re.findall(r"(?m)^connection-uuid=(\S+)$", "\n".join(tree.text(path) for path in tree.glob(DEVICES))))
    found: typing.List[str] = []
    known: typing.Set[str] = set()
    for place in (ETC, RUN, LIB):
        for path in tree.glob(place + "/*"):
            name = os.path.basename(path)
            if tree.is_directory(path) or name.endswith(("~", ".rpmsave", ".rpmnew", ".bak")):
                continue
            sections = _sections(tree.text(path))
            uuid = sections.get("connection", {}).get("uuid", "")
            if place != ETC and (known & {name, uuid} or _is_idle(name, sections) or place == LIB and uuid not in used):
                continue
            known.update([name] + ([uuid] if uuid else []))
            found.append(path)
    return found


def _is_idle(name: str, sections: Sections) -> bool:
    """Say whether a file outside of /etc is no profile that somebody made."""
    made_itself = any(sections.get(".nmmeta", {}).get(key) in _YES for key in ("nm-generated", "external"))
    is_loopback = sections.get("connection", {}).get("type") == LOOPBACK
    return made_itself or is_loopback or not (name.endswith(SUFFIX) or name.startswith(NETPLAN))


def _sections(text: str) -> Sections:
    return {name: dict(lines) for name, lines in ini.parse_keyfile(text)}


def _read_file(path: str, text: str, found: model.Declared) -> None:
    found.paths.append(path)
    sections = _sections(text)
    connection = sections.get("connection", {})
    if connection.get("type") == LOOPBACK and not any("address" in key for one in sections.values() for key in one):
        return  # as NetworkManager of EL 9 shows what every system has
    if connection.get("type") not in TYPES:
        found.lost.append(model.Lost(path, f"a connection of type {connection.get('type', 'unknown')}"))
        return
    if connection.get("autoconnect") == "false":
        found.lost.append(model.not_started(path, connection.get("interface-name", "it")))
        return
    wired = sections.get("ethernet", sections.get("802-3-ethernet", {}))
    names = [connection["interface-name"]] if connection.get("interface-name") else []
    made = model.stanza(names, wired.get("mac-address", ""), [path])
    is_member = any(connection.get(key) for key in MEMBER)
    for section, values in sections.items():
        for key, value in values.items():
            try:
                made = _read_line(made, section, key, value, values)
            except commands.UNKNOWN:
                found.lost.append(model.lost_setting(path, f"{section}.{key}"))
    if not is_member:
        made = _methods(made, sections, path, found)
    found.stanzas.append(made)


def _methods(made: model.Stanza, sections: Sections, path: str, found: model.Declared) -> model.Stanza:
    known = {"ipv4": ("auto", "manual", "disabled"), "ipv6": ("auto", "manual", "disabled", "ignore", "link-local")}
    for section, methods in known.items():
        method = sections.get(section, {}).get("method", "auto")
        if method == "dhcp" and section == "ipv6":
            made = made._replace(dhcp6=True, ra=True)
        elif method not in methods:
            found.lost.append(model.lost_setting(path, f"{section}.method"))
    four = sections.get("ipv4", {})
    if four.get("method", "auto") == "auto":
        # Its own DHCP client tells the server the MAC address unless it is told otherwise.
        made = made._replace(dhcp4=True, client_id=made.client_id or "mac")
    six = sections.get("ipv6", {}).get("method", "auto")
    if six == "auto":
        made = made._replace(ra=True)
    elif six in ("manual", "disabled", "link-local"):
        made = made._replace(ra=False)
    return made


def _read_line(made: model.Stanza, section: str, key: str, value: str, values: typing.Dict[str, str]) -> model.Stanza:
    """Return the Stanza with what one line says.

    :raises KeyError, ValueError: the model has no word for it.
    """
    name = key.rstrip("0123456789")
    if section in _WHOLE and not (section == "proxy" and values.get("method", "0") not in ("", "0")):
        return made
    if section not in _CLEAR:
        raise KeyError(section)
    if key in _CLEAR[section].split():
        if key in ("ignore-auto-dns", "ignore-auto-routes") and value in _YES:
            raise ValueError(value)
        if key == "never-default" and value in _YES:
            return made._replace(no_default4=True) if section == "ipv4" else made._replace(no_default6=True)
        if key == "dhcp-send-hostname" and section == "ipv4":
            return made._replace(no_host=value not in _YES)
        if key == "ip6-privacy":
            return made._replace(privacy=_PRIVACY[value])
        return made
    if name in ("address", "addresses") and section.startswith("ip"):
        address, _comma, gateway = value.partition(",")
        made.addresses.append(commands.interface(address))
        if gateway and values.get("never-default") not in _YES:
            made.routes.append(model.route("default", gateway))
    elif key == "gateway":
        made_route = model.route("default", value, int(values.get("route-metric", "0")))
        made.routes.extend([] if values.get("never-default") in _YES else [made_route])
    elif key == "route-metric":
        int(value)
    elif name == "route":
        made.routes.append(_route(value, values.get(key + "_options", "")))
    elif name == "routing-rule":
        made.rules.append(commands.ip_rule(value.split()))
    elif name == "dns" and section.startswith("ip"):
        made.dns.extend(word for word in value.replace(",", ";").split(";") if word)
    elif key == "dns-search":
        made.search.extend(word for word in value.split(";") if word and word not in made.search)
    elif key == "dhcp-client-id" and section == "ipv4":
        return made._replace(client_id=value)
    elif key == "dhcp-hostname" and section == "ipv4":
        return made._replace(host=value)
    elif key == "dhcp-duid" and _HEX.fullmatch(value):
        return made._replace(duid=value.lower())
    elif key == "dhcp-iaid" and section == "ipv6" and value.isdigit() and int(value) < 2**32:
        return made._replace(iaid=":".join(re.findall("..", f"{int(value):08x}")))
    elif not (key.endswith("_options") or value in _NO_LINE or (key, value) == ("zone", "public")):
        raise KeyError(key)
    return made


def _route(value: str, options: str) -> model.Route:
    fields = value.split(",") + ["", ""]
    via = fields[1] if fields[1] not in ("0.0.0.0", "::") else ""
    table, onlink, source = 0, False, ""
    for option in options.split(","):
        name, _equals, said = option.partition("=")
        if name == "table":
            table = commands.table_number(said)
        elif name == "onlink":
            onlink = said == "true"
        elif name == "src":
            source = said
        elif name:
            raise KeyError(name)
    return model.route(fields[0], via, int(fields[2] or 0), table, onlink, source)

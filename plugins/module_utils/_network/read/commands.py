# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a command that a script runs means for routes and rules. Pure.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

import ipaddress
import re
import typing

from ansible_collections.osmigrate.fleet.plugins.module_utils._network import model, tables

# Words before the command that change nothing about it.
_BEFORE = re.compile(r"^(?:/usr/sbin/|/usr/bin/|/sbin/|/bin/)?")
_ADDS = ("add", "replace", "append")
# What takes away at shutdown what was added; the next boot does not need it.
_ENDS = ("del", "delete")
NUMBER = re.compile(r"[0-9]{1,10}\Z")
# What the readers here raise for words that the model has none for: a line of a file is lost then, and told of.
UNKNOWN = (KeyError, ValueError, IndexError)


def cidr(address: str, mask: str) -> str:
    """Return an address with the length of its prefix; the mask is a length or written like an address.

    :raises ValueError: the mask is none.
    """
    address, slash, own = address.partition("/")
    mask = own or mask
    if not mask:
        return address + slash
    if NUMBER.match(mask):
        return f"{address}/{mask}"
    return f"{address}/{ipaddress.ip_network(f'0.0.0.0/{mask}').prefixlen}"


def interface(text: str) -> str:
    """Return an address of an interface as it is, its mask as a length.

    :raises ValueError: it is none, or its prefix is not known.
    """
    made = cidr(text, "")
    ipaddress.ip_interface(str(made))
    if "/" not in made:
        raise ValueError(text)
    return made


def table_number(name: str) -> int:
    """Return the number of a table that is named by number or by one of the kernel's names; 0 for the main one."""
    number = int(name) if NUMBER.match(name) else tables.TABLES[name]
    return 0 if number == tables.TABLES["main"] else number


def ip_route(words: typing.List[str]) -> model.Route:
    """Read what follows "ip route add" or lies in a route-* file.

    :returns: model.Route.
    :raises KeyError, ValueError: there is a word in it that the model has none for.
    """
    words = list(words)
    to = words.pop(0)
    # Who made it and how far it reaches is clear without being said.
    found = {"via": "", "metric": "0", "table": "main", "src": "", "dev": "", "proto": "", "scope": ""}
    onlink = False
    while words:
        word = words.pop(0)
        if word == "onlink":
            onlink = True
        else:
            found[word]  # a KeyError for what is not known
            found[word] = words.pop(0)
    if to != "default" and "/" not in to:
        to += "/128" if model.is_ipv6(to) else "/32"
    if to != "default":
        ipaddress.ip_network(str(to), strict=False)
    return model.route(to, found["via"], int(found["metric"]), table_number(found["table"]), onlink, found["src"])


def ip_rule(words: typing.List[str]) -> model.Rule:
    """Read what follows "ip rule add" or lies in a rule-* file or in a routing-rule of NetworkManager.

    :returns: model.Rule.
    :raises KeyError, ValueError: there is a word in it that the model has none for.
    """
    found, words = {"from": "", "to": "", "table": "main", "priority": "0"}, list(words)
    while words:
        word = words.pop(0)
        word = {"pref": "priority", "prio": "priority", "order": "priority", "lookup": "table"}.get(word, word)
        found[word]
        found[word] = words.pop(0)
    number = table_number(found["table"]) or tables.TABLES["main"]
    nets = {side: "" if found[side] in ("all", "any") else found[side] for side in ("from", "to")}
    for net in filter(None, nets.values()):
        ipaddress.ip_network(str(net), strict=False)
    return model.Rule(nets["from"], nets["to"], number, int(found["priority"]))


def command(text: str) -> typing.Any:
    """Read one command of a script.

    :returns: a model.Route, a model.Rule, None for what only undoes one.
    :raises KeyError, ValueError: it is anything else.
    """
    words = _BEFORE.sub("", text.strip()).replace("|| true", "").split()
    if words[0] == "route":
        return None if words[1:2] and words[1] in _ENDS else _old_route(words[1:])
    if words[0] != "ip":
        raise ValueError(text)
    six = "-6" in words
    words = [word for word in words[1:] if word not in ("-4", "-6")]
    if words[0] not in ("route", "rule", "r", "ro") or words[1] not in _ADDS + _ENDS:
        raise ValueError(text)
    if words[1] in _ENDS:
        return None
    if words[0] == "rule":
        rule = ip_rule(words[2:])
        # Without an address in it nothing else would say of which family it is.
        return rule._replace(from_="::/0") if six and not rule.from_ + rule.to else rule
    route = ip_route(words[2:])
    return route._replace(to="::/0") if six and route.to == "default" and not route.via else route


def _old_route(words: typing.List[str]) -> model.Route:
    """Read the arguments of route, which wrote networks before ip did."""
    if words.pop(0) != "add":
        raise ValueError("route")
    found = {"gw": "", "netmask": "", "metric": "0", "dev": ""}
    if words[0] in ("-net", "-host"):
        found["netmask"] = "32" if words.pop(0) == "-host" else ""
    to = words.pop(0)
    while words:
        word = words.pop(0)
        found[word]
        found[word] = words.pop(0)
    to = to if to == "default" else cidr(to, found["netmask"])
    if to != "default" and "/" not in to:
        raise ValueError(to)
    return model.route(to, found["gw"], int(found["metric"]))

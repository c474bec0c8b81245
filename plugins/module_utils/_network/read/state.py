# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What runs on the network of a node: from the kernel, not from files.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

import fnmatch
import glob
import os
import re
import typing

from ansible_collections.osmigrate.fleet.plugins.module_utils._command import run
from ansible_collections.osmigrate.fleet.plugins.module_utils._network import model, tables
from ansible_collections.osmigrate.fleet.plugins.module_utils._network.read import iptext
from ansible_collections.osmigrate.fleet.plugins.module_utils._storage import read_text
from ansible_collections.osmigrate.fleet.plugins.module_utils._text import parse_json, whole_number

QUESTIONS = {
    "addresses": ["-d", "address", "show"],
    "routes4": ["-4", "route", "show", "table", "all"],
    "routes6": ["-6", "route", "show", "table", "all"],
}
SYS = "/sys/class/net"
# Where ip finds the names by which it calls tables instead of their numbers.
TABLE_NAMES = (
    "/usr/share/iproute2/rt_tables",
    "/usr/lib/iproute2/rt_tables",
    "/etc/iproute2/rt_tables",
    "/etc/iproute2/rt_tables.d/*.conf",
)
LOOPBACK = "lo"
PERMANENT = "0"  # NET_ADDR_PERM: the address is the one that the hardware has


# The answers, as they were given: one list per question, and for each device (str) whether it has hardware (bool) and
# how its address came to be (str, as in sysfs).
class Answers(typing.NamedTuple):
    asked: dict
    devices: dict


def ask() -> Answers:
    """Ask the kernel.

    :returns: Answers.
    :raises FleetError: ip is missing or failed.
    """
    asked = {name: answer(name) for name in QUESTIONS}
    numbers = table_numbers([read_text(path) for pattern in TABLE_NAMES for path in sorted(glob.glob(pattern))])
    for found in asked["routes4"] + asked["routes6"]:
        if found.get("table") in numbers:
            found["table"] = numbers[found["table"]]
    devices = {}
    for found in filter(None, asked["addresses"]):
        place = os.path.join(SYS, found["ifname"])
        devices[found["ifname"]] = {
            "hardware": os.path.exists(os.path.join(place, "device")),
            "address": read_text(os.path.join(place, "addr_assign_type")).strip(),
        }
    return Answers(asked, devices)


def answer(name: str) -> typing.List[dict]:
    """Ask the kernel one of the QUESTIONS.

    :raises FleetError: ip is missing or failed.
    """
    words = QUESTIONS[name]
    said = run(["ip", "-j", *words], check=False)
    if said.rc == 0:
        return parse_json(said.stdout or "[]")  # without IPv6 in the kernel, ip says nothing at all
    if name == "addresses":
        links = run(["ip", "-o", "-d", "link", "show"]).stdout
        return iptext.addresses(links, run(["ip", "-o", "address", "show"]).stdout)
    return iptext.routes(run(["ip", *words]).stdout)


def parse(answers: Answers) -> model.State:
    """Return the State that the Answers tell of."""
    made = model.State({}, [], {}, [])
    for found in answers.asked["addresses"]:
        if found and found["ifname"] != LOOPBACK:
            links = made.foreign if is_foreign(found["ifname"]) else made.links
            links[found["ifname"]] = _link(found, answers.devices.get(found["ifname"], {}))
    for name in ("routes4", "routes6"):
        for found in answers.asked[name]:
            known = found.get("dev") in made.links or found.get("dev") in made.foreign
            if known and found.get("type", "unicast") == "unicast":
                table = _table(found.get("table", 0))
                if table is not None and table != tables.TABLES["local"]:
                    routes = made.routes if found["dev"] in made.links else made.foreign_routes
                    routes.append((found["dev"], found.get("protocol", "boot"), _route(found, table, name)))
    return made


def is_foreign(name: str) -> bool:
    """Say whether an interface is called like those of containers, CNI plugins and the like."""
    return any(fnmatch.fnmatchcase(name, pattern) for pattern in tables.FOREIGN)


def _link(found: dict, device: dict) -> model.Link:
    info = found.get("linkinfo") or {}
    kind = info.get("info_kind", "")
    if kind not in (model.BOND, model.VLAN, model.BRIDGE):
        kind = model.PHYSICAL if device.get("hardware") else model.OTHER
    address = found.get("address", "")
    bond = (info.get("info_slave_data") or {}).get("perm_hwaddr", "")
    permanent = found.get("permaddr") or bond or (address if device.get("address") == PERMANENT else "")
    static: list = []
    dynamic: list = []
    for known in found.get("addr_info") or []:
        # Temporary addresses of IPv6 come and go. Site-local ones are of no use for anybody new, but routers give them.
        if known.get("scope") in ("global", "site") and not known.get("temporary"):
            text = f"{known['local']}/{known['prefixlen']}"
            # The DHCP client of systemd-networkd marks even what it may keep for ever.
            (dynamic if known.get("dynamic") or known.get("protocol") == "kernel_ra" else static).append(text)
    return model.Link(
        found["ifname"],
        kind,
        permanent or address,
        bool(permanent),
        address,
        found.get("mtu", 0),
        "UP" in found.get("flags", []),
        found.get("master", ""),
        found.get("link") or "" if kind == model.VLAN else "",
        dict(info.get("info_data") or {}) if kind != model.PHYSICAL else {},
        sorted(static),
        sorted(dynamic),
    )


def _table(value: typing.Any) -> typing.Optional[int]:
    """Return the number of a table, None for a name that nobody knows."""
    return tables.TABLES.get(value) or whole_number(value, most_digits=10)


def table_numbers(texts: typing.List[str]) -> typing.Dict[str, int]:
    """Read what names tables: dict of name to number; the kernel's own names are not in it."""
    found = {}
    for number, name in re.findall(r"(?m)^\s*(0x[0-9a-fA-F]+|\d+)\s+([^\s#]\S*)", "\n".join(texts)):
        if name not in tables.TABLES and name != "unspec":
            found[name] = int(number, 0)
    return found


def _route(found: dict, table: int, question: str) -> model.Route:
    to = found["dst"]
    if to == "default" and question == "routes6" and not found.get("gateway"):
        to = "::/0"
    elif to != "default" and "/" not in to:
        to += "/128" if model.is_ipv6(to) else "/32"
    return model.Route(
        to,
        found.get("gateway", ""),
        found.get("metric", 0),
        0 if table == tables.TABLES["main"] else table,
        "onlink" in found.get("flags", []),
        found.get("prefsrc", ""),
    )

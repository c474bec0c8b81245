# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a network consists of, in words of no configuration system. Pure.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

import ipaddress
import re
import typing

PHYSICAL, BOND, VLAN, BRIDGE, OTHER = "physical", "bond", "vlan", "bridge", "other"
ROUTES = "routes"
_NAME = re.compile(r"[\w.,/+*@:\[\]-]*")


# Destination in CIDR or "default"; via "" where there is no gateway; metric and table 0 where none is given.
class Route(typing.NamedTuple):
    to: str
    via: str
    metric: int
    table: int
    onlink: bool
    source: str


# from_ and to in CIDR, "" for any; priority 0 for the kernel's choice.
class Rule(typing.NamedTuple):
    from_: str
    to: str
    table: int
    priority: int


# Something of a file that the model has no word for.
class Lost(typing.NamedTuple):
    path: str
    what: str


_NOT_STARTED = "is not started at boot"


def not_started(path: str, name: str) -> Lost:
    """Return the Lost of an interface that its file leaves alone."""
    return Lost(path, f"{name} {_NOT_STARTED}")


def left_alone(lost: Lost) -> str:
    """Return the name of the interface of such a Lost, "" for another one."""
    name, _blank, what = lost.what.partition(" ")
    return name if what == _NOT_STARTED else ""


# What files say about one interface. Names may be patterns; all of names and mac that is given has to match.
# ra: whether router advertisements are taken, None where the files leave it to the kernel, ROUTES where routes are
# taken of them and no addresses.
# no_default4, no_default6: whether no default route may come by it, whoever tells of one. privacy: the use of temporary
# addresses of IPv6 as systemd-networkd calls it, "" where the files say nothing.
# duid, iaid: by which DHCPv6 knows the node and the interface, bytes as client_id has them, "" where that is not known.
# host: the name that DHCP servers are told, "" for that of the node; no_host: they are told none.
# client_id: by which DHCP knows the node: mac, duid, or the bytes as hexadecimal digits with colons.
class Stanza(typing.NamedTuple):
    names: typing.List[str]
    mac: str
    addresses: typing.List[str]
    routes: typing.List[Route]
    rules: typing.List[Rule]
    dhcp4: bool
    dhcp6: bool
    ra: typing.Union[bool, str, None]
    client_id: str
    dns: typing.List[str]
    search: typing.List[str]
    sources: typing.List[str]
    no_default4: bool = False
    no_default6: bool = False
    privacy: str = ""
    duid: str = ""
    iaid: str = ""
    host: str = ""
    no_host: bool = False


# What the files of one configuration system say, and which files those are; alone: whether the first stanza that
# matches an interface is the only one that counts for it.
class Declared(typing.NamedTuple):
    stanzas: typing.List[Stanza]
    lost: typing.List[Lost]
    paths: typing.List[str]
    alone: bool


# One device as it runs. mac is the permanent address where there is one; dynamic are addresses that DHCP or router
# advertisements gave. options are the settings of a bond, VLAN or bridge by the kernel's names.
class Link(typing.NamedTuple):
    name: str
    kind: str
    mac: str
    permanent: bool
    address: str
    mtu: int
    up: bool
    master: str
    parent: str
    options: dict
    static: typing.List[str]
    dynamic: typing.List[str]


# Everything that runs: links by name, routes as (device, protocol, Route); apart from it that of devices which by their
# names somebody else made.
class State(typing.NamedTuple):
    links: typing.Dict[str, Link]
    routes: typing.List[tuple]
    foreign: typing.Dict[str, Link] = {}
    foreign_routes: typing.List[tuple] = []


# One file that was made for the candidate; lost: what could not be said in it, as sentences.
class Rendered(typing.NamedTuple):
    path: str
    text: str
    mode: int
    sources: typing.List[str]
    lost: typing.List[str]


# One interface to be configured: the device as it runs, and what the files say about it.
class Interface(typing.NamedTuple):
    link: Link
    stanza: Stanza
    metric: typing.Optional[int]


# The whole of it: interfaces in the order in which they are made, what gets lost, and what runs without any file
# saying so, as sentences.
class Network(typing.NamedTuple):
    interfaces: typing.List[Interface]
    lost: typing.List[Lost]
    undeclared: typing.List[str]


def with_own(state: State, names: typing.Set[str]) -> State:
    """Return the State in which devices of these names are the administrator's, whatever they are called."""
    own = {name: link for name, link in state.foreign.items() if name in names}
    return State(
        dict(state.links, **own),
        state.routes + [route for route in state.foreign_routes if route[0] in own],
        {name: link for name, link in state.foreign.items() if name not in own},
        [route for route in state.foreign_routes if route[0] not in own],
    )


def stanza(names: typing.Iterable[str] = (), mac: str = "", sources: typing.Sequence[str] = ()) -> Stanza:
    """Return a Stanza that says nothing yet; its lists are its own."""
    return Stanza(list(names), mac.lower(), [], [], [], False, False, None, "", [], [], list(sources))


def route(to: str, via: str = "", metric: int = 0, table: int = 0, onlink: bool = False, source: str = "") -> Route:
    """Make a Route; 0.0.0.0/0 and ::/0 are the default, the latter only with the gateway that shows its family.

    :raises ValueError: destination or gateway is no address.
    """
    if to != "default":
        ipaddress.ip_network(str(to), strict=False)
    if via:
        ipaddress.ip_address(str(via))  # a prefix behind it is a mistake, which who reads it would refuse
    if source:
        ipaddress.ip_address(str(source))
    is_default = to == "0.0.0.0/0" or (to == "::/0" and via)
    return Route("default" if is_default else to, via, metric, table, onlink, source)


def lost_setting(path: str, name: str, where: str = "") -> Lost:
    """Make the Lost of a setting: its name. What is not carried may be a secret, so its value is shown nowhere."""
    return Lost(path, " ".join(word for word in (name_of(name), where) if word))


def lost_command(path: str, name: str, command: str, where: str) -> Lost:
    """Make the Lost of a command: its program, without arguments and without variables that are set for it."""
    return Lost(path, " ".join(word for word in (name, name_of(command), where) if word))


def name_of(text: str) -> str:
    """Return what a line of a file begins with, up to what may be a value."""
    found = _NAME.match(text)
    return found.group(0) if found else ""


def is_ipv6(text: str) -> bool:
    """Say whether an address, network or gateway is one of IPv6."""
    return ":" in text


def family(made: Route) -> int:
    """Return 4 or 6 for a Route; a default without gateway is one of IPv4."""
    return 6 if is_ipv6(made.to) or is_ipv6(made.via) else 4

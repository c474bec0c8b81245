# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Put together what files say and what runs. Pure.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

import fnmatch
import ipaddress
import typing

from ansible_collections.osmigrate.fleet.plugins.module_utils._network import model, tables

_MASTERS = (model.BOND, model.BRIDGE)
_ORDER = (model.PHYSICAL, model.BOND, model.VLAN, model.BRIDGE)


def merge(declared: typing.List[model.Declared], state: model.State) -> model.Network:
    """Return the Network.

    What the files say is carried, for the devices as they run. What runs without a file that says so is somebody
    else's (an address that keepalived moves, a route of a CNI plugin) and is only told of.

    :param declared: list of Declared.
    :param state: State.
    """
    lost: list = []
    chosen: dict = {}
    # What the node's own files name is nobody else's.
    state = model.with_own(state, {name for one in declared for stanza in one.stanzas for name in stanza.names})
    for one in declared:
        lost += [each for each in one.lost if not _is_idle(model.left_alone(each), state)]
        taken: set = set()
        for stanza in one.stanzas:
            matched = [link for link in _matched(stanza, state) if not (one.alone and link.name in taken)]
            taken.update(link.name for link in matched)
            if not matched:
                what = f"{' '.join(stanza.names) or stanza.mac} is not there, or another file counts for it"
                lost.append(model.Lost(stanza.sources[0], what))
            for link in matched:
                if link.kind in _ORDER:
                    chosen[link.name] = _union(chosen.get(link.name), stanza)
                else:
                    lost.append(model.Lost(stanza.sources[0], f"{link.name} is a device of another kind"))
    _add_unwritten(chosen, state, lost)
    lost += _twins(chosen, state)
    _add_neighbours(chosen, state)
    interfaces = []
    several = len(_defaults(state, 4)) > 1
    for link in sorted(state.links.values(), key=lambda link: (_rank(link), link.name)):
        if link.name in chosen:
            stanza = _settle(link, chosen[link.name], state)
            interfaces.append(model.Interface(link, stanza, _metric(link, state) if several else None))
            lost += _secrets(link, stanza)
    return model.Network(interfaces, lost, _undeclared(chosen, state))


def _is_idle(name: str, state: model.State) -> bool:
    """Say whether a name is that of an interface without addresses: nobody started it later, and nothing is lost."""
    link = state.links.get(name)
    return bool(name) and (link is None or not (link.static or link.dynamic or link.master))


def _rank(link: model.Link) -> int:
    return _ORDER.index(link.kind) if link.kind in _ORDER else len(_ORDER)


def _matched(stanza: model.Stanza, state: model.State) -> typing.List[model.Link]:
    links = sorted(state.links.values(), key=lambda link: link.name)
    if not stanza.names and not stanza.mac:
        return [link for link in links if link.kind == model.PHYSICAL and not link.master]
    return [
        link
        for link in links
        if (not stanza.names or any(fnmatch.fnmatchcase(link.name, pattern) for pattern in stanza.names))
        and (not stanza.mac or link.mac.lower() == stanza.mac)
    ]


def _union(one: typing.Optional[model.Stanza], other: model.Stanza) -> model.Stanza:
    if one is None:
        return other
    fields: typing.List[typing.Any] = [
        (mine + [said for said in theirs if said not in mine] if isinstance(mine, list) else _said(mine, theirs))
        for mine, theirs in typing.cast(typing.Iterable[tuple], zip(one, other))
    ]
    return model.Stanza(*fields)


def _said(mine: typing.Any, theirs: typing.Any) -> typing.Any:
    """Return what one of two says; where both do, yes."""
    return mine if theirs is None else theirs if mine is None else mine or theirs


def _add_unwritten(chosen: typing.Dict[str, model.Stanza], state: model.State, lost: typing.List[model.Lost]) -> None:
    """Add devices that DHCP or router advertisements configured without any file naming them."""
    named = {word for one in lost for word in one.what.split()}
    for link in state.links.values():
        if link.kind == model.PHYSICAL and link.dynamic and link.name not in set(chosen) | named and not link.master:
            four = any(not model.is_ipv6(address) for address in link.dynamic)
            chosen[link.name] = model.stanza([link.name])._replace(dhcp4=four, client_id="mac")


def _add_neighbours(chosen: typing.Dict[str, model.Stanza], state: model.State) -> None:
    """Add members of bonds and bridges, and what VLANs lie on."""
    pending = list(chosen)
    while pending:
        link = state.links[pending.pop()]
        above = [link.parent, link.master]
        below = [member.name for member in state.links.values() if member.master == link.name and link.kind in _MASTERS]
        for name in above + below:
            if name in state.links and name not in chosen and state.links[name].kind in _ORDER:
                chosen[name] = model.stanza([name], sources=chosen[link.name].sources)
                pending.append(name)


def _twins(chosen: typing.Dict[str, model.Stanza], state: model.State) -> typing.Iterator[model.Lost]:
    """Name devices that cannot be told apart: a virtual function of a cloud may have the address of its other half."""
    for name in sorted(chosen):
        link = state.links[name]
        twins = sorted(
            other.name for other in state.links.values() if other.kind == model.PHYSICAL and other.mac == link.mac
        )
        if link.kind == model.PHYSICAL and len(twins) > 1:
            what = "{} have the same MAC address, and what is written for {} would count for all".format(
                " and ".join(twins),
                name,
            )
            yield model.Lost((chosen[name].sources or ["What runs"])[0], what)


def _defaults(state: model.State, number: int) -> typing.List[typing.Tuple[str, model.Route]]:
    """Return the default routes of a family that count for what no rule sends elsewhere, as (device, Route)."""
    return [
        (device, made)
        for device, _protocol, made in state.routes
        if made.to in ("default", "::/0") and not made.table and model.family(made) == number
    ]


def _settle(link: model.Link, stanza: model.Stanza, state: model.State) -> model.Stanza:
    """Return the Stanza with what the files leave to the kernel, or to who reads them, as it runs."""
    routes = [_as_it_runs(made, link, stanza, state) for made in stanza.routes]
    ra = stanza.ra
    if ra is None:
        by_router = any(device == link.name and protocol == "ra" for device, protocol, _made in state.routes)
        ra = any(model.is_ipv6(address) for address in link.dynamic) or (model.ROUTES if by_router else False)
    return stanza._replace(routes=routes, ra=ra)


def _as_it_runs(made: model.Route, link: model.Link, stanza: model.Stanza, state: model.State) -> model.Route:
    """Return a Route with the metric by which it is one of several, and whether its gateway is in no network.

    NetworkManager gives each device a metric of its own, and it and ifupdown bear gateways outside of all networks.
    """
    defaults = _defaults(state, model.family(made))
    if made.to == "default" and not made.metric and not made.table and len(defaults) > 1:
        own = [other.metric for device, other in defaults if device == link.name and other.via == made.via]
        made = made._replace(metric=own[0] if own else 0)
    return made if _is_reached(made, link, stanza) else made._replace(onlink=True)


def _is_reached(made: model.Route, link: model.Link, stanza: model.Stanza) -> bool:
    """Say whether the gateway of a Route, if it has one, lies in a network of the device."""
    via = ipaddress.ip_address(str(made.via)) if made.via else None
    if via is None or via.is_link_local:
        return True
    networks = [ipaddress.ip_interface(str(address)).network for address in stanza.addresses]
    networks += [ipaddress.ip_interface(str(address)).network for address in link.static + link.dynamic]
    direct = [other.to for other in stanza.routes if not other.via and other.to != "default"]
    networks += [ipaddress.ip_network(str(to), strict=False) for to in direct]
    return any(via in network for network in networks)


def _metric(link: model.Link, state: model.State) -> typing.Optional[int]:
    """Return the metric of the default route that DHCP gave, None if there is none."""
    own = [made.metric for device, made in _defaults(state, 4) if device == link.name]
    return own[0] if own else None


def _secrets(link: model.Link, stanza: model.Stanza) -> typing.Iterator[model.Lost]:
    """Name addresses of IPv6 that the incumbent made of a secret: the candidate makes its own of the MAC address."""
    path = (stanza.sources or ["What runs"])[0]
    for address in link.dynamic:
        if model.is_ipv6(address) and address.endswith("/64") and not _is_eui64(address, link.address):
            yield model.Lost(path, f"{address} of {link.name} was made of a secret and will be another one")


def _is_eui64(address: str, mac: str) -> bool:
    octets = [int(part, 16) for part in mac.split(":")]
    if len(octets) != 6:
        return False
    octets = [octets[0] ^ 2] + octets[1:3] + [0xFF, 0xFE] + octets[3:]
    return list(bytearray(ipaddress.ip_interface(str(address)).ip.packed))[8:] == octets


def _undeclared(chosen: typing.Dict[str, model.Stanza], state: model.State) -> typing.List[str]:
    """Return what runs on the administrator's devices and is in no file, as sentences."""
    found = []
    for name, link in sorted(state.links.items()):
        stanza = chosen.get(name, model.stanza([name]))
        written = {_plain(address) for address in stanza.addresses}
        leased = [address for address in link.static if stanza.dhcp4 and not model.is_ipv6(address)]
        for address in link.static:
            by_lease = address in leased and len(leased) == 1
            by_router = model.is_ipv6(address) and (stanza.dhcp6 or stanza.ra)
            if _plain(address) not in written and not by_lease and not by_router:
                found.append(f"The address {address} of {name}")
        if not stanza.dhcp4:
            given = [address for address in link.dynamic if not model.is_ipv6(address)]
            found += [f"The address {address} of {name}, for a time" for address in given]
    for name, protocol, made in state.routes:
        stanza = chosen.get(name, model.stanza([name]))
        by_lease = stanza.dhcp4 and model.family(made) == 4
        if protocol in tables.WRITTEN and not by_lease and not any(_same(made, one) for one in stanza.routes):
            if not (name not in chosen and made.to != "default"):
                found.append(f"The route to {made.to} by {name}{' via ' + made.via if made.via else ''}")
    return found


def _plain(address: str) -> str:
    return str(ipaddress.ip_interface(str(address)))


def _same(one: model.Route, other: model.Route) -> bool:
    if one.to == "default" or other.to == "default":
        return one.to == other.to and model.family(one) == model.family(other)
    return ipaddress.ip_network(str(one.to), strict=False) == ipaddress.ip_network(str(other.to), strict=False)

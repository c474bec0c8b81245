# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a machine is the one that a Node object means. Pure.

An address may come from a kubelet, from DHCP, or be another's behind a router: that a machine answers there says
nothing. Its machine id and its boot id do, as long as no other Node object shows the same.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

import ipaddress
import typing

from ansible_collections.osmigrate.fleet.plugins.module_utils._text import printable


class Identity(typing.NamedTuple):
    """What a machine says of itself, or a Node object of its machine; what is not known is empty."""

    machine_id: str
    boot_id: str
    addresses: typing.Tuple[str, ...]


class Claimed(typing.NamedTuple):
    """What counts of a Node object."""

    name: str
    identity: Identity


def plain(addresses: typing.Iterable[str]) -> typing.Tuple[str, ...]:
    """Addresses in the one form that each has; what is none is left out."""
    found = []
    for one in addresses:
        try:
            found.append(str(ipaddress.ip_address(one)))
        except ValueError:
            continue
    return tuple(found)


def claimed(node: typing.Dict[str, typing.Any]) -> Claimed:
    status = node.get("status") or {}
    info = status.get("nodeInfo") or {}
    internal = plain(one["address"] for one in status.get("addresses") or [] if one["type"] == "InternalIP")
    return Claimed(node["metadata"]["name"], Identity(info.get("machineID", ""), info.get("bootID", ""), internal))


def is_late(node: Claimed, machine: Identity) -> bool:
    """Whether it is the machine, but its kubelet has not reported this boot yet."""
    same = bool(machine.machine_id) and machine.machine_id == node.identity.machine_id
    return same and machine.boot_id != node.identity.boot_id


def objection(node: Claimed, machine: Identity, others: typing.Iterable[Claimed]) -> str:
    """Say why a machine is not the one that a Node object means; empty if nothing speaks against it.

    :param others: all other Node objects of the cluster.
    """
    means = node.identity
    for what, shown, found in (
        ("machine id", means.machine_id, machine.machine_id),
        ("boot id", means.boot_id, machine.boot_id),
    ):
        if shown and found and shown != found:
            return (
                f"The machine that answers is not node {node.name}: its {what} is {printable(found, 80)}, and the Node "
                f"object says {printable(shown, 80)}"
            )
    # A boot id is proof enough: behind a NAT, no machine has the address by which others reach it.
    proven = bool(means.boot_id) and means.boot_id == machine.boot_id
    if not proven and means.addresses and machine.addresses and not set(means.addresses) & set(machine.addresses):
        none_of = printable(", ".join(means.addresses), 200)
        return f"The machine that answers is not node {node.name}: it has none of the addresses {none_of}"
    twins = sorted(one.name for one in others if one.name != node.name and _is_same(one.identity, means))
    if twins:
        return f"Node {node.name} and {printable(', '.join(twins), 200)} say that they are one machine"
    return ""


def _is_same(one: Identity, other: Identity) -> bool:
    """Machine ids alone may be alike, of machines that were cloned."""
    booted = (other.machine_id, other.boot_id)
    return bool(set(one.addresses) & set(other.addresses)) or (all(booted) and (one.machine_id, one.boot_id) == booted)

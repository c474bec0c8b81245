# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How a node's network is configured: the devices of its machine, the packages and the files on its disk. Data."""

from __future__ import annotations

from dataclasses import dataclass, field

from .config import GUEST_GATEWAY

ADDRESS = "10.0.2.15/24"
NAME_SERVER = "10.0.2.3"
# Devices are called by the place on the bus that QEMU gives them: enp0s16, ...
FIRST_SLOT = 16
MEMBERS = (f"enp0s{FIRST_SLOT}", f"enp0s{FIRST_SLOT + 1}")
LEASED = f"enp0s{FIRST_SLOT + 2}"
# A second network, of which nothing leads anywhere: whoever asks gets an address and neither router nor name server.
SECOND_NETWORK = "192.0.2.0/24"
VLAN, VLAN_ADDRESS, VLAN_ROUTER = 20, "203.0.113.5/24", "203.0.113.1"
ROUTED, ROUTED_BY_VLAN, TABLE = "198.51.100.0/25", "198.51.100.128/25", 200


@dataclass(frozen=True)
class Network:
    """What a node has of it.

    services: what configures it, the only such that runs; packages: what has that, beside the packages of all nodes.
    bond: three devices instead of one, two of them for a bond with a VLAN on it, and one that asks for its address.
    files: path -> text, the same on all nodes; without any, each node is given its own (seed.py).
    """

    services: tuple[str, ...]
    packages: tuple[str, ...] = ()
    bond: bool = False
    files: dict[str, str] = field(default_factory=dict)


IFUPDOWN = f"""\
auto lo bond0 bond0.{VLAN} {LEASED}
iface lo inet loopback

iface bond0 inet static
    address {ADDRESS}
    gateway {GUEST_GATEWAY}
    dns-nameservers {NAME_SERVER}
    bond-slaves {" ".join(MEMBERS)}
    bond-mode active-backup
    bond-miimon 100
    up ip route add {ROUTED} via {GUEST_GATEWAY} dev bond0

iface bond0.{VLAN} inet static
    address {VLAN_ADDRESS}
    vlan-raw-device bond0
    up ip route add {ROUTED_BY_VLAN} via {VLAN_ROUTER} table {TABLE}
    up ip rule add from {VLAN_ADDRESS.partition("/")[0]} table {TABLE} priority 100

iface {LEASED} inet dhcp
"""
NETPLAN = f"""\
network:
  version: 2
  renderer: NetworkManager
  ethernets:
    {MEMBERS[0]}: {{}}
    {MEMBERS[1]}: {{}}
    {LEASED}: {{dhcp4: true}}
  bonds:
    bond0:
      interfaces: [{", ".join(MEMBERS)}]
      parameters: {{mode: active-backup, mii-monitor-interval: 100}}
      addresses: [{ADDRESS}]
      nameservers: {{addresses: [{NAME_SERVER}]}}
      routes:
        - {{to: default, via: {GUEST_GATEWAY}}}
        - {{to: {ROUTED}, via: {GUEST_GATEWAY}}}
  vlans:
    bond0.{VLAN}:
      id: {VLAN}
      link: bond0
      addresses: [{VLAN_ADDRESS}]
      routes:
        - {{to: {ROUTED_BY_VLAN}, via: {VLAN_ROUTER}}}
"""
KEYFILE = f"""\
[connection]
id=uplink
uuid=7c1f0d36-5f0b-4b52-8c8e-0a4a1d4f4d19
type=ethernet
interface-name={MEMBERS[0]}

[ipv4]
method=manual
address1={ADDRESS},{GUEST_GATEWAY}
dns={NAME_SERVER};

[ipv6]
method=disabled
"""
NETWORKS = {
    "systemd-networkd": Network(("systemd-networkd.service",)),
    "ifupdown": Network(
        ("networking.service",),
        ("ifupdown", "ifenslave", "isc-dhcp-client"),
        bond=True,
        files={"etc/network/interfaces": IFUPDOWN},
    ),
    "netplan": Network(
        ("NetworkManager.service",),
        ("netplan.io", "network-manager"),
        bond=True,
        files={"etc/netplan/50-site.yaml": NETPLAN},
    ),
    "keyfile": Network(
        ("NetworkManager.service",),
        ("network-manager",),
        files={"etc/NetworkManager/system-connections/uplink.nmconnection": KEYFILE},
    ),
}
DEFAULT = "systemd-networkd"


def arguments(network: Network, name: str, index: int, forwards: str) -> list[str]:
    """Return QEMU's arguments for the devices of a node's machine.

    :param forwards: what of the first network's host side leads into the machine, as QEMU takes it.
    """
    made = ["-netdev", f"user,id=lan,hostname={name}{forwards}"]
    ends = ["lan"]
    if network.bond:
        # A hub, so that both members of the bond reach the same network.
        ends = [f"member{number}" for number in range(len(MEMBERS))]
        for port in ("uplink,netdev=lan", *ends):
            made += ["-netdev", f"hubport,hubid=0,id={port}"]
        # QEMU would give both networks the same prefix of IPv6.
        made += ["-netdev", f"user,id=second,net={SECOND_NETWORK},restrict=on,ipv6=off"]
        ends.append("second")
    for number, end in enumerate(ends):
        mac = f"52:54:00:66:{number:02x}:{index + 1:02x}"
        made += ["-device", f"virtio-net-pci,netdev={end},mac={mac},addr={FIRST_SLOT + number:#x},romfile="]
    return made

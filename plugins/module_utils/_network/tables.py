# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Names and words of networks: data, for strangers to extend.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

import re
import typing

# Interfaces that are not the administrator's: containers, CNI plugins, load balancers and virtual machines make them.
FOREIGN = (
    "lo veth* cni* docker* br-???????????? flannel* cali* tunl* vxlan.calico vxlan-v6.calico "
    "wireguard.cali wg-v6.cali cilium* lxc* lxdbr* kube-* nodelocaldns weave* vethwe* antrea* gw0 ovs-* "
    "genev_sys* vxlan_sys* ovn* azv* eni* gke* virbr* vnet* tap* tun* ifb* sit0 ip6tnl0 gre0 gretap0 "
    "erspan0 ip_vti0 ip6_vti0 ip6gre0 teql0 podman* nerdctl* keth*"
).split()
# Routes that somebody wrote down come by these protocols; all others are made by the kernel or a program.
WRITTEN = ("static", "boot")
# Tables by name; iproute2 shows these names instead of numbers.
TABLES = {"main": 254, "default": 253, "local": 255}


# A configuration system: the units that run it, its files as patterns, and what it starts when something happens to a
# device, as one pattern.
class System(typing.NamedTuple):
    name: str
    units: typing.List[str]
    files: str
    hooks: str


# The first one that a release has switched on is written for. netplan is no system of its own: what it made of its
# files for systemd-networkd or NetworkManager is taken.
_MANAGER = (
    "/etc/NetworkManager/system-connections/* /etc/NetworkManager/NetworkManager.conf /etc/NetworkManager/conf.d/* "
    "/etc/NetworkManager/dispatcher.d/**"
)
_IFUPDOWN = "/etc/network/interfaces /etc/network/interfaces.d/* /etc/network/if-*.d/*"
SYSTEMS = [
    System("systemd-networkd", ["systemd-networkd.service"], "/etc/systemd/network/**", "/etc/networkd-dispatcher/**"),
    System("NetworkManager", ["NetworkManager.service"], _MANAGER, "/etc/NetworkManager/dispatcher.d/**"),
    System("ifupdown", ["networking.service"], _IFUPDOWN, "/etc/network/if-*.d/*"),
    System("ifcfg", ["network.service"], "/etc/sysconfig/network-scripts/*", ""),
]
# Whose files can be read; what else configures a node's network stops it.
UNDERSTOOD = tuple(system.name for system in SYSTEMS) + ("netplan",)

# Settings of a bond: by the kernel's name in ip's output (the same as in NetworkManager and ifupdown), how
# systemd-networkd calls it, and what it adds to a number that the kernel counts in milliseconds. Settings that the
# mode does not know are left out by the kernel itself.
BOND = {
    "mode": ("Mode", ""),
    "miimon": ("MIIMonitorSec", "ms"),
    "updelay": ("UpDelaySec", "ms"),
    "downdelay": ("DownDelaySec", "ms"),
    "xmit_hash_policy": ("TransmitHashPolicy", ""),
    "ad_lacp_rate": ("LACPTransmitRate", ""),
    "ad_select": ("AdSelect", ""),
    "min_links": ("MinLinks", ""),
    "arp_interval": ("ARPIntervalSec", "ms"),
    "arp_ip_target": ("ARPIPTargets", ""),
    "arp_validate": ("ARPValidate", ""),
    "arp_all_targets": ("ARPAllTargets", ""),
    "fail_over_mac": ("FailOverMACPolicy", ""),
    "primary_reselect": ("PrimaryReselectPolicy", ""),
    "packets_per_slave": ("PacketsPerSlave", ""),
    "resend_igmp": ("ResendIGMP", ""),
    "lp_interval": ("LearnPacketIntervalSec", ""),
    "num_peer_notif": ("GratuitousARP", ""),
    "tlb_dynamic_lb": ("DynamicTransmitLoadBalancing", ""),
}
# What ip calls differently than the option of the bonding driver is called.
BOND_DRIVER = {"ad_lacp_rate": "lacp_rate", "num_peer_notif": "num_grat_arp"}
# Settings as the kernel has them unasked, which need no line.
BOND_DEFAULTS = {
    "updelay": "0", "downdelay": "0", "ad_select": "stable", "min_links": "0", "arp_interval": "0", "arp_ip_target": "",
    "arp_validate": "none", "arp_all_targets": "any", "fail_over_mac": "none", "primary_reselect": "always",
    "packets_per_slave": "1", "resend_igmp": "1", "lp_interval": "1", "num_peer_notif": "1", "tlb_dynamic_lb": "1",
    "xmit_hash_policy": "layer2", "ad_lacp_rate": "slow",
}  # fmt: skip
# Settings that only mean something in these modes.
BOND_MODES = {
    "ad_lacp_rate": ("802.3ad",),
    "ad_select": ("802.3ad",),
    "min_links": ("802.3ad",),
    "xmit_hash_policy": ("802.3ad", "balance-xor", "balance-tlb"),
    "tlb_dynamic_lb": ("balance-tlb", "balance-alb"),
    "packets_per_slave": ("balance-rr",),
    "lp_interval": ("balance-tlb", "balance-alb"),
}

# Settings of a bond that are not written for the candidate, and what they have to be so that nothing is lost.
BOND_OTHERS = {
    "use_carrier": "1", "all_slaves_active": "0", "peer_notify_delay": "0", "ad_actor_sys_prio": "65535",
    "ad_user_port_key": "0", "ad_actor_system": "00:00:00:00:00:00", "ad_lacp_active": "on", "arp_missed_max": "2",
}  # fmt: skip
# Settings of a bridge: how systemd-networkd and NetworkManager call them, what the kernel has unasked, and by how much
# its number has to be divided to be seconds (0: no time).
BRIDGE = {
    "stp_state": ("STP", "stp", None, 0),
    "forward_delay": ("ForwardDelaySec", "forward-delay", None, 100),
    "hello_time": ("HelloTimeSec", "hello-time", 200, 100),
    "max_age": ("MaxAgeSec", "max-age", 2000, 100),
    "ageing_time": ("AgeingTimeSec", "ageing-time", 30000, 100),
    "priority": ("Priority", "priority", 32768, 0),
    "mcast_snooping": ("MulticastSnooping", "multicast-snooping", 1, 0),
}
# Flags of a VLAN: how systemd-networkd calls them, and the bit of NetworkManager.
VLAN_FLAGS = {
    "REORDER_HDR": ("ReorderHeader", 1),
    "GVRP": ("GVRP", 2),
    "LOOSE_BINDING": ("LooseBinding", 4),
    "MVRP": ("MVRP", 8),
}

# Where names of interfaces are written down beside what an administrator made in /etc; a name that is found is kept.
REFERENCES = (
    "/etc/cni/** /etc/kubernetes/** /usr/local/bin/* /usr/local/sbin/* /usr/local/etc/** "
    "/usr/local/lib/systemd/** /etc/network/if-*.d/* /proc/cmdline"
).split()
# The kernel gives such names itself, in any order: they cannot be kept where there are several.
KERNEL_NAMES = re.compile(r"(eth|wlan)\d+$")

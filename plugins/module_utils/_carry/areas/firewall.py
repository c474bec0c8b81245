# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Packet filters; rules that only the kernel knows are gone with a reboot, with or without a move.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

from ansible_collections.osmigrate.fleet.plugins.module_utils._carry.area import MADE, area, take

AREA = area(
    "firewall",
    [
        take(
            MADE,
            "/etc/nftables.conf /etc/sysconfig/nftables.conf /etc/nftables/** /etc/nftables.d/**",
            needs="/usr/sbin/nft",
        ),
        take(
            MADE,
            "/etc/iptables/rules.v4 /etc/sysconfig/iptables /etc/iptables/rules.v6 /etc/sysconfig/ip6tables",
            needs="/usr/sbin/netfilter-persistent",
        ),
        take(
            MADE,
            "/etc/iptables/ipsets /etc/sysconfig/ipset /etc/sysconfig/ipset.d/*.set /etc/ipset.conf",
            needs="/usr/sbin/ipset",
        ),
        take(MADE, "/etc/firewalld/**", needs="/usr/sbin/firewalld"),
        # What bans by one of these.
        take(
            MADE,
            "/etc/fail2ban/*.local /etc/fail2ban/*.d/*",
            needs="/usr/bin/fail2ban-server",
        ),
        take(MADE, "/etc/ufw/** /etc/default/ufw", needs="/usr/sbin/ufw"),
    ],
    same=[
        ("/etc/nftables.conf", "/etc/sysconfig/nftables.conf"),
        ("/etc/iptables/rules.v4", "/etc/sysconfig/iptables"),
        ("/etc/iptables/rules.v6", "/etc/sysconfig/ip6tables"),
        ("/usr/sbin/netfilter-persistent", "/usr/libexec/iptables/iptables.init"),
        ("netfilter-persistent.service", "iptables.service"),
    ],
)

# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The network, where systemd-networkd configures it.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

from ansible_collections.osmigrate.fleet.plugins.module_utils._carry.area import MADE, area, take

AREA = area(
    "network",
    [
        take(MADE, "/etc/systemd/network/**"),
        take(MADE, "/etc/iproute2/**"),
        take(MADE, "/etc/wireguard/*.conf", needs="/usr/bin/wg-quick"),
        take(MADE, "/etc/openvpn/**", needs="/usr/sbin/openvpn"),
        # What they start when something happens to a device.
        take(MADE, "/etc/NetworkManager/dispatcher.d/**", needs="/usr/sbin/NetworkManager"),
        take(MADE, "/etc/networkd-dispatcher/**", needs="/usr/bin/networkd-dispatcher"),
        take(MADE, "/etc/network/if-*.d/*", needs="/usr/sbin/ifup"),
    ],
    stays=[
        (
            "the network is configured by systemd-networkd",
            "/etc/network/interfaces /etc/network/interfaces.d/* /etc/sysconfig/network-scripts/* "
            "/etc/sysconfig/network /etc/sysconfig/network/**",
        )
    ],
)

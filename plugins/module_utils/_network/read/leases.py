# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""By which id a node speaks to DHCP, as far as its leases say so. Pure.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

import re

NETWORKD = "/run/systemd/netif/leases/%d"
DHCLIENT = ("/run/dhclient*.lease*", "/var/lib/dhcp/dhclient*.lease*", "/var/lib/dhclient/dhclient*.lease*")
# Type of the hardware address before it: Ethernet.
_ETHERNET = "01"


def client_ids(tree, answers, state):
    """Return the ids by name of interface, as hexadecimal digits with colons; what is not known is not in it.

    dhclient sends no id unless it is told to, and a server then goes by the MAC address; systemd-networkd and
    NetworkManager say the same by an id that is made of it, so that is how it is written here.

    :param tree: Tree.
    :param answers: state.Answers.
    :param state: State.
    """
    found = {}
    texts = [tree.text(path) for pattern in DHCLIENT for path in tree.glob(pattern)]
    for asked in filter(None, answers.asked["addresses"]):
        name = asked["ifname"]
        if name not in state.links:
            continue
        said = re.findall(r"(?m)^CLIENTID=([0-9a-f]+)$", tree.text(NETWORKD % asked["ifindex"]))
        if said:
            found[name] = ":".join(re.findall("..", said[0]))
            continue
        blocks = [block for text in texts for block in re.findall(r"lease \{.*?\n\}", text, re.DOTALL)]
        own = [block for block in blocks if f'interface "{name}";' in block]
        if own and state.links[name].dynamic:
            told = re.findall(r"option dhcp-client-identifier ([^;]+);", own[-1])
            found[name] = told[0].lower() if told else f"{_ETHERNET}:{state.links[name].address}"
    return found

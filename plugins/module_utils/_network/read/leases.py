# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""By which id a node speaks to DHCP, as far as its leases say so. Pure.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

import re
import typing

from ansible_collections.osmigrate.fleet.plugins.module_utils._network import model
from ansible_collections.osmigrate.fleet.plugins.module_utils._network.read.state import Answers

NETWORKD = "/run/systemd/netif/leases/%d"
DHCLIENT = ("/run/dhclient*.lease*", "/var/lib/dhcp/dhclient*.lease*", "/var/lib/dhclient/dhclient*.lease*")
# One lease of DHCPv6, the ids of the node and of the interface in it, and the former as a file begins with it.
_LEASE6 = re.compile(r"lease6 \{.*?\n\}", re.DOTALL)
_INTERFACE, _IAID = (
    re.compile(r'interface "([^"]+)";'),
    re.compile(r"\bia-na ([0-9a-fA-F]{1,2}(?::[0-9a-fA-F]{1,2}){3})\b"),
)
_DUID = re.compile(r"option dhcp6\.client-id ([0-9a-fA-F:]+);")
_DEFAULT_DUID = re.compile(r'(?m)^default-duid "((?:\\.|[^"\\])*)";')
_ESCAPED = re.compile(r"\\([0-7]{3}|.)", re.DOTALL)
# Type of the hardware address before it: Ethernet.
_ETHERNET = "01"


def client_ids(tree: typing.Any, answers: Answers, state: model.State) -> typing.Dict[str, str]:
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


def identified(tree: typing.Any, stanza: model.Stanza) -> model.Stanza:
    """Return a Stanza with the ids by which dhclient has got its addresses from DHCPv6, where its leases say so.

    :param tree: Tree.
    """
    if not stanza.dhcp6 or stanza.duid or len(stanza.names) != 1:
        return stanza
    duid = iaid = ""
    for text in [tree.text(path) for pattern in DHCLIENT for path in tree.glob(pattern)]:
        for lease in _LEASE6.findall(text):
            if stanza.names == _INTERFACE.findall(lease)[:1]:
                said = _DUID.findall(lease) or [_octets(value) for value in _DEFAULT_DUID.findall(text)]
                duid = _padded(said[-1]) if said else duid
                iaid = _padded(_IAID.findall(lease)[-1]) if _IAID.search(lease) else iaid
    return stanza._replace(duid=duid, iaid=iaid if duid else "")


def _octets(value: str) -> str:
    """Read the bytes of a text in quotes, as dhclient writes them."""
    plain = _ESCAPED.sub(
        lambda found: chr(int(found.group(1), 8) & 0xFF) if len(found.group(1)) == 3 else found.group(1), value
    )
    return ":".join(f"{octet:02x}" for octet in plain.encode("latin-1", "replace"))


def _padded(octets: str) -> str:
    return ":".join(octet.zfill(2).lower() for octet in octets.split(":"))

# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What ip shows to people means the same as what it says as JSON. Real ip, on this machine and on one made for it."""

import json
import os
import subprocess

import pytest
from ansible_collections.osmigrate.fleet.plugins.module_utils._network.read import iptext, state

MADE = """
ip link set lo up
ip link add br0 type bridge stp_state 1 forward_delay 400
ip link set br0 mtu 1400 up
ip address add 10.0.0.5/24 dev br0
ip address add 10.0.0.6 peer 10.0.0.9/32 dev br0
ip address add fd00::5/64 dev br0 nodad
ip route add 10.9.0.0/16 via 10.0.0.254 metric 7 dev br0 onlink
ip route add default via 10.0.0.1 src 10.0.0.5
ip route add default via 10.0.0.1 dev br0 table 100
ip route add blackhole 10.8.0.0/16
ip -6 route add default via fd00::1 dev br0 metric 3
"""
ASKED = [["-j", "-d", "address", "show"], ["-o", "-d", "link", "show"], ["-o", "address", "show"]]
ASKED += [[*form, number, "route", "show", "table", "all"] for number in ("-4", "-6") for form in (["-j"], [])]


def said(before="", inside=()):
    script = before + "\n".join(f"ip {' '.join(words)}; echo @@" for words in ASKED)
    done = subprocess.run([*inside, "sh", "-c", script], capture_output=True, text=True, check=True)
    return [answer.strip("\n") for answer in done.stdout.split("@@")]


def states(answers):
    as_json, links, addresses, four_json, four, six_json, six = answers[:7]
    asked = {"addresses": json.loads(as_json or "[]")}
    asked.update(routes4=json.loads(four_json or "[]"), routes6=json.loads(six_json or "[]"))
    shown = {
        "addresses": iptext.addresses(links, addresses),
        "routes4": iptext.routes(four),
        "routes6": iptext.routes(six),
    }
    return [state.parse(state.Answers(one, {"eth0": {"hardware": True, "address": "0"}})) for one in (asked, shown)]


def comparable(found):
    """Leave out what state.py never reads of a link's settings."""
    links = {
        name: link._replace(options={key: value for key, value in link.options.items() if key in iptext._SHOWN})
        for name, link in found.links.items()
    }
    return found._replace(links=links)


def test_this_machine_means_the_same():
    as_json, shown = states(said())
    assert comparable(shown) == comparable(as_json)


@pytest.mark.skipif(os.geteuid() != 0, reason="a network of its own is root's to make")
def test_a_machine_with_a_bridge_means_the_same():
    as_json, shown = states(said(MADE, ["unshare", "--net"]))
    assert as_json.links["br0"].static and len(as_json.routes) > 4
    assert comparable(shown) == comparable(as_json)


BOND = (
    "5: bond0: <BROADCAST,MULTICAST,MASTER,UP,LOWER_UP> mtu 9000 qdisc noqueue state UP mode DEFAULT group default "
    "qlen 1000\\    link/ether 52:54:00:00:00:01 brd ff:ff:ff:ff:ff:ff promiscuity 0 \\    bond mode 802.3ad "
    "miimon 100 updelay 0 downdelay 0 use_carrier 1 "
    "arp_interval 0 arp_validate none arp_all_targets any primary_reselect always "
    "fail_over_mac none xmit_hash_policy layer3+4 resend_igmp 1 num_grat_arp 1 all_slaves_active 0 min_links 0 "
    "lp_interval 1 packets_per_slave 1 lacp_rate fast ad_select stable addrgenmode eui64 numtxqueues 16 "
)
MEMBER = (
    "2: eth1: <BROADCAST,MULTICAST,SLAVE,UP,LOWER_UP> mtu 9000 qdisc mq master bond0 state UP mode DEFAULT group "
    "default qlen 1000\\    link/ether 52:54:00:00:00:01 brd ff:ff:ff:ff:ff:ff promiscuity 0 \\    bond_slave state "
    "ACTIVE mii_status UP link_failure_count 0 perm_hwaddr 52:54:00:00:00:02 queue_id 0 ad_aggregator_id 1 "
)
VLAN = (
    "6: bond0.100@bond0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc noqueue state UP mode DEFAULT group default "
    "qlen 1000\\    link/ether 52:54:00:00:00:01 brd ff:ff:ff:ff:ff:ff promiscuity 0 \\    vlan protocol 802.1Q id 100 "
    "<REORDER_HDR,GVRP> addrgenmode eui64 numtxqueues 1 "
)
SHOWN = (
    "6: bond0.100    inet 10.2.0.5/24 brd 10.2.0.255 scope global dynamic bond0.100\\       valid_lft 86s\n"
    "1: lo    inet 127.0.0.1/8 scope host lo\\       valid_lft forever preferred_lft forever\n"
)


def test_a_bond_and_a_vlan_as_el_7_shows_them():
    """No machine of ours has these modules; the lines are those of iproute2 4.11."""
    asked = {"addresses": iptext.addresses("\n".join([BOND, MEMBER, VLAN]), SHOWN), "routes4": [], "routes6": []}
    found = state.parse(state.Answers(asked, {"eth1": {"hardware": True, "address": "0"}})).links
    bond, member, vlan = found["bond0"], found["eth1"], found["bond0.100"]
    assert (bond.kind, bond.mtu, bond.options["mode"], bond.options["ad_lacp_rate"]) == (
        "bond",
        9000,
        "802.3ad",
        "fast",
    )
    assert bond.options["num_peer_notif"] == 1 and bond.options["xmit_hash_policy"] == "layer3+4"
    assert (member.kind, member.master, member.mac, member.permanent) == (
        "physical",
        "bond0",
        "52:54:00:00:00:02",
        True,
    )
    assert (vlan.kind, vlan.parent, vlan.options["id"]) == ("vlan", "bond0", 100)
    assert vlan.options["flags"] == ["REORDER_HDR", "GVRP"]
    assert (vlan.static, vlan.dynamic) == ([], ["10.2.0.5/24"])


@pytest.mark.parametrize("text", ["", "\n", "nonsense", "1:", "1: a: <", "default", "blackhole", "via", "\x00"])
def test_rubbish_is_nothing(text):
    assert iptext.addresses(text, text) == []
    assert all(set(one) <= {"dst", "flags", "type"} for one in iptext.routes(text))

# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Parts of the network that the golden cases (_carry/test_network.py) do not show."""

import pytest
from ansible_collections.osmigrate.fleet.plugins.module_utils._carry.tree import Tree
from ansible_collections.osmigrate.fleet.plugins.module_utils._errors import FleetError
from ansible_collections.osmigrate.fleet.plugins.module_utils._network import (
    commands,
    ifcfg,
    ifupdown,
    keyfiles,
    merge,
    model,
    names,
    networkd,
    networkd_units,
    state,
)

# What Debian 12's udevadm said of a virtio device, in a chroot.
NET_ID = "ID_NET_NAMING_SCHEME=v252\nID_NET_NAME_MAC=enx02fc00000001\nID_NET_NAME_PATH=enp0s3\n"
POLICY = "[Match]\nOriginalName=*\n\n[Link]\nNamePolicy=keep kernel database onboard slot path\n"


def link(name, mac="52:54:00:aa:00:00", kind=model.PHYSICAL, **changes):
    made = model.Link(name, kind, mac, True, mac, 1500, True, "", "", {}, [], [])
    return made._replace(**changes)


def tree(root, files):
    for path, content in files.items():
        (root / path.strip("/")).parent.mkdir(parents=True, exist_ok=True)
        (root / path.strip("/")).write_text(content)
    return Tree(str(root))


# --- names


@pytest.mark.parametrize(
    ("answer", "policy", "name"),
    [
        (NET_ID, POLICY, "enp0s3"),
        (NET_ID + "ID_NET_NAME_ONBOARD=eno1\n", POLICY, "eno1"),
        (NET_ID, "[Link]\nNamePolicy=mac\n", "enx02fc00000001"),
        ("ID_NET_NAME_MAC=enx02fc00000001\n", POLICY, ""),
        (NET_ID, "", ""),
    ],
)
def test_the_policy_chooses_the_name(answer, policy, name):
    assert names.choose(answer, names.parse_policy(policy)) == name


def test_predict(tmp_path, monkeypatch):
    asked = []

    def answer(argv, timeout):
        asked.append(argv[-2:])
        if argv[-1] == "ens9":
            raise FleetError("no")
        return type("Done", (), {"stdout": NET_ID})

    monkeypatch.setattr(names, "run", answer)
    candidate = tree(tmp_path, {"/usr/lib/systemd/network/99-default.link": POLICY})
    links = [link("ens3"), link("ens9"), link("bond0", kind=model.BOND)]
    assert names.predict("/deployment", candidate, links, "quiet") == {"ens3": "enp0s3"}
    assert asked == [["/deployment", "ens3"], ["/deployment", "ens9"]]


@pytest.mark.parametrize("argument", ["net.ifnames=0", "biosdevname=1"])
def test_predict_fail_where_udev_does_not_name_devices(tmp_path, argument):
    assert names.predict("/deployment", Tree(str(tmp_path)), [link("ens3")], "ro %s quiet" % argument) == {}


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("net.ipv4.conf.ens3.rp_filter=0\n", True),
        ('{"master": "ens3"}', True),
        ("iifname ens3.100 accept", True),
        ("ens33 ens3a xens3 a-ens3\n", False),
    ],
)
def test_a_name_is_kept_where_a_file_has_it(text, kept):
    (found,) = names.judge([link("ens3")], {"ens3": "enp0s3"}, {}, [("/etc/x", text)])
    assert found.kept_for == ("/etc/x" if kept else "")


def test_a_name_needs_nothing_where_it_stays():
    (found,) = names.judge([link("ens3")], {"ens3": "ens3"}, {}, [("/etc/x", "ens3")])
    assert found.kept_for == ""


def test_a_name_that_an_administrator_gave(tmp_path):
    given = names.written(
        tree(
            tmp_path,
            {
                "/etc/systemd/network/10-a.link": "[Match]\nMACAddress=52:54:00:AA:00:00\n[Link]\nName=lan0\n",
                "/etc/udev/rules.d/70-persistent-net.rules": '# x\nSUBSYSTEM=="net", ACTION=="add", '
                'ATTR{address}=="52:54:00:aa:00:01", ATTR{type}=="1", NAME="wan0"\n',
            },
        )
    )
    assert given == {"52:54:00:aa:00:00": "lan0", "52:54:00:aa:00:01": "wan0"}
    (found,) = names.judge([link("lan0")], {"lan0": "enp0s3"}, given, [("/etc/x", "lan0")])
    assert (found.predicted, found.kept_for) == ("lan0", "")


def test_a_name_fail_that_the_kernel_may_give_away():
    links = [link("eth0"), link("eth1", "52:54:00:aa:00:01")]
    found = names.judge(links, {}, {}, [("/etc/x", "eth0")])
    assert found[0].detail == "the kernel may give the name eth0 to another device first" and found[1].detail == ""


# --- secrets


@pytest.mark.parametrize(
    ("reader", "path", "text"),
    [
        (ifupdown, "/etc/network/interfaces", "auto a\niface a inet dhcp\n wpa-psk SEKRET\n up /opt/x -t SEKRET\n"),
        (
            keyfiles,
            "/etc/NetworkManager/system-connections/a",
            "[connection]\ntype=ethernet\n[802-1x]\neap=SEKRET\nprivate-key-password=SEKRET\n[x]\npsk=SEKRET\n",
        ),
        (ifcfg, "/etc/sysconfig/network-scripts/ifcfg-a", "KEY_PASSPHRASE1=SEKRET\nIEEE_8021X_PASSWORD=SEKRET\n"),
        (networkd, "/etc/systemd/network/a.network", "[Match]\nName=a\n[Network]\nPrivateKey=SEKRET\n"),
    ],
)
def test_secrets_are_not_told(tmp_path, reader, path, text):
    found = reader.read(tree(tmp_path, {path: text}))
    assert found.lost and "SEKRET" not in str(found)


# --- commands of scripts


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("ip route add 10.9.0.0/16 via 10.0.0.1", model.route("10.9.0.0/16", "10.0.0.1")),
        ("/sbin/ip -4 route replace default via 10.0.0.1 metric 5", model.route("default", "10.0.0.1", 5)),
        ("ip route add 10.9.0.7 dev eth0 || true", model.route("10.9.0.7/32")),
        ("ip -6 route add 2001:db8::/32 via fe80::1 onlink", model.route("2001:db8::/32", "fe80::1", onlink=True)),
        ("route add -net 10.9.0.0/16 gw 10.0.0.1", model.route("10.9.0.0/16", "10.0.0.1")),
        ("route add -host 10.9.0.7 gw 10.0.0.1", model.route("10.9.0.7/32", "10.0.0.1")),
        ("route add default gw 10.0.0.1", model.route("default", "10.0.0.1")),
        ("ip rule add from 10.0.0.0/8 lookup 7 pref 9", model.Rule("10.0.0.0/8", "", 7, 9)),
        ("ip route del 10.9.0.0/16", None),
        ("route del default", None),
    ],
)
def test_command(text, meant):
    assert commands.command(text) == meant


@pytest.mark.parametrize(
    "text",
    [
        "/opt/announce",
        "ip link set eth0 up",
        "ip route add blackhole 10.0.0.0/8",
        "ip route add 10.0.0.0/8 nexthop via 10.0.0.1",
        "ip route add 10.0.0.0/8 via 10.0.0.1 && /opt/announce",
        "ip route add 10.0.0.0/8 via 10.0.0.1; /opt/announce",
        "ip route add 10.0.0.0/8 via 10.0.0.1 table storage",
        "ip rule add fwmark 1 lookup 7",
        "route add -net 10.0.0.0 gw 10.0.0.1",
        "",
    ],
)
def test_command_fail(text):
    with pytest.raises((KeyError, ValueError, IndexError)):
        commands.command(text)


# --- what runs


@pytest.mark.parametrize(
    "name",
    "lo cni0 veth12ab docker0 br-0123456789ab flannel.1 cali12 cilium_host lxc1234 kube-ipvs0 tunl0".split(),
)
def test_foreign(name):
    assert state.is_foreign(name)


@pytest.mark.parametrize("name", "eth0 ens3 enp1s0f0 bond0 bond0.100 vlan7 br0 br-lan br-ex wlan0 ib0".split())
def test_foreign_fail_to_be_what_an_administrator_makes(name):
    assert not state.is_foreign(name)


def test_a_device_that_dhcp_configured_without_a_file():
    running = model.State({"ens3": link("ens3", dynamic=["10.0.0.7/24"])}, [])
    ((one,), lost, undeclared) = merge.merge([], running)
    assert (one.stanza.dhcp4, one.stanza.client_id, lost, undeclared) == (True, "mac", [], [])


def test_an_address_made_of_a_secret_is_told():
    running = model.State({"ens3": link("ens3", dynamic=["2001:db8::1234:5678:9abc:def0/64"])}, [])
    assert "was made of a secret" in merge.merge([], running).lost[0].what
    running = model.State({"ens3": link("ens3", dynamic=["2001:db8::5054:ff:feaa:0/64"])}, [])
    assert merge.merge([], running).lost == []


def test_a_device_without_a_permanent_address_is_known_by_the_one_that_it_has():
    made = link("ens3", permanent=False, dynamic=["10.0.0.7/24"])
    (one,) = networkd_units.render(merge.merge([], model.State({"ens3": made}, [])))
    assert "[Match]\nMACAddress=52:54:00:aa:00:00\nType=ether\n" in one.text


def test_devices_that_cannot_be_told_apart_are_told():
    """As on clouds where a virtual function hides behind the device that has the address."""
    front, behind = link("eth0", dynamic=["10.0.0.7/24"]), link("enP1s0", master="eth0")
    network = merge.merge([], model.State({"eth0": front, "enP1s0": behind}, []))
    assert [one.link.name for one in network.interfaces] == ["eth0"]
    assert "enP1s0 and eth0 have the same MAC address" in network.lost[0].what


def test_the_first_unit_of_systemd_networkd_counts(tmp_path):
    files = {
        "/etc/systemd/network/10-a.network": "[Match]\nName=ens3\n[Network]\nAddress=10.0.0.5/24\n",
        "/etc/systemd/network/20-b.network": "[Match]\nName=en*\n[Network]\nDHCP=yes\n",
        "/run/systemd/network/10-a.network": "[Match]\nName=ens3\n[Network]\nDHCP=yes\n",
    }
    running = model.State({"ens3": link("ens3"), "ens4": link("ens4", "52:54:00:aa:00:01")}, [])
    network = merge.merge([networkd.read(tree(tmp_path, files))], running)
    assert [(one.link.name, one.stanza.addresses, one.stanza.dhcp4) for one in network.interfaces] == [
        ("ens3", ["10.0.0.5/24"], False),
        ("ens4", [], True),
    ]

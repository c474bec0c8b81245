# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Parts of the network that the golden cases (_carry/test_network.py) do not show."""

import json

import pytest
from ansible_collections.osmigrate.fleet.plugins.module_utils._command import Completed
from ansible_collections.osmigrate.fleet.plugins.module_utils._errors import FleetError
from ansible_collections.osmigrate.fleet.plugins.module_utils._files.tree import Tree
from ansible_collections.osmigrate.fleet.plugins.module_utils._network import merge, model, names
from ansible_collections.osmigrate.fleet.plugins.module_utils._network.read import (
    commands,
    ifcfg,
    ifupdown,
    keyfiles,
    networkd,
    state,
)
from ansible_collections.osmigrate.fleet.plugins.module_utils._network.write import (
    networkd as networkd_writer,
    networkmanager,
)

KEYFILE = "/etc/NetworkManager/system-connections/a.nmconnection"
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
    assert names.predict("/deployment", Tree(str(tmp_path)), [link("ens3")], f"ro {argument} quiet") == {}


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
        (networkd, "/etc/systemd/network/a.network", "[Match]\nName=a\n[Route]\nGateway=10.0.0.1\nNote=SEKRET\n"),
        (networkd, "/etc/systemd/network/a.network", "[Match]\nName=a\n[RoutingPolicyRule]\nNote=SEKRET\n"),
        (networkd, "/etc/systemd/network/a.network", "[Match]\nName=a\n[MACsec]\nNote=SEKRET\n"),
        (keyfiles, KEYFILE, "[connection]\ntype=ethernet\n[macsec]\nmka-cak=SEKRET\n"),
        (keyfiles, KEYFILE, "[connection]\ntype=ethernet\n[proxy]\nmethod=1\npac-url=http://u:SEKRET@p\n"),
        (keyfiles, KEYFILE, "[connection]\ntype=ethernet\n[ipv4]\nmethod=SEKRET\n"),
        (ifcfg, "/etc/sysconfig/network-scripts/ifcfg-a", "ETHTOOL_OPTS='wol s sopass SEKRET'\n"),
        (ifcfg, "/etc/sysconfig/network-scripts/ifcfg-a", "BOOTPROTO=SEKRET\n"),
        (ifcfg, "/etc/sysconfig/network-scripts/ifcfg-a", "GATEWAY=SEKRET\n"),
        (ifupdown, "/etc/network/interfaces", "auto a\niface a inet static\n up ethtool -s a wol s sopass SEKRET\n"),
        (ifupdown, "/etc/network/interfaces", "auto a\niface a inet static\n token=SEKRET x\n"),
        (ifupdown, "/etc/network/interfaces", "token=SEKRET x\n"),
    ],
)
def test_secrets_are_not_told(tmp_path, reader, path, text):
    found = reader.read(tree(tmp_path, {path: text}))
    assert found.lost and "SEKRET" not in str(found)


@pytest.mark.parametrize(
    "command",
    [
        "ip link set a up; /opt/announce --token SEKRET",
        "ip link set a up && curl -H SEKRET https://x",
        "ip xfrm state add src 10.0.0.1 dst 10.0.0.2 proto esp spi 1 enc aes SEKRET",
        "ip macsec add macsec0 tx sa 0 pn 1 on key 00 SEKRET",
        "ip link set a alias $(cat SEKRET)",
        "ip=SEKRET /opt/announce",
    ],
)
def test_of_commands_only_the_program_is_told(command):
    told = model.lost_command("/etc/network/interfaces", "up", command, "of iface a")
    assert told.what == "up ip of iface a"


# --- what ifupdown says


def interfaces(root, text, **others):
    files = {"/etc/network/interfaces": text}
    files.update(("/etc/network/" + name, content) for name, content in others.items())
    return ifupdown.read(tree(root, files))


def test_a_stanza_has_what_it_inherits(tmp_path):
    text = (
        "auto eth0 eth1\n"
        "iface site inet static\n netmask 255.255.255.0\n gateway 10.0.0.1\n dns-nameservers 10.0.0.2\n"
        "iface eth0 inet static inherits site\n address 10.0.0.5\n"
        "iface eth1 inet static inherits eth0\n address 10.0.1.5\n gateway 10.0.1.1\n"
    )
    found = interfaces(tmp_path, text)
    assert found.lost == []
    assert [(one.addresses, [made.via for made in one.routes], one.dns) for one in found.stanzas] == [
        (["10.0.0.5/24"], ["10.0.0.1"], ["10.0.0.2"]),
        (["10.0.1.5/24"], ["10.0.1.1"], ["10.0.0.2"]),
    ]


@pytest.mark.parametrize("named", ["gone", "eth0"])
def test_a_stanza_fail_that_inherits_from_nothing(tmp_path, named):
    found = interfaces(tmp_path, f"auto eth0\niface eth0 inet static inherits {named}\n address 10.0.0.5/24\n")
    assert f"inherits {named}" in found.lost[0].what


def test_what_the_loopback_device_gets_is_told(tmp_path):
    text = (
        "auto lo\niface lo inet loopback\n up ip addr add 192.0.2.1/32 dev lo\n pre-up /opt/rules SEKRET\n"
        "iface lo inet static\n address 192.0.2.2/32\n"
    )
    assert [lost.what for lost in interfaces(tmp_path, text).lost] == [
        "up ip of iface lo",
        "pre-up /opt/rules of iface lo",
        "address of iface lo",
    ]


def test_an_ordinary_loopback_device_is_not_told(tmp_path):
    text = "auto lo\niface lo inet loopback\n address 127.0.0.1\n netmask 255.0.0.0\niface lo inet6 loopback\n"
    assert interfaces(tmp_path, text).lost == []


def test_a_route_that_a_script_takes_away_is_told(tmp_path):
    """As on a second interface with DHCP, whose default route nobody wants."""
    text = "auto eth1\niface eth1 inet dhcp\n up ip route del default dev eth1\n down ip route del 10.0.0.0/8\n"
    assert [lost.what for lost in interfaces(tmp_path, text).lost] == ["up ip of iface eth1"]


@pytest.mark.parametrize(
    ("reader", "path", "text", "addresses"),
    [
        (ifupdown, "/etc/network/interfaces", "address 10.0.0.5/255.255.255.0", ["10.0.0.5/24"]),
        (ifupdown, "/etc/network/interfaces", "address 10.0.0.5", []),
        (ifupdown, "/etc/network/interfaces", "address host.example/24", []),
        (networkd, "/etc/systemd/network/a.network", "Address=10.0.0.5", ["10.0.0.5/32"]),
        (networkd, "/etc/systemd/network/a.network", "Address=nonsense/24", []),
        (keyfiles, "/etc/NetworkManager/system-connections/a", "address1=nonsense/24", []),
        (ifcfg, "/etc/sysconfig/network-scripts/ifcfg-a", "IPV6ADDR=nonsense", []),
    ],
)
def test_addresses_are_addresses(tmp_path, reader, path, text, addresses):
    heads = {
        ifupdown: "auto a\niface a inet static\n ",
        networkd: "[Match]\nName=a\n[Network]\n",
        keyfiles: "[connection]\ntype=ethernet\ninterface-name=a\n[ipv4]\nmethod=manual\n",
        ifcfg: "",
    }
    found = reader.read(tree(tmp_path, {path: heads[reader] + text + "\n"}))
    assert found.stanzas[0].addresses == addresses
    assert bool(found.lost) == (not addresses)
    merge.merge([found], model.State({"a": link("a", static=["10.0.0.5/24"])}, []))


@pytest.mark.parametrize(
    ("reader", "path", "text"),
    [
        (ifupdown, "/etc/network/interfaces", "auto a\niface a inet static\n address 10.0.0.5/24\n gateway gw\n"),
        (ifcfg, "/etc/sysconfig/network-scripts/ifcfg-a", "IPADDR=10.0.0.5\nPREFIX=24\nGATEWAY=gw\n"),
        (ifcfg, "/etc/sysconfig/network-scripts/ifcfg-a", "IPADDR=10.0.0.5\nPREFIX=24\nMETRIC=low\n"),
        (networkd, "/etc/systemd/network/a.network", "[Match]\nName=a\n[Network]\nGateway=gw\n"),
        (networkd, "/etc/systemd/network/a.network", "[Match]\nName=a\n[Route]\nDestination=x\n"),
    ],
)
def test_gateways_fail_that_are_no_addresses(tmp_path, reader, path, text):
    found = reader.read(tree(tmp_path, {path: text}))
    assert found.lost and found.stanzas[0].routes == []
    merge.merge([found], model.State({"a": link("a")}, []))


def test_routes_that_a_connection_does_not_take_are_told(tmp_path):
    text = "[connection]\ntype=ethernet\ninterface-name=a\n[ipv4]\nmethod=auto\nignore-auto-routes=true\n"
    found = keyfiles.read(tree(tmp_path, {"/etc/NetworkManager/system-connections/a": text}))
    assert [lost.what for lost in found.lost] == ["ipv4.ignore-auto-routes"]


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
    ("text", "meant"),
    [
        ("ip -6 route add default dev eth0", model.Route("::/0", "", 0, 0, False, "")),
        ("ip route add ::/0 dev eth0", model.Route("::/0", "", 0, 0, False, "")),
        ("ip -6 route add default via fe80::1 dev eth0", model.route("default", "fe80::1")),
        ("ip -6 rule add table 7 pref 9", model.Rule("::/0", "", 7, 9)),
        ("ip rule add table 7 pref 9", model.Rule("", "", 7, 9)),
    ],
)
def test_a_command_of_ipv6_stays_one(text, meant):
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


def test_a_site_local_address_that_a_router_gave_is_one():
    """As QEMU's own network gives it; without it the release would take nothing but a route of its router."""
    given = {"local": "fec0::5054:ff:feaa:0", "prefixlen": 64, "scope": "site", "dynamic": True}
    device = {"ifname": "ens3", "address": "52:54:00:aa:00:00", "flags": ["UP"], "mtu": 1500, "addr_info": [given]}
    via = {"dst": "default", "gateway": "fe80::2", "dev": "ens3", "protocol": "ra", "metric": 1024, "flags": []}
    asked = {"addresses": [device], "routes4": [], "routes6": [via]}
    running = state.parse(state.Answers(asked, {"ens3": {"hardware": True, "address": "0"}}))
    (one,) = merge.merge([], running).interfaces
    assert (one.link.dynamic, one.stanza.ra) == (["fec0::5054:ff:feaa:0/64"], True)


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
    (one,) = networkd_writer.render(merge.merge([], model.State({"ens3": made}, [])))
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


# --- what files leave to who reads them


def rendered(stanza, running):
    declared = model.Declared([stanza], [], [], False)
    return merge.merge([declared], running)


def test_a_gateway_outside_of_all_networks_is_on_link():
    """ifupdown says so to ip by itself, and NetworkManager makes a route to the gateway."""
    said = model.stanza(["a"])._replace(addresses=["203.0.113.7/32"], routes=[model.route("default", "192.0.2.1")])
    (one, *_rest) = networkd_writer.render(rendered(said, model.State({"a": link("a")}, [])))
    assert "Gateway=192.0.2.1\nGatewayOnLink=yes\n" in one.text


@pytest.mark.parametrize(
    "changes",
    [
        {"addresses": ["192.0.2.7/24"]},
        {"routes": [model.route("192.0.2.1/32"), model.route("default", "192.0.2.1")]},
        {"routes": [model.route("default", "fe80::1")]},
    ],
)
def test_a_gateway_that_can_be_reached_is_left_alone(changes):
    said = model.stanza(["a"])._replace(routes=[model.route("default", "192.0.2.1")])._replace(**changes)
    network = rendered(said, model.State({"a": link("a")}, []))
    assert not any(made.onlink for made in network.interfaces[0].stanza.routes)


def test_a_gateway_in_the_network_that_dhcp_gave_is_left_alone():
    said = model.stanza(["a"])._replace(dhcp4=True, routes=[model.route("10.9.0.0/16", "192.0.2.1")])
    network = rendered(said, model.State({"a": link("a", dynamic=["192.0.2.7/24"])}, []))
    assert not network.interfaces[0].stanza.routes[0].onlink


def test_of_several_static_default_routes_the_same_one_counts():
    """NetworkManager counts its devices; without that both would have the metric 0."""
    links = {"a": link("a"), "b": link("b", "52:54:00:aa:00:01")}
    routes = [
        ("a", "static", model.route("default", "10.0.0.1", 101)),
        ("b", "static", model.route("default", "10.1.0.1", 100)),
        ("b", "static", model.route("default", "10.1.0.1", 0, 7)),
    ]
    stanzas = [
        model.stanza([name])._replace(addresses=[via + "/24"], routes=[model.route("default", via)])
        for name, via in (("a", "10.0.0.1"), ("b", "10.1.0.1"))
    ]
    network = merge.merge([model.Declared(stanzas, [], [], False)], model.State(links, routes))
    assert [one.stanza.routes[0].metric for one in network.interfaces] == [101, 100]


def test_the_metric_of_dhcp_is_that_of_the_main_table():
    links = {"a": link("a", dynamic=["10.0.0.7/24"]), "b": link("b", "52:54:00:aa:00:01", dynamic=["10.1.0.7/24"])}
    routes = [
        ("b", "dhcp", model.route("default", "10.1.0.1", 0, 7)),
        ("a", "dhcp", model.route("default", "10.0.0.1", 100)),
        ("b", "dhcp", model.route("default", "10.1.0.1", 200)),
    ]
    network = merge.merge([], model.State(links, routes))
    assert [one.metric for one in network.interfaces] == [100, 200]
    network = merge.merge([], model.State(links, routes[:2]))
    assert [one.metric for one in network.interfaces] == [None, None]


def test_routes_of_a_table_with_a_name_are_not_those_of_the_main_one(tmp_path, monkeypatch):
    names_of_tables = tmp_path / "rt_tables"
    names_of_tables.write_text("# x\n255\tlocal\n254 main\n0 unspec\n0x64 storage # far\n7  lab\n")
    device = {"ifname": "a", "flags": ["UP"], "address": "52:54:00:aa:00:00"}
    routes = [{"dst": "default", "gateway": "10.0.0.1", "dev": "a", "table": name} for name in ("storage", "gone")]
    answers = {"address": [device], "-4": routes + [{"dst": "default", "gateway": "10.0.0.2", "dev": "a"}], "-6": []}
    monkeypatch.setattr(state, "TABLE_NAMES", (str(names_of_tables), str(tmp_path / "gone")))
    monkeypatch.setattr(state, "SYS", str(tmp_path))

    def answer(argv, check):
        (said,) = (value for name, value in answers.items() if name in argv)
        return Completed(argv, 0, json.dumps(said), "")

    monkeypatch.setattr(state, "run", answer)
    found = [(made.via, made.table) for _device, _protocol, made in state.parse(state.ask()).routes]
    assert found == [("10.0.0.1", 100), ("10.0.0.2", 0)]
    assert state.table_numbers([names_of_tables.read_text()]) == {"storage": 100, "lab": 7}


STATIC6 = "auto a\niface a inet6 static\n address 2001:db8::5/64\n"


@pytest.mark.parametrize(
    ("text", "protocol", "accepted", "addresses"),
    [
        (STATIC6, "ra", "yes", "UseAutonomousPrefix=no"),
        (STATIC6, "static", "no", ""),
        (STATIC6 + " accept_ra 0\n", "ra", "no", ""),
        (STATIC6 + " autoconf 1\n", "ra", "yes", ""),
    ],
)
def test_a_default_route_of_router_advertisements_beside_a_static_address(
    tmp_path, text, protocol, accepted, addresses
):
    """ifupdown leaves accept_ra to the kernel, which takes the route, and switches addresses off."""
    running = model.State({"a": link("a")}, [("a", protocol, model.route("default", "fe80::1", 1024))])
    network = merge.merge([interfaces(tmp_path, text)], running)
    (one,) = networkd_writer.render(network)
    assert f"IPv6AcceptRA={accepted}\n" in one.text
    assert ("UseAutonomousPrefix" in one.text) == bool(addresses) and addresses in one.text
    (one,) = networkmanager.render(network)
    assert bool(one.lost) == bool(addresses)


def test_a_bridge_without_ports_has_its_address_without_them():
    bridge = link("br0", kind=model.BRIDGE)
    said = model.stanza(["br0"])._replace(addresses=["10.0.0.1/24"])
    texts = [one.text for one in networkd_writer.render(rendered(said, model.State({"br0": bridge}, [])))]
    assert "RequiredForOnline=no" in texts[1] and "ConfigureWithoutCarrier=yes" in texts[1]
    running = model.State({"br0": bridge, "a": link("a", "52:54:00:aa:00:01", master="br0")}, [])
    assert not any("WithoutCarrier" in one.text for one in networkd_writer.render(rendered(said, running)))


IFCFG = "/etc/sysconfig/network-scripts/ifcfg-"


@pytest.mark.parametrize(
    ("name", "text", "addresses"),
    [
        ("eth0", "DEVICE=eth0\nIPADDR=10.0.0.5\n", ["10.0.0.5/8"]),
        ("eth0", "IPADDR=172.16.0.5\n", ["172.16.0.5/16"]),
        ("eth0", "IPADDR=192.168.0.5\nNM_CONTROLLED=no\nZONE=public\nONPARENT=yes\n", ["192.168.0.5/24"]),
        ("eth0", 'DEVICE=""\nIPADDR="192.168.0.5" # old\nPREFIX=25\n', ["192.168.0.5/25"]),
        ("System_eth0", "NAME=x\nHWADDR=52:54:00:00:00:01\nIPADDR=192.168.0.5\n", ["192.168.0.5/24"]),
    ],
)
def test_what_ifcfg_files_leave_unsaid(tmp_path, name, text, addresses):
    found = ifcfg.read(tree(tmp_path, {IFCFG + name: text}))
    assert (found.lost, found.stanzas[0].addresses) == ([], addresses)
    assert found.stanzas[0].names == ([] if "HWADDR" in text else ["eth0"])


@pytest.mark.parametrize("suffix", ["~", ".bak", ".old", ".orig", ".rpmsave", ".rej"])
def test_copies_of_ifcfg_files_are_none(tmp_path, suffix):
    assert ifcfg.read(tree(tmp_path, {f"{IFCFG}eth0{suffix}": "IPADDR=10.0.0.5\n"})).stanzas == []


@pytest.mark.parametrize(
    "text", ["DEVICETYPE=Team\n", "TYPE=TeamPort\n", "DEVICETYPE=ovs\nTYPE=OVSBridge\n", "TYPE=Wireless\n"]
)
def test_devices_that_nobody_can_write_are_told(tmp_path, text):
    found = ifcfg.read(tree(tmp_path, {IFCFG + "a": text + "ONBOOT=yes\n"}))
    assert found.stanzas == [] and found.lost[0].what.startswith("an interface of type ")


@pytest.mark.parametrize(("running", "lost"), [([], 0), (["10.0.0.5/24"], 1)])
def test_an_interface_that_is_left_alone_is_lost_only_where_somebody_started_it(tmp_path, running, lost):
    """The installer of EL writes a file for every interface that there is."""
    found = ifcfg.read(tree(tmp_path, {IFCFG + "a": "ONBOOT=no\nBOOTPROTO=dhcp\n", IFCFG + "b": "ONBOOT=no\n"}))
    merged = merge.merge([found], model.State({"a": link("a", static=running)}, []))
    assert len(merged.lost) == lost


@pytest.mark.parametrize(
    ("line", "lost"),
    [("zone=public", 0), ("zone=dmz", 1), ("wait-device-timeout=60000", 0), ("metered=2", 0), ("stable-id=x", 1)],
)
def test_what_a_connection_says_beside_its_addresses(tmp_path, line, lost):
    text = f"[connection]\ntype=ethernet\ninterface-name=a\n{line}\n[ipv4]\nmethod=auto\ndhcp-timeout=90\n"
    path = "/etc/NetworkManager/system-connections/a.nmconnection"
    assert len(keyfiles.read(tree(tmp_path, {path: text})).lost) == lost


@pytest.mark.parametrize(("address", "lost"), [("", 0), ("address1=10.9.9.9/32\n", 1)])
def test_the_loopback_is_told_only_where_somebody_gave_it_an_address(tmp_path, address, lost):
    text = f"[connection]\ntype=loopback\ninterface-name=lo\n[ipv4]\nmethod=manual\n{address}"
    path = "/etc/NetworkManager/system-connections/lo.nmconnection"
    found = keyfiles.read(tree(tmp_path, {path: text}))
    assert (len(found.lost), found.stanzas, found.paths) == (lost, [], [path])

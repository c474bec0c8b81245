# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Networks as they are met in the field: what runs is carried wherever it was said; nothing unasked is done to it."""

import pytest
from ansible_collections.osmigrate.fleet.plugins.module_utils._carry import model, network, plan
from ansible_collections.osmigrate.fleet.plugins.module_utils._files.tree import Tree
from ansible_collections.osmigrate.fleet.plugins.module_utils._network import model as networks, proof, sources
from ansible_collections.osmigrate.fleet.plugins.module_utils._network.read import (
    dhclient,
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
from ansible_collections.osmigrate.fleet.plugins.module_utils._trial import ending

from tests.backends.roots import deployed

UNITS = {"systemd-networkd": "systemd-networkd.service", "NetworkManager": "NetworkManager.service"}
LOOPBACK = "auto lo\niface lo inet loopback\n"
KEYFILES = "/etc/NetworkManager/system-connections/"


def device(name, number, addresses=(), kind="", master="", leased=()):
    """One device as `ip -j -d address` prints it; without a kind it has hardware."""
    every = [(one, {}) for one in addresses] + [(one, {"dynamic": True}) for one in leased]
    return {
        "ifindex": number,
        "ifname": name,
        "flags": ["UP"],
        "mtu": 1500,
        "address": f"52:54:00:aa:00:{number:02x}",
        "linkinfo": {"info_kind": kind, "info_data": {}} if kind else {},
        **({"master": master} if master else {}),
        "addr_info": [
            {"local": one.split("/")[0], "prefixlen": int(one.split("/")[1]), "scope": "global", **more}
            for one, more in every
        ],
    }


def route(to, dev, via, **more):
    return {"dst": to, "dev": dev, "flags": [], "gateway": via, **more}


def running(devices, routes=()):
    known = {
        one["ifname"]: {"hardware": not one["linkinfo"], "address": "3" if one["linkinfo"] else "0"} for one in devices
    }
    return state.parse(state.Answers({"addresses": devices, "routes4": list(routes), "routes6": []}, known))


@pytest.fixture
def networked(move):
    """A function that plans a move with a network: (files by name, what is left, what is told, what is lost)."""

    def make(files, live, owner, target="systemd-networkd", predicted=None, release=None):
        wanted = "/usr/etc/systemd/system/multi-user.target.wants/" + UNITS[target]
        moving = move(files, {wanted: "-> /usr/lib/systemd/system/x", **(release or {})})
        known = network.Live(live, [owner], predicted or {})
        roots = [str(moving.incumbent), str(moving.deployment)]
        situation = model.open_situation(roots[0], deployed(roots[1]), [], known)
        made = plan.make(situation, [], ending.Limits(0, 60, 0))
        written = {item.target: item.content.decode() for item in made.items if item.kind == model.FILE}
        assert {item.mode for item in made.items if item.target.startswith(KEYFILES)} <= {0o600}
        left = {one.path: one.reason for one in made.left}
        return written, left, network.describe(situation), {item.target: item.lost for item in made.items}

    return make


def test_networkd_in_run(networked):
    text = "[Match]\nMACAddress=52:54:00:aa:00:01\n[Network]\nDHCP=yes\n"
    files = {
        "/run/systemd/network/70-ens5.network": text,
        "/run/systemd/network/70-ens5.network.d/eni.conf": "[Network]\nDNS=10.0.0.2\n",
        "/run/systemd/network/80-hidden.network": "[Match]\nName=no\n",
        "/etc/systemd/network/80-hidden.network": "[Match]\nName=yes\n",
        "/usr/lib/systemd/network/81-agent.network": "[Match]\nName=ens6\n",
        "/usr/lib/systemd/network/82-both.network": "[Match]\nName=x\n",
        "/run/systemd/netif/links/2": "NETWORK_FILE=/usr/lib/systemd/network/81-agent.network\n",
    }
    live = running([device("ens5", 1, leased=["10.0.0.5/24"])], [route("default", "ens5", "10.0.0.1", protocol="dhcp")])
    release = {"/usr/lib/systemd/network/82-both.network": "y"}
    written, _left, _told, lost = networked(files, live, "systemd-networkd", release=release)
    ours = {name: text for name, text in written.items() if name.startswith("/etc/systemd/network/")}
    assert ours == {
        "/etc/systemd/network/70-ens5.network": text,
        "/etc/systemd/network/70-ens5.network.d/eni.conf": "[Network]\nDNS=10.0.0.2\n",
        "/etc/systemd/network/80-hidden.network": "[Match]\nName=yes\n",
        "/etc/systemd/network/81-agent.network": "[Match]\nName=ens6\n",
    }
    assert "made it at boot" in lost["/etc/systemd/network/70-ens5.network"]


PROFILE = "[connection]\nid=a\nuuid={}\ntype=ethernet\ninterface-name={}\n[ipv4]\nmethod=auto\n"
# What NetworkManager reads besides /etc, as dracut, nmcli and images leave it there.
PROFILES = {
    "/run" + KEYFILES[4:] + "ens5.nmconnection": (PROFILE.format("1", "ens5"), 0o644),
    "/run" + KEYFILES[4:] + "hidden.nmconnection": PROFILE.format("2", "ens5"),
    KEYFILES + "hidden.nmconnection": (PROFILE.format("3", "ens6"), 0o600),
    "/run" + KEYFILES[4:] + "changed.nmconnection": PROFILE.format("3", "ens6"),
    "/run" + KEYFILES[4:] + "no-profile": "x",
    "/run" + KEYFILES[4:] + "lo.nmconnection": "[connection]\ntype=loopback\n[ipv4]\naddress1=127.0.0.1/8\n",
    "/run" + KEYFILES[4:] + "cni0.nmconnection": PROFILE.format("5", "cni0") + "[.nmmeta]\nexternal=true\n",
    "/usr/lib" + KEYFILES[4:] + "image.nmconnection": PROFILE.format("6", "ens7"),
    "/usr/lib" + KEYFILES[4:] + "idle.nmconnection": PROFILE.format("7", "ens8"),
    "/usr/lib" + KEYFILES[4:] + "both.nmconnection": PROFILE.format("8", "ens9"),
    "/run/NetworkManager/devices/2": "[device]\nconnection-uuid=6\n",
    "/run/NetworkManager/devices/3": "[device]\nconnection-uuid=8\n",
}


def profiles_on(networked, target):
    live = running([device(f"ens{number}", number, leased=[f"10.0.{number}.5/24"]) for number in (5, 6, 7, 9)])
    release = {"/usr/lib" + KEYFILES[4:] + "both.nmconnection": "y"}
    names = {"ens5": "enp0s5", "ens6": "ens6", "ens7": "ens7", "ens9": "ens9"}
    return networked(PROFILES, live, "NetworkManager", target, predicted=names, release=release)


def test_networkmanager_in_run_and_usr(networked):
    written, _left, told, lost = profiles_on(networked, "NetworkManager")
    assert {name: text for name, text in written.items() if name.startswith(KEYFILES)} == {
        KEYFILES + "ens5.nmconnection": PROFILE.format("1", "ens5"),
        KEYFILES + "hidden.nmconnection": PROFILE.format("3", "ens6"),
        KEYFILES + "image.nmconnection": PROFILE.format("6", "ens7"),
    }
    assert "made it at boot" in lost[KEYFILES + "ens5.nmconnection"]
    assert (told["undeclared"], told["lost"]) == ([], [])
    # The name that such a profile has is kept.
    assert "/etc/systemd/network/10-osmigrate-ens5.link" in written


def test_networkmanager_in_run_and_usr_for_another_system(networked):
    written, _left, told, _lost = profiles_on(networked, "systemd-networkd")
    ours = {name for name in written if name.startswith("/etc/systemd/network/") and name.endswith(".network")}
    assert ours == {f"/etc/systemd/network/10-osmigrate-ens{number}.network" for number in (5, 6, 7, 9)}
    assert (told["undeclared"], told["lost"]) == ([], [])


NETPLAN = {
    "/etc/netplan/01.yaml": "network:\n  ethernets:\n    pf0: {virtual-function-count: 8}\n",
    "/run/systemd/network/10-netplan-pf0.network": "[Match]\nName=pf0\n",
    "/run/udev/rules.d/99-sriov-netplan-setup.rules": 'ACTION=="add", RUN+="netplan apply --sriov-only"\n',
    "/run/udev/rules.d/99-netplan-lan.rules": 'ATTR{address}=="52:54:00:aa:00:01", NAME="lan"\n',
    "/run/systemd/system/netplan-ovs-ovs0.service": "[Service]\nExecStart=/usr/bin/ovs-vsctl add-br ovs0\n",
}


def test_netplan_sriov(networked):
    written, left, _told, _lost = networked(NETPLAN, running([device("pf0", 1)]), "netplan")
    assert "virtual functions" in left["/run/udev/rules.d/99-sriov-netplan-setup.rules"]
    assert "Open vSwitch" in left["/run/systemd/system/netplan-ovs-ovs0.service"]
    assert 'NAME="lan"' in written["/etc/udev/rules.d/99-netplan-lan.rules"]


def test_netplan_itself_makes_it_all_again(networked):
    release = {network.NETPLAN_PROGRAM: "x"}
    left = networked(NETPLAN, running([device("pf0", 1)]), "netplan", release=release)[1]
    assert not [path for path in left if path.startswith("/run/")]


@pytest.mark.parametrize("name", ["br-provisioning", "kube-net", "ovn-admin", "docker-lan"])
@pytest.mark.parametrize("target", sorted(UNITS))
def test_bridge_with_foreign_name(networked, name, target):
    text = f"{LOOPBACK}auto eno1 {name}\niface eno1 inet manual\niface {name} inet static\n  address 10.0.0.5/24\n"
    devices = [device("eno1", 1, master=name), device(name, 2, ["10.0.0.5/24"], "bridge")]
    live = running(devices, [route("default", name, "10.0.0.1")])
    files = {"/etc/network/interfaces": text + "  gateway 10.0.0.1\n  bridge_ports eno1\n"}
    written, _left, told, _lost = networked(files, live, "ifupdown", target)
    assert any("10.0.0.5/24" in text for text in written.values())
    assert (told["lost"], told["undeclared"]) == ([], [])


def test_what_no_file_names_and_is_called_like_a_foreign_one_stays_foreign(networked):
    devices = [device("eno1", 1, ["10.0.0.5/24"]), device("br-0123456789ab", 2, ["172.17.0.1/16"], "bridge")]
    text = LOOPBACK + "auto eno1\niface eno1 inet static\n  address 10.0.0.5/24\n"
    written, _left, told, _lost = networked({"/etc/network/interfaces": text}, running(devices), "ifupdown")
    assert "172.17" not in str(written) + str(told)


def test_the_proof_covers_what_kubernetes_or_a_default_route_uses():
    devices = [device("kube-net", 1, ["10.0.0.5/24"], "bridge"), device("cni0", 2, ["10.244.0.1/24"], "bridge")]
    by_route = proof.take(running(devices, [route("default", "kube-net", "10.0.0.1")]), [], {})
    assert (by_route["kubernetes"], sorted(by_route["interfaces"])) == (["10.0.0.5"], ["kube-net"])
    by_address = proof.take(running(devices), ["10.0.0.5"], {})
    assert (by_address["kubernetes"], sorted(by_address["interfaces"])) == (["10.0.0.5"], ["kube-net"])
    assert proof.gone(by_address, proof.take(running(devices), by_address["kubernetes"], {})) == []


def keyfile(name, four, six="method=ignore"):
    text = f"[connection]\nid={name}\ntype=ethernet\ninterface-name={name}\n\n[ipv4]\n{four}\n\n[ipv6]\n{six}\n"
    return {f"{KEYFILES}{name}.nmconnection": (text, 0o600)}


NEVER = [
    # the owner of the files, the files, lines of the candidate's file for eno2
    ("NetworkManager", keyfile("eno2", "method=manual\naddress1=10.9.0.5/24\ngateway=10.9.0.1\nnever-default=1"), ()),
    ("NetworkManager", keyfile("eno2", "never-default=true\nmethod=manual\naddress1=10.9.0.5/24,10.9.0.1"), ()),
    ("NetworkManager", keyfile("eno2", "method=auto\nnever-default=yes"), ("UseGateway=no",)),
    (
        "ifcfg",
        {"/etc/sysconfig/network-scripts/ifcfg-eno2": "BOOTPROTO=none\nIPADDR=10.9.0.5\nPREFIX=24\nGATEWAY=10.9.0.1\n"
         "DEFROUTE=no\n"},
        (),
    ),
    ("ifcfg", {"/etc/sysconfig/network-scripts/ifcfg-eno2": "BOOTPROTO=dhcp\nDEFROUTE=no\n"}, ("UseGateway=no",)),
]  # fmt: skip


@pytest.mark.parametrize("owner, files, lines", NEVER, ids=range(len(NEVER)))
def test_never_default(networked, owner, files, lines):
    devices = [device("eno1", 1, ["10.0.0.5/24"]), device("eno2", 2, ["10.9.0.5/24"])]
    live = running(devices, [route("default", "eno1", "10.0.0.1", protocol="static", metric=100)])
    written, _left, told, _lost = networked(files, live, owner)
    text = written["/etc/systemd/network/10-osmigrate-eno2.network"]
    assert "Gateway=10.9.0.1" not in text and all(line in text for line in lines)
    assert told["lost"] == []


def test_never_default_stays_so_with_networkmanager(tmp_path):
    text = "[Match]\nName=a\n[Network]\nDHCP=yes\n[DHCPv4]\nUseGateway=no\n[IPv6AcceptRA]\nUseGateway=no\n"
    (stanza,) = read(networkd, tmp_path, {"/etc/systemd/network/a.network": text}).stanzas
    (one,) = networkmanager.render(alone(stanza))
    assert one.text.count("never-default=true") == 2


def read(reader, root, files):
    for path, text in files.items():
        (root / path.strip("/")).parent.mkdir(parents=True, exist_ok=True)
        (root / path.strip("/")).write_text(text)
    return reader.read(Tree(str(root)))


def alone(stanza):
    """Return the Network of one device that a Stanza is about."""
    link = running([device("a", 1)]).links["a"]
    return networks.Network([networks.Interface(link, stanza, None)], [], [])


@pytest.mark.parametrize("owner", ["ifupdown", "NetworkManager"])
def test_foreign_rules(networked, owner):
    files = {
        "/etc/network/interfaces": LOOPBACK + "auto eno1\niface eno1 inet dhcp\n",
        **keyfile("eno1", "method=auto"),
    }
    live = running([device("eno1", 1, leased=["10.0.0.5/24"])])
    written = networked(files, live, owner)[0]
    text = written["/etc/systemd/networkd.conf.d/10-osmigrate.conf"]
    assert "[Network]\nManageForeignRoutes=no\nManageForeignRoutingPolicyRules=no\n" in text


def test_foreign_rules_are_not_written_where_networkd_was_at_work_already(networked):
    files = {"/etc/systemd/network/a.network": "[Match]\nName=eno1\n[Network]\nDHCP=yes\n"}
    written = networked(files, running([device("eno1", 1)]), "systemd-networkd")[0]
    assert not [name for name in written if "networkd.conf" in name]


NAMING = {
    "/etc/nftables.d/10.nft": 'table inet f { chain i { iifname "ens5" tcp dport 22 accept; } }\n',
    "/etc/chrony/chrony.conf": "hwtimestamp ens5\n",
    "/etc/udev/rules.d/60-q.rules": 'KERNEL=="ens5", RUN+="/usr/local/bin/q"\n',
    "/etc/site/agent.yaml": "interface: ens5\n",
    "/etc/lldpd.d/a.conf": "configure system interface pattern ens5\n",
    "/usr/local/sbin/tune": "#!/bin/sh\nethtool -K ens5 gro off\n",
    "/etc/systemd/system/a.service": "[Unit]\nAfter=sys-subsystem-net-devices-ens5.device\n",
}


@pytest.mark.parametrize("path", sorted(NAMING))
def test_names_in_rules(networked, path):
    files = {
        "/etc/systemd/network/10.network": "[Match]\nMACAddress=52:54:00:aa:00:01\n[Network]\nDHCP=yes\n",
        path: NAMING[path],
    }
    live = running([device("ens5", 1, leased=["10.0.0.5/24"])])
    written, _left, told, _lost = networked(files, live, "systemd-networkd", predicted={"ens5": "enp0s5"})
    assert [one["kept_for"] for one in told["names"]] == [path]
    assert "Name=ens5" in written["/etc/systemd/network/10-osmigrate-ens5.link"]


def test_a_name_is_not_kept_for_what_is_written_anew(networked):
    files = {"/etc/network/interfaces": LOOPBACK + "auto ens5\niface ens5 inet dhcp\n"}
    live = running([device("ens5", 1, leased=["10.0.0.5/24"])])
    told = networked(files, live, "ifupdown", predicted={"ens5": "enp0s5"})[2]
    assert [one["kept_for"] for one in told["names"]] == [""]


IDS = [
    # dhclient.conf, the id of eno1, what is lost
    ('send dhcp-client-identifier "node-7";\n', "6e:6f:64:65:2d:37", []),
    ('send dhcp-client-identifier = "a\\001#b";\n', "61:01:23:62", []),
    ("send dhcp-client-identifier 1:2:AB;\n", "01:02:ab", []),
    ("send dhcp-client-identifier = hardware;\n", "mac", []),
    ("#send dhcp-client-identifier 1:2;\n", "", []),
    ('interface "eno1" {\n send dhcp-client-identifier 1:2;\n}\nsend dhcp-client-identifier 3:4;\n', "01:02", []),
    ('interface "eno2" {\n send dhcp-client-identifier 1:2;\n}\n', "", []),
    ("send dhcp-client-identifier = concat(1, hardware);\n", "", ["send dhcp-client-identifier of eno1"]),
    ("send host-name = gethostname();\n", "", []),
    ('send host-name "node-7";\n', "", []),
    ('send host-name = concat("SEKRET", "1");\n', "", ["send host-name of eno1"]),
    ('send vendor-class-identifier "SEKRET";\n', "", ["send vendor-class-identifier of eno1"]),
    ("supersede routers 10.0.0.9;\nprepend  domain-name-servers ::1;\nrequest routers;\n", "",
     ["supersede routers of eno1", "prepend domain-name-servers of eno1"]),
]  # fmt: skip


@pytest.mark.parametrize("text, client_id, lost", IDS, ids=[text for text, _id, _lost in IDS])
def test_what_dhclient_sends(tmp_path, text, client_id, lost):
    (tmp_path / "etc/dhcp").mkdir(parents=True)
    (tmp_path / "etc/dhcp/dhclient.conf").write_text(text)
    sent = dhclient.sent(Tree(str(tmp_path)), "eno1")
    assert (sent.client_id, [one.what for one in sent.lost]) == (client_id, lost)


@pytest.mark.parametrize("target", sorted(UNITS))
def test_dhcp_client_id(networked, target):
    files = {
        "/etc/network/interfaces": LOOPBACK + "auto eno1\niface eno1 inet dhcp\n",
        "/etc/dhcp/dhclient.conf": 'send dhcp-client-identifier "node-7";\n',
    }
    live = running([device("eno1", 1, leased=["10.0.0.5/24"])], [route("default", "eno1", "10.0.0.1")])
    written, _left, _told, lost = networked(files, live, "ifupdown", target)
    if target == "NetworkManager":
        text = written[KEYFILES + "osmigrate-eno1.nmconnection"]
        assert "dhcp-client-id=6e:6f:64:65:2d:37\n" in text
    else:
        assert "ClientIdentifier=mac" not in written["/etc/systemd/network/10-osmigrate-eno1.network"]
        assert "the DHCP client id of eno1" in lost["/etc/systemd/network/10-osmigrate-eno1.network"]


IFUPDOWN, IFCFG = "/etc/network/interfaces", "/etc/sysconfig/network-scripts/ifcfg-eno1"
BY_IFUPDOWN = LOOPBACK + "auto eno1\niface eno1 inet dhcp\n"
BY_IFCFG = "DEVICE=eno1\nBOOTPROTO=dhcp\n"
BY_KEYFILE = "[connection]\nid=a\ntype=ethernet\ninterface-name=eno1\n[ipv6]\nmethod=ignore\n[ipv4]\nmethod=auto\n"
HOSTS = [
    ("ifupdown", {IFUPDOWN: BY_IFUPDOWN + " hostname node-7\n"}, "node-7"),
    ("ifupdown", {IFUPDOWN: BY_IFUPDOWN, "/etc/dhcp/dhclient.conf": 'send host-name "node-7";\n'}, "node-7"),
    ("NetworkManager", {KEYFILES + "a.nmconnection": (BY_KEYFILE + "dhcp-hostname=node-7\n", 0o600)}, "node-7"),
    ("NetworkManager", {KEYFILES + "a.nmconnection": (BY_KEYFILE + "dhcp-send-hostname=false\n", 0o600)}, ""),
    ("ifcfg", {IFCFG: BY_IFCFG + "DHCP_HOSTNAME=node-7\n"}, "node-7"),
    ("ifcfg", {IFCFG: BY_IFCFG + "DHCP_SEND_HOSTNAME=no\n"}, ""),
]


@pytest.mark.parametrize("target", sorted(UNITS))
@pytest.mark.parametrize(("owner", "files", "host"), HOSTS, ids=range(len(HOSTS)))
def test_the_name_that_dhcp_servers_are_told_is_kept(networked, owner, files, host, target):
    live = running([device("eno1", 1, leased=["10.0.0.5/24"])], [route("default", "eno1", "10.0.0.1")])
    written, _left, told, _lost = networked(files, live, owner, target)
    if target == "NetworkManager":
        place = KEYFILES + ("a.nmconnection" if owner == target else "osmigrate-eno1.nmconnection")
        assert (f"dhcp-hostname={host}\n" if host else "dhcp-send-hostname=false\n") in written[place]
    else:
        text = written["/etc/systemd/network/10-osmigrate-eno1.network"]
        assert (f"Hostname={host}\n" if host else "SendHostname=no\n") in text
    assert [lost for lost in told["lost"] if "host" in lost.lower()] == []


@pytest.mark.parametrize("line", ["UseDNS=no", "SendHostname=no", "UseDNS=yes", "Hostname=node-7"])
def test_what_networkd_is_forbidden_to_take_is_told_where_another_tool_takes_over(networked, line):
    text = f"[Match]\nName=eno1\n[Network]\nDHCP=ipv4\n[DHCPv4]\n{line}\n"
    live = running([device("eno1", 1, leased=["10.0.0.5/24"])], [route("default", "eno1", "10.0.0.1")])
    files = {"/etc/systemd/network/10.network": text}
    written, _left, told, _lost = networked(files, live, "systemd-networkd", "NetworkManager")
    said = "\n".join(told["lost"]) + written[KEYFILES + "osmigrate-eno1.nmconnection"]
    kept = {"SendHostname=no": "dhcp-send-hostname=false", "Hostname=node-7": "dhcp-hostname=node-7"}
    assert (kept.get(line, "DHCPv4.UseDNS") in said) == (line != "UseDNS=yes")


LEASES6 = """\
default-duid "\\000\\001\\000\\001,\\2163RT\\000\\252\\000\\001";
lease6 {
  interface "eno1";
  ia-na 00:aa:00:01 {
    starts 1700000000;
    iaaddr 2001:db8::5 {
      starts 1700000000;
    }
  }
%s}
"""
DUIDS = [
    # what the lease says beside it, what systemd-networkd and NetworkManager write
    ("", "00:01:2c:8e:33:52:54:00:aa:00:01"),
    ("  option dhcp6.client-id 0:3:0:1:52:54:0:aa:0:1;\n", "00:01:52:54:00:aa:00:01"),
]


@pytest.mark.parametrize("target", sorted(UNITS))
@pytest.mark.parametrize("more, raw", DUIDS, ids=("of the file", "of the lease"))
def test_the_ids_of_dhcpv6_are_kept(networked, target, more, raw):
    files = {
        "/etc/network/interfaces": LOOPBACK + "auto eno1\niface eno1 inet6 dhcp\n",
        "/var/lib/dhcp/dhclient6.eno1.leases": LEASES6 % more,
    }
    written, _left, _told, lost = networked(
        files, running([device("eno1", 1, leased=["2001:db8::5/128"])]), "ifupdown", target
    )
    if target == "NetworkManager":
        kind = "00:03" if more else "00:01"
        assert f"dhcp-duid={kind}:{raw}\ndhcp-iaid=11141121\n" in written[KEYFILES + "osmigrate-eno1.nmconnection"]
    else:
        kind = "link-layer" if more else "link-layer-time"
        text = written["/etc/systemd/network/10-osmigrate-eno1.network"]
        assert f"[DHCPv6]\nDUIDType={kind}\nDUIDRawData={raw}\nIAID=11141121\n" in text
    assert not any("DUID" in what for what in lost.values())


@pytest.mark.parametrize("target", sorted(UNITS))
def test_an_id_of_dhcpv6_that_nothing_tells_is_lost(networked, target):
    files = {"/etc/network/interfaces": LOOPBACK + "auto eno1\niface eno1 inet6 dhcp\n"}
    lost = networked(files, running([device("eno1", 1, leased=["2001:db8::5/128"])]), "ifupdown", target)[3]
    assert any("the id by which DHCPv6 knows eno1 (DUID)" in what for what in lost.values())


def test_ids_of_keyfiles(tmp_path):
    files = keyfile("eno1", "method=auto", "method=dhcp\ndhcp-duid=00:04:AB\ndhcp-iaid=1")
    (stanza,) = read(keyfiles, tmp_path, {name: text for name, (text, _mode) in files.items()}).stanzas
    assert (stanza.duid, stanza.iaid) == ("00:04:ab", "00:00:00:01")


def test_an_id_of_the_scripts_of_el(tmp_path):
    files = {"/etc/sysconfig/network-scripts/ifcfg-a": "BOOTPROTO=dhcp\nDHCP_CLIENT_ID=01:02\n"}
    (stanza,) = read(ifcfg, tmp_path, files).stanzas
    assert stanza.client_id == "01:02"


PRIVACY = [
    # the owner of the files, the files, what systemd-networkd calls it
    ("NetworkManager", keyfile("eno1", "method=auto", "method=auto\nip6-privacy=2"), "yes"),
    ("NetworkManager", keyfile("eno1", "method=auto", "method=auto\nip6-privacy=1"), "prefer-public"),
    ("ifcfg", {"/etc/sysconfig/network-scripts/ifcfg-eno1": "IPV6INIT=yes\nIPV6_PRIVACY=rfc3041\n"}, "yes"),
    ("ifupdown", {"/etc/network/interfaces": "auto eno1\niface eno1 inet6 auto\n  privext 2\n"}, "yes"),
]


@pytest.mark.parametrize("owner, files, word", PRIVACY, ids=range(len(PRIVACY)))
def test_ip6_privacy(networked, owner, files, word):
    live = running([device("eno1", 1, leased=["10.0.0.5/24"])])
    written, _left, told, _lost = networked(files, live, owner)
    assert f"IPv6PrivacyExtensions={word}\n" in written["/etc/systemd/network/10-osmigrate-eno1.network"]
    assert told["lost"] == []


def test_ip6_privacy_of_networkd_stays_so_with_networkmanager(tmp_path):
    text = "[Match]\nName=a\n[Network]\nIPv6AcceptRA=yes\nIPv6PrivacyExtensions=prefer-public\n"
    (stanza,) = read(networkd, tmp_path, {"/etc/systemd/network/a.network": text}).stanzas
    (one,) = networkmanager.render(alone(stanza))
    assert "ip6-privacy=1\n" in one.text
    (one,) = networkd_writer.render(alone(stanza))
    assert "IPv6PrivacyExtensions=prefer-public\n" in one.text


PORTS = [
    "auto vmbr0\niface vmbr0 inet static\n  address 10.0.0.5/24\n  bridge-ports eno1\n",
    "auto vmbr0\niface vmbr0 inet static\n  address 10.0.0.5/24\n  bridge_ports eno1\n",
    "auto bond0\niface bond0 inet static\n  address 10.0.0.5/24\n  bond-slaves eno1 eno2\n",
    "auto eno1.7\niface eno1.7 inet static\n  address 10.0.0.5/24\n",
    "auto v7\niface v7 inet static\n  address 10.0.0.5/24\n  vlan-raw-device eno1\n",
]


@pytest.mark.parametrize("text", PORTS)
def test_port_without_auto(tmp_path, text):
    files = {"/etc/network/interfaces": f"{LOOPBACK}iface eno1 inet manual\n  mtu 9000\n{text}"}
    assert read(ifupdown, tmp_path, files).lost == []


def test_an_interface_that_says_something_and_is_not_started_is_told(tmp_path):
    text = f"{LOOPBACK}iface eno1 inet manual\niface eno2 inet static\n  address 10.0.0.5/24\n"
    found = read(ifupdown, tmp_path, {"/etc/network/interfaces": text})
    assert [one.what for one in found.lost] == ["eno2 is not started at boot"]


@pytest.mark.parametrize("word", ["auto", "allow-hotplug"])
def test_devices_that_are_started_by_a_block_of_another_name(networked, word):
    text = f"{LOOPBACK}{word} eno1=lan eno2=lan\niface lan inet static\n  address 10.0.0.5/24\n  gateway 10.0.0.1\n"
    live = running([device("eno1", 1, ["10.0.0.5/24"])], [route("default", "eno1", "10.0.0.1")])
    written, _left, told, _lost = networked({"/etc/network/interfaces": text}, live, "ifupdown")
    assert "Address=10.0.0.5/24" in written["/etc/systemd/network/10-osmigrate-eno1.network"]
    assert told["undeclared"] == []
    assert told["lost"] == ["/etc/network/interfaces: eno2 is not there, or another file counts for it"]


@pytest.mark.parametrize(
    ("pattern", "devices"),
    [
        ("/en*=lan", ["eno1", "eno2"]),
        ("/en*/2=lan", ["eno2"]),
        ("mac/52:54:00:AA:00:0?=lan", ["eno1", "eno2"]),
        ("mac/52:54:00:aa:00:01=lan", ["eno1"]),
        ("operstate/up=lan", ["eno2"]),
        ("/eno[1]=lan", ["eno1"]),
    ],
)
def test_devices_that_are_started_by_a_pattern(tmp_path, pattern, devices):
    files = {
        "/etc/network/interfaces": f"{LOOPBACK}auto {pattern}\niface lan inet dhcp\n",
        "/sys/class/net/eno1/address": "52:54:00:aa:00:01\n",
        "/sys/class/net/eno1/operstate": "down\n",
        "/sys/class/net/eno2/address": "52:54:00:aa:00:02\n",
        "/sys/class/net/eno2/operstate": "up\n",
        "/sys/class/net/wg0/address": "\n",
    }
    found = read(ifupdown, tmp_path, files)
    assert [made.names for made in found.stanzas] == [[name] for name in devices]
    assert found.lost == []


def test_fail_a_pattern_that_no_device_matches_is_told(tmp_path):
    text = f"{LOOPBACK}auto /enp*\niface eno1 inet dhcp\n"
    found = read(ifupdown, tmp_path, {"/etc/network/interfaces": text, "/sys/class/net/eno1/address": "x"})
    assert "auto /enp*: no device matches" in [one.what for one in found.lost]


def test_a_device_that_networkd_leaves_alone_is_no_loss(tmp_path):
    text = "[Match]\nName=cali* lxc*\n[Link]\nUnmanaged=yes\n"
    found = read(networkd, tmp_path, {"/etc/systemd/network/00-cni.network": text})
    assert (found.stanzas, found.lost) == ([], [])


def test_preflight_is_told_nothing_of_a_plain_bridge(tmp_path):
    text = LOOPBACK + "iface eno1 inet manual\n" + PORTS[0]
    read(ifupdown, tmp_path, {"/etc/network/interfaces": text})
    live = running([device("eno1", 1, master="vmbr0"), device("vmbr0", 2, ["10.0.0.5/24"], "bridge")])
    said = sources.summary(Tree(str(tmp_path)), ["ifupdown"], live)
    assert (said["lost"], said["undeclared"]) == ([], [])


@pytest.mark.parametrize(
    ("target", "lost"),
    [("systemd-networkd", "the release has no NetworkManager at work that starts it"), ("NetworkManager", "")],
)
def test_what_starts_when_something_happens_to_a_device(networked, target, lost):
    """It comes along; whether the release has the program says nothing of what is at work there."""
    keyfile = "[connection]\nid=a\ntype=ethernet\ninterface-name=ens3\n[ipv4]\nmethod=auto\n"
    hook = "/etc/NetworkManager/dispatcher.d/pre-up.d/own"
    files = {KEYFILES + "a.nmconnection": (keyfile, 0o600), hook: "#!/bin/sh\n"}
    live = running([device("ens3", 1, leased=["10.0.0.5/24"])])
    release = {"/usr/sbin/NetworkManager": "x", "/bin/sh": "x"}
    written, _left, _told, all_lost = networked(files, live, "NetworkManager", target, release=release)
    assert hook in written
    assert all_lost[hook] == lost

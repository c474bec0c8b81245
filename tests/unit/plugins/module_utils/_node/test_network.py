# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The network before and after a reboot: what fails, and what is only told."""

import copy
import json
from pathlib import Path

import pytest
from ansible_collections.osmigrate.fleet.plugins.module_utils._errors import FleetError
from ansible_collections.osmigrate.fleet.plugins.module_utils._files.tree import Tree
from ansible_collections.osmigrate.fleet.plugins.module_utils._network import proof
from ansible_collections.osmigrate.fleet.plugins.module_utils._network.read import leases, state
from ansible_collections.osmigrate.fleet.plugins.module_utils._node import network as network_of

LIVE = Path(__file__).parents[1] / "_carry/fixtures/network/bridge.live.json"
ANSWERS = json.loads(LIVE.read_text())


@pytest.fixture
def network(monkeypatch):
    """The answers of the kernel, which a test may change."""
    answers = copy.deepcopy(ANSWERS)

    def ask():
        return state.Answers(**answers)

    monkeypatch.setattr(state, "ask", ask)
    return answers


def device(answers, name):
    (found,) = (one for one in answers["asked"]["addresses"] if one["ifname"] == name)
    return found


def rename(answers, old, new):
    device(answers, old)["ifname"] = new
    answers["devices"][new] = answers["devices"].pop(old)
    for route in answers["asked"]["routes4"] + answers["asked"]["routes6"]:
        if route["dev"] == old:
            route["dev"] = new


def readdress(answers, name, old, new):
    for known in device(answers, name)["addr_info"]:
        if known["local"] == old:
            known["local"] = new


def test_the_same_network(network, tmp_path):
    path = str(tmp_path / "network.json")
    kept = network_of.keep(["10.0.0.5"], True, path)
    assert kept == [f"write {path}"] and not Path(path).exists()
    assert network_of.keep(["10.0.0.5"], False, path) == kept
    assert network_of.keep(["10.0.0.5"], False, path) == []
    assert network_of.compare(0, path) == []


def test_another_name_and_other_things_are_told(network, tmp_path):
    path = str(tmp_path / "network.json")
    network_of.keep(["10.0.0.5"], False, path)
    rename(network, "ens0f0", "enp1s0")
    readdress(network, "ens2f0", "10.2.0.77", "10.2.0.78")
    device(network, "br0")["mtu"] = 9000
    found = network_of.compare(0, path)
    assert [(one["interface"], one["what"], one["before"], one["after"]) for one in found] == [
        ("ens0f0", "name", "ens0f0", "enp1s0"),
        ("ens2f0", "addresses", "10.2.0.77/24", "10.2.0.78/24"),
        ("br0", "mtu", "1500", "9000"),
    ]


def test_fail_where_the_address_that_kubernetes_knows_is_gone(network, tmp_path):
    path = str(tmp_path / "network.json")
    network_of.keep(["10.0.0.5", "203.0.113.9"], False, path)
    readdress(network, "ens0f0", "10.0.0.5", "10.0.0.6")
    with pytest.raises(FleetError, match="The node has lost 10.0.0.5, by which Kubernetes knows it; ") as failure:
        network_of.compare(0, path)
    assert failure.value.result["network_differences"]


def test_fail_on_the_address_from_which_the_node_speaks_where_no_other_is_known(network, tmp_path):
    path = str(tmp_path / "network.json")
    network_of.keep([], False, path)
    assert json.loads(Path(path).read_text())["kubernetes"] == ["10.0.0.5", "2001:db8::5"]
    readdress(network, "ens0f0", "2001:db8::5", "2001:db8::6")
    with pytest.raises(FleetError, match="lost 2001:db8::5,"):
        network_of.compare(0, path)


def test_the_address_may_move_to_another_device(network, tmp_path):
    path = str(tmp_path / "network.json")
    network_of.keep(["10.0.0.5"], False, path)
    (moved,) = (one for one in device(network, "ens0f0")["addr_info"] if one["local"] == "10.0.0.5")
    device(network, "ens0f0")["addr_info"].remove(moved)
    device(network, "br0")["addr_info"].append(moved)
    found = network_of.compare(0, path)
    assert {one["interface"] for one in found} == {"ens0f0", "br0"}


@pytest.mark.parametrize("text", [None, "", "{", "[]", '{"schema": 0}'])
def test_nothing_that_was_kept(network, tmp_path, text):
    path = tmp_path / "network.json"
    if text is not None:
        path.write_text(text)
    assert network_of.compare(0, str(path)) == []


def test_a_device_that_is_gone(network):
    before = proof.take(state.parse(state.ask()), [], {})
    network["asked"]["addresses"].remove(device(network, "ens1f0"))
    after = proof.take(state.parse(state.ask()), [], {})
    assert proof.compare(before, after) == [
        {"interface": "ens1f0", "what": "interface", "before": "ens1f0", "after": ""}
    ]


def test_dhcp_identity(network, tmp_path):
    dhclient = tmp_path / "var/lib/dhcp/dhclient.ens2f0.leases"
    dhclient.parent.mkdir(parents=True)
    dhclient.write_text('lease {\n  interface "ens2f0";\n  fixed-address 10.2.0.77;\n}\n')
    answers = state.ask()
    found = state.parse(answers)
    before = leases.client_ids(Tree(str(tmp_path)), answers, found)
    assert before == {"ens2f0": "01:52:54:00:aa:00:02"}
    lease = tmp_path / f"run/systemd/netif/leases/{device(network, 'ens2f0')['ifindex']}"
    lease.parent.mkdir(parents=True)
    lease.write_text("ADDRESS=10.2.0.77\nCLIENTID=01525400aa0002\n")
    assert leases.client_ids(Tree(str(tmp_path)), answers, found) == before
    lease.write_text("CLIENTID=ffb6220feb00020000ab11\n")
    after = leases.client_ids(Tree(str(tmp_path)), answers, found)
    (one,) = proof.compare(proof.take(found, [], before), proof.take(found, [], after))
    assert (one["what"], one["after"]) == ("client_id", "ff:b6:22:0f:eb:00:02:00:00:ab:11")


def test_addresses_and_routes_of_a_bond_with_a_vlan():
    recorded = json.loads(LIVE.with_name("bond-vlan.live.json").read_text())
    found = state.parse(state.Answers(**recorded))
    assert proof.addresses(found) == {
        "10.20.0.11/24": "bond0",
        "10.100.0.11/24": "bond0.100",
        "2001:db8:100::11/64": "bond0.100",
        "192.168.7.42/24": "52:54:00:bb:00:03",
    }
    routes = proof.routes(found)
    assert routes["10.40.0.0/16 via 10.20.0.1 dev bond0 table 200"] == 0
    assert routes["default via 2001:db8:100::1 dev bond0.100"] == 1024
    assert routes["192.168.7.0/24 dev 52:54:00:bb:00:03"] == 0

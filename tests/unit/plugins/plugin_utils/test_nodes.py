# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Node objects as a real API server returned them, and what they become in the inventory.

w1 and w2 have kubelets, and w2's had just gone away; the status of n1 to n3 was written by hand.
"""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from ansible_collections.osmigrate.fleet.plugins.plugin_utils import _nodes

RECORDED = json.loads((Path(__file__).parents[2] / "fixtures/kube/nodes.json").read_text(encoding="utf-8"))
NODES = {node["metadata"]["name"]: _nodes.trim(node) for node in RECORDED["items"]}


def facts(name, **options):
    options = {"pool_label": "pool", "labels": ("*",), "annotations": (), **options}
    return _nodes.variables(NODES[name], **options)


def test_variables_of_a_node():
    n2 = facts("n2")
    assert (n2["ready"], n2["schedulable"], n2["roles"]) == (True, False, ["worker"])
    assert (n2["pool"], n2["zone"]) == ("general", "z1")
    assert n2["taints"] == ["node.kubernetes.io/unschedulable:NoSchedule"]
    assert n2["addresses"] == {"InternalIP": ["10.0.0.2"], "ExternalIP": ["192.0.2.2"], "Hostname": ["n2"]}
    assert n2["osmigrate"]["previous_os"] == "Debian GNU/Linux 12 (bookworm)"
    assert n2["annotations"] == {}


def test_labels_and_annotations_by_pattern():
    few = facts("n2", labels=("topology.*", "pool"), annotations=("osmigrate.fleet/phase",))
    assert set(few["labels"]) == {"topology.kubernetes.io/zone", "pool"}
    assert few["annotations"] == {"osmigrate.fleet/phase": "done"}
    assert facts("n2", labels=())["labels"] == {}


def test_a_node_that_never_reported():
    bare = _nodes.trim({"metadata": {"name": "new", "uid": "u"}})
    new = _nodes.variables(bare, "pool", ("*",), ("*",))
    assert (new["ready"], new["os_image"], new["addresses"]) == (False, "", {})
    assert set(_nodes.groups(new, False)) == {"k8s_nodes", "role_worker", "not_ready", "schedulable"}


@pytest.mark.parametrize(
    "name, excluded, expected",
    [
        ("n1", False, {"role_control_plane", "schedulable", "osmigrate_phase_failed", "osmigrate_failed"}),
        (
            "n2",
            False,
            {
                "role_worker",
                "unschedulable",
                "osmigrate_phase_done",
                "osmigrate_release_debian-13-13.1",
                "osmigrate_on_release",
                "osmigrate_held",
            },
        ),
        ("n3", True, {"role_worker", "schedulable", "osmigrate_excluded"}),
    ],
)
def test_groups(name, excluded, expected):
    common = {"k8s_nodes", "pool_general", "zone_z1", "arch_amd64", "os_debian_12", "ready"}
    assert set(_nodes.groups(facts(name), excluded)) == common | expected


def test_a_node_that_went_back_is_on_packages():
    back = {**facts("n3"), "osmigrate": {"phase": "done", "release": "package"}}
    assert {"osmigrate_on_package", "osmigrate_release_package"} < set(_nodes.groups(back, False))


def test_groups_of_a_real_kubelets_node():
    assert set(_nodes.groups(facts("w1"), False)) == {
        "k8s_nodes",
        "role_worker",
        "pool_workers",
        "zone_lab",
        "arch_amd64",
        "os_debian_12",
        "ready",
        "schedulable",
    }
    away = facts("w2")
    assert (away["ready"], away["conditions"]["Ready"]) == (False, "Unknown")
    assert "node.kubernetes.io/unreachable:NoExecute" in away["taints"]
    assert {"not_ready", "schedulable"} < set(_nodes.groups(away, False))


@pytest.mark.parametrize(
    "types, network, expected",
    [
        (["InternalIP", "ExternalIP"], "", "10.0.0.1"),
        (["ExternalIP", "InternalIP"], "", "192.0.2.1"),
        (["InternalIP", "ExternalIP"], "192.", "192.0.2.1"),
        (["Hostname"], "", "n1"),
        (["InternalIP"], "172.", None),
        (["InternalDNS"], "", None),
    ],
)
def test_addresses(types, network, expected):
    chosen = _nodes.choose_address(NODES["n1"], types, lambda address: address.startswith(network))
    assert chosen == (expected, [])


@pytest.mark.parametrize(
    "given, chosen, none",
    [
        (["{{ lookup('pipe', 'id') }}"], None, ["{{ lookup('pipe', 'id') }}"]),
        (["-oProxyCommand=id", "192.0.2.1"], "192.0.2.1", ["-oProxyCommand=id"]),
        (["192.0.2.1", "root@w1"], "192.0.2.1", ["root@w1"]),
        (["192.0.2.1\n"], None, ["192.0.2.1\n"]),
        ([], None, []),
    ],
)
def test_what_a_kubelet_says_is_an_address_or_nothing(given, chosen, none):
    node = {"status": {"addresses": [{"type": "InternalIP", "address": one} for one in given]}}
    assert _nodes.choose_address(node, ["InternalIP"], lambda address: True) == (chosen, none)


# RKE's has no dash, and kops has nodes with nothing but an API server.
CONTROL = ("control-plane", "master", "controlplane", "api-server", "etcd")


@pytest.mark.parametrize("role, control", [*((role, 1) for role in CONTROL), ("Edge", 0), ("", 0)])
def test_one_definition_of_a_control_plane(role, control):
    node = _nodes.trim({"metadata": {"name": "a", "uid": "u", "labels": {f"node-role.kubernetes.io/{role}": ""}}})
    groups = list(_nodes.groups(_nodes.variables(node, "pool", (), ()), False))
    assert groups.count("role_control_plane") == control
    assert ("role_worker" in groups) is (role == "")


@pytest.mark.parametrize(("role", "group"), [("master", "role_control_plane"), ("agent", "role_worker")])
def test_the_older_label_of_a_role_names_the_control_plane_too(role, group):
    node = _nodes.trim({"metadata": {"name": "a", "uid": "u", "labels": {"kubernetes.io/role": role}}})
    assert group in _nodes.groups(_nodes.variables(node, "pool", (), ()), False)


@pytest.mark.parametrize(
    "node, cluster, host",
    [
        ("w1", None, "w1"),
        ("w1", "berlin", "w1.berlin"),
        ("localhost", None, "node_localhost"),
        ("127.0.0.1", None, "node_127.0.0.1"),
        ("all", None, "node_all"),
        ("ready", None, "node_ready"),
        ("localhost", "berlin", "localhost.berlin"),
    ],
)
def test_names_of_hosts(node, cluster, host):
    assert _nodes.host_name(node, cluster) == host


def safe(name):
    return re.sub(r"\W", "_", name)


@pytest.mark.parametrize(
    "raw, plain, apart",
    [
        (["pool_gpu-a", "k8s_nodes"], {"pool_gpu_a", "k8s_nodes"}, 0),
        (["pool_gpu-a", "pool_gpu_a", "pool_gpu.a"], {"pool_gpu_a"}, 2),
        (["pool_gpu-a", "pool_gpu.a"], set(), 2),
    ],
)
def test_groups_that_fall_together(raw, plain, apart):
    called = _nodes.group_names(raw, safe)
    assert called == _nodes.group_names(reversed(raw), safe)
    names = set(called.values())
    assert len(names) == len(raw) and plain <= names
    assert sum(re.fullmatch(r"pool_gpu_a_[0-9a-f]{6}", name) is not None for name in names) == apart


def test_no_role_is_taken_for_the_control_plane():
    (name,) = _nodes.group_names(["role_control.plane"], safe).values()
    assert re.fullmatch(r"role_control_plane_[0-9a-f]{6}", name)
    assert _nodes.group_names(["role_control_plane"], safe) == {"role_control_plane": "role_control_plane"}


@pytest.mark.parametrize("field", ["phase", "release"])
def test_no_group_of_endless_text(field):
    long = {**facts("n3"), "osmigrate": {"phase": "done", "release": "r", field: "x" * 200_000}}
    assert max(map(len, _nodes.groups(long, False))) < 200
    assert len(_nodes.os_name("x" * 200_000)) == 100


@pytest.mark.parametrize(
    "os_image, name",
    [
        ("Debian GNU/Linux 12 (bookworm)", "debian_12"),
        ("Debian GNU/Linux trixie/sid", "debian_trixie_sid"),
        ("Ubuntu 22.04.3 LTS", "ubuntu_22_04"),
        ("Rocky Linux 9.3 (Blue Onyx)", "rocky_linux_9"),
        ("Red Hat Enterprise Linux 8.10 (Ootpa)", "red_hat_enterprise_linux_8"),
        ("openEuler 22.03 (LTS-SP3)", "openeuler_22_03"),
        ("openSUSE Leap 15.6", "opensuse_leap_15"),
        ("Flatcar Container Linux by Kinvolk 3815.2.0 (Oklo)", "flatcar_container_linux_by_kinvolk_3815"),
        ("Alpine Linux v3.19", "alpine_linux_v3_19"),
        ("Arch Linux", "arch_linux"),
    ],
)
def test_names_of_operating_systems(os_image, name):
    assert _nodes.os_name(os_image) == name


def test_the_bulk_of_a_node_is_dropped():
    kept = NODES["w1"]
    assert set(kept["metadata"]) <= {"name", "uid", "labels", "annotations"}
    assert set(kept["status"]) == {"addresses", "conditions", "nodeInfo"}
    whole = next(node for node in RECORDED["items"] if node["metadata"]["name"] == "w1")
    assert len(json.dumps(kept)) < len(json.dumps(whole)) / 2

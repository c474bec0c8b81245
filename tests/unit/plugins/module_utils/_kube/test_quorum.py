# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

import re

import pytest
from ansible_collections.osmigrate.fleet.plugins.module_utils._kube import drain_plan, node_view, quorum

ROLE = "node-role.kubernetes.io/"
READY, ENDING = {}, {"metadata": {"deletionTimestamp": "2026-11-21T10:00:00Z"}}
NOT_READY, PENDING = {"ready": "False"}, {"phase": "Pending"}
NEITHER, SINGLE, EXTERNAL = (quorum.Accepted(*both) for both in ((False, False), (True, False), (False, True)))
WELL = {"etcd": True, "etcd-readiness": True}
KUBEADM = ["control-plane"]


@pytest.fixture
def make_plane(make_node):
    """Nodes m1, m2, ... with the roles of each, and static pods by name with what is different about each."""

    def make(roles, pods):
        nodes = []
        for number, names in enumerate(roles, 1):
            node = make_node(f"m{number}")
            node["metadata"]["labels"] = {ROLE + name: "" for name in names}
            nodes.append(node)
        made = []
        for name, other in pods.items():
            conditions = [{"type": "Ready", "status": other.get("ready", "True")}]
            status = {"phase": other.get("phase", "Running"), "conditions": conditions}
            made.append({"metadata": {"name": name, **other.get("metadata", {})}, "status": status})
        return quorum.parts(nodes, made)

    return make


def stacked(count, servers=True, **other):
    """The static pods of so many nodes, each with etcd and an API server, but for what others say (etcd_m2)."""
    names = [f"{name}-m{number}" for number in range(1, count + 1) for name in ["etcd"] + ["kube-apiserver"] * servers]
    return {
        name: other.get(name.replace("-", "_"), READY) for name in names if other.get(name.replace("-", "_")) != {0}
    }


GONE = {0}
LOSES = r"etcd has {} member.*loses its quorum and the cluster its API while control-plane node m1 is away"
SPLIT = [["control-plane"], ["control-plane"], ["etcd"], ["etcd"], ["etcd"]]
SPLIT_PODS = {f"etcd-m{number}": READY for number in (3, 4, 5)}
SPLIT_PODS.update({f"kube-apiserver-m{number}": READY for number in (1, 2)})

# Roles of the nodes, pods, what is accepted; what speaks against node m1, None if nothing does, and whether it waits.
CASES = [
    ("three members", [KUBEADM] * 3, stacked(3), NEITHER, None),
    ("five members", [KUBEADM] * 5, stacked(5), NEITHER, None),
    ("master only", [["master"]] * 3, stacked(3), NEITHER, None),
    ("master only, another is gone", [["master"]] * 3, stacked(3, etcd_m3=GONE), NEITHER, "etcd on node m3 has no pod"),
    ("another is not Ready", [KUBEADM] * 3, stacked(3, etcd_m2=NOT_READY), NEITHER, "etcd on node m2 is not Ready"),
    ("another of five", [KUBEADM] * 5, stacked(5, etcd_m5=NOT_READY), NEITHER, "etcd on node m5 is not Ready"),
    ("its own is not Ready", [KUBEADM] * 3, stacked(3, etcd_m1=NOT_READY), NEITHER, "etcd on node m1 is not Ready"),
    ("another has not started", [KUBEADM] * 3, stacked(3, etcd_m3=PENDING), NEITHER, "etcd on node m3 is Pending"),
    ("another is ending", [KUBEADM] * 3, stacked(3, etcd_m3=ENDING), NEITHER, "etcd on node m3 is ending"),
    ("another is gone", [KUBEADM] * 3, stacked(3, etcd_m3=GONE), NEITHER, "etcd on node m3 has no pod"),
    (
        "two are ill",
        [KUBEADM] * 3,
        stacked(3, etcd_m2=NOT_READY, kube_apiserver_m3=NOT_READY),
        NEITHER,
        "cannot spare node m1: etcd on node m2 is not Ready, kube-apiserver on node m3 is not Ready",
    ),
    ("its own API server", [KUBEADM] * 3, stacked(3, kube_apiserver_m1=NOT_READY), NEITHER, None),
    ("one member", [KUBEADM], stacked(1), NEITHER, LOSES.format(1)),
    ("one member, accepted", [KUBEADM], stacked(1), SINGLE, None),
    ("two members", [KUBEADM] * 2, stacked(2), NEITHER, LOSES.format(2)),
    ("two members, accepted, one ill", [KUBEADM] * 2, stacked(2, etcd_m2=NOT_READY), SINGLE, "m2 is not Ready"),
    ("external", [KUBEADM] * 3, {}, NEITHER, "No static pod of etcd is seen in kube-system"),
    ("external is not single", [KUBEADM] * 3, {}, SINGLE, "No static pod of etcd is seen in kube-system"),
    ("external, accepted", [KUBEADM] * 3, {}, EXTERNAL, None),
    (
        "external, accepted, an API server is ill",
        [KUBEADM] * 2,
        {"kube-apiserver-m1": READY, "kube-apiserver-m2": NOT_READY},
        EXTERNAL,
        "kube-apiserver on node m2 is not Ready",
    ),
    ("etcd on nodes of its own", SPLIT, SPLIT_PODS, NEITHER, None),
    (
        "one of those is ill",
        SPLIT,
        {**SPLIT_PODS, "etcd-m4": NOT_READY},
        NEITHER,
        "cannot spare node m1: etcd on node m4 is not Ready",
    ),
    ("pods with such names", [KUBEADM] * 3, {**stacked(3), "etcd-backup-m2": NOT_READY}, NEITHER, None),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case[0])
def test_what_speaks_against_a_node(make_plane, case):
    _name, roles, pods, accepted, said = case
    found = quorum.object_to("m1", make_plane(roles, pods), WELL, accepted)
    if said is None:
        assert found is None
    else:
        assert re.search(said, found.problem), found.problem
        assert found.waits == ("cannot spare" in found.problem)


@pytest.mark.parametrize(
    "role, pod, annotations, runs",
    [
        (None, "etcd-w1", {drain_plan.MIRROR: "x"}, ["etcd"]),
        (None, "kube-apiserver-w1", {drain_plan.MIRROR: "x"}, ["kube-apiserver"]),
        ("worker", "etcd-w1", {drain_plan.MIRROR: "x"}, ["etcd"]),
        ("etcd", "etcd-w1", {drain_plan.MIRROR: "x"}, []),
        ("master", "kube-apiserver-w1", {drain_plan.MIRROR: "x"}, []),
        (None, "etcd-w1", {}, []),
        (None, "kube-proxy-w1", {drain_plan.MIRROR: "x"}, []),
    ],
)
def test_a_node_of_the_control_plane_is_known_without_its_role(make_node, role, pod, annotations, runs):
    node = make_node("w1")
    node["metadata"]["labels"] = {node_view.ROLE_LABEL + role: ""} if role else {}
    pods = [{"metadata": {"name": pod, "annotations": annotations}}]
    assert quorum.unlabelled([node], pods) == ({"w1": runs} if runs else {})


def test_a_node_that_goes_back_may_be_ill_itself(make_plane):
    found = make_plane([KUBEADM] * 3, stacked(3, etcd_m1=NOT_READY))
    assert quorum.object_to("m1", found, WELL, NEITHER, way_back=True) is None
    assert quorum.object_to("m2", found, WELL, NEITHER, way_back=True).waits


CHECKS = [
    ({"etcd": False, "etcd-readiness": True}, "the API server says that its check etcd fails"),
    ({"etcd": True, "etcd-readiness": False}, "the API server says that its check etcd-readiness fails"),
    ({}, "the API server says that its check etcd is not there"),
]


@pytest.mark.parametrize("checks, said", CHECKS)
def test_what_the_api_server_says(make_plane, checks, said):
    assert said in quorum.object_to("m1", make_plane([KUBEADM] * 3, stacked(3)), checks, NEITHER).problem


def test_an_older_api_server_has_one_check(make_plane):
    assert quorum.object_to("m1", make_plane([KUBEADM] * 3, stacked(3)), {"etcd": True}, NEITHER) is None


def test_reading_the_checks():
    # As kube-apiserver 1.34 answers with status 500.
    text = "[+]ping ok\n[+]log ok\n[-]etcd failed: reason withheld\n[+]etcd-readiness ok\n[+]poststarthook/etcd-x ok\n"
    text += "readyz check failed\n"
    assert quorum.read_checks(text) == {"etcd": False, "etcd-readiness": True}


def test_each_member_is_told_with_its_state(make_plane):
    found = make_plane([KUBEADM] * 2, stacked(2, etcd_m2=NOT_READY))
    assert quorum.describe(found, WELL) == {
        "etcd": [{"node": "m1", "state": "ready"}, {"node": "m2", "state": "is not Ready"}],
        "api_servers": [{"node": "m1", "state": "ready"}, {"node": "m2", "state": "ready"}],
        "checks": WELL,
    }

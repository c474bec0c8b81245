# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

import pytest
from ansible_collections.osmigrate.fleet.plugins.module_utils._kube import capacity, daemons

REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"


def affinity(*expressions):
    return {"affinity": {"nodeAffinity": {REQUIRED: {"nodeSelectorTerms": [{"matchExpressions": list(expressions)}]}}}}


SSD = {"key": "disk", "operator": "In", "values": ["ssd"]}
NAMED = [{"matchFields": [{"key": "metadata.name", "operator": "In", "values": ["w1"]}]}]
# Who owns the pod, what the DaemonSet with the UID uid-agent asks of nodes, the labels of the node, and how it stands.
CASES = [
    ("of no DaemonSet", "ReplicaSet/agent", "uid-gone", {}, {}, "owned"),
    ("of nobody", "", "", {}, {}, "owned"),
    ("its DaemonSet is there", "DaemonSet/agent", "uid-agent", {}, {}, "owned"),
    ("another of that name is there", "DaemonSet/agent", "uid-former", {}, {}, "orphaned"),
    ("none of that name is there", "DaemonSet/other", "uid-other", {}, {}, "orphaned"),
    ("says so without a UID", "DaemonSet/agent", "", {}, {}, "orphaned"),
    ("wanted on the node", "DaemonSet/agent", "uid-agent", {"nodeSelector": {"disk": "ssd"}}, {"disk": "ssd"}, "owned"),
    ("not wanted by its selector", "DaemonSet/agent", "uid-agent", {"nodeSelector": {"disk": "ssd"}}, {}, "unwanted"),
    ("wanted by its affinity", "DaemonSet/agent", "uid-agent", affinity(SSD), {"disk": "ssd"}, "owned"),
    ("not wanted by its affinity", "DaemonSet/agent", "uid-agent", affinity(SSD), {"disk": "hdd"}, "unwanted"),
    ("wanted by name", "DaemonSet/agent", "uid-agent",
     {"affinity": {"nodeAffinity": {REQUIRED: {"nodeSelectorTerms": NAMED}}}}, {}, "owned"),
]  # fmt: skip


@pytest.mark.parametrize(
    "owner, uid, asked, labels, expected", [one[1:] for one in CASES], ids=[one[0] for one in CASES]
)
def test_how_a_pod_stands_to_its_daemon_set(make_pod, make_node, owner, uid, asked, labels, expected):
    node = make_node("w1", unschedulable=True)
    node["metadata"]["labels"] = labels
    pod = make_pod("agent-1", owner, owner_uid=uid)
    known = {"uid-agent": daemons.Daemon("uid-agent", "shop", asked)}
    assert daemons.judge(pod, known, node) == expected


def test_a_daemon_set_of_another_namespace_owns_nothing(make_pod, make_node):
    known = {"uid-agent": daemons.Daemon("uid-agent", "kube-system", {})}
    assert daemons.judge(make_pod("agent-1", "DaemonSet/agent"), known, make_node()) == "orphaned"


@pytest.mark.parametrize(
    "version, expected", [("apps/v1", "orphaned"), ("apps.kruise.io/v1alpha1", "owned"), ("extensions/v1", "owned")]
)
def test_daemon_sets_of_other_groups_cannot_be_looked_at(make_pod, make_node, version, expected):
    pod = make_pod("agent-1", "DaemonSet/agent")
    pod["metadata"]["ownerReferences"][0]["apiVersion"] = version
    assert daemons.judge(pod, {}, make_node()) == expected


def test_what_is_kept_of_a_daemon_set():
    spec = {"nodeSelector": {"disk": "ssd"}, "affinity": {}, "containers": [{"name": "c"}]}
    metadata = {"name": "agent", "namespace": "shop", "uid": "u"}
    found = daemons.daemon({"metadata": metadata, "spec": {"template": {"spec": spec}}})
    assert found == ("u", "shop", {"nodeSelector": {"disk": "ssd"}, "affinity": {}})


def test_taints_do_not_count(make_node):
    node = make_node("w1")
    node["spec"]["taints"] = [{"key": "k", "effect": "NoSchedule"}]
    assert capacity.is_meant_for({}, node)
    assert not capacity.may_go({"spec": {}}, node)

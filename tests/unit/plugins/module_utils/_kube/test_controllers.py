# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

import pytest
from ansible_collections.osmigrate.fleet.plugins.module_utils import _errors
from ansible_collections.osmigrate.fleet.plugins.module_utils._kube import controllers

ALL = ["w1", "w2"]


def workload(kind="DaemonSet", name="agent", image="registry.example/agent:v1", **spec):
    containers = [{"name": "c", "image": image}]
    template = {"spec": {"containers": containers, **spec}}
    return controllers.workload(kind, {"metadata": {"namespace": "ops", "name": name}, "spec": {"template": template}})


# What is there: workloads, annotations of w1, labels of w1. Who is recognised, by what, and on which nodes.
CASES = [
    ("nobody", [workload()], {}, {}, None, "", []),
    ("kured", [workload(name="kured")], {}, {}, "kured", "DaemonSet ops/kured (w1, w2)", ALL),
    ("kured of a chart", [workload(name="prod-kured")], {}, {}, "kured", "DaemonSet ops/prod-kured (w1, w2)", ALL),
    (
        "kured by its image",
        [workload(name="reboots", image="registry:5000/kubereboot/kured:1.17@sha256:0")],
        {},
        {},
        "kured",
        "DaemonSet ops/reboots (w1, w2)",
        ALL,
    ),
    ("what reads kured", [workload(name="kured-exporter")], {}, {}, None, "", []),
    ("a DaemonSet elsewhere", [workload(name="kured", nodeSelector={"os": "old"})], {}, {}, None, "", []),
    (
        "on some nodes",
        [workload(name="kured", nodeSelector={"os": "new"})],
        {},
        {"os": "new"},
        "kured",
        "DaemonSet ops/kured (w1)",
        ["w1"],
    ),
    (
        "kured's annotation",
        [],
        {"weave.works/kured-reboot-in-progress": "2026-11-21T10:00:00Z"},
        {},
        "kured",
        "annotation weave.works/kured-reboot-in-progress (w1)",
        ["w1"],
    ),
    (
        "a Deployment acts on all",
        [workload("Deployment", "system-upgrade-controller", nodeSelector={"role": "infra"})],
        {},
        {"plan.upgrade.cattle.io/os": "3f2"},
        "system-upgrade-controller",
        "Deployment ops/system-upgrade-controller (w1, w2), label plan.upgrade.cattle.io/os (w1)",
        ALL,
    ),
    (
        "OpenShift",
        [workload(name="machine-config-daemon")],
        {"machineconfiguration.openshift.io/state": "Done"},
        {},
        "machine-config-operator",
        "DaemonSet ops/machine-config-daemon (w1, w2), annotation machineconfiguration.openshift.io/state (w1)",
        ALL,
    ),
    (
        "KubeOS",
        [],
        {},
        {"upgrade.openeuler.org/upgrading": ""},
        "kubeos",
        "label upgrade.openeuler.org/upgrading (w1)",
        ["w1"],
    ),
    (
        "Bottlerocket",
        [workload(name="brupop-agent")],
        {},
        {"bottlerocket.aws/updater-interface-version": "2.0.0"},
        "bottlerocket-update-operator",
        "DaemonSet ops/brupop-agent (w1, w2), label bottlerocket.aws/updater-interface-version (w1)",
        ALL,
    ),
    (
        "Flatcar",
        [],
        {"flatcar-linux-update.v1.flatcar-linux.net/reboot-ok": "false"},
        {},
        "flatcar-linux-update-operator",
        "annotation flatcar-linux-update.v1.flatcar-linux.net/reboot-ok (w1)",
        ["w1"],
    ),
    (
        "FleetLock",
        [workload("Deployment", "fleetlock")],
        {},
        {},
        "fleetlock",
        "Deployment ops/fleetlock (w1, w2)",
        ALL,
    ),
    (
        "Kairos",
        [workload("Deployment", "operator-kairos-operator", "quay.io/kairos/operator:v0.0.6")],
        {"operator.kairos.io/cordoned-by": "default/upgrade@1"},
        {},
        "kairos-operator",
        "Deployment ops/operator-kairos-operator (w1, w2), annotation operator.kairos.io/cordoned-by (w1)",
        ALL,
    ),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case[0])
def test_who_is_recognised(make_node, case):
    _name, workloads, annotations, labels, name, detail, where = case
    nodes = [make_node("w1", annotations), make_node("w2", unschedulable=True)]
    # What the API server sets on a cordoned node; DaemonSets run there all the same.
    nodes[1]["spec"]["taints"] = [{"key": "node.kubernetes.io/unschedulable", "effect": "NoSchedule"}]
    nodes[0]["metadata"]["labels"] = labels
    found = controllers.examine(nodes, workloads, [])
    assert [one[:4] for one in found] == ([(name, detail, where, False)] if name else [])
    if name:
        assert controllers.examine(nodes, workloads, [name])[0].accepted


# Those that delete, fence or empty nodes, and a few more: the workload or image by which each is known, and its name.
BY_PROGRAM = [
    ("elemental-operator", "x", "elemental-operator"),
    ("bootc-operator", "x", "bootc-operator"),
    ("skyhook-operator-controller-manager", "x", "skyhook"),
    ("gpu-operator", "x", "gpu-operator"),
    ("node-maintenance-operator-controller-manager", "x", "node-maintenance-operator"),
    ("draino", "x", "draino"),
    ("aws-node-termination-handler", "x", "aws-node-termination-handler"),
    ("cluster-autoscaler", "x", "cluster-autoscaler"),
    ("prod-aws-cluster-autoscaler", "x", "cluster-autoscaler"),
    ("scaler", "registry.k8s.io/autoscaling/cluster-autoscaler:v1.33.0", "cluster-autoscaler"),
    ("cluster-proportional-autoscaler", "x/cluster-proportional-autoscaler:1", None),
    ("karpenter", "x", "karpenter"),
    ("provisioner", "public.ecr.aws/karpenter/controller:1.6.0@sha256:0", "karpenter"),
    ("ingress", "registry.example/ingress/controller:1.6.0", None),
    ("capi-controller-manager", "x", "cluster-api"),
    ("manager", "registry.k8s.io/cluster-api/cluster-api-controller:v1.11.0", "cluster-api"),
    ("machine-api-controllers", "x", "machine-api"),
    ("machine-controller-manager", "x", "machine-controller-manager"),
    ("machine-controller", "x", "machine-controller"),
    ("node-healthcheck-controller-manager", "x", "node-healthcheck"),
    ("self-node-remediation-ds", "x", "self-node-remediation"),
    ("fence-agents-remediation-controller-manager", "x", "fence-agents-remediation"),
    ("machine-deletion-remediation-controller-manager", "x", "machine-deletion-remediation"),
    ("kube-fencing-controller", "x", "fencing"),
    ("fencing-agent", "x", "fencing"),
    ("castai-evictor", "x", "castai"),
    ("magnum-auto-healer", "x", "magnum-auto-healer"),
    ("scaler", "atlassian/escalator:v1.16", "escalator"),
    ("node-termination-handler", "gcr.io/x/k8s-node-termination-handler:v1", "gce-node-termination-handler"),
    ("castai-agent", "x", None),
    ("spotinst-kubernetes-cluster-controller", "x", "spot-ocean"),
    ("eks-node-monitoring-agent", "x", "eks-node-monitoring-agent"),
    ("descheduler", "x", "descheduler"),
]


@pytest.mark.parametrize("program, image, name", BY_PROGRAM, ids=str)
def test_who_is_recognised_by_a_program(make_node, program, image, name):
    found = controllers.examine([make_node("w1")], [workload("Deployment", program, image)], [])
    assert [one.controller for one in found] == ([name] if name else [])


def cron_job(suspend):
    template = workload_template("descheduler")
    spec = {"suspend": suspend, "jobTemplate": {"spec": {"template": template}}}
    return controllers.workload("CronJob", {"metadata": {"namespace": "kube-system", "name": "cron"}, "spec": spec})


def scaled(replicas):
    spec = {"replicas": replicas, "template": workload_template("draino")}
    return controllers.workload("Deployment", {"metadata": {"namespace": "ops", "name": "d"}, "spec": spec})


def workload_template(program):
    return {"spec": {"containers": [{"name": "c", "image": f"registry.example/{program}:v1"}]}}


@pytest.mark.parametrize(
    ("one", "detail"),
    [
        (cron_job(False), "CronJob kube-system/cron (w1)"),
        (cron_job(True), ""),
        (scaled(2), "Deployment ops/d (w1)"),
        (scaled(0), ""),
    ],
)
def test_what_is_suspended_or_scaled_to_nothing_acts_on_no_node(make_node, one, detail):
    found = controllers.examine([make_node("w1")], [one], [])
    assert [finding.detail for finding in found] == [detail] * bool(detail)


def test_what_rests_in_this_cluster_may_act_from_another_one(make_node):
    (found,) = controllers.examine([make_node("w1", {"draino/drain-retry": "true"})], [scaled(0)], [])
    assert found.detail == "annotation draino/drain-retry (w1)"


@pytest.mark.parametrize(
    "mark, name",
    [
        ("cluster.x-k8s.io/machine", "cluster-api"),
        ("machine.openshift.io/machine", "machine-api"),
        ("karpenter.sh/nodepool", "karpenter"),
    ],
)
def test_who_is_kept_elsewhere_is_recognised_by_what_it_notes_on_nodes(make_node, mark, name):
    assert [one.controller for one in controllers.examine([make_node("w1", {mark: "x"})], [], [])] == [name]


@pytest.mark.parametrize("one", [one for one in controllers.CONTROLLERS if one.exempt], ids=lambda one: one.name)
def test_a_node_that_is_exempt_is_not_counted(make_node, one):
    kind, _colon, mark = one.exempt.partition(":")
    key, _equals, value = mark.partition("=")
    assert mark in one.pause and one.pause.startswith({"annotation": "annotate ", "label": "label "}[kind])
    spared, other = make_node("w1"), make_node("w2")
    spared["metadata"][f"{kind}s"] = {key: value}
    there = [workload("Deployment", one.programs[0])]
    (found,) = controllers.examine([spared, other], there, [])
    assert found.nodes == ["w2"]
    assert controllers.examine([spared], there, []) == []
    spared["metadata"][f"{kind}s"] = {key: "no"}
    assert controllers.examine([spared], there, [])[0].nodes == ["w1"]


@pytest.mark.parametrize("one", [one for one in controllers.CONTROLLERS if one.exempt], ids=lambda one: one.name)
def test_what_its_program_does_not_read_exempts_no_node(make_node, one):
    """A label instead of an annotation, or the reverse."""
    kind, _colon, mark = one.exempt.partition(":")
    key, _equals, value = mark.partition("=")
    node = make_node("w1")
    node["metadata"]["labels" if kind == "annotation" else "annotations"] = {key: value}
    assert controllers.examine([node], [workload("Deployment", one.programs[0])], [])[0].nodes == ["w1"]


def test_every_controller_has_a_case():
    named = {case[4] for case in CASES} | {name for _program, _image, name in BY_PROGRAM}
    assert named - {None} == set(controllers.NAMES)


def test_many_nodes_are_counted(make_node):
    nodes = [make_node(f"w{number}") for number in range(1, 8)]
    found = controllers.examine(nodes, [workload(name="kured")], [])[0]
    assert found.detail.endswith("(w1, w2, w3, w4, w5 and 2 more)")
    assert len(found.nodes) == 7


@pytest.mark.parametrize(
    "name, todo", [("kurde", "Correct it to kured"), ("ours", "Known are kured, system-upgrade-controller, .*operator")]
)
def test_a_name_that_nobody_has(name, todo):
    with pytest.raises(_errors.FleetError, match=f"There is no controller called {name}. Nothing was changed. {todo}"):
        controllers.examine([], [], [name])

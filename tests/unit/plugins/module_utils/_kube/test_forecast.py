# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

import json
from pathlib import Path

import pytest
from ansible_collections.osmigrate.fleet.plugins.module_utils._kube import daemons, forecast
from ansible_collections.osmigrate.fleet.plugins.module_utils._kube.drain_plan import Policy

STRICT = forecast.Wanted(Policy(delete_emptydir_data=False, delete_unmanaged=False), 900, None)
READY, NOT_READY = [{"type": "Ready", "status": "True"}], [{"type": "Ready", "status": "False"}]
AGENT = {"uid-agent": daemons.Daemon("uid-agent", "shop", {})}
WEB, BUDGET = "Deployment shop/web", "PodDisruptionBudget shop/web"


@pytest.fixture
def make_scene(make_pod, make_node, make_budget):
    """Node w1 with one replica of web, w2 with room for one more, and what is different."""

    def make(pod=None, budgets=(), room="1", other=None):
        described = {"owner": "ReplicaSet/web-5d8", "conditions": READY, "labels": {"app": "web"}, **(pod or {})}
        described["labels"] = {"pod-template-hash": "5d8", **described["labels"]}
        spec = described.pop("spec", {})
        made = make_pod("web-5d8-x", **described)
        requests = {"resources": {"requests": {"cpu": "1"}}}
        made["spec"].update({"nodeName": "w1", "containers": [{"name": "c", **requests}], **spec})
        nodes = [make_node("w1"), make_node("w2", **(other or {}))]
        for node in nodes:
            node["status"]["allocatable"] = {"cpu": room, "pods": "10"}
        found = []
        for number, (more, status) in enumerate(budgets):
            budget = make_budget(["web", "all"][number], {"matchLabels": {"app": "web"}})
            budget["spec"].update(more)
            found.append({**budget, "status": status})
        return nodes, [made], found

    return make


def status(allowed, healthy, needed, expected, **more):
    return {
        "disruptionsAllowed": allowed,
        "currentHealthy": healthy,
        "desiredHealthy": needed,
        "expectedPods": expected,
        **more,
    }


ALLOWS, NEVER, NOT_NOW = status(1, 2, 1, 2), status(0, 2, 2, 2), status(0, 1, 1, 2)
FAILED = {"conditions": [{"type": "DisruptionAllowed", "reason": "SyncFailed", "message": "no controller found."}]}
ALWAYS = {"unhealthyPodEvictionPolicy": "AlwaysAllow"}
SICK = {"conditions": NOT_READY}
SCRATCH = {"volumes": [{"name": "scratch", "emptyDir": {}}]}
PINNED = {"spec": {"nodeSelector": {"disk": "ssd"}}}
# What is different, and the key and object of each finding.
CASES = [
    ("nothing", {}, []),
    ("a budget that allows one", {"budgets": [({}, ALLOWS)]}, []),
    ("a budget that never allows any", {"budgets": [({}, NEVER)]}, [("budget-never-allows", BUDGET)]),
    ("a budget that allows none now", {"budgets": [({}, NOT_NOW)]}, [("budget-allows-none-now", BUDGET)]),
    ("a budget of pods without controller", {"budgets": [({}, status(0, 0, 0, 0, **FAILED))]},
     [("budget-never-allows", BUDGET)]),
    ("asks Karpenter not to be disrupted",
     {"pod": {"metadata": {"annotations": {"karpenter.sh/do-not-disrupt": "true"}}}},
     [("do-not-disrupt", "Deployment shop/web")]),
    ("asks the autoscaler not to be evicted",
     {"pod": {"metadata": {"annotations": {"cluster-autoscaler.kubernetes.io/safe-to-evict": "false"}}}},
     [("do-not-disrupt", "Deployment shop/web")]),
    ("asks Cast AI not to be removed",
     {"pod": {"metadata": {"annotations": {"autoscaling.cast.ai/removal-disabled": "true"}}}},
     [("do-not-disrupt", "Deployment shop/web")]),
    ("asks Ocean by a label to stay",
     {"pod": {"metadata": {"labels": {"pod-template-hash": "5d8", "spotinst.io/restrict-scale-down": "true"}}}},
     [("do-not-disrupt", "Deployment shop/web")]),
    ("lets the autoscaler evict it",
     {"pod": {"metadata": {"annotations": {"cluster-autoscaler.kubernetes.io/safe-to-evict": "true"}}}}, []),
    ("two budgets", {"budgets": [({}, ALLOWS), ({}, ALLOWS)]}, [("several-budgets", BUDGET + " and shop/all")]),
    ("sick, and the budget needs it", {"pod": SICK, "budgets": [({}, NOT_NOW)]}, []),
    ("sick, and the budget lacks one", {"pod": SICK, "budgets": [({}, status(0, 0, 1, 2))]},
     [("budget-allows-none-now", BUDGET)]),
    ("sick, and the budget always allows that", {"pod": SICK, "budgets": [(ALWAYS, status(0, 0, 1, 2))]}, []),
    ("sick, and the budget never allows healthy ones", {"pod": SICK, "budgets": [({}, NEVER)]}, []),
    ("pending", {"pod": {"phase": "Pending", **SICK}, "budgets": [({}, status(0, 0, 2, 2))]}, []),
    ("unmanaged", {"pod": {"owner": ""}}, [("unmanaged", "Pod shop/web-5d8-x")]),
    ("with scratch", {"pod": SCRATCH}, [("emptydir-data", WEB)]),
    ("of a StatefulSet, with scratch", {"pod": {"owner": "StatefulSet/db", **SCRATCH}},
     [("emptydir-data", "StatefulSet shop/db")]),
    ("of a DaemonSet, with scratch", {"pod": {"owner": "DaemonSet/agent", **SCRATCH}}, []),
    ("of a DaemonSet that is gone", {"pod": {"owner": "DaemonSet/agent", "owner_uid": "uid-former"}},
     [("orphaned", "DaemonSet shop/agent")]),
    ("terminating", {"pod": {"metadata": {"deletionTimestamp": "now"}}, "budgets": [({}, NEVER)]}, []),
    ("done", {"pod": {"phase": "Succeeded"}, "budgets": [({}, NEVER)]}, []),
    ("slow to end", {"pod": {"spec": {"terminationGracePeriodSeconds": 1000}}}, [("grace-too-long", WEB)]),
    ("with a finalizer", {"pod": {"metadata": {"finalizers": ["example.com/hold"]}}}, [("finalizer", WEB)]),
    ("no room", {"room": "500m"}, [("no-room", WEB)]),
    ("the other is cordoned", {"other": {"unschedulable": True}}, [("no-node-allowed", WEB)]),
    ("the other is not Ready", {"other": {"ready": "Unknown"}}, [("no-node-allowed", WEB)]),
    ("pinned", {"pod": PINNED}, [("no-node-allowed", WEB)]),
]  # fmt: skip


@pytest.mark.parametrize("differently, expected", [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_findings(make_scene, differently, expected):
    findings = forecast.examine(["w1"], *make_scene(**differently), AGENT, STRICT)
    assert [(one.key, one.object) for one in findings] == expected
    assert all(one.node == "w1" and one.pods == ["shop/web-5d8-x"] for one in findings)
    assert all((one.severity, one.remedy) in forecast.KINDS.values() for one in findings)


def test_what_the_drain_is_allowed_is_no_finding(make_scene):
    scene = make_scene({"owner": "", **SCRATCH})
    assert [one.key for one in forecast.examine(["w1"], *scene, AGENT, STRICT)] == ["emptydir-data", "unmanaged"]
    allowed = STRICT._replace(policy=Policy(delete_emptydir_data=True, delete_unmanaged=True))
    assert forecast.examine(["w1"], *scene, AGENT, allowed) == []


def test_a_grace_period_for_all_stands_instead_of_each_pods_own(make_scene):
    scene = make_scene({"spec": {"terminationGracePeriodSeconds": 1000}})
    assert forecast.examine(["w1"], *scene, AGENT, STRICT._replace(grace_period=0)) == []


def test_room_is_given_away_only_once_and_to_the_largest_first(make_scene):
    nodes, pods, budgets = make_scene(room="1200m")
    small = json.loads(json.dumps(pods[0]))
    small["metadata"].update(name="small", uid="u2")
    small["spec"]["containers"][0]["resources"]["requests"]["cpu"] = "300m"
    findings = forecast.examine(["w1"], nodes, [small, *pods], budgets, AGENT, STRICT)
    assert [(one.key, one.pods) for one in findings] == [("no-room", ["shop/small"])]
    assert findings[0].detail == "finds no room on any other node where it may run (1)"


def test_the_report_names_all_nodes_in_one_line(make_scene):
    nodes, pods, budgets = make_scene(budgets=[({}, NEVER)])
    second = json.loads(json.dumps(pods[0]))
    second["spec"]["nodeName"] = "w2"
    findings = forecast.examine(["w1", "w2"], nodes, [*pods, second], budgets, AGENT, STRICT)
    told = [line for line in forecast.report(findings) if line.startswith("inhibitor")]
    assert told == [
        "inhibitor budget-never-allows: PodDisruptionBudget shop/web needs 2 healthy pods and has 2 replicas"
        " (on w1, w2). Add replicas, or let the budget allow at least one disruption."
    ]


def test_a_budget_that_cannot_be_computed_has_a_remedy_of_its_own(make_pod, make_budget):
    budget = {**make_budget("web", {}), "status": status(0, 0, 0, 0, **FAILED)}
    (found,) = forecast._gather("w1", forecast._reasons(make_pod(), [budget], STRICT))
    assert (found.key, found.detail) == ("budget-never-allows", "cannot be computed: no controller found")
    assert found.remedy.startswith("Give its pods a controller that has a scale")


def test_recorded_objects():
    recorded = Path(__file__).parents[3] / "fixtures/kube"
    names = ("nodes.json", "pods.json", "budgets.json")
    nodes, pods, budgets = (json.loads((recorded / name).read_text())["items"] for name in names)
    pods = [pod for pod in pods if pod["spec"].get("nodeName")]
    findings = forecast.examine([node["metadata"]["name"] for node in nodes], nodes, pods, budgets, AGENT, STRICT)
    assert {one.key for one in findings} <= set(forecast.KINDS)


def test_nodes_whose_budgets_have_room_go_first():
    def finding(key, node, *pods):
        return forecast.Finding(key, "medium", node, list(pods), "x", "x", "x")

    findings = [
        finding("budget-allows-none-now", "a", "p1", "p2"),
        finding("budget-never-allows", "b", "p3"),
        finding("no-room", "c", "p4", "p5", "p6"),
    ]
    assert forecast.order(["a", "d", "b", "c"], findings) == ["d", "c", "b", "a"]
    assert forecast.order([], []) == []


@pytest.mark.parametrize(("seen", "new"), [({}, True), ({"observedGeneration": 1}, True), (NEVER, False)])
def test_a_budget_that_was_just_made_is_told_as_that(make_pod, make_budget, seen, new):
    budget = make_budget("web", {})
    budget["metadata"]["generation"] = 2
    budget["status"] = {**seen, "observedGeneration": seen.get("observedGeneration", 0) if new else 2}
    ((_key, detail),) = forecast._about_budget(make_pod(conditions=READY), budget)
    assert ("has not been looked at" in detail) is new

# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Drains on a real API server: its own refusals, conflicts, absences and permissions."""

from __future__ import annotations

import contextlib
import json
import threading
import time
from pathlib import Path

import pytest
from ansible_collections.osmigrate.fleet.plugins.module_utils._kube import cordon_plan, delete_plan, drain
from ansible_collections.osmigrate.fleet.plugins.module_utils._kube.client import update_node
from ansible_collections.osmigrate.fleet.plugins.module_utils._kube.drain_plan import Policy

from tests.cluster.fleet_of_nodes import wait_for

REPOSITORY = Path(__file__).resolve().parents[2]


def cordon(cluster, name):
    update_node(cluster, name, lambda node, now: cordon_plan.plan_cordon(node, "r1", now))


def start(cluster, scene, timeout=60, strict=True, grace_period=None, allowed=(), delete_after=0, volumes=False):
    policy = Policy(not strict, not strict, delete_plan.parse(allowed))
    request = drain.Request(scene.node, policy, timeout, grace_period, 50, delete_after, volumes)
    return drain.NodeDrain(cluster, request)


@contextlib.contextmanager
def meanwhile(cluster, scene, **options):
    """Drain in the background; the outcome is in the yielded dictionary afterwards."""
    outcome = {}

    def work():
        try:
            outcome["result"] = start(cluster, scene, **options).run()
        except Exception as error:
            outcome["error"] = error

    thread = threading.Thread(target=work)
    thread.start()
    yield outcome
    thread.join()


def by_app(result):
    """How each record ended, by the first part of the pod's name."""
    return {record["name"].split("-")[0]: (record["action"], record["gone"]) for record in result["pods"]}


def test_a_mixed_node(robot, scene):
    # Replacements that take a moment, so that the budget refuses however slow the requests are.
    scene.deploy("web", 4, annotations={"lab/start-seconds": "2"})
    scene.budget("web", maxUnavailable=1)
    scene.deploy("free", 4)
    scene.pod("finished", {"lab/phase": "Succeeded"})
    scene.daemons("agent")
    cordon(robot, scene.node)
    rehearsed = start(robot, scene).rehearse()
    result = start(robot, scene).run()
    assert rehearsed["actions"] == result["actions"]
    assert len(result["actions"]) == 9
    left = {"web": ("evict", True), "free": ("evict", True), "finished": ("delete", True)}
    assert by_app(result) == {**left, "agent": ("leave", False)}
    assert f"{scene.namespace}/web" in {record["blocked_by"] for record in result["pods"]}
    assert [name.split("-")[0] for name in scene.pods()] == ["agent"]
    again = start(robot, scene).run()
    assert (again["changed"], by_app(again)) == (False, {"agent": ("leave", False)})


def test_a_budget_costs_two_requests_per_pod(robot, scene, monkeypatch):
    """Refused once and then told: what is asked does not grow with the time that replacements take."""
    scene.deploy("web", 4)
    scene.budget("web", maxUnavailable=1)
    cordon(robot, scene.node)
    asked = []
    send = robot._send

    def count(method, path, *arguments, **options):
        asked.append((method, path.rpartition("/")[2]))
        return send(method, path, *arguments, **options)

    monkeypatch.setattr(robot, "_send", count)
    start(robot, scene).run()
    assert asked.count(("POST", "eviction")) <= 2 * 4
    # The node before and after, its pods and budgets listed and watched, and its pods once more.
    assert len(asked) - asked.count(("POST", "eviction")) <= 8


def test_refused_pods_stop_everything(robot, scene):
    scene.deploy("free", 1)
    scene.pod("lonely")
    scene.pod("scratch", volumes=[{"name": "data", "emptyDir": {}}])
    cordon(robot, scene.node)
    with pytest.raises(drain.DrainError, match="lonely .*no controller.*scratch .*emptyDir.*Nothing was evicted"):
        start(robot, scene).run()
    assert len(scene.pods()) == 3
    assert start(robot, scene, strict=False).run()["changed"]
    assert scene.pods() == set()


def test_two_budgets_on_one_pod(robot, scene):
    scene.deploy("web", 1)
    scene.budget("web", maxUnavailable=1)
    scene.apply(
        {
            "apiVersion": "policy/v1",
            "kind": "PodDisruptionBudget",
            "metadata": {"name": "all"},
            "spec": {"selector": {}, "maxUnavailable": 1},
        }
    )
    cordon(robot, scene.node)
    two = f"more than one disruption budget.*{scene.namespace}/all and {scene.namespace}/web"
    with pytest.raises(drain.DrainError, match=two):
        start(robot, scene).run()


@pytest.mark.fault("disruption budget that never allows", "drain")
def test_a_budget_that_never_allows(robot, scene):
    scene.deploy("web", 2)
    scene.budget("web", maxUnavailable=0)
    scene.deploy("free", 2)
    cordon(robot, scene.node)
    expected = (
        f"still has 2 pods after 4 seconds .*disruption budget {scene.namespace}/web needs 2 .*2 pods have left it"
    )
    with pytest.raises(drain.DrainError, match=expected):
        start(robot, scene, timeout=4).run()
    assert {name.split("-")[0] for name in scene.pods()} == {"web"}


@pytest.mark.fault("finalizer that never goes", "drain")
def test_pods_that_never_end(robot, scene):
    scene.deploy("free", 1)
    scene.pod("zombie", {"lab/stuck": "yes"})
    scene.pod("held")
    hold, release = '{"metadata":{"finalizers":["example.com/hold"]}}', '{"metadata":{"finalizers":null}}'
    scene.kubectl("patch", "pod", "held", "--patch", hold, namespaced=True)
    cordon(robot, scene.node)
    for when, message in (("10", "its network cannot be taken away"), ("09", "older")):
        scene.warn("zombie", f"2026-11-28T{when}:00:00Z", message)
    held = "held .is terminating, held by the finalizer example.com/hold."
    zombie = "zombie .is terminating: its network cannot be taken away."
    with pytest.raises(drain.DrainError, match=f"(?s)(?=.*{held})(?=.*{zombie})"):
        start(robot, scene, timeout=5, strict=False).run()
    scene.kubectl("patch", "pod", "held", "--patch", release, namespaced=True)
    scene.kubectl("annotate", "pod", "zombie", "lab/stuck-", namespaced=True)
    result = start(robot, scene, strict=False).run()
    assert by_app(result).get("zombie", ("wait", True)) == ("wait", True)
    assert scene.pods() == set()


def test_grace_period_zero_is_zero(robot, scene):
    scene.pod("slow", {"lab/stuck": "yes"}, terminationGracePeriodSeconds=600)
    cordon(robot, scene.node)
    assert start(robot, scene, timeout=15, strict=False, grace_period=0).run()["changed"]


@pytest.mark.fault("pods that come back to a cordoned node", "drain")
def test_a_pod_that_tolerates_the_cordon(robot, scene):
    everything = [{"operator": "Exists"}]
    pinned = {"kubernetes.io/hostname": scene.node}
    scene.deploy("clingy", 1, tolerations=everything, nodeSelector=pinned)
    cordon(robot, scene.node)
    with pytest.raises(drain.DrainError, match="Pods of ReplicaSet/clingy-.* keep coming back to node"):
        start(robot, scene).run()


@pytest.mark.fault("node cordoned by an operator", "drain")
def test_an_operator_uncordons_in_the_middle(robot, scene):
    scene.deploy("web", 1)
    scene.budget("web", maxUnavailable=0)
    cordon(robot, scene.node)
    with meanwhile(robot, scene) as outcome:
        time.sleep(1)
        scene.kubectl("uncordon", scene.node)
        scene.budget("web", maxUnavailable=1)
    assert "was uncordoned by somebody" in str(outcome["error"])


@pytest.mark.fault("Node object deleted", "drain")
def test_the_node_object_goes_away_in_the_middle(robot, scene):
    scene.deploy("web", 1)
    scene.budget("web", maxUnavailable=0)
    cordon(robot, scene.node)
    # Pods of a node that is gone are cleared away after 40 to 80 seconds (podgc's quarantine and period).
    with meanwhile(robot, scene, timeout=180) as outcome:
        time.sleep(1)
        scene.kubectl("delete", "node", scene.node)
        scene.kubectl("delete", "deployment", "web", namespaced=True)
    assert f"There is no node {scene.node} on" in str(outcome["error"])


@pytest.mark.parametrize(
    "hang",
    [
        pytest.param(False, id="refused", marks=pytest.mark.fault("API server stopped and restarted", "drain")),
        pytest.param(True, id="hanging", marks=pytest.mark.fault("API server hangs", "drain")),
    ],
)
def test_the_api_server_is_away_for_a_while(robot, scene, control_plane, hang, full):
    scene.deploy("web", 3)
    scene.budget("web", maxUnavailable=0)
    cordon(robot, scene.node)
    with meanwhile(robot, scene, timeout=180) as outcome:
        time.sleep(1)
        control_plane.pause(hang=hang)
        # Longer than the client waits for an answer, or not.
        time.sleep(40 if full else 3)
        control_plane.resume()
        control_plane.wait_ready()
        scene.budget("web", maxUnavailable=3)
    assert "error" not in outcome, outcome
    assert by_app(outcome["result"]) == {"web": ("evict", True)}
    assert scene.pods() == set()


@pytest.mark.fault("permission missing", "drain")
@pytest.mark.parametrize(
    "resource, sentence",
    [
        ("pods/eviction", "may not create pods/eviction in namespace"),
        ("poddisruptionbudgets", "may not list poddisruptionbudgets.policy in namespace"),
        ("pods", "may not list pods on the API server"),
        ("nodes", "may not get nodes on the API server"),
    ],
)
def test_a_missing_permission_is_named(robot, scene, resource, sentence):
    scene.deploy("web", 1)
    cordon(robot, scene.node)
    # The account has the rights of the reader, too.
    names = ("osmigrate", "osmigrate-reader")
    roles = [json.loads(scene.kubectl("get", "clusterrole", name, "--output", "json")) for name in names]
    for role in roles:
        del role["metadata"]["resourceVersion"]
    fewer = [
        {**role, "rules": [rule for rule in role["rules"] if resource not in rule.get("resources", [])]}
        for role in roles
    ]

    def replace(items):
        listed = json.dumps({"apiVersion": "v1", "kind": "List", "items": items})
        scene.kubectl("replace", "--filename", "-", input=listed)
        time.sleep(1)

    try:
        replace(fewer)
        with pytest.raises(drain.DrainError, match=f"system:serviceaccount:osmigrate-system:osmigrate {sentence}"):
            start(robot, scene).run()
    finally:
        replace(roles)


def test_there_is_no_right_to_pass_a_budget_by(robot, scene):
    scene.deploy("web", 1)
    denied = scene.kubectl(
        *("auth", "can-i", "delete", "pods", "--as", "system:serviceaccount:osmigrate-system:osmigrate"),
        namespaced=True,
        check=False,
    )
    assert denied.strip() == "no"


@pytest.fixture
def may_delete_pods(control_plane):
    """What playbooks/files/rbac-delete-pods.yml grants, for those who ask for it."""
    manifest = str(REPOSITORY / "playbooks/files/rbac-delete-pods.yml")
    control_plane.kubectl("apply", "--filename", manifest)
    yield
    control_plane.kubectl("delete", "--filename", manifest)


def test_named_pods_are_deleted_when_their_eviction_was_refused_for_long_enough(robot, scene, may_delete_pods):
    for name in ("scratch", "precious"):
        scene.deploy(name, 2)
        scene.budget(name, maxUnavailable=0)
    scene.deploy("free", 1)
    cordon(robot, scene.node)
    entry = f"{scene.namespace}/app=scratch"
    options = {"allowed": [entry, "ReplicaSet"], "delete_after": 2, "timeout": 8}
    rehearsed = start(robot, scene, **options).rehearse()
    deleted = {record["name"].split("-")[0]: record["deleted_by"] for record in rehearsed["pods"]}
    assert deleted == {"scratch": entry, "precious": None, "free": None}
    with pytest.raises(drain.DrainError, match="still has 2 pods .*precious") as caught:
        start(robot, scene, **options).run()
    records = caught.value.result["pods"]
    assert {record["deleted_by"] for record in records if "scratch" in record["name"]} == {entry}
    assert {record["deleted_by"] for record in records if "scratch" not in record["name"]} == {None}
    assert {record["seconds"] >= 2 for record in records if "scratch" in record["name"]} == {True}
    assert {name.split("-")[0] for name in scene.pods()} == {"precious"}


def test_deleting_needs_a_right_of_its_own(robot, scene):
    scene.deploy("scratch", 1)
    scene.budget("scratch", maxUnavailable=0)
    cordon(robot, scene.node)
    expected = "may not patch pods/status in namespace .* Apply playbooks/files/rbac-delete-pods.yml, or take .* off"
    with pytest.raises(drain.DrainError, match=expected):
        start(robot, scene, allowed=[f"{scene.namespace}/app=scratch"]).run()
    assert len(scene.pods()) == 1


def test_an_owner_that_is_allowed_when_an_admission_policy_denies(robot, scene, may_delete_pods):
    scene.deploy("web", 2)
    cordon(robot, scene.node)
    name = f"no-evictions-{scene.namespace}"
    mine = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": scene.namespace}}}
    rule = {"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["pods/eviction"]}
    head = {"apiVersion": "admissionregistration.k8s.io/v1", "metadata": {"name": name}}
    policy = {"matchConstraints": {"resourceRules": [rule]}, "validations": [{"expression": "false"}]}
    binding = {"policyName": name, "validationActions": ["Deny"], "matchResources": mine}
    objects = [
        {**head, "kind": "ValidatingAdmissionPolicy", "spec": policy},
        {**head, "kind": "ValidatingAdmissionPolicyBinding", "spec": binding},
    ]
    everything = json.dumps({"apiVersion": "v1", "kind": "List", "items": objects})
    scene.kubectl("apply", "--filename", "-", input=everything)
    try:
        wait_for(lambda: all("denied request" in one["reason"] for one in start(robot, scene).rehearse()["pods"]))
        with pytest.raises(drain.DrainError, match="still has 2 pods .*denied request"):
            start(robot, scene, timeout=3).run()
        result = start(robot, scene, allowed=["ReplicaSet"], delete_after=1).run()
        assert {record["deleted_by"] for record in result["pods"]} == {"ReplicaSet"}
        assert scene.pods() == set()
    finally:
        scene.kubectl("delete", "--filename", "-", input=everything)


def attach(scene, name, claim=None):
    """Say that a volume is attached to the first node, as a CSI driver's attacher would."""
    volume = {
        "apiVersion": "v1",
        "kind": "PersistentVolume",
        "metadata": {"name": name},
        "spec": {
            "capacity": {"storage": "1Gi"},
            "accessModes": ["ReadWriteOnce"],
            "csi": {"driver": "disk.example.com", "volumeHandle": name},
            **({"claimRef": {"namespace": scene.namespace, "name": claim}} if claim else {}),
        },
    }
    attached = {
        "apiVersion": "storage.k8s.io/v1",
        "kind": "VolumeAttachment",
        "metadata": {"name": name},
        "spec": {"attacher": "disk.example.com", "nodeName": scene.node, "source": {"persistentVolumeName": name}},
    }
    everything = {"apiVersion": "v1", "kind": "List", "items": [volume, attached]}
    scene.kubectl("apply", "--filename", "-", input=json.dumps(everything))


def test_volumes_are_detached_too_when_asked(robot, scene):
    scene.deploy("web", 1)
    used, stays = f"used-{scene.namespace}", f"stays-{scene.namespace}"
    attach(scene, used)
    attach(scene, stays, claim="kept")
    agent = {"name": "x", "persistentVolumeClaim": {"claimName": "kept"}}
    labels = {"app": "agent"}
    spec = {
        "containers": [{"name": "app", "image": "none"}],
        "nodeSelector": {"kubernetes.io/hostname": scene.node},
        "volumes": [agent],
    }
    claim = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}, "volumeName": stays}
    scene.apply(
        {
            "apiVersion": "v1",
            "kind": "PersistentVolumeClaim",
            "metadata": {"name": "kept"},
            "spec": {**claim, "storageClassName": ""},
        },
        {
            "apiVersion": "apps/v1",
            "kind": "DaemonSet",
            "metadata": {"name": "agent"},
            "spec": {"selector": {"matchLabels": labels}, "template": {"metadata": {"labels": labels}, "spec": spec}},
        },
    )
    scene.kubectl("rollout", "status", "daemonset/agent", "--timeout=60s", namespaced=True)
    cordon(robot, scene.node)
    expected = f"still has 1 volumes attached after 6 seconds of draining: {used} by disk.example.com"
    with pytest.raises(drain.DrainError, match=expected) as caught:
        start(robot, scene, timeout=6, volumes=True).run()
    assert caught.value.result["volumes"][0]["gone"] is False
    assert start(robot, scene).run()["volumes"] == []
    timer = threading.Timer(2, lambda: scene.kubectl("delete", "volumeattachment", used, "--wait=false"))
    timer.start()
    result = start(robot, scene, volumes=True).run()
    assert [(one["volume"], one["gone"], one["seconds"] > 1) for one in result["volumes"]] == [(used, True, True)]
    scene.kubectl("delete", "volumeattachment", stays)
    scene.kubectl("delete", "pv", used, stays, "--wait=false")

# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Drains on a real API server: its own refusals, conflicts, absences and permissions."""

from __future__ import annotations

import contextlib
import json
import threading
import time

import pytest
from ansible_collections.osmigrate.fleet.plugins.module_utils._kube import cordon_plan, drain
from ansible_collections.osmigrate.fleet.plugins.module_utils._kube.client import update_node
from ansible_collections.osmigrate.fleet.plugins.module_utils._kube.drain_plan import Policy


def cordon(cluster, name):
    update_node(cluster, name, lambda node, now: cordon_plan.plan_cordon(node, "r1", now))


def start(cluster, scene, timeout=60, strict=True, grace_period=None):
    policy = Policy(delete_emptydir_data=not strict, delete_unmanaged=not strict)
    return drain.NodeDrain(cluster, drain.Request(scene.node, policy, timeout, grace_period, 50))


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
    scene.deploy("web", 4)
    scene.budget("web", maxUnavailable=1)
    scene.deploy("free", 4)
    scene.pod("finished", {"phase": "Succeeded"})
    cordon(robot, scene.node)
    rehearsed = start(robot, scene).rehearse()
    result = start(robot, scene).run()
    assert rehearsed["actions"] == result["actions"]
    assert len(result["actions"]) == 9
    assert by_app(result) == {"web": ("evict", True), "free": ("evict", True), "finished": ("delete", True)}
    assert f"{scene.namespace}/web" in {record["blocked_by"] for record in result["pods"]}
    assert scene.pods() == set()
    again = start(robot, scene).run()
    assert (again["changed"], again["pods"]) == (False, [])


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
    with pytest.raises(drain.DrainError, match="more than one disruption budget"):
        start(robot, scene).run()


def test_a_budget_that_never_allows(robot, scene):
    scene.deploy("web", 2)
    scene.budget("web", maxUnavailable=0)
    scene.deploy("free", 2)
    cordon(robot, scene.node)
    expected = "still has 2 pods after 4 seconds .*disruption budget web needs 2 .*2 pods have left it"
    with pytest.raises(drain.DrainError, match=expected):
        start(robot, scene, timeout=4).run()
    assert {name.split("-")[0] for name in scene.pods()} == {"web"}


def test_pods_that_never_end(robot, scene):
    scene.deploy("free", 1)
    scene.pod("zombie", {"stuck": "yes"})
    scene.pod("held")
    hold, release = '{"metadata":{"finalizers":["example.com/hold"]}}', '{"metadata":{"finalizers":null}}'
    scene.kubectl("patch", "pod", "held", "--patch", hold, namespaced=True)
    cordon(robot, scene.node)
    with pytest.raises(drain.DrainError, match="held .is terminating, held by the finalizer example.com/hold.*zombie"):
        start(robot, scene, timeout=5, strict=False).run()
    scene.kubectl("patch", "pod", "held", "--patch", release, namespaced=True)
    scene.kubectl("annotate", "pod", "zombie", "stuck-", namespaced=True)
    result = start(robot, scene, strict=False).run()
    assert by_app(result).get("zombie", ("wait", True)) == ("wait", True)
    assert scene.pods() == set()


def test_grace_period_zero_is_zero(robot, scene):
    scene.deploy("slow", 1, terminationGracePeriodSeconds=600)
    scene.kubelet.stop()
    cordon(robot, scene.node)
    assert start(robot, scene, timeout=15, grace_period=0).run()["changed"]


def test_a_pod_that_tolerates_the_cordon(robot, scene):
    everything = [{"operator": "Exists"}]
    pinned = {"kubernetes.io/hostname": scene.node}
    scene.deploy("clingy", 1, tolerations=everything, nodeSelector=pinned)
    cordon(robot, scene.node)
    with pytest.raises(drain.DrainError, match="Pods of ReplicaSet/clingy-.* keep coming back to node"):
        start(robot, scene).run()


def test_an_operator_uncordons_in_the_middle(robot, scene):
    scene.deploy("web", 1)
    scene.budget("web", maxUnavailable=0)
    cordon(robot, scene.node)
    with meanwhile(robot, scene) as outcome:
        time.sleep(1)
        scene.kubectl("uncordon", scene.node)
        scene.budget("web", maxUnavailable=1)
    assert "was uncordoned by somebody" in str(outcome["error"])


def test_the_node_object_goes_away_in_the_middle(robot, scene):
    scene.deploy("web", 1)
    scene.budget("web", maxUnavailable=0)
    cordon(robot, scene.node)
    with meanwhile(robot, scene) as outcome:
        time.sleep(1)
        scene.kubectl("delete", "node", scene.node)
        scene.kubectl("delete", "deployment", "web", namespaced=True)
    assert f"There is no node {scene.node} on" in str(outcome["error"])


@pytest.mark.parametrize("hang", [False, True], ids=["refused", "hanging"])
def test_the_api_server_is_away_for_a_while(robot, scene, control_plane, hang):
    scene.deploy("web", 3)
    scene.budget("web", maxUnavailable=0)
    cordon(robot, scene.node)
    with meanwhile(robot, scene, timeout=180) as outcome:
        time.sleep(1)
        control_plane.pause(hang=hang)
        time.sleep(8)
        control_plane.resume()
        control_plane.wait_ready()
        scene.budget("web", maxUnavailable=3)
    assert "error" not in outcome, outcome
    assert by_app(outcome["result"]) == {"web": ("evict", True)}
    assert scene.pods() == set()


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
    role = json.loads(scene.kubectl("get", "clusterrole", "osmigrate", "--output", "json"))
    del role["metadata"]["resourceVersion"]
    fewer = {**role, "rules": [rule for rule in role["rules"] if resource not in rule["resources"]]}
    try:
        scene.kubectl("replace", "--filename", "-", input=json.dumps(fewer))
        time.sleep(1)
        with pytest.raises(drain.DrainError, match=f"system:serviceaccount:osmigrate-system:osmigrate {sentence}"):
            start(robot, scene).run()
    finally:
        scene.kubectl("replace", "--filename", "-", input=json.dumps(role))
        time.sleep(1)


def test_there_is_no_right_to_pass_a_budget_by(robot, scene):
    scene.deploy("web", 1)
    denied = scene.kubectl(
        *("auth", "can-i", "delete", "pods", "--as", "system:serviceaccount:osmigrate-system:osmigrate"),
        namespaced=True,
        check=False,
    )
    assert denied.strip() == "no"

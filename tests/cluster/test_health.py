# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Health gates on a real API server, with the rights that are shipped."""

from __future__ import annotations

import contextlib
import json
import threading
import time

import pytest
from ansible_collections.osmigrate.fleet.plugins.module_utils._errors import FleetError
from ansible_collections.osmigrate.fleet.plugins.module_utils._kube import conditions, cordon_plan, csi, health, probe
from ansible_collections.osmigrate.fleet.plugins.module_utils._kube.client import (
    MANAGER,
    ApiError,
    get_node,
    pod_path,
    update_node,
)
from ansible_collections.osmigrate.fleet.plugins.module_utils._kube.drain_plan import PROBE_LABEL

PROBE = probe.Probe("busybox", "kubernetes.default.svc", "", True)


def wanted(**gates):
    return health.Wanted(**{**dict.fromkeys(health.Wanted._fields), "ignored_conditions": (), **gates})


def seen(result):
    return {gate["name"]: (gate["passed"], gate["value"]) for gate in result["gates"]}


def condition(**options):
    one = {"name": "config", "api_version": "v1", "kind": "ConfigMap", "namespace": "osmigrate-system"}
    one = {**one, "object": "gate", "expression": "data.open", "expected": "yes", "timeout": None, **options}
    return conditions.parse([one], health.NAMES)


def probes(scene):
    query = ("get", "pods", "--namespace", "osmigrate-probe", "--selector", PROBE_LABEL, "--output", "name")
    return scene.kubectl(*query).split()


@pytest.fixture
def gate_object(scene):
    """An object that the collection may read anyway."""
    place = ("--namespace", "osmigrate-system")
    scene.kubectl("create", "configmap", "gate", "--from-literal=open=no", *place)
    yield lambda: scene.kubectl("patch", "configmap", "gate", "--patch", '{"data":{"open":"yes"}}', *place)
    scene.kubectl("delete", "configmap", "gate", *place)


def test_version_and_problems(robot, scene):
    result = health.wait(robot, scene.node, wanted(version_skew=True, node_conditions=True), 0, 10)
    version = robot.get("/version")["gitVersion"]
    assert seen(result)["kubelet_version"] == (True, f"{version}, and the API server is {version}")
    scene.nodes.add_condition(scene.node, "KernelDeadlock", "True")
    with pytest.raises(health.HealthError, match="gate node_conditions .KernelDeadlock. within 2 seconds"):
        health.wait(robot, scene.node, wanted(node_conditions=True), 0, 2)
    ignoring = wanted(node_conditions=True, ignored_conditions=["KernelDeadlock"])
    assert health.wait(robot, scene.node, ignoring, 0, 2)


def register(admin, scene, *names):
    drivers = [{"name": name, "nodeID": scene.node} for name in names]
    spec = {"kind": "CSINode", "apiVersion": "storage.k8s.io/v1", "metadata": {"name": scene.node}}
    scene.kubectl("delete", "csinode", scene.node, "--ignore-not-found")
    admin.request("POST", "/apis/storage.k8s.io/v1/csinodes", None, {**spec, "spec": {"drivers": drivers}})


def test_drivers_are_noted_at_the_cordon_and_waited_for(robot, admin, scene):
    register(admin, scene, "disk.example.com", "share.example.com")
    drivers = csi.drivers(robot, scene.node)
    update_node(robot, scene.node, lambda node, now: cordon_plan.plan_cordon(node, "r1", now, drivers))
    register(admin, scene, "disk.example.com")
    with pytest.raises(health.HealthError, match="gate csi_drivers .waiting for share.example.com. within 2 seconds"):
        health.wait(robot, scene.node, wanted(csi_drivers=True), 0, 2)
    timer = threading.Timer(1, lambda: register(admin, scene, "share.example.com", "disk.example.com"))
    timer.start()
    result = health.wait(robot, scene.node, wanted(csi_drivers=True), 0, 20)
    assert seen(result)["csi_drivers"] == (True, "disk.example.com, share.example.com")
    update_node(robot, scene.node, lambda node, now: cordon_plan.plan_uncordon(node, MANAGER, now))
    assert cordon_plan.noted_drivers(get_node(robot, scene.node)) == []
    scene.kubectl("delete", "csinode", scene.node)


def test_conditions_on_any_object(robot, admin, scene, gate_object):
    with pytest.raises(health.HealthError, match='gate config ."no". within 2 seconds'):
        health.wait(robot, scene.node, wanted(conditions=condition(timeout=2)), 0, 600)
    timer = threading.Timer(1, gate_object)
    timer.start()
    assert seen(health.wait(robot, scene.node, wanted(conditions=condition()), 0, 20))["config"] == (True, '"yes"')
    label = {"expression": "metadata.labels.scene", "expected": "x"}
    of_a_node = condition(name="label", kind="Node", object=scene.node, **label)
    assert seen(health.look(robot, scene.node, wanted(conditions=of_a_node), 5))["label"] == (
        False,
        json.dumps(scene.namespace),
    )
    deployment = condition(api_version="apps/v1", kind="Deployment", object="absent")
    found = seen(health.look(admin, scene.node, wanted(conditions=deployment), 5))["config"]
    assert found == (False, "there is no Deployment osmigrate-system/absent")


@pytest.mark.parametrize(
    "options, sentence",
    [
        ({"kind": "Gadget"}, "Condition config names a kind that the API server .* does not have: Gadget of v1"),
        ({"api_version": "example.com/v1"}, "does not have: ConfigMap of example.com/v1.*kubectl api-resources"),
        ({"namespace": None}, "Condition config has no namespace, and a ConfigMap is in one"),
        ({"namespace": "kube-system"}, "Condition config cannot be judged: .* may not get configmaps .*Grant the verb"),
    ],
)
def test_what_is_wrong_with_a_condition_is_told_at_once(robot, scene, options, sentence):
    with pytest.raises(FleetError, match=sentence):
        health.look(robot, scene.node, wanted(conditions=condition(**options)), 600)


class ProbePlayer:
    """Ends probes as a test says, and when it says so: what a pod finds in its network cannot be simulated by kwok."""

    def __init__(self, cluster, node):
        self._cluster = cluster
        self._query = {"labelSelector": PROBE_LABEL, "fieldSelector": f"spec.nodeName={node},status.phase=Pending"}
        self._stopped = threading.Event()
        self.outcome = ("Succeeded", "dns ok")
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def stop(self):
        self._stopped.set()
        self._thread.join()

    def _run(self):
        while not self._stopped.wait(0.2):
            for pod in self._cluster.list("/api/v1/pods", self._query).items:
                path = pod_path(pod["metadata"]["namespace"], pod["metadata"]["name"])
                with contextlib.suppress(ApiError):  # it was deleted meanwhile
                    self._cluster.patch(f"{path}/status", {"status": self._status()})

    def _status(self):
        phase, said = self.outcome
        state = {"terminated": {"exitCode": 0, "message": said}}
        container = {"name": "probe", "image": "i", "imageID": "i", "ready": False, "restartCount": 0, "state": state}
        return {"phase": phase, "containerStatuses": [container]}


@pytest.fixture
def player(admin, scene):
    made = ProbePlayer(admin, scene.node)
    yield made
    made.stop()


@pytest.mark.usefixtures("player")
def test_a_probe_passes_and_is_deleted(robot, scene):
    result = health.wait(robot, scene.node, wanted(probe=PROBE), 1, 30)
    assert seen(result)["probe"] == (True, "dns ok")
    assert wait_until_gone(scene) == []


def wait_until_gone(scene):
    deadline = time.monotonic() + 10
    while probes(scene) and time.monotonic() < deadline:
        time.sleep(0.2)
    return probes(scene)


def test_a_probe_is_started_again_until_one_passes(robot, scene, player):
    player.outcome = ("Failed", "dns failed: timed out")
    with pytest.raises(health.HealthError, match="gate probe .dns failed: timed out. within 3 seconds"):
        health.wait(robot, scene.node, wanted(probe=PROBE), 0, 3)
    assert wait_until_gone(scene) == []

    def mend():
        player.outcome = ("Succeeded", "dns ok")

    timer = threading.Timer(3, mend)
    timer.start()
    assert seen(health.wait(robot, scene.node, wanted(probe=PROBE), 0, 30))["probe"] == (True, "dns ok")
    assert wait_until_gone(scene) == []


def test_a_probe_that_a_killed_run_left(robot, scene, player):
    player.outcome = ("Running", "")
    left = node_prober(robot, scene)
    left.look(time.monotonic() + 10)
    player.outcome = ("Succeeded", "dns ok")
    assert seen(health.wait(robot, scene.node, wanted(probe=PROBE), 0, 30))["probe"] == (True, "dns ok")
    assert wait_until_gone(scene) == []


def node_prober(cluster, scene):
    return probe.Prober(cluster, scene.node, PROBE, 60, time.monotonic)


def test_a_rehearsal_asks_and_starts_nothing(robot, scene):
    assert seen(health.look(robot, scene.node, wanted(probe=PROBE), 5))["probe"] == (False, "would be started")
    assert probes(scene) == []

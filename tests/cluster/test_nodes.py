# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Cordon ownership, records, health gates and the inventory on a real API server."""

from __future__ import annotations

import concurrent.futures
import json
import os
import subprocess
import sys
import threading

import pytest
from ansible_collections.osmigrate.fleet.plugins.module_utils import _errors
from ansible_collections.osmigrate.fleet.plugins.module_utils._kube import (
    cordon_plan,
    event_plan,
    health,
    node_events,
    node_view,
    record_plan,
    wave_health,
    wave_policy,
)
from ansible_collections.osmigrate.fleet.plugins.module_utils._kube.client import MANAGER, get_node, update_node

from tests.cluster.conftest import connect

COLLECTIONS = os.path.abspath(_errors.__file__).split("/ansible_collections/")[0]


def cordon(cluster, scene, rollout="r1"):
    return update_node(cluster, scene.node, lambda node, now: cordon_plan.plan_cordon(node, rollout, now))


def uncordon(cluster, scene):
    return update_node(cluster, scene.node, lambda node, now: cordon_plan.plan_uncordon(node, MANAGER, now))


def schedulable(cluster, scene):
    return node_view.is_schedulable(get_node(cluster, scene.node))


def test_a_cordon_comes_and_goes(robot, scene):
    cordon(robot, scene)
    assert not schedulable(robot, scene)
    assert cordon(robot, scene)[1].actions == []
    assert cordon(robot, scene, "r2")[1].actions == [f"Take the cordon of node {scene.node} over from rollout r1"]
    assert uncordon(robot, scene)[1].seconds is not None
    assert schedulable(robot, scene)
    assert set(node_view.osmigrate(get_node(robot, scene.node))) == {"cordoned_seconds"}
    assert uncordon(robot, scene)[1].actions == []


def test_a_foreign_cordon_stays(robot, scene):
    scene.kubectl("cordon", scene.node)
    assert uncordon(robot, scene)[1].actions == []
    cordon(robot, scene)
    uncordon(robot, scene)
    assert not schedulable(robot, scene)


@pytest.mark.fault("node cordoned by an operator", "uncordon")
def test_an_operator_in_the_middle_is_respected(robot, scene):
    cordon(robot, scene)
    scene.kubectl("uncordon", scene.node)
    uncordon(robot, scene)
    assert schedulable(robot, scene)
    cordon(robot, scene)
    scene.kubectl("uncordon", scene.node)
    scene.kubectl("cordon", scene.node)
    uncordon(robot, scene)
    assert not schedulable(robot, scene)
    scene.kubectl("uncordon", scene.node)
    cordon(robot, scene)
    scene.kubectl("annotate", "node", scene.node, f"{cordon_plan.BY}-")
    uncordon(robot, scene)
    assert not schedulable(robot, scene)


def test_writers_that_get_in_each_others_way(robot, scene):
    def record(number):
        wanted = {**dict.fromkeys(record_plan.FIELDS), "reason": str(number)}
        update_node(robot, scene.node, lambda node, now: record_plan.plan(node, wanted, now))

    with concurrent.futures.ThreadPoolExecutor(8) as threads:
        list(threads.map(record, range(24)))
        cordon(robot, scene)
    assert not schedulable(robot, scene)


def test_describe_tells_what_happened_once_however_often_it_is_said(robot, scene):
    node = get_node(robot, scene.node)
    for _again in range(3):
        assert node_events.tell(robot, node, event_plan.Told("Cordoned", "Is out of service.", "r1")) == []
    assert node_events.tell(robot, scene.node, event_plan.Told("MoveFailed", "It fell back.", "r1", "Warning")) == []
    said = scene.kubectl("describe", "node", scene.node)
    assert said.count("Is out of service.") == 1
    assert [line.split()[0] for line in said.splitlines() if "It fell back." in line] == ["Warning"]


def test_without_the_right_to_write_events_that_is_said_and_nothing_waits(control_plane, scene, tmp_path):
    control_plane.serviceaccount_kubeconfig("osmigrate-system", "osmigrate-reader", tmp_path / "kubeconfig")
    told = event_plan.Told("Cordoned", "Is out of service.")
    (said,) = node_events.tell(connect(tmp_path / "kubeconfig"), scene.node, told)
    assert said.startswith("Nodes get no Events: the account may not write them; apply rbac.yml anew.")


def test_pods_that_are_not_ready_hold_the_next_wave(robot, scene):
    app = f"shop-{scene.namespace}"

    def asked():
        return wave_health.look(robot, wave_policy.read({"pods": f"app={app}"}))

    def check(pods):
        return wave_health.check(robot, wave_policy.read({"pods": pods}))

    assert asked() == f"no pod has the labels app={app}"
    with pytest.raises(_errors.FleetError, match=f"cannot be known: no pod has the labels app={app}"):
        check(f"app={app}")
    with pytest.raises(
        _errors.FleetError, match=r"cannot be known: the pods app in \(a cannot be listed: .*unable to parse"
    ):
        check("app in (a")
    scene.deploy(app, 1)
    assert asked() == ""
    spec = {"nodeSelector": {"nowhere": "x"}, "containers": [{"name": "app", "image": "none"}]}
    scene.apply({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "late", "labels": {"app": app}}, "spec": spec})
    assert asked() == check(f"app={app}") == f"{scene.namespace}/late of the pods app={app} is not Ready"


def test_check_mode_writes_nothing(robot, scene):
    before, plan, after = update_node(
        robot, scene.node, lambda node, now: cordon_plan.plan_cordon(node, "r1", now), dry_run=True
    )
    assert plan.actions and cordon_plan.state(after)["unschedulable"]
    assert schedulable(robot, scene)


def test_health_waits_for_the_new_boot(robot, scene):
    def reboot():
        scene.nodes.boot(scene.node, "boot-2", "Debian GNU/Linux 13 (trixie)")

    wanted = health.Wanted(boot_id="boot-2", daemonsets=True)
    timer = threading.Timer(2, reboot)
    timer.start()
    result = health.wait(robot, scene.node, wanted, ready_for=1, timeout=30)
    assert [gate["passed"] for gate in result["gates"]] == [True] * 3
    assert result["node"]["os_image"] == "Debian GNU/Linux 13 (trixie)"
    with pytest.raises(health.HealthError, match="failed the gate uid"):
        health.wait(robot, scene.node, wanted._replace(uid="of-another"), 0, 30)


def test_the_inventory(robot_kubeconfig, scene, tmp_path):
    scene.kubectl("label", "node", scene.other, "osmigrate.fleet/exclude=yes")
    path = tmp_path / "lab.k8s_nodes.yml"
    path.write_text(f"plugin: osmigrate.fleet.k8s_nodes\nlabel_selector: scene={scene.namespace}\n")
    environment = {
        **os.environ,
        "ANSIBLE_COLLECTIONS_PATH": COLLECTIONS,
        "ANSIBLE_INVENTORY_ENABLED": "osmigrate.fleet.k8s_nodes",
        "K8S_AUTH_KUBECONFIG": str(robot_kubeconfig),
    }
    argv = [sys.executable, "-m", "ansible", "inventory", "--inventory", path, "--list"]
    seen = json.loads(subprocess.run(argv, env=environment, capture_output=True, check=True).stdout)
    assert seen["k8s_nodes"]["hosts"] == [scene.node]
    assert seen["os_debian_12"]["hosts"] == [scene.node]

# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The drain forecast against what the API server itself says about the same pods, with the rights that are shipped."""

from __future__ import annotations

from types import SimpleNamespace

from ansible_collections.osmigrate.fleet.plugins.module_utils._kube import drain
from ansible_collections.osmigrate.fleet.plugins.module_utils._kube.drain_plan import Policy
from ansible_collections.osmigrate.fleet.plugins.modules import k8s_drain_forecast


def look_ahead(cluster, *names, **options):
    defaults = {"arrived_at": None, "timeout": 900, "grace_period": None}
    permissions = {"delete_emptydir_data": False, "delete_unmanaged": False, "delete_allowed": []}
    params = {"names": list(names), **defaults, **permissions, **options}
    return k8s_drain_forecast.work(SimpleNamespace(params=params), cluster)


def test_the_forecast_is_what_the_api_server_says(robot, scene):
    container = {"name": "app", "image": "none", "resources": {"requests": {"cpu": "3"}}}
    scene.deploy("never", 2)
    scene.budget("never", maxUnavailable=0)
    scene.deploy("some", 2)
    scene.budget("some", maxUnavailable=1)
    scene.deploy("slow", 1, terminationGracePeriodSeconds=2000)
    scene.deploy("large", 2, containers=[container])
    scene.kubectl("label", "node", scene.node, "disk=ssd")
    scene.deploy("pinned", 1, nodeSelector={"scene": scene.namespace, "disk": "ssd"})
    # A busy machine's simulated kubelets may be late, and a node that is not Ready takes no pods.
    scene.kubectl("wait", "--for=condition=Ready", "--timeout=120s", f"node/{scene.node}", f"node/{scene.other}")
    result = look_ahead(robot, scene.node, scene.other)
    at = f"{scene.namespace}/"
    assert [(one["key"], one["node"], one["object"]) for one in result["findings"]] == [
        ("budget-never-allows", scene.node, f"PodDisruptionBudget {at}never"),
        ("grace-too-long", scene.node, f"Deployment {at}slow"),
        ("no-node-allowed", scene.node, f"Deployment {at}pinned"),
    ]
    assert result["inhibited"] == [scene.node]
    request = drain.Request(scene.node, Policy(False, False), 60, None, 50)
    refused = {record["blocked_by"] for record in drain.NodeDrain(robot, request).rehearse()["pods"]}
    assert refused - {None} == {f"{at}never"}

    scene.kubectl("cordon", scene.other)
    found = {(one["key"], one["object"]) for one in look_ahead(robot, scene.node)["findings"]}
    assert ("no-node-allowed", f"Deployment {at}large") in found


def test_nodes_that_have_arrived_are_left_out(robot, scene):
    scene.pod("lonely")
    assert look_ahead(robot, scene.node, arrived_at="r-1")["inhibited"] == [scene.node]
    for note in ("phase=done", "release=r-1"):
        scene.kubectl("annotate", "node", scene.node, f"osmigrate.fleet/{note}")
    assert look_ahead(robot, scene.node, arrived_at="r-1")["findings"] == []
    assert look_ahead(robot, scene.node, arrived_at="r-2")["inhibited"] == [scene.node]
    assert look_ahead(robot, scene.node, delete_unmanaged=True)["findings"] == []

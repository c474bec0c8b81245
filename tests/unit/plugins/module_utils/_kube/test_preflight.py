# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

import pytest
from ansible_collections.osmigrate.fleet.plugins.module_utils._kube import admission, drain_plan, preflight

# The label of pools, whether the policies for kubelets are in force, whether a kubelet may change it.
LABELS = [
    ("pool", False, True),
    ("pool", True, False),
    ("example.com/pool", True, True),
    ("node-restriction.kubernetes.io/pool", False, False),
    ("fleet.node-restriction.kubernetes.io/pool", False, False),
    ("node-restriction.kubernetes.io.example.com/pool", False, True),
    ("node-restriction.kubernetes.io", False, True),
]


@pytest.mark.parametrize(("label", "policies", "free"), LABELS)
def test_a_pool_that_kubelets_choose_is_told(label, policies, free):
    said = preflight.judge_pool_label(label, policies)
    assert bool(said) is free
    assert all(f"The label {label} says which pool a node is in" in line for line in said)


def test_a_node_that_runs_etcd_without_a_role_is_refused_before_anything_is_touched(server, cluster, make_node):
    mirror = {"metadata": {"name": "etcd-w1", "annotations": {drain_plan.MIRROR: "x"}}}
    for items in ([make_node("w1")], [], [], [], [mirror]):
        server.will(body={"metadata": {}, "items": items})
    server.will(404, "not found")
    terms = admission.read_terms({name: one["default"] for name, one in admission.ARGUMENT_SPEC.items()})
    said = "Node w1 runs etcd, and no role says that .* No node was touched. Label node w1 with node-role"
    with pytest.raises(preflight.PreflightError, match=said):
        preflight.examine(cluster, ["w1"], [], terms, "pool")
    assert "labelSelector=component+in+%28etcd%2Ckube-apiserver%29" in server.requests[4][1]

# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

import pytest
from ansible_collections.osmigrate.fleet.plugins.module_utils._kube import preflight

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

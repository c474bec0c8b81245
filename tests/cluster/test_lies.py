# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A node that lies: its kubelet's certificate, used by whoever is root there, on the real API server.

Without the policies of playbooks/files/admission-policy.yml where they would refuse the lie: then nobody may believe it
either. That the policies refuse it is in test_rights.py.
"""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from ansible_collections.osmigrate.fleet.plugins.module_utils._kube import admission, pool_object, preflight
from ansible_collections.osmigrate.fleet.plugins.module_utils._kube.client import ApiError, node_path

from tests.cluster.fleet_of_nodes import make_terms, wait_for
from tests.cluster.playing import end
from tests.cluster.test_nodes import COLLECTIONS

LIES = "a kubelet lies about its node"


def lie(kubelet, node, **metadata):
    """Write on the node's own object, as soon as the policies are no longer in force."""

    def accepted():
        try:
            kubelet.patch(node_path(node), {"metadata": metadata})
        except ApiError as error:
            assert error.denied_by_admission
            return False
        return True

    wait_for(accepted)


@pytest.mark.fault(LIES, "approvals")
def test_a_node_that_approves_itself_does_not_go(make_fleet, play, unguarded):
    fleet = make_fleet(1)
    (node,) = fleet.nodes
    asked = {"osmigrate_approvals_required": ["lies"], "osmigrate_approvals_timeout": 10}
    running = play("rollback", fleet.nodes, **asked)
    question = wait_for(lambda: fleet.state().questions.get(node), 120)
    own = unguarded(node)
    lie(own, node, annotations={"osmigrate.fleet/approved-by-lies": question.id})
    lie(own, node, annotations={"osmigrate.fleet/approval-wanted": None, "osmigrate.fleet/approval-wanted-of": None})
    code, output = end(running)
    assert code == 2
    assert f"there was no answer of lies to the question {question.id}" in output
    assert (fleet.unavailable(), fleet.state().claims) == ([], {})


@pytest.mark.fault(LIES, "windows")
def test_a_node_that_says_it_took_a_day_closes_no_window_of_others(robot, make_fleet, unguarded):
    fleet = make_fleet(4)
    day = {"rollout": "r1", "phase": "done", "cordoned-seconds": "86400"}
    hour = {**day, "cordoned-seconds": "60"}
    for node, noted in zip(fleet.nodes[1:], (day, hour, hour)):
        annotations = {"osmigrate.fleet/" + key: value for key, value in noted.items()}
        lie(unguarded(node), node, annotations=annotations)
    members = pool_object.list_members(robot, fleet.pool, "pool")
    said = admission.expect(robot.get(node_path(fleet.nodes[0])), members, "r1", 30, 0)
    assert said == (60, 3)


@pytest.mark.fault(LIES, "pool")
def test_a_pool_that_kubelets_choose_is_told_before_anything_is_touched(robot, make_fleet, kubelet):
    fleet = make_fleet(1)
    terms = make_terms()

    def report(label):
        return " ".join(preflight.examine(robot, fleet.nodes, [], terms, label)["report"])

    told = "says which pool a node is in, and its own kubelet can change it"
    assert told not in report("pool")
    assert told not in report("node-restriction.kubernetes.io/pool")
    assert f"The label example.com/pool {told}" in report("example.com/pool")
    restricted = {"node-restriction.kubernetes.io/pool": "other"}
    with pytest.raises(ApiError, match="is not allowed to modify labels"):
        kubelet(fleet.nodes[0]).patch(node_path(fleet.nodes[0]), {"metadata": {"labels": restricted}})


@pytest.mark.fault(LIES, "status")
def test_a_node_that_hides_is_named_by_status(make_fleet, play, unguarded):
    fleet = make_fleet(2)
    node = fleet.nodes[0]
    lie(unguarded(node), node, labels={"osmigrate.fleet/exclude": ""})
    code, output = end(play("status"))
    assert code == 0
    said = (
        f"{node} is left out of the inventory by its label osmigrate.fleet/exclude, which its own kubelet may have set"
    )
    assert said in output


@pytest.mark.fault(LIES, "inventory")
@pytest.mark.parametrize(
    "address", ["{{ lookup('pipe', 'touch MARKER') }}", "-oProxyCommand=touch MARKER", "$(touch MARKER)"]
)
def test_what_a_kubelet_says_of_its_address_runs_nowhere(scene, kubelet, robot_kubeconfig, tmp_path, address):
    marker = tmp_path / "ran"
    addresses = [{"type": "InternalIP", "address": address.replace("MARKER", str(marker))}]
    kubelet(scene.node).patch(node_path(scene.node) + "/status", {"status": {"addresses": addresses}})
    inventory = tmp_path / "lab.k8s_nodes.yml"
    inventory.write_text(f"plugin: osmigrate.fleet.k8s_nodes\nlabel_selector: scene={scene.namespace}\n")
    environment = {
        **os.environ,
        "ANSIBLE_COLLECTIONS_PATH": COLLECTIONS,
        "ANSIBLE_INVENTORY_ENABLED": "osmigrate.fleet.k8s_nodes",
        "K8S_AUTH_KUBECONFIG": str(robot_kubeconfig),
    }
    argv = [sys.executable, "-m", "ansible", "adhoc", "--inventory", str(inventory), scene.node]
    argv += ["--module-name", "ansible.builtin.debug", "--args", "var=ansible_host"]
    done = subprocess.run(argv, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert not marker.exists()

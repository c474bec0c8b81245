# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a kubelet writes into its own Node object is data to the controller, with the oldest ansible-core and with ours.

The kubelet is its certificate, on a real API server with the Node authorizer and NodeRestriction; the policies that we
ship are out of force, as in clusters before 1.30.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest
import yaml
from ansible_collections.osmigrate.fleet.plugins.module_utils._kube import pool_object
from ansible_collections.osmigrate.fleet.plugins.module_utils._kube.client import node_path

from tests.cluster.playing import end
from tests.cluster.test_lies import lie
from tests.cluster.test_nodes import COLLECTIONS

SHOW = """
- hosts: k8s_nodes
  gather_facts: false
  connection: local
  tasks:
    - ansible.builtin.debug: {msg: "{{ k8s_node }} {{ made | default('') }} {{ ansible_host | default('none') }}"}
    - ansible.builtin.set_fact: {kept: "{{ k8s_node.osmigrate.phase }} {{ k8s_node.annotations }}"}
    - ansible.builtin.debug: {msg: "{{ kept }} and {{ kept | upper }}"}
    - ansible.builtin.fail: {msg: "{{ k8s_node.osmigrate.cordoned_by }}"}
      ignore_errors: true
"""


@pytest.fixture(params=["oldest", "ours"])
def python(request):
    """The interpreter of a controller with the oldest ansible-core that is supported, and our own."""
    if request.param == "ours":
        return sys.executable
    # A test of security is never skipped: `make cluster` fills it.
    return f"{os.environ['OSMIGRATE_OLDEST']}/bin/python"


@pytest.fixture
def controller(robot_kubeconfig, scene, tmp_path, python):
    """Run Ansible on the scene's node, as its inventory has it."""
    inventory = tmp_path / "lab.k8s_nodes.yml"
    options = {"plugin": "osmigrate.fleet.k8s_nodes", "label_selector": f"scene={scene.namespace}"}
    kept = {"variables": ["*"], "annotations": ["*"], "labels": ["*"]}
    made = {"compose": {"made": "k8s_node.os_image ~ k8s_node.osmigrate.reason"}}
    inventory.write_text(yaml.safe_dump({**options, **kept, **made}))
    environment = {
        **{name: value for name, value in os.environ.items() if name != "PYTHONPATH"},
        "HOME": str(tmp_path),
        "ANSIBLE_COLLECTIONS_PATH": COLLECTIONS,
        "ANSIBLE_INVENTORY_ENABLED": "osmigrate.fleet.k8s_nodes",
        "ANSIBLE_LOCALHOST_WARNING": "0",
        "K8S_AUTH_KUBECONFIG": str(robot_kubeconfig),
    }

    def run(playbook, **variables):
        variables = {"osmigrate_become": False, "ansible_python_interpreter": python, **variables}
        argv = [python, "-m", "ansible", "playbook", "--inventory", inventory, str(playbook), "--check"]
        argv += ["--extra-vars", json.dumps(variables), "--limit", f"{scene.node},localhost"]
        done = subprocess.run(argv, env=environment, capture_output=True, text=True, timeout=600, check=False)
        print(done.stdout, done.stderr)
        return done

    return run


def test_nothing_that_a_kubelet_writes_runs(scene, controller, unguarded, tmp_path):
    ran = tmp_path / "ran"
    template = f"{{{{ lookup('pipe', 'touch {ran}') }}}}"
    own = unguarded(scene.node)
    noted = ("phase", "cordoned-by", "reason", "release", "verdict", "cordoned-seconds", "rollout")
    lie(own, scene.node, annotations={"osmigrate.fleet/" + name: template for name in noted})
    status = {"addresses": [{"type": "InternalIP", "address": template}], "nodeInfo": {"osImage": template}}
    own.patch(node_path(scene.node) + "/status", {"status": status})
    play = tmp_path / "show.yml"
    play.write_text(SHOW)
    shown = controller(play)
    assert shown.returncode == 0
    assert "lookup('pipe'" in shown.stdout or "lookup(\\'pipe\\'" in shown.stdout
    assert f"Node {scene.node} says that its address is {template[:20]}" in " ".join(shown.stderr.split())
    assert not ran.exists()
    controller("osmigrate.fleet.rollback", osmigrate_rollback_to="package", ansible_connection="local")
    controller("osmigrate.fleet.status", osmigrate_label_selector=f"scene={scene.namespace}")
    assert not ran.exists()


@pytest.mark.parametrize(
    "address", ["-oProxyCommand=touch {ran}", "x -oProxyCommand=touch {ran}", "root@x;touch {ran}"]
)
def test_no_address_is_an_option_of_ssh(scene, controller, unguarded, tmp_path, address):
    ran = tmp_path / "ran"
    given = [{"type": "InternalIP", "address": address.format(ran=ran)}]
    unguarded(scene.node).patch(node_path(scene.node) + "/status", {"status": {"addresses": given}})
    play = tmp_path / "reach.yml"
    play.write_text("- hosts: k8s_nodes\n  gather_facts: false\n  tasks: [ansible.builtin.raw: 'true']\n")
    done = controller(play)
    assert f"Node {scene.node} says that its address is" in " ".join(done.stderr.split())
    assert not ran.exists()


@pytest.mark.parametrize("seconds", ["²", "9" * 5000, "{{ 7 }}"], ids=["superscript", "endless", "template"])
def test_no_annotation_stops_a_halt_or_the_status(make_fleet, play, unguarded, seconds):
    fleet = make_fleet(2)
    lie(unguarded(fleet.nodes[0]), fleet.nodes[0], annotations={"osmigrate.fleet/cordoned-seconds": seconds})
    code, output = end(play("halt", osmigrate_reason="Bad kernel"))
    try:
        assert code == 0
        assert fleet.state().halt["reason"] == "Bad kernel"
        code, output = end(play("status"))
        assert code == 0 and f"{fleet.pool} is halted: Bad kernel" in output
    finally:
        assert end(play("resume"))[0] == 0


def test_a_pool_that_somebody_broke_is_halted_and_the_others_too(admin, make_fleet, play):
    fleets = [make_fleet(1), make_fleet(1)]
    names = [fleet.pool for fleet in fleets]
    assert end(play("halt", osmigrate_pools=names, osmigrate_reason="First"))[0] == 0
    path = f"{pool_object.OBJECTS}/{pool_object.object_name(names[0])}"
    admin.patch(path, {"data": {"claims": "{broken"}})
    code, output = end(play("halt", osmigrate_pools=names, osmigrate_reason="Second"))
    assert code == 0
    assert f"Pool {names[0]} is halted, but: The ConfigMap {pool_object.object_name(names[0])}" in output
    assert "Second" in admin.get(path)["data"]["halt"] and admin.get(path)["data"]["claims"] == "{broken"
    assert fleets[1].state().halt["reason"] == "Second"
    code, output = end(play("status"))
    assert code == 0
    assert f"Pool {names[0]} cannot be shown" in output and f"{names[1]} is halted: Second" in output
    code, output = end(play("resume", osmigrate_pools=names))
    assert code == 2
    assert f"Not every pool could be resumed: pool {names[0]}: The ConfigMap" in output
    assert f"Resumed: {names[1]}." in output
    assert fleets[1].state().halt is None
    admin.patch(path, {"data": {"claims": None}})

# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Two runs on one node, and what may change between a drain and a reboot: whole playbooks on a real API server.

Hooks hold a run where it is. Boots are played on the controller; leases, claims, cordons and drains are real.
"""

from __future__ import annotations

import os
import signal

import pytest
from ansible_collections.osmigrate.fleet.plugins.module_utils._kube import lease, lease_plan, pool_plan

from tests.cluster.fleet_of_nodes import wait_for
from tests.cluster.played.node import Node
from tests.cluster.playing import end, kill_when

HOLD = """
- name: Say that it is here
  ansible.builtin.copy: {{content: "", dest: "{here}", mode: "0600"}}
- name: Wait to be let go
  ansible.builtin.wait_for: {{path: "{go}", timeout: 900}}
"""


class Gate:
    """A hook that holds a run until it is let go."""

    def __init__(self, directory):
        self._here, self._go = directory / "here", directory / "go"
        self.path = directory / "hold.yml"
        self.path.write_text(HOLD.format(here=self._here, go=self._go))

    def wait(self):
        wait_for(self._here.exists, 600)

    def open(self):
        self._go.write_text("")


def got(tmp_path, node):
    return Node(tmp_path, node).menu()


def holder(fleet, node):
    return lease.read(fleet.admin, node)[0].holder


@pytest.mark.fault("two runs on one node", "each step")
@pytest.mark.parametrize("point", ["before_drain", "before_reboot", "post"])
def test_a_second_run_is_refused_at_each_step_and_the_first_goes_on(make_fleet, play, tmp_path, point):
    fleet = make_fleet(1)
    (node,) = fleet.nodes
    gate = Gate(tmp_path)
    first = play("rollback", fleet.nodes, **{f"osmigrate_hooks_{point}": [str(gate.path)]})
    try:
        gate.wait()
        held = holder(fleet, node)
        code, output = end(play("rollback", fleet.nodes))
        assert code != 0
        assert f"Node {node} is held by another run, {held}, since " in output
        assert "and that run renews it" in output
        assert holder(fleet, node) == held
        assert fleet.unavailable() == [node]
    finally:
        gate.open()
        code, output = end(first)
    assert code == 0
    assert (got(tmp_path, node)["default"], got(tmp_path, node)["reboots"]) == ("package", 1)
    assert (fleet.unavailable(), fleet.state(), holder(fleet, node)) == ([], pool_plan.EMPTY, "")


@pytest.mark.long
@pytest.mark.fault("two runs on one node", "after a kill")
def test_the_next_run_waits_for_the_lease_of_a_killed_one(make_fleet, play, tmp_path):
    fleet = make_fleet(1)
    (node,) = fleet.nodes
    gate = Gate(tmp_path)
    hooks = {"osmigrate_hooks_before_reboot": [str(gate.path)]}
    run = play("rollback", fleet.nodes, node_lease_duration=15, **hooks)
    gate.wait()
    kill_when(lambda: True, run)
    dead = holder(fleet, node)
    assert dead
    gate.open()
    code, output = end(play("rollback", fleet.nodes))
    assert code == 0
    assert f"Take the lease of node {node} over from {dead}, which has not renewed it" in output
    assert (got(tmp_path, node)["default"], got(tmp_path, node)["fence"]) == ("package", 2)
    assert (fleet.unavailable(), fleet.state(), holder(fleet, node)) == ([], pool_plan.EMPTY, "")


@pytest.mark.fault("two runs on one node", "by a word of the operator")
def test_a_run_that_has_lost_its_node_does_nothing_more_to_it(make_fleet, play, tmp_path):
    fleet = make_fleet(1)
    (node,) = fleet.nodes
    gate = Gate(tmp_path)
    first = play("rollback", fleet.nodes, osmigrate_hooks_before_reboot=[str(gate.path)])
    try:
        gate.wait()
        lost = holder(fleet, node)
        code, output = end(play("rollback", fleet.nodes, osmigrate_take_over=True))
        assert code == 0
        assert f"over from {lost}, as the operator says" in output
        done = got(tmp_path, node)
    finally:
        gate.open()
        code, output = end(first)
    assert code != 0
    assert "does not hold the lease of node" in output or f"This run has lost node {node}" in output
    assert got(tmp_path, node) == done
    assert fleet.notes()[0]["phase"] == "done"
    assert (fleet.unavailable(), fleet.state()) == ([], pool_plan.EMPTY)


@pytest.mark.fault("node uncordoned by an operator between drain and reboot", "reboot")
def test_a_node_that_somebody_gives_back_after_its_drain_is_not_rebooted(make_fleet, play, tmp_path):
    fleet = make_fleet(1)
    (node,) = fleet.nodes
    gate = Gate(tmp_path)
    run = play("rollback", fleet.nodes, osmigrate_hooks_before_reboot=[str(gate.path)])
    try:
        gate.wait()
        fleet.kubectl("uncordon", node)
    finally:
        gate.open()
        code, output = end(run)
    assert code != 0
    assert f"Node {node} was given back to the scheduler by somebody after it had been drained" in output
    assert got(tmp_path, node)["reboots"] == 0
    assert (fleet.unavailable(), fleet.state().claims, holder(fleet, node)) == ([], {}, "")


@pytest.mark.fault("pods that come back between drain and reboot", "reboot")
def test_pods_that_came_back_are_drained_once_more(scene, play, tmp_path):
    gate = Gate(tmp_path)
    run = play(
        "rollback", [scene.node], osmigrate_hooks_before_reboot=[str(gate.path)], osmigrate_delete_unmanaged=True
    )
    try:
        gate.wait()
        scene.pod("back")
    finally:
        gate.open()
        code, output = end(run)
    assert code == 0
    assert "Take them away once more" in output or "Evict the node's pods" in output
    assert scene.pods() == set()
    assert got(tmp_path, scene.node)["reboots"] == 1


@pytest.mark.fault("another machine answers at a node's address", "reboot")
def test_another_machine_is_not_rebooted(make_fleet, play, tmp_path):
    fleet = make_fleet(1)
    (node,) = fleet.nodes
    played = Node(tmp_path, node)
    played.make()
    played.how(machine_id="somebody-elses")
    code, output = end(play("rollback", fleet.nodes))
    assert code != 0
    assert f"The machine that answers is not node {node}: its machine id is somebody-elses" in output
    assert got(tmp_path, node)["reboots"] == 0
    assert (fleet.unavailable(), fleet.state().claims) == ([], {})


def test_a_run_that_loses_a_host_gives_its_lease_back(make_fleet, play, tmp_path):
    fleet = make_fleet(1)
    Node(tmp_path, fleet.nodes[0]).fall_silent()
    code, _output = end(play("rollback", fleet.nodes))
    assert code != 0
    wait_for(lambda: not holder(fleet, fleet.nodes[0]), 30)
    assert lease.read(fleet.admin, fleet.nodes[0])[0] == lease_plan.FREE._replace(transitions=1)


def test_a_run_that_is_interrupted_leaves_nobody_behind(make_fleet, play, tmp_path):
    fleet = make_fleet(1)
    gate = Gate(tmp_path)
    run = play("rollback", fleet.nodes, osmigrate_hooks_before_drain=[str(gate.path)])
    gate.wait()
    os.killpg(run.pid, signal.SIGINT)
    gate.open()
    run.communicate(timeout=120)  # it would wait for ever for a process that holds the output open
    wait_for(lambda: not holder(fleet, fleet.nodes[0]), 90)

# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Leases of nodes on a real API server, with the rights of the shipped manifest: who gets a node, and from whom."""

from __future__ import annotations

import concurrent.futures
import time

import pytest
from ansible_collections.osmigrate.fleet.plugins.module_utils._errors import FleetError
from ansible_collections.osmigrate.fleet.plugins.module_utils._kube import lease, lease_plan, node_view, step_note
from ansible_collections.osmigrate.fleet.plugins.module_utils._kube.client import get_node

from tests.cluster.conftest import connect

ONE, OTHER = "run-1@here", "run-2@there"


@pytest.fixture
def node(request, admin):
    """A name of a node's; a lease needs no Node object."""
    name = request.node.name.replace("_", "-").partition("[")[0][:60].strip("-")
    yield name
    admin.request("DELETE", f"{lease.OBJECTS}/{lease_plan.object_name(name)}")


def test_of_many_that_want_a_node_at_once_one_gets_it(robot_kubeconfig, node):
    clusters = [connect(robot_kubeconfig) for _each in range(8)]
    with concurrent.futures.ThreadPoolExecutor(8) as threads:
        tries = [
            threads.submit(lease.acquire, cluster, node, f"run-{number}@here")
            for number, cluster in enumerate(clusters)
        ]
        errors = [one.exception() for one in tries]
    winner = lease.read(clusters[0], node)[0]
    assert errors.count(None) == 1
    assert winner.holder == f"run-{errors.index(None)}@here"
    assert winner.transitions == 1
    assert all(f"is held by another run, {winner.holder}, since 20" in str(error) for error in errors if error)


def test_one_that_is_given_back_is_free_at_once_and_its_fence_stays(robot, node):
    fences = []
    for holder in (ONE, OTHER, ONE):
        fences.append(lease.acquire(robot, node, holder).plan.lease.transitions)
        lease.release(robot, node, holder)
    assert fences == [1, 2, 3]
    assert lease.read(robot, node)[0] == lease_plan.FREE._replace(transitions=3)


def test_a_dead_run_is_waited_for_and_one_that_lives_is_refused(robot, robot_kubeconfig, node):
    lease.acquire(robot, node, ONE, duration=4)
    taken = lease.acquire(connect(robot_kubeconfig), node, OTHER, duration=4, timeout=60)
    assert taken.plan.taken_from == ONE
    assert 2 <= taken.waited <= 10

    def wait():
        with pytest.raises(
            FleetError, match=f"held by another run, {OTHER}, since .* until .*, and that run renews it"
        ):
            lease.acquire(robot, node, ONE, timeout=60)

    with concurrent.futures.ThreadPoolExecutor(1) as threads:
        waiting = threads.submit(wait)
        time.sleep(1)
        started = time.monotonic()
        assert lease.renew_all(connect(robot_kubeconfig), OTHER, 30) == 1
        waiting.result()
    assert time.monotonic() - started < 10


@pytest.mark.parametrize("apart", [-7200, 7200])
def test_clocks_that_differ_give_no_node_to_two_runs(robot, robot_kubeconfig, node, monkeypatch, apart):
    """Of two API servers or controllers: one run writes stamps of hours ago or of later, and lives."""
    living = connect(robot_kubeconfig)
    monkeypatch.setattr(living, "now", lambda: robot.now() + apart)
    lease.acquire(living, node, ONE, duration=12)
    with concurrent.futures.ThreadPoolExecutor(1) as threads:
        waiting = threads.submit(lease.acquire, robot, node, OTHER, timeout=60)
        time.sleep(1)
        lease.renew(living, node, ONE, duration=12)
        with pytest.raises(FleetError, match=f"held by another run, {ONE}, .*and that run renews it"):
            waiting.result()
    # And when it has died, the same stamps keep nobody waiting for longer.
    assert lease.acquire(robot, node, OTHER, timeout=60).plan.taken_from == ONE


def test_a_word_of_the_operator_takes_it_and_the_old_run_hears_of_it(robot, node):
    lease.acquire(robot, node, ONE)
    taken = lease.acquire(robot, node, OTHER, take_over=True).plan
    assert (taken.taken_from, taken.lease.transitions) == (ONE, 2)
    with pytest.raises(FleetError, match=f"This run has lost node {node} to {OTHER}, which holds it since"):
        lease.renew(robot, node, ONE)
    assert lease.release(robot, node, ONE).plan.held == OTHER
    assert lease.renew_all(robot, ONE) == 0
    assert lease.read(robot, node)[0].holder == OTHER


def test_a_rehearsal_takes_nothing(robot, node):
    assert lease.acquire(robot, node, ONE, check_mode=True).plan.actions == [f"Take the lease of node {node}"]
    assert lease.read(robot, node)[1] is None
    lease.acquire(robot, node, ONE)
    assert lease.acquire(robot, node, OTHER, check_mode=True).plan.held == ONE
    assert lease.read(robot, node)[0].holder == ONE


@pytest.mark.parametrize(("step", "left"), [("wait", ""), ("drain", "drain")])
def test_a_run_that_ends_lets_no_node_wait_for_it(robot, scene, step, left):
    lease.acquire(robot, scene.node, ONE)
    step_note.note(robot, scene.node, step)
    assert step_note.read(node_view.osmigrate(get_node(robot, scene.node)))[0] == step
    lease.release_all(robot, ONE)
    assert lease.read(robot, scene.node)[0].holder == ""
    noted = node_view.osmigrate(get_node(robot, scene.node))
    assert (step_note.read(noted)[0], "step_since" in noted) == (left, bool(left))

# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Budgets on a real API server: jobs that compete and are killed, conflicts, outages, halts, what dead runs left."""

from __future__ import annotations

import concurrent.futures
import contextlib
import itertools
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from ansible_collections.osmigrate.fleet.plugins.module_utils import _errors
from ansible_collections.osmigrate.fleet.plugins.module_utils._kube import claim, cordon_plan, pool_object, pool_plan
from ansible_collections.osmigrate.fleet.plugins.module_utils._kube.client import (
    MANAGER,
    MERGE_PATCH,
    node_path,
    update_node,
)
from kubelet import Kubelet

JOB = Path(__file__).with_name("job.py")
COLLECTIONS = Path(_errors.__file__).resolve().parents[5]
_numbers = itertools.count(1)


class Fleet:
    """Nodes that are a pool of their own."""

    def __init__(self, control_plane, admin, count):
        self.pool = f"fleet-{next(_numbers)}"
        self.nodes = [f"{self.pool}-{number}" for number in range(count)]
        self.kubectl = control_plane.kubectl
        self.admin = admin
        for name in self.nodes:
            metadata = {"name": name, "labels": {"pool": self.pool}}
            admin.request("POST", "/api/v1/nodes", None, {"apiVersion": "v1", "kind": "Node", "metadata": metadata})
        self.kubelet = Kubelet(admin, self.nodes, interval=3)

    def request(self, number, limit="1", timeout=0, rollout="r1", batch=()):
        name = self.nodes[number]
        return claim.Request(name, rollout, pool_plan.Limits(limit, None), timeout, name, list(batch), "pool")

    def state(self):
        return pool_object.read_pool(self.admin, self.pool)[0]

    def unavailable(self):
        """Count without help of what is tested: nodes that are cordoned or not Ready."""
        nodes = self.admin.list("/api/v1/nodes", {"labelSelector": f"pool={self.pool}"}).items
        return [node["metadata"]["name"] for node in nodes if not serves(node)]

    def close(self):
        self.kubelet.stop()
        self.kubectl("delete", "node", *self.nodes, "--ignore-not-found")


def serves(node):
    ready = [one["status"] for one in node["status"]["conditions"] if one["type"] == "Ready"]
    return ready == ["True"] and not node["spec"].get("unschedulable")


@pytest.fixture
def make_fleet(control_plane, admin):
    with contextlib.ExitStack() as stack:

        def make(count):
            fleet = Fleet(control_plane, admin, count)
            stack.callback(fleet.close)
            return fleet

        yield make


@contextlib.contextmanager
def watched(fleet):
    """Look all the time; the yielded list has how many were unavailable and how many claims there were."""
    seen, stopped = [], threading.Event()

    def look():
        while not stopped.is_set():
            seen.append((len(fleet.unavailable()), len(fleet.state().claims)))
            stopped.wait(0.05)

    thread = threading.Thread(target=look)
    thread.start()
    try:
        yield seen
    finally:
        stopped.set()
        thread.join()


def wait_for(condition, seconds=30):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def start_job(kubeconfig, limit, nodes):
    environment = {**os.environ, "PYTHONPATH": str(COLLECTIONS)}
    return subprocess.Popen([sys.executable, JOB, kubeconfig, limit, "0.5", *nodes], env=environment)


def test_five_jobs_of_which_two_are_killed_and_an_api_server_that_goes_away(
    control_plane, robot_kubeconfig, make_fleet
):
    fleet = make_fleet(11)
    fleet.kubectl("cordon", fleet.nodes[10])
    shares = [fleet.nodes[number:10:5] for number in range(5)]
    with watched(fleet) as seen:
        jobs = [start_job(robot_kubeconfig, "3", share) for share in shares]
        for victim in range(2):
            wait_for(lambda share=shares[victim]: set(fleet.unavailable()) & set(share))
            jobs[victim].kill()
            jobs[victim].wait()
            left = set(fleet.state().claims)
            assert left & set(shares[victim])
            jobs[victim] = start_job(robot_kubeconfig, "3", shares[victim])
        control_plane.pause()
        time.sleep(1)
        control_plane.resume()
        assert [job.wait(60) for job in jobs] == [0] * 5
    assert fleet.unavailable() == [fleet.nodes[10]]
    assert fleet.state() == pool_plan.EMPTY
    assert max(unavailable for unavailable, claims in seen) == 3
    assert max(claims for unavailable, claims in seen) == 2
    print(f"{len(seen)} looks, at most {max(seen)} unavailable and claimed")


def test_a_claim_is_found_again_and_not_doubled(robot, make_fleet):
    fleet = make_fleet(3)
    first = claim.claim(robot, fleet.request(0))
    again = claim.claim(robot, fleet.request(0, rollout="r2"))
    assert (first.plan.full, again.plan.full, again.plan.actions) == (None, None, [])
    assert fleet.state().claims[fleet.nodes[0]].rollout == "r1"
    with pytest.raises(claim.ClaimError, match=f"1 of 3 nodes may be .*{fleet.nodes[0]} holds a place for rollout r1"):
        claim.claim(robot, fleet.request(1))
    claim.release(robot, fleet.nodes[0], "pool")
    assert claim.claim(robot, fleet.request(1)).plan.full is None


def test_nodes_that_are_away_for_other_reasons_count(robot, make_fleet):
    fleet = make_fleet(4)
    fleet.kubelet.report(fleet.nodes[1], ready=False)
    fleet.kubectl("cordon", fleet.nodes[2])
    said = f"2 of 4 nodes may be unavailable, and {fleet.nodes[1]} is not Ready, {fleet.nodes[2]} is cordoned"
    with pytest.raises(claim.ClaimError, match=said):
        claim.claim(robot, fleet.request(0, "50%"))
    fleet.kubelet.report(fleet.nodes[1])
    claim.claim(robot, fleet.request(0, "50%"))
    fleet.kubelet.report(fleet.nodes[1], ready=False)
    with pytest.raises(claim.ClaimError, match="got no place"):
        claim.claim(robot, fleet.request(0, "50%"))


def test_conflicts_on_every_write_for_a_while(robot, make_fleet):
    fleet = make_fleet(8)
    claim.claim(robot, fleet.request(7, "8"))
    path = f"{pool_object.OBJECTS}/{pool_object.object_name(fleet.pool)}"
    until = time.monotonic() + 2

    def disturb():
        for number in itertools.count():
            fleet.admin.request("PATCH", path, None, {"metadata": {"annotations": {"n": str(number)}}}, MERGE_PATCH)
            if time.monotonic() > until:
                return

    with concurrent.futures.ThreadPoolExecutor(10) as threads:
        disturbed = [threads.submit(disturb) for ignored in range(3)]
        claims = [threads.submit(claim.claim, robot, fleet.request(number, "4")) for number in range(7)]
        outcomes = [one.exception() for one in claims]
        assert not any(one.result() for one in disturbed)
    assert outcomes.count(None) == 3
    assert len(fleet.state().claims) == 4


def test_a_waiter_sees_a_place_and_a_halt(robot, make_fleet):
    fleet = make_fleet(3)
    claim.claim(robot, fleet.request(0))
    with concurrent.futures.ThreadPoolExecutor(1) as threads:
        waiting = threads.submit(claim.claim, robot, fleet.request(1, timeout=30))
        time.sleep(0.5)
        claim.release(robot, fleet.nodes[0], "pool")
        assert waiting.result().plan.actions == [f"Claim a place for node {fleet.nodes[1]}"]
        waiting = threads.submit(claim.claim, robot, fleet.request(2, timeout=30))
        time.sleep(0.5)
        halted = time.monotonic()
        pool_object.update_pool(robot, fleet.pool, lambda pool, now: pool_plan.plan_halt(pool, "Bad kernel", "now"))
        with pytest.raises(claim.ClaimError, match=f"Pool {fleet.pool} is halted since now.*: Bad kernel"):
            waiting.result()
        assert time.monotonic() - halted < 5
    with pytest.raises(claim.ClaimError, match="is halted"):
        claim.claim(robot, fleet.request(1))


def test_nobody_waits_for_a_node_of_the_same_batch(robot, make_fleet):
    fleet = make_fleet(3)
    claim.claim(robot, fleet.request(0))
    outcome = claim.claim(robot, fleet.request(1, timeout=30, batch=fleet.nodes))
    assert outcome.waits_for_batch
    assert outcome.plan.full


def test_a_failed_node_keeps_its_place_until_it_serves(robot, make_fleet):
    fleet = make_fleet(4)
    name = fleet.nodes[0]
    claim.claim(robot, fleet.request(0))
    update_node(robot, name, lambda node, now: cordon_plan.plan_cordon(node, "r1", now))
    fleet.kubelet.report(name, ready=False)
    claim.fail(robot, fleet.request(0), 2)
    assert (set(fleet.state().claims), fleet.state().failures) == ({name}, {name: "r1"})
    update_node(robot, name, lambda node, now: cordon_plan.plan_uncordon(node, MANAGER, now))
    timer = threading.Timer(1, fleet.kubelet.report, [name])
    timer.start()
    claim.fail(robot, fleet.request(0, timeout=20), 2)
    assert (set(fleet.state().claims), fleet.state().halt) == (set(), None)
    claim.claim(robot, fleet.request(1))
    claim.fail(robot, fleet.request(1), 2)
    assert "2 nodes failed in rollout r1" in fleet.state().halt["reason"]
    assert fleet.unavailable() == []


def test_a_node_that_is_no_more_keeps_its_place_until_a_person_says_so(robot, make_fleet):
    fleet = make_fleet(3)
    claim.claim(robot, fleet.request(0))
    fleet.admin.request("DELETE", node_path(fleet.nodes[0]))
    with pytest.raises(claim.ClaimError, match=f"{fleet.nodes[0]} holds a place"):
        claim.claim(robot, fleet.request(1))
    claim.release(robot, fleet.nodes[0], "pool", fleet.pool)
    assert claim.claim(robot, fleet.request(1)).plan.full is None

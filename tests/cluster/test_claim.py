# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Budgets on a real API server: jobs that compete and are killed, conflicts, outages, halts, what dead runs left."""

from __future__ import annotations

import concurrent.futures
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

from tests.cluster.fleet_of_nodes import wait_for, watched

REPOSITORY = Path(__file__).resolve().parents[2]
COLLECTIONS = Path(_errors.__file__).resolve().parents[5]


def start_job(kubeconfig, limit, nodes):
    argv = [sys.executable, "-m", "tests.cluster.job", kubeconfig, limit, "0.5", *nodes]
    return subprocess.Popen(argv, cwd=REPOSITORY, env={**os.environ, "PYTHONPATH": str(COLLECTIONS)})


@pytest.mark.fault("five slices of one rollout, two of them killed and restarted", "jobs of the modules")
def test_five_jobs_of_which_two_are_killed_and_an_api_server_that_goes_away(
    control_plane, robot_kubeconfig, make_fleet, full, record_property
):
    fleet = make_fleet(full + 1 if full else 16)
    cordoned = fleet.nodes[-1]
    fleet.kubectl("cordon", cordoned)
    shares = [fleet.nodes[number:-1:5] for number in range(5)]
    alive = set(range(5))

    def away():
        """The jobs, none of them killed yet, that have a node out of service."""
        found = fleet.unavailable()
        return [job for job in alive if set(found) & set(shares[job])]

    with watched(fleet) as seen:
        jobs = [start_job(robot_kubeconfig, "3", share) for share in shares]
        for _killed in range(2):
            victim = wait_for(away)[0]
            alive.remove(victim)
            jobs[victim].kill()
            jobs[victim].wait()
            jobs[victim] = start_job(robot_kubeconfig, "3", shares[victim])
        control_plane.pause()
        time.sleep(1)
        control_plane.resume()
        assert [job.wait(300) for job in jobs] == [0] * 5
    assert fleet.unavailable() == [cordoned]
    assert fleet.state() == pool_plan.EMPTY
    assert max(unavailable for unavailable, claims in seen) == 3
    assert max(claims for unavailable, claims in seen) == 2
    record_property("unavailable", (max(unavailable for unavailable, claims in seen), 3))


def test_a_claim_is_found_again_and_not_doubled(robot, make_fleet):
    fleet = make_fleet(3)
    first = claim.claim(robot, fleet.request(0))
    again = claim.claim(robot, fleet.request(0, rollout="r2"))
    assert (first.plan.full, again.plan.full) == (None, None)
    assert claim.claim(robot, fleet.request(0, rollout="r2")).plan.actions == []
    held, before = fleet.state().claims[fleet.nodes[0]], first.plan.pool.claims[fleet.nodes[0]]
    assert held == before._replace(rollout="r2", asked=held.asked)
    with pytest.raises(claim.ClaimError, match=f"1 of 3 nodes may be .*{fleet.nodes[0]} holds a place for rollout r2"):
        claim.claim(robot, fleet.request(1))
    claim.release(robot, fleet.nodes[0], "pool")
    assert claim.claim(robot, fleet.request(1)).plan.full is None


def test_nodes_that_are_away_for_other_reasons_count(robot, make_fleet):
    fleet = make_fleet(4)
    fleet.objects.set_ready(fleet.nodes[1], serves=False)
    fleet.kubectl("cordon", fleet.nodes[2])
    said = f"2 of 4 nodes may be unavailable, and {fleet.nodes[1]} is not Ready, {fleet.nodes[2]} is cordoned"
    with pytest.raises(claim.ClaimError, match=said):
        claim.claim(robot, fleet.request(0, "50%"))
    fleet.objects.set_ready(fleet.nodes[1])
    claim.claim(robot, fleet.request(0, "50%"))
    fleet.objects.set_ready(fleet.nodes[1], serves=False)
    with pytest.raises(claim.ClaimError, match="got no place"):
        claim.claim(robot, fleet.request(0, "50%"))


@pytest.mark.fault("409 on every write for a while", "claim")
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
    fleet.objects.set_ready(name, serves=False)
    claim.fail(robot, fleet.request(0), 2)
    assert (set(fleet.state().claims), fleet.state().failures) == ({name}, {name: "r1"})
    update_node(robot, name, lambda node, now: cordon_plan.plan_uncordon(node, MANAGER, now))
    timer = threading.Timer(1, fleet.objects.set_ready, [name])
    timer.start()
    claim.fail(robot, fleet.request(0, timeout=20), 2)
    assert (set(fleet.state().claims), fleet.state().halt) == (set(), None)
    claim.claim(robot, fleet.request(1))
    claim.fail(robot, fleet.request(1), 2)
    assert "2 nodes failed in rollout r1" in fleet.state().halt["reason"]
    assert fleet.unavailable() == []


@pytest.mark.fault("Node object deleted", "claim")
def test_a_node_that_is_no_more_keeps_its_place_until_a_person_says_so(robot, make_fleet):
    fleet = make_fleet(3)
    claim.claim(robot, fleet.request(0))
    fleet.admin.request("DELETE", node_path(fleet.nodes[0]))
    with pytest.raises(claim.ClaimError, match=f"{fleet.nodes[0]} holds a place"):
        claim.claim(robot, fleet.request(1))
    claim.release(robot, fleet.nodes[0], "pool")
    assert claim.claim(robot, fleet.request(1)).plan.full is None


def test_a_node_that_changed_pools_gives_its_place_back_where_it_holds_it(robot, make_fleet):
    fleet = make_fleet(2)
    claim.claim(robot, fleet.request(0))
    fleet.kubectl("label", "node", fleet.nodes[0], "pool=elsewhere", "--overwrite")
    claim.release(robot, fleet.nodes[0], "pool")
    assert not fleet.state().claims

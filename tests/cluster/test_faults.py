# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Faults that other rooms of this tier do not meet anyway: between client and API server, of tokens, clocks and nodes.

Delays and conflicts come from a proxy on the loopback interface; a wrong clock is that of this process alone, because
that of the machine belongs to all.
"""

from __future__ import annotations

import base64
import concurrent.futures
import contextlib
import json
import time

import pytest
import yaml
from ansible_collections.osmigrate.fleet.plugins.module_utils._errors import FleetError
from ansible_collections.osmigrate.fleet.plugins.module_utils._kube import (
    claim,
    cordon_plan,
    drain,
    health,
    node_view,
    pool_object,
    pool_plan,
)
from ansible_collections.osmigrate.fleet.plugins.module_utils._kube.client import get_node, node_path, update_node
from ansible_collections.osmigrate.fleet.plugins.module_utils._kube.drain_plan import Policy
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, utils

from tests.cluster.conftest import connect
from tests.cluster.fleet_of_nodes import make_terms, wait_for
from tests.cluster.job import take
from tests.cluster.proxy import Proxy
from tests.lab import controlplane

ACCOUNT = ("osmigrate-system", "osmigrate")
# For so many seconds after its end the API server accepts a token, and ten more what it has just accepted.
LEEWAY = 60


def cordon(cluster, name):
    update_node(cluster, name, lambda node, now: cordon_plan.plan_cordon(node, "r1", now))


def node_drain(cluster, name, timeout=60):
    return drain.NodeDrain(cluster, drain.Request(name, Policy(False, False), timeout, None, 50))


def through(proxy, kubeconfig, path):
    document = yaml.safe_load(kubeconfig.read_text())
    document["clusters"][0]["cluster"]["server"] = proxy.url
    path.write_text(yaml.safe_dump(document))
    return connect(path)


@pytest.mark.fault("slow API server", "all steps")
def test_a_slow_api_server(control_plane, robot_kubeconfig, scene, make_fleet, tmp_path, full):
    scene.deploy("web", 3)
    scene.budget("web", maxUnavailable=1)
    fleet = make_fleet(2)
    with Proxy(control_plane, delay=2.0 if full else 0.3) as proxy:
        cluster = through(proxy, robot_kubeconfig, tmp_path / "kubeconfig")
        take(cluster, fleet.nodes[0], "1", 0)
        cordon(cluster, scene.node)
        result = node_drain(cluster, scene.node, 120).run()
    assert {(one["action"], one["gone"]) for one in result["pods"]} == {("evict", True)}
    assert [note.get("phase") for note in fleet.notes()] == ["done", None]
    assert (fleet.unavailable(), fleet.state()) == ([], pool_plan.EMPTY)


@pytest.mark.fault("409 on every write for a while", "all steps")
def test_conflicts_with_nobody_in_sight(control_plane, robot_kubeconfig, scene, make_fleet, tmp_path, full):
    scene.deploy("web", 3)
    fleet = make_fleet(1)
    away = 10.0 if full else 1.5
    with Proxy(control_plane) as proxy:
        cluster = through(proxy, robot_kubeconfig, tmp_path / "kubeconfig")
        for step in (
            lambda: take(cluster, fleet.nodes[0], "1", 0),
            lambda: cordon(cluster, scene.node),
            lambda: node_drain(cluster, scene.node).run(),
        ):
            before = proxy.refused
            proxy.conflicts_until = time.monotonic() + away
            step()
            assert proxy.refused > before
    assert scene.pods() == set()
    assert (fleet.unavailable(), fleet.state()) == ([], pool_plan.EMPTY)


@pytest.mark.fault("API server stopped and restarted", "claim")
@pytest.mark.fault("API server stopped and restarted", "verify")
def test_the_api_server_is_away_while_a_place_and_a_boot_are_waited_for(control_plane, robot, make_fleet, full):
    fleet = make_fleet(3)
    going, waiting, booting = fleet.nodes
    claim.claim(robot, fleet.request(0))
    wanted = health.Wanted(boot_id="boot-2", daemonsets=True)
    with concurrent.futures.ThreadPoolExecutor(2) as threads:
        place = threads.submit(claim.claim, robot, fleet.request(1, timeout=60))
        boot = threads.submit(health.wait, robot, booting, wanted, 2, 90)
        wait_for(lambda: not place.done() and not boot.done())
        control_plane.pause()
        time.sleep(30 if full else 3)
        control_plane.resume()
        control_plane.wait_ready()
        fleet.objects.boot(booting, "boot-2", "Debian GNU/Linux 13 (trixie)")
        claim.release(robot, going, "pool")
        assert place.result().plan.full is None
        assert [gate["passed"] for gate in boot.result()["gates"]] == [True] * len(boot.result()["gates"])
    assert set(fleet.state().claims) == {waiting}


def expired_kubeconfig(control_plane, path, seconds):
    """Write a token as the API server makes them, signed with its own key, that ends so many seconds from now."""
    made = control_plane.kubectl("create", "token", ACCOUNT[1], "--namespace", ACCOUNT[0])
    head, payload, _signature = made.strip().split(".")
    claims = {**json.loads(base64.urlsafe_b64decode(payload + "==")), "exp": int(time.time()) + seconds}
    claims.update(iat=claims["exp"] - 3600, nbf=claims["exp"] - 3600)
    signed = f"{head}.{encoded(json.dumps(claims).encode())}"
    key = serialization.load_pem_private_key(control_plane.pki.service_account.read_bytes(), None)
    numbers = utils.decode_dss_signature(key.sign(signed.encode(), ec.ECDSA(hashes.SHA256())))
    token = f"{signed}.{encoded(b''.join(number.to_bytes(32, 'big') for number in numbers))}"
    ca = control_plane.pki.ca.certificate.read_bytes()
    path.write_text(controlplane.kubeconfig(control_plane.api_url, ca, {"token": token}))
    return path


def encoded(content):
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


@pytest.mark.fault("token expired", "drain")
def test_a_token_that_expires_during_a_drain(control_plane, robot, scene, tmp_path, full):
    scene.deploy("web", 2)
    scene.budget("web", maxUnavailable=0)
    seconds = (30 if full else 5) - LEEWAY
    cluster = connect(expired_kubeconfig(control_plane, tmp_path / "kubeconfig", seconds))
    cordon(cluster, scene.node)
    with pytest.raises(FleetError, match="does not accept the token or certificate .401.*get a new one"):
        node_drain(cluster, scene.node, 120).run()
    assert cordon_plan.is_ours(get_node(robot, scene.node))
    assert len(scene.pods()) == 2
    scene.budget("web", maxUnavailable=1)
    node_drain(robot, scene.node).run()
    assert scene.pods() == set()


@pytest.mark.fault("pod recreated with the same name on the same node", "drain")
def test_a_pod_that_comes_back_with_its_name_is_another_one(robot, admin, scene):
    # A drain that is over sees nothing come back.
    scene.deploy("slow", 1, annotations={"lab/end-seconds": "15"}, terminationGracePeriodSeconds=30)
    labels = {"app": "db"}
    pod = {"containers": [{"name": "app", "image": "none"}], "nodeName": scene.node, "terminationGracePeriodSeconds": 5}
    template = {"metadata": {"labels": labels}, "spec": pod}
    spec = {"selector": {"matchLabels": labels}, "serviceName": "db", "replicas": 1, "template": template}
    scene.apply({"apiVersion": "apps/v1", "kind": "StatefulSet", "metadata": {"name": "db"}, "spec": spec})
    scene.kubectl("rollout", "status", "statefulset/db", "--timeout=60s", namespaced=True)
    path = f"/api/v1/namespaces/{scene.namespace}/pods/db-0"
    first = admin.get(path)["metadata"]["uid"]
    seen = {first}
    cordon(robot, scene.node)

    def is_evicted_again():
        with contextlib.suppress(FleetError):  # it is gone for a moment
            metadata = admin.get(path)["metadata"]
            again = metadata["uid"] != first and "deletionTimestamp" in metadata
            seen.add(metadata["uid"])
            return again or len(seen) > 2
        return False

    with concurrent.futures.ThreadPoolExecutor(1) as threads:
        drained = threads.submit(node_drain(robot, scene.node).run)
        # It does not ask the scheduler, so it comes back to the cordoned node; then its owner takes it elsewhere.
        wait_for(is_evicted_again)
        scene.kubectl("scale", "statefulset/db", "--replicas=0", namespaced=True)
        result = drained.result()
    assert [one["name"] for one in result["pods"]].count("db-0") > 1
    assert scene.pods() == set()


@pytest.mark.fault("Node object deleted and recreated", "drain")
def test_a_node_that_is_registered_anew_during_its_drain(robot, scene):
    scene.deploy("web", 1)
    scene.budget("web", maxUnavailable=0)
    cordon(robot, scene.node)
    with concurrent.futures.ThreadPoolExecutor(1) as threads:
        drained = threads.submit(node_drain(robot, scene.node).run)
        time.sleep(1)
        scene.kubectl("delete", "node", scene.node)
        scene.nodes.register(scene.node)
        scene.budget("web", maxUnavailable=1)
        with pytest.raises(drain.DrainError, match=f"Node {scene.node} was made anew"):
            drained.result()
    take(robot, scene.node, "100%", 0)
    assert scene.pods() == set()
    assert node_view.is_schedulable(get_node(robot, scene.node))


@pytest.mark.fault("controller's clock an hour off", "all steps")
@pytest.mark.parametrize("off", [3600, -3600])
def test_a_controller_whose_clock_is_wrong(robot, make_fleet, monkeypatch, off):
    fleet = make_fleet(2)
    robot.get(node_path(fleet.nodes[0]))
    real, right = time.time, robot.now()
    opened = time.strftime("%H:%M", time.gmtime(right - 120))
    monkeypatch.setattr(time, "time", lambda: real() + off)
    robot.get(node_path(fleet.nodes[0]))
    take(robot, fleet.nodes[0], "1", 0, make_terms(windows=[{"start": opened, "duration": "1h"}]))
    closed = time.strftime("%H:%M", time.gmtime(right + 1800))
    with pytest.raises(claim.ClaimError, match="no maintenance window is open"):
        terms = make_terms(windows=[{"start": closed, "duration": "2h"}])
        claim.claim(robot, fleet.request(1, terms=terms))
    notes = fleet.notes()[0]
    assert notes["phase"] == "done"
    assert 0 <= int(notes["cordoned_seconds"]) < 600
    assert fleet.state() == pool_plan.EMPTY


@pytest.mark.fault("many nodes fail at once", "rollout")
def test_many_nodes_fail_at_once(robot, make_fleet, full):
    fleet = make_fleet(5 * full or 20)
    going, others = fleet.nodes[:2], fleet.nodes[2:]
    for number, name in enumerate(going):
        claim.claim(robot, fleet.request(number, "3"))
        cordon(robot, name)
    fleet.objects.set_ready(*fleet.nodes, serves=False)
    with pytest.raises(claim.ClaimError, match="3 of .* nodes may be unavailable, and .* and .* more") as told:
        claim.claim(robot, fleet.request(2, "3"))
    assert {one["node"] for one in told.value.result["unavailable"]} >= set(others[1:])
    for number in range(len(going)):
        claim.fail(robot, fleet.request(number), len(going))
    fleet.objects.set_ready(*fleet.nodes)
    with pytest.raises(claim.ClaimError, match="is halted since .*2 nodes failed in rollout r1"):
        claim.claim(robot, fleet.request(2, "3"))
    assert set(fleet.state().claims) == set(going)
    assert set(fleet.unavailable()) == set(going)
    pool_object.update_pool(robot, fleet.pool, lambda pool, now: pool_plan.plan_resume(pool))
    for name in (*going, others[0]):
        take(robot, name, "3", 0)
    assert (fleet.unavailable(), fleet.state()) == ([], pool_plan.EMPTY)

# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Windows, etcd's quorum and other controllers on a real API server, with the rights that are shipped.

The static pods of etcd and of API servers are Pod objects that nobody runs, because kubelets are simulated; /readyz is
the API server's own. Other controllers are what they leave in a cluster: a DaemonSet, annotations and labels.
"""

from __future__ import annotations

import concurrent.futures
import contextlib
import json
import time
from types import SimpleNamespace

import pytest
from ansible_collections.osmigrate.fleet.plugins.module_utils import _waiting
from ansible_collections.osmigrate.fleet.plugins.module_utils._errors import FleetError
from ansible_collections.osmigrate.fleet.plugins.module_utils._kube import (
    admission,
    claim,
    cordon_plan,
    pool_object,
    pool_plan,
    preflight,
)
from ansible_collections.osmigrate.fleet.plugins.module_utils._kube.client import MERGE_PATCH, node_path, update_node
from ansible_collections.osmigrate.fleet.plugins.modules import k8s_preflight

from tests.cluster.fleet_of_nodes import make_terms, wait_for
from tests.cluster.playing import end, write_waves

ROLE = "node-role.kubernetes.io/control-plane"


def window(cluster, begins=0, duration=3600):
    """A window that begins so many seconds from now by the API server's clock, to the minute."""
    return {"start": time.strftime("%H:%M", time.gmtime(cluster.now() + begins)), "duration": duration}


def look(cluster, *names, **options):
    params = {name: one["default"] for name, one in admission.ARGUMENT_SPEC.items()}
    params.update(names=list(names), accepted_controllers=[], pool_label="pool", max_unavailable_per_zone=None)
    return k8s_preflight.work(SimpleNamespace(params={**params, **options}), cluster)


def cordon(cluster, name):
    update_node(cluster, name, lambda node, now: cordon_plan.plan_cordon(node, "r1", now))


def test_a_claim_outside_of_windows_is_refused_with_the_next_opening(robot, make_fleet):
    fleet = make_fleet(2)
    robot.get(node_path(fleet.nodes[0]))
    closed = make_terms(windows=[window(robot, 7200)])
    opens = "can go from 20..-..-..T..:..:00Z on. The node was left as it is. Run the same command again then"
    begun = time.monotonic()
    with pytest.raises(claim.ClaimError, match=f"{fleet.nodes[0]} may not go now: no maintenance window.*{opens}"):
        claim.claim(robot, fleet.request(0, terms=closed, timeout=30))
    assert time.monotonic() - begun < 5
    outcome = claim.claim(robot, fleet.request(0, terms=closed), check_mode=True)
    assert "no maintenance window is open" in outcome.refused
    today = time.strftime("%Y-%m-%d", time.gmtime(robot.now()))
    with pytest.raises(claim.ClaimError, match="there is a black-out until"):
        claim.claim(robot, fleet.request(0, terms=make_terms(blackouts=[{"from": today, "to": "2099-12-31"}])))
    assert fleet.state() == pool_plan.EMPTY
    assert not claim.claim(robot, fleet.request(0, terms=make_terms(windows=[window(robot, -60)]))).refused
    assert set(fleet.state().claims) == {fleet.nodes[0]}
    pool_object.update_pool(robot, fleet.pool, lambda pool, now: pool_plan.plan_halt(pool, "Bad kernel", "now"))
    with pytest.raises(claim.ClaimError, match="is halted since now"):
        claim.claim(robot, fleet.request(1, terms=closed, timeout=9000))


def test_a_claim_waits_for_a_window_that_opens_in_time(robot, make_fleet):
    fleet = make_fleet(2)
    robot.get(node_path(fleet.nodes[0]))
    soon = make_terms(windows=[window(robot, 60)])
    with concurrent.futures.ThreadPoolExecutor(1) as threads:
        waiting = threads.submit(claim.claim, robot, fleet.request(0, terms=soon, timeout=120))
        time.sleep(1)
        assert fleet.state() == pool_plan.EMPTY
        assert not waiting.result().refused
    assert set(fleet.state().claims) == {fleet.nodes[0]}


def test_a_drained_node_that_does_not_fit_any_more_gives_its_place_back_and_has_not_failed(robot, make_fleet):
    fleet = make_fleet(4)
    name = fleet.nodes[0]
    robot.get(node_path(name))
    terms = make_terms(windows=[window(robot, -60)])
    claim.claim(robot, fleet.request(0, terms=terms))
    cordon(robot, name)
    claim.claim(robot, fleet.request(0, terms=terms))
    # Meanwhile other nodes of the pool are done in this rollout, and have shown that moves take longer.
    notes = {"osmigrate.fleet/" + key: value for key, value in DONE.items()}
    for done in fleet.nodes[1:]:
        fleet.admin.request("PATCH", node_path(done), None, {"metadata": {"annotations": notes}}, MERGE_PATCH)
    said = "seconds are expected, the median of 3 nodes, .* was left as it is, without its place in the budget"
    with pytest.raises(claim.ClaimError, match=said):
        claim.claim(robot, fleet.request(0, terms=terms))
    claim.fail(robot, fleet.request(0), 1)
    assert fleet.state() == pool_plan.EMPTY
    assert fleet.unavailable() == [name]
    claim.claim(robot, fleet.request(0, terms=make_terms(windows=[window(robot, 7200)], way_back=True)))


DONE = {"rollout": "r1", "phase": "done", "cordoned-seconds": "7300"}


class Plane:
    """Control-plane nodes with what their static pods would show."""

    def __init__(self, fleet):
        self.fleet = fleet
        for name in fleet.nodes:
            fleet.kubectl("label", "node", name, f"{ROLE}=")

    def show(self, component, node, ready=True):
        name = f"{component}-{node}"
        pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "annotations": {"lab/start-seconds": "0"}}}
        pod["spec"] = {"nodeName": node, "containers": [{"name": "c", "image": "none"}], "hostNetwork": True}
        pod["spec"]["tolerations"] = [{"operator": "Exists"}]
        self.fleet.kubectl("apply", "--namespace", "kube-system", "--filename", "-", input=json.dumps(pod))
        wait_for(lambda: self._phase(name) == "Running")
        self.report(component, node, ready)

    def report(self, component, node, ready):
        path = f"/api/v1/namespaces/kube-system/pods/{component}-{node}/status"
        status = {"conditions": [{"type": "Ready", "status": str(ready)}]}
        self.fleet.admin.request("PATCH", path, None, {"status": status}, MERGE_PATCH)

    def _phase(self, name):
        return self.fleet.admin.get(f"/api/v1/namespaces/kube-system/pods/{name}")["status"].get("phase")

    def close(self):
        names = [f"{component}-{node}" for component in ("etcd", "kube-apiserver") for node in self.fleet.nodes]
        options = ("--namespace", "kube-system", "--ignore-not-found", "--force", "--grace-period=0")
        self.fleet.kubectl("delete", "pod", *names, *options)
        path = "/api/v1/namespaces/osmigrate-system/configmaps/pool-control-plane"
        with contextlib.suppress(FleetError):
            self.fleet.admin.request("DELETE", path)


@pytest.fixture
def make_plane(make_fleet):
    with contextlib.ExitStack() as stack:

        def make(count):
            plane = Plane(make_fleet(count))
            stack.callback(plane.close)
            return plane

        yield make


def test_a_control_plane_node_goes_alone_and_only_while_etcd_can_spare_it(robot, make_plane):
    plane = make_plane(3)
    first, second, third = plane.fleet.nodes
    with pytest.raises(claim.ClaimError, match="No static pod of etcd is seen .*osmigrate_accept_external_etcd=true"):
        claim.claim(robot, plane.fleet.request(0, "100%"))
    for node in plane.fleet.nodes:
        plane.show("etcd", node)
        plane.show("kube-apiserver", node)
    plane.report("etcd", second, ready=False)
    with pytest.raises(
        claim.ClaimError, match=f"cannot spare node {first}: etcd on node {second} is not Ready"
    ) as told:
        claim.claim(robot, plane.fleet.request(0, "100%"))
    assert {one["node"]: one["state"] for one in told.value.result["control_plane"]["etcd"]} == {
        first: "ready",
        second: "is not Ready",
        third: "ready",
    }
    plane.report("etcd", second, ready=True)
    outcome = claim.claim(robot, plane.fleet.request(0, "100%"))
    assert outcome.pool_name == "control-plane"
    assert outcome.control_plane["checks"] == {"etcd": True, "etcd-readiness": True}
    with pytest.raises(claim.ClaimError, match=f"1 of 3 nodes may be unavailable, and {first} holds a place"):
        claim.claim(robot, plane.fleet.request(1, "100%"))
    # It is drained, and an API server is lost before it reboots.
    cordon(robot, first)
    plane.report("kube-apiserver", third, ready=False)
    with pytest.raises(claim.ClaimError, match=f"kube-apiserver on node {third} is not Ready.*without its place"):
        claim.claim(robot, plane.fleet.request(0, "100%"))


def test_a_single_etcd_has_to_be_accepted(robot, make_plane):
    plane = make_plane(1)
    plane.show("etcd", plane.fleet.nodes[0])
    said = "etcd has 1 member, so it loses its quorum .*osmigrate_accept_single_etcd=true"
    with pytest.raises(claim.ClaimError, match=said):
        claim.claim(robot, plane.fleet.request(0))
    with pytest.raises(preflight.PreflightError, match=said):
        look(robot, *plane.fleet.nodes)
    assert look(robot, *plane.fleet.nodes, accept_single_etcd=True)["control_plane"]["api_servers"] == []
    claim.claim(robot, plane.fleet.request(0, terms=make_terms(accept_single_etcd=True)))


def daemonset(name):
    labels = {"name": name}
    pod = {
        "nodeSelector": {"nowhere": "yet"},
        "containers": [{"name": name, "image": f"ghcr.io/kubereboot/{name}:1.17"}],
    }
    spec = {"selector": {"matchLabels": labels}, "template": {"metadata": {"labels": labels}, "spec": pod}}
    return {"apiVersion": "apps/v1", "kind": "DaemonSet", "metadata": {"name": name}, "spec": spec}


def test_another_controller_is_named_and_refused_until_it_is_accepted(robot, scene):
    scene.apply(daemonset("kured"))
    assert look(robot, scene.node)["findings"] == []
    scene.kubectl("label", "node", scene.node, "nowhere=yet")
    said = f"kured may drain .* nodes: DaemonSet {scene.namespace}/kured .{scene.node}.. No node was touched"
    with pytest.raises(preflight.PreflightError, match=said):
        look(robot, scene.node, scene.other)
    found = look(robot, scene.node, scene.other, accepted_controllers=["kured"])
    assert [(one["controller"], one["nodes"], one["accepted"]) for one in found["findings"]] == [
        ("kured", [scene.node], True)
    ]
    assert found["report"][0].startswith("kured may drain or reboot the same nodes, which is accepted: DaemonSet")
    scene.kubectl("annotate", "node", scene.other, "weave.works/kured-most-recent-reboot-needed=2026-11-20T10:00:00Z")
    with pytest.raises(preflight.PreflightError, match="annotation weave.works/kured-most-recent-reboot-needed"):
        look(robot, scene.other)


def test_what_nobody_could_mean_is_refused_before_any_node_is_touched(robot, scene):
    with pytest.raises(FleetError, match="Maintenance window 1: it has no duration"):
        look(robot, scene.node, windows=[{"start": "22:00"}])
    with pytest.raises(
        FleetError, match="There is no controller called kurde. Nothing was changed. Correct it to kured"
    ):
        look(robot, scene.node, accepted_controllers=["kurde"])
    with pytest.raises(FleetError, match="There is no node w99 on"):
        look(robot, scene.node, "w99")
    said = f"per_zone is 1, and {scene.node} has no label topology.kubernetes.io/zone.*No node was touched"
    with pytest.raises(preflight.PreflightError, match=said):
        look(robot, scene.node, max_unavailable_per_zone="1")
    assert look(robot, scene.node, max_unavailable_per_zone="1", way_back=True)["findings"] == []


@pytest.fixture
def waves(play, tmp_path):
    """Plays what migrate does about waves: each node whose turn it is has arrived, or has failed."""
    phase = "{{ 'failed' if inventory_hostname in broken else 'done' }}"
    come = {
        "osmigrate.fleet.k8s_node_record": {"name": "{{ inventory_hostname }}", "rollout": "r1", "phase": phase},
        "delegate_to": "localhost",
    }
    fail = {"ansible.builtin.fail": {"msg": "It is broken"}, "when": "inventory_hostname in broken"}
    playbook = write_waves(tmp_path / "waves.yml", [come, fail])

    def run(nodes, policy, broken=(), **more):
        return end(play(playbook, nodes, osmigrate_waves=policy, broken=list(broken), **more))

    return run


def phases(fleet):
    return [note.get("phase") for note in fleet.notes()]


def test_waves_follow_each_other_when_they_have_proved_it(make_fleet, waves):
    fleet = make_fleet(3)
    policy = {"canary_soak": 1, "pause_after": [2], "largest": 1}
    code, output = waves(fleet.nodes, {**policy, "by": "zone"})
    assert code != 0 and "by is zone, and" in output and fleet.notes() == [{}, {}, {}]
    code, output = waves(fleet.nodes, {**policy, "canary_soak": 3600}, osmigrate_claim_timeout=1)
    assert code == 2 and "wave 1 is to soak until 20" in output
    assert phases(fleet) == ["done", None, None]
    assert [note["wave"].partition(" ")[0] for note in fleet.notes()] == ["1/3", "2/3", "3/3"]
    code, output = waves(fleet.nodes, policy)
    assert code == 0 and "To go on after wave 2, run it again with osmigrate_waves_released=2" in output
    assert phases(fleet) == ["done", "done", None]
    # Nor does who asks for the last one alone.
    code, output = waves(fleet.nodes[2:], policy)
    assert code == 2 and "after wave 2 somebody has to release the next one" in output
    assert phases(fleet) == ["done", "done", None]
    code, output = waves(fleet.nodes, policy, osmigrate_waves_released=2, osmigrate_strategy="host_pinned")
    assert code == 0 and phases(fleet) == ["done"] * 3


def test_as_many_of_a_wave_may_fail_as_its_policy_says(make_fleet, waves):
    fleet = make_fleet(5)
    policy = {"canary_soak": 0, "largest": 3, "max_failed": 1}
    # AWX's form gives its default.
    code, output = waves(fleet.nodes, policy, fleet.nodes[1:2], osmigrate_max_fail_percentage=0)
    assert code == 2 and phases(fleet) == ["done", "failed", "done", "done", "done"]
    code, output = waves(fleet.nodes, policy, fleet.nodes[1:3])
    assert code == 2 and "of wave 2 failed, and 1 of it may" in output


def test_pools_together_have_no_more_places_than_the_cap(robot, make_fleet, tmp_path, monkeypatch):
    monkeypatch.setenv(_waiting.VARIABLE, str(tmp_path))
    one, other = make_fleet(1), make_fleet(2)
    claim.claim(robot, one.request(0)._replace(cap=2))
    claim.claim(robot, other.request(0, limit="2")._replace(cap=2))
    full = other.request(1, limit="2")._replace(cap=2)
    with pytest.raises(claim.ClaimError, match=f"2 nodes of all pools may be away.*{one.nodes[0]} holds a place"):
        claim.claim(robot, full._replace(timeout=6))
    assert f"{one.nodes[0]} holds a place for rollout r1" in _waiting.heard(str(tmp_path), other.nodes[1], 0)
    assert set(other.state().claims) == {other.nodes[0]}
    assert claim.claim(robot, full._replace(batch=one.nodes)).waits_for_batch
    claim.release(robot, one.nodes[0], "pool")
    assert not claim.claim(robot, full).plan.full

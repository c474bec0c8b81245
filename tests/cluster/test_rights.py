# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the shipped rights and policies let nobody do: the accounts of rbac.yml and kubelets as attackers.

Each attack is a request that the API server would take without them. That the product's own requests pass is shown by
all other tests of this tier, which run with the same rights and policies.
"""

from __future__ import annotations

import json
import time

import pytest
from ansible_collections.osmigrate.fleet.plugins.module_utils._kube import (
    approval_plan,
    cordon_plan,
    pending_plan,
    pool_object,
    probe,
)
from ansible_collections.osmigrate.fleet.plugins.module_utils._kube.client import (
    MERGE_PATCH,
    ApiError,
    node_path,
    update_node,
)
from ansible_collections.osmigrate.fleet.plugins.module_utils._trial import report

from tests.cluster.conftest import connect
from tests.cluster.playing import Player, end

NOBODYS = {"apiVersion": "v1", "kind": "Node", "name": "gone", "uid": "00000000-0000-0000-0000-000000000000"}
PENDING = {"key": pending_plan.KEY, "value": "r1"}


def taint(key, effect, value="x"):
    return {"spec": {"taints": [{"key": key, "value": value, "effect": effect}]}}


def metadata(**fields):
    return {"metadata": fields}


# What the account that moves nodes is refused on any Node object, as a merge patch.
OF_THE_MOVER = {
    "end pods past their budgets": taint("maintenance", "NoExecute"),
    "end pods with the mark of its own": {"spec": {"taints": [{**PENDING, "effect": "NoExecute"}]}},
    "keep pods away with the mark of its own": {"spec": {"taints": [{**PENDING, "effect": "NoSchedule"}]}},
    "a taint that only looks like the mark": taint(pending_plan.KEY + "-2", "PreferNoSchedule"),
    "detach volumes by force": taint("node.kubernetes.io/out-of-service", "NoExecute", "nodeshutdown"),
    "have the garbage collector delete the node": metadata(ownerReferences=[NOBODYS]),
    "keep the node from being deleted": metadata(finalizers=["example.com/never"]),
    "make it a control-plane node": metadata(labels={"node-role.kubernetes.io/control-plane": ""}),
    "a label that scheduling trusts": metadata(labels={"node-restriction.kubernetes.io/pci": "yes"}),
    "a zone": metadata(labels={"topology.kubernetes.io/zone": "b"}),
    "a pool": metadata(labels={"pool": "other"}),
    "a label in our own name": metadata(labels={"osmigrate.fleet/exclude": ""}),
    "take a label away": metadata(labels={"kubernetes.io/hostname": None}),
    "an annotation of others": metadata(annotations={"cluster-autoscaler.kubernetes.io/scale-down-disabled": "true"}),
    "an annotation that only looks like ours": metadata(annotations={"osmigrate.fleet.example/phase": "done"}),
    "take an annotation of others away": metadata(annotations={"lab/owner": None}),
    "change an annotation of others": metadata(annotations={"lab/owner": "mine"}),
    "where the machine is": {"spec": {"providerID": "other://machine"}},
}

# What a kubelet is refused on its own Node object.
OF_A_KUBELET = {
    "say that it is done": metadata(annotations={"osmigrate.fleet/phase": "done"}),
    "say that its trial went well": metadata(annotations={"osmigrate.fleet/verdict": "booted_candidate"}),
    "say which release it runs": metadata(annotations={"osmigrate.fleet/release": "debian-13-13.1"}),
    "say how long it was away": metadata(annotations={"osmigrate.fleet/cordoned-seconds": "1"}),
    "say since when it is cordoned": metadata(annotations={"osmigrate.fleet/cordoned-at": "2020-01-01T00:00:00Z"}),
    "say that a cordon is ours": metadata(annotations={"osmigrate.fleet/cordoned-by": "r2"}),
    "forget that a cordon is ours": metadata(annotations={"osmigrate.fleet/cordoned-by": None}),
    "change the question that approvers see": metadata(annotations={approval_plan.WANTED: "r1"}),
    "approve itself as it once could": metadata(annotations={"osmigrate.fleet/approved-by-storage": "r1"}),
    "any annotation of ours": metadata(annotations={"osmigrate.fleet/new": "x"}),
    "choose its pool": metadata(labels={"pool": "other"}),
    "leave its pool": metadata(labels={"pool": None}),
    "hide": metadata(labels={"osmigrate.fleet/exclude": ""}),
    "hide by the protected label": metadata(labels={"node-restriction.kubernetes.io/osmigrate-exclude": ""}),
    "take pods again before its reboot": {"spec": {"unschedulable": None}},
}


@pytest.fixture
def prey(admin, scene):
    """A node with a cordon of ours, a label and an annotation of others."""
    path = node_path(scene.node)
    admin.patch(path, metadata(labels={"pool": "mine"}, annotations={"lab/owner": "others"}))
    update_node(admin, scene.node, lambda node, now: cordon_plan.plan_cordon(node, "r1", now))
    return scene.node


def standing(node):
    """What an attack could have changed; the controllers of the cluster add and remove taints of their own."""
    kept = {key: node["metadata"].get(key) for key in ("labels", "annotations", "ownerReferences", "finalizers")}
    taints = [one for one in node["spec"].get("taints", []) if not one["key"].startswith("node.kubernetes.io/")]
    return {**kept, "spec": {**node["spec"], "taints": taints}, "addresses": node["status"].get("addresses")}


def refused(cluster, method, path, body, by):
    """See that a request is refused, at once, by the policy or the right that is named."""
    kind = MERGE_PATCH if method == "PATCH" else "application/json"
    with pytest.raises(ApiError, match=by) as caught:
        cluster.request(method, path, None, body, kind, until=time.monotonic())
    assert caught.value.status in (403, 422)


@pytest.mark.parametrize("attack", OF_THE_MOVER)
def test_the_token_that_moves_nodes_is_refused(admin, robot, prey, attack):
    before = standing(admin.get(node_path(prey)))
    refused(robot, "PATCH", node_path(prey), OF_THE_MOVER[attack], "osmigrate-accounts")
    assert standing(admin.get(node_path(prey))) == before


@pytest.mark.parametrize("subresource", ["", "/status"])
@pytest.mark.parametrize("attack", OF_A_KUBELET)
def test_a_kubelet_is_refused_on_its_own_node(admin, kubelet, prey, attack, subresource):
    if "spec" in OF_A_KUBELET[attack] and subresource:
        pytest.skip("the status has no specification")
    before = standing(admin.get(node_path(prey)))
    by = "osmigrate-kubelets|is not allowed to modify labels"
    refused(kubelet(prey), "PATCH", node_path(prey) + subresource, OF_A_KUBELET[attack], by)
    assert standing(admin.get(node_path(prey))) == before


def test_a_kubelet_reports_a_fall_back_and_its_status_and_nothing_on_other_nodes(admin, kubelet, prey, scene):
    own = kubelet(prey)
    facts = {"verdict": "fell_back", "reason": "it panicked", "trial": {"entry": "r-2"}, "failures": {}}
    own.patch(node_path(prey), metadata(annotations=report.annotations(facts)))
    own.patch(node_path(prey) + "/status", {"status": {"addresses": [{"type": "InternalIP", "address": "10.0.0.9"}]}})
    own.patch(node_path(prey), metadata(annotations={"volumes.kubernetes.io/x": "true"}, labels={"lab/any": "x"}))
    found = admin.get(node_path(prey))
    assert found["metadata"]["annotations"]["osmigrate.fleet/reason"] == "it panicked"
    refused(own, "PATCH", node_path(scene.other), metadata(annotations={"a": "b"}), "is not allowed to modify node")


def test_a_kubelet_registers_with_its_pool_and_no_more(admin, kubelet, scene):
    name = f"{scene.node}-new"
    node = {"apiVersion": "v1", "kind": "Node", "metadata": {"name": name, "labels": {"pool": "mine"}}}
    for key in ("labels", "annotations"):
        forged = json.loads(json.dumps(node))
        forged["metadata"].setdefault(key, {})["osmigrate.fleet/phase"] = "done"
        refused(kubelet(name), "POST", "/api/v1/nodes", forged, "osmigrate-kubelets")
    kubelet(name).request("POST", "/api/v1/nodes", None, node)
    admin.request("DELETE", node_path(name))


def pod(**spec):
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "attack"}, "spec": spec}


def probe_pod(**changes):
    made = probe.pod("nobody", probe.Probe("busybox", "", "", True), 60)
    container = {**made["spec"]["containers"][0], **changes.pop("container", {})}
    return {**made, "spec": {**made["spec"], "containers": [container], **changes}}


def volume(**source):
    return {"volumes": [{"name": "scratch", **source}]}


SECRET_KEY = {"name": "S", "valueFrom": {"secretKeyRef": {"name": "ssh", "key": "key"}}}
PROBES = "/api/v1/namespaces/osmigrate-probe/pods"
OF_PROBES = {
    "mount a Secret": probe_pod(**volume(secret={"secretName": "ssh"})),
    "mount a ConfigMap": probe_pod(**volume(configMap={"name": "c"})),
    "mount a token": probe_pod(**volume(projected={"sources": [{"serviceAccountToken": {"path": "token"}}]})),
    "read a Secret into the environment": probe_pod(container={"env": [SECRET_KEY]}),
    "read all of a Secret": probe_pod(container={"envFrom": [{"secretRef": {"name": "ssh"}}]}),
    "by an init container": probe_pod(initContainers=[{"name": "i", "image": "busybox"}]),
    "with the token of its account": probe_pod(automountServiceAccountToken=True),
    "as another account": probe_pod(serviceAccountName="default"),
    "see the files of the node": probe_pod(**volume(hostPath={"path": "/"})),
    "the network of the node": probe_pod(hostNetwork=True),
    "more privileges": probe_pod(container={"securityContext": {"privileged": True}}),
}


@pytest.mark.parametrize("attack", OF_PROBES)
def test_a_probe_is_nothing_else(robot, attack):
    refused(robot, "POST", PROBES, OF_PROBES[attack], "osmigrate-probes|violates PodSecurity")


SYSTEM, APPROVALS = (f"/api/v1/namespaces/osmigrate-{name}" for name in ("system", "approvals"))
# Requests of the account that moves nodes and of the one that reads, beside those on Node objects: who, verb, path,
# body, and what refuses them.
REQUESTS = {
    "a pod beside the claims": ("osmigrate", "POST", f"{SYSTEM}/pods", pod(), "may not create pods"),
    "read Secrets": ("osmigrate", "GET", f"{SYSTEM}/secrets", None, "may not list secrets"),
    "read Secrets of a tenant": (
        "osmigrate",
        "GET",
        "/api/v1/namespaces/default/secrets",
        None,
        "may not list secrets",
    ),
    "say that an approver agrees": (
        *("osmigrate", "PATCH", f"{APPROVALS}/configmaps/storage"),
        *({"data": {"w1": "r1"}}, "may not patch configmaps"),
    ),
    "another ConfigMap": (
        *("osmigrate", "PATCH", f"{SYSTEM}/configmaps/kube-root-ca.crt", {"data": {"ca.crt": "forged"}}),
        "osmigrate-objects",
    ),
    "another lease": (
        *("osmigrate", "POST", "/apis/coordination.k8s.io/v1/namespaces/osmigrate-system/leases"),
        *(
            {"apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": {"name": "other"}},
            "osmigrate-objects",
        ),
    ),
    "delete a node": ("osmigrate", "DELETE", "/api/v1/nodes/{node}", None, "may not delete nodes"),
    "make a node": (
        *("osmigrate", "POST", "/api/v1/nodes"),
        *({"apiVersion": "v1", "kind": "Node", "metadata": {"name": "forged"}}, "may not create nodes"),
    ),
    "its own policy": (
        *(
            "osmigrate",
            "DELETE",
            "/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies/osmigrate-accounts",
        ),
        *(None, "may not delete validatingadmissionpolicies"),
    ),
    "the reader cordons": (
        *("osmigrate-reader", "PATCH", "/api/v1/nodes/{node}", {"spec": {"unschedulable": True}}),
        "may not patch nodes",
    ),
    "the reader evicts": (
        *("osmigrate-reader", "POST", "/api/v1/namespaces/default/pods/any/eviction"),
        *({"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": "any"}}, "may not create pods/eviction"),
    ),
    "the reader lists pods": ("osmigrate-reader", "GET", "/api/v1/pods", None, "may not list pods"),
    "the reader halts": (
        *("osmigrate-reader", "PATCH", f"{SYSTEM}/configmaps/pool-worker", {"data": {"halt": "x"}}),
        "may not patch configmaps",
    ),
    "the probe's account reads nodes": ("osmigrate-probe", "GET", "/api/v1/nodes", None, "may not list nodes"),
}


@pytest.mark.parametrize("attack", REQUESTS)
def test_a_token_cannot(control_plane, scene, tmp_path, attack):
    name, method, path, body, by = REQUESTS[attack]
    kubeconfig = tmp_path / "kubeconfig"
    namespace = "osmigrate-probe" if name == "osmigrate-probe" else "osmigrate-system"
    control_plane.serviceaccount_kubeconfig(namespace, name, kubeconfig)
    refused(connect(kubeconfig), method, path.format(node=scene.node), body, by)


def test_the_token_that_reads_is_enough_for_status(control_plane, collections, tmp_path, make_fleet, admin):
    fleet = make_fleet(1)
    kubeconfig = tmp_path / "kubeconfig"
    control_plane.serviceaccount_kubeconfig("osmigrate-system", "osmigrate-reader", kubeconfig)
    pools = pool_object.list_all_members(connect(kubeconfig), "pool")
    assert [one.name for one in pools[fleet.pool]] == fleet.nodes
    assert pool_object.list_pools(connect(kubeconfig)) == pool_object.list_pools(admin)
    code, output = end(Player(collections, kubeconfig, tmp_path)("status"))
    assert code == 0
    assert fleet.nodes[0] in output


def test_the_policies_are_without_mistakes_that_the_api_server_finds(admin):
    policies = admin.list("/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies").items
    ours = {one["metadata"]["name"]: one.get("status", {}).get("typeChecking", {}) for one in policies}
    names = ("accounts", "kubelets", "objects", "probes")
    assert {name: ours.get(f"osmigrate-{name}") for name in names} == dict.fromkeys(names, {})


def test_access_is_one_command_and_its_kubeconfig_moves_nodes_and_no_more(control_plane, collections, tmp_path, scene):
    path = tmp_path / "made.kubeconfig"
    play = Player(collections, control_plane.admin_kubeconfig, tmp_path)
    code, output = end(play("access", check=True, osmigrate_access_path=str(path)))
    assert (code, path.exists()) == (0, False)
    code, output = end(play("access", osmigrate_access_path=str(path)))
    assert (code, path.stat().st_mode & 0o777) == (0, 0o600)
    token = json.loads(path.read_text())["users"][0]["user"]["token"]
    assert token not in output
    assert f"export K8S_AUTH_KUBECONFIG={path}" in output
    # What was applied before it was so already, and the token is still good.
    code, output = end(play("access", osmigrate_access_path=str(path)))
    assert code == 0
    assert "nothing had to be done" in output
    assert connect(path).get(node_path(scene.node))
    refused(connect(path), "GET", f"{SYSTEM}/secrets", None, "may not list secrets")
    code, output = end(play("access", check=True, osmigrate_access_path=str(path), osmigrate_access_state="absent"))
    assert (code, path.exists()) == (0, True)
    assert "delete Namespace osmigrate-system" in output


def test_access_is_taken_away_with_everything_that_it_made(control_plane, admin, collections, tmp_path):
    def account(kind, version, **fields):
        return {"apiVersion": version, "kind": kind, "metadata": {"name": "short-lived", **fields}}

    made = [account("Namespace", "v1"), account("ServiceAccount", "v1", namespace="short-lived")]
    options = {"manifests": made, "namespace": "short-lived", "account": "short-lived", "path": str(tmp_path / "k")}
    tasks = [{"osmigrate.fleet.k8s_access": {**options, "state": state}} for state in ("present", "absent", "absent")]
    tasks[-1].update(register="again", failed_when="again.changed")
    (tmp_path / "play.yml").write_text(json.dumps([{"hosts": "localhost", "gather_facts": False, "tasks": tasks}]))
    code, output = end(Player(collections, control_plane.admin_kubeconfig, tmp_path)(tmp_path / "play.yml"))
    left = admin.list("/api/v1/namespaces/short-lived/serviceaccounts").items
    assert (code, (tmp_path / "k").exists()) == (0, False), output
    assert "short-lived" not in [one["metadata"]["name"] for one in left]

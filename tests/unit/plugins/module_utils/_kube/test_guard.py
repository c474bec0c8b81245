# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every module that writes about a node asks whose the node is, right before each write.

The cluster is one in memory, because the lease has to change hands between two requests of one module.
tests/cluster/test_owner.py shows the same of whole runs on a real API server.
"""

import json
import time
from types import SimpleNamespace

import pytest
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible_collections.osmigrate.fleet.plugins.module_utils._errors import FleetError
from ansible_collections.osmigrate.fleet.plugins.module_utils._kube import (
    drain,
    lease,
    lease_plan,
    node_events,
    pool_object,
    times,
)
from ansible_collections.osmigrate.fleet.plugins.module_utils._kube.client import NODES, ApiError, Listing
from ansible_collections.osmigrate.fleet.plugins.modules import (
    k8s_node_approval,
    k8s_node_claim,
    k8s_node_cordon,
    k8s_node_drain,
    k8s_node_pending,
    k8s_node_record,
    k8s_node_recover,
)

MINE, THEIRS = "run-1@here", "run-2@there"
LEASE = f"{lease.OBJECTS}/{lease_plan.object_name('w1')}"
HOME = {"trial": None, "verdict": "", "booted": {"entry": "package"}, "default": "package"}

# Each module that writes about a node, and what it is asked to do.
WRITERS = {
    "cordon": (k8s_node_cordon, {"state": "cordoned", "rollout": "r1"}),
    "uncordon": (k8s_node_cordon, {"state": "uncordoned"}),
    "claim": (k8s_node_claim, {"state": "claimed", "rollout": "r1", "timeout": 0, "max_unavailable": "9"}),
    "release": (k8s_node_claim, {"state": "released"}),
    "failure": (k8s_node_claim, {"state": "failed", "rollout": "r1", "timeout": 0}),
    "held up": (k8s_node_claim, {"state": "held", "rollout": "r1", "why": "a budget", "timeout": 0}),
    "record": (k8s_node_record, {"phase": "done"}),
    "mark": (k8s_node_pending, {"names": ["w1"], "state": "present", "rollout": "r1"}),
    "question": (k8s_node_approval, {"required": ["storage"], "rollout": "r1", "timeout": 0}),
    "no question": (k8s_node_approval, {"state": "absent"}),
    "drain": (k8s_node_drain, {"timeout": 5}),
    "recover": (k8s_node_recover, {"boot": HOME, "older_than": 0}),
}
# These have something to undo only on a node that is out of service already.
GIVE_BACK = ("uncordon", "release", "no question", "recover", "drain")


class Memory:
    """A cluster of one node with one pool, which notes who wrote."""

    server, api_timeout = "https://memory", 5

    def __init__(self, node, pool, holder):
        self.node, self.pool, self.holder = node, pool, holder
        self.writes, self.renewals = [], 0
        self.on_read = None  # called when a node or a pool was read

    def now(self):
        return time.time()

    def request(self, _verb, path, *_body, until=None):
        """Events, which hold nothing up and belong to nobody."""
        assert path.startswith(node_events.PATH)

    def get(self, path, until=None):
        if path == LEASE:
            # Who holds it renews it.
            self.renewals += 1
            renewed = times.micro(self.renewals)
            spec = {"holderIdentity": self.holder, "renewTime": renewed, "leaseDurationSeconds": 60}
            return {"metadata": {"resourceVersion": "1"}, "spec": spec}
        for objects, found in ((pool_object.OBJECTS, self.pool), (NODES, self.node)):
            if path.startswith(objects):
                if self.on_read:
                    self.on_read()
                return found
        raise ApiError("none", status=404, body={"kind": "Status"})

    def list(self, path, query=None, keep=None, until=None):
        if self.on_read:
            self.on_read()
        found = {NODES: [self.node], pool_object.OBJECTS: [self.pool], drain.PODS: []}.get(path, [])
        return Listing([one for one in (keep(each) if keep else each for each in found) if one], "1")

    def patch(self, path, body, dry_run=False, until=None):
        self.writes.append(path)
        return self.get(path)


@pytest.fixture
def memory(make_node):
    def make(holder, out_of_service, noted=MINE):
        node = make_node("w1")
        node["metadata"]["labels"] = {"pool": "a"}
        claims, questions = {}, {}
        if out_of_service:
            notes = {"cordoned-by": "r1", "cordoned-run": noted, "approval-wanted": "q"}
            node["metadata"]["annotations"] = {f"osmigrate.fleet/{key}": value for key, value in notes.items()}
            node["spec"]["unschedulable"] = True
            claims = {"w1": {"rollout": "r1", "since": "", "asked": "", "host": "w1", "run": noted}}
            questions = {"w1": {"id": "q", "rollout": "r1", "of": "storage", "until": ""}}
        pool = {
            "metadata": {"name": "pool-a", "resourceVersion": "7", "labels": {"osmigrate.fleet/pool": "a"}},
            "data": {"claims": json.dumps(claims), "questions": json.dumps(questions)},
        }
        return Memory(node, pool, holder)

    return make


def work(name, cluster, run):
    module, wanted = WRITERS[name]
    # What the module itself says that it takes.
    taken = {}

    def take(spec, work, **unused):
        taken["params"] = (
            ArgumentSpecValidator(spec).validate({"name": "w1", **wanted, "run": run}).validated_parameters
        )

    real, module.run_module = module.run_module, take
    try:
        module.main()
    finally:
        module.run_module = real
    if "name" not in taken["params"]:
        taken["params"]["name"] = "w1"
    return module.work(SimpleNamespace(params=taken["params"], check_mode=False), cluster)


@pytest.mark.parametrize("run", [MINE, ""])
@pytest.mark.parametrize("name", sorted(WRITERS))
def test_nothing_is_written_about_a_node_that_another_run_holds(memory, monkeypatch, name, run):
    monkeypatch.setattr(lease, "POLL_SECONDS", 0.01)
    cluster = memory(THEIRS, name in GIVE_BACK)
    try:
        said = str(work(name, cluster, run))
    except FleetError as error:
        said = str(error)
    assert cluster.writes == []
    assert THEIRS in said


@pytest.mark.parametrize("name", sorted(set(WRITERS) - {"drain", "question"}))
def test_who_holds_the_node_writes(memory, name):
    cluster = memory(MINE, name in GIVE_BACK or name == "failure")
    assert work(name, cluster, MINE)["changed"]
    assert cluster.writes


@pytest.mark.parametrize("name", sorted(set(WRITERS) - {"drain", "mark", "recover"}))
def test_a_node_that_is_lost_while_a_module_works_is_not_written_to(memory, name):
    """The lease is asked for after the object was read, so nothing lies between but the write itself."""
    cluster = memory(MINE, name in GIVE_BACK)

    def lose():
        cluster.holder = THEIRS

    cluster.on_read = lose
    with pytest.raises(FleetError, match=THEIRS):
        work(name, cluster, MINE)
    assert cluster.writes == []


@pytest.mark.parametrize(("said", "is_gone"), [({"kind": "Status"}, True), ({}, False)])
def test_only_the_api_server_says_that_a_node_is_gone(memory, monkeypatch, said, is_gone):
    """A proxy that does not find the API server says 404, too, and nothing was written."""
    cluster = memory("", False)

    def refuse(path, *_body, **_more):
        raise ApiError("404", status=404, body=said)

    monkeypatch.setattr(cluster, "patch", refuse)
    if is_gone:
        assert work("mark", cluster, "")["actions"] == []
    else:
        with pytest.raises(ApiError):
            work("mark", cluster, "")

# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The note of what a node does: alone, as a part of another patch, and read from what anybody has written."""

import time
from types import SimpleNamespace

import pytest
from ansible_collections.osmigrate.fleet.plugins.module_utils._errors import FleetError
from ansible_collections.osmigrate.fleet.plugins.module_utils._kube import event_plan, last_look, node_events, step_note
from ansible_collections.osmigrate.fleet.plugins.module_utils._kube.client import ApiError
from ansible_collections.osmigrate.fleet.plugins.module_utils._steps import BY_KEY
from ansible_collections.osmigrate.fleet.plugins.modules import k8s_node_last_look, k8s_node_lease, k8s_node_record

NOW = 1795910400
STAMP = "2026-11-29T00:00:00Z"
# Options of the last look.
TEXTS = ("name", "run", "release", "payload", "commit")


class Asked:
    """In the place of a cluster: what is asked of it, and an answer of one's choice."""

    def __init__(self, error=None):
        self.requests, self._error = [], error

    def now(self):
        return NOW

    def request(self, method, path, query, body, kind=None, until=None):
        self.requests.append((method, path, query["fieldManager"], body))
        if self._error:
            raise self._error
        return {"metadata": {"name": "w1", "uid": "u"}}

    def get(self, path, until=None):
        """Nobody holds the lease."""
        raise ApiError("none", status=404, body={"kind": "Status"})

    def told(self):
        """Events, each as reason and message."""
        return [(body["reason"], body["message"]) for _m, path, _q, body in self.requests if path == node_events.PATH]


def test_it_is_one_request_and_nobody_fails_without():
    for error in (None, FleetError("The account may not")):
        cluster = Asked(error)
        step_note.note(cluster, "w1", "drain")
        noted = {"osmigrate.fleet/step": "drain", "osmigrate.fleet/step-since": STAMP}
        body = {"metadata": {"annotations": noted}}
        assert cluster.requests == [("PATCH", "/api/v1/nodes/w1", step_note.MANAGER, body)]


def test_it_is_a_part_of_a_patch_that_is_made_anyway():
    patch = {"spec": {"unschedulable": True}, "metadata": {"annotations": {"a": "b"}}}
    found = step_note.joined(patch, "drain", NOW)
    assert found["metadata"]["annotations"] == {"a": "b", step_note.STEP: "drain", step_note.SINCE: STAMP}
    assert found["spec"] == patch["spec"] and patch["metadata"] == {"annotations": {"a": "b"}}
    gone = step_note.joined({"spec": {}}, step_note.NONE, NOW)
    assert gone["metadata"]["annotations"] == {step_note.STEP: None, step_note.SINCE: None}
    assert step_note.joined({}, "drain", NOW) == {}, "nothing is patched for its sake"


def test_a_run_that_ends_takes_off_nodes_that_they_wait_and_nothing_else():
    for error in (None, ApiError("the test operation failed", status=422)):
        cluster = Asked(error)
        step_note.end_waiting(cluster, "w1")
        ((method, path, manager, body),) = cluster.requests
        assert (method, path, manager) == ("PATCH", "/api/v1/nodes/w1", step_note.MANAGER)
        assert body == [
            {"op": "test", "path": "/metadata/annotations/osmigrate.fleet~1step", "value": "wait"},
            {"op": "remove", "path": "/metadata/annotations/osmigrate.fleet~1step"},
            {"op": "remove", "path": "/metadata/annotations/osmigrate.fleet~1step-since"},
        ]


def test_what_anybody_wrote():
    assert step_note.read({"step": "drain", "step_since": STAMP}) == ("drain", NOW)
    for wrong in ({}, {"step": "x\x1b[2J", "step_since": STAMP}, {"step": ["drain"]}):
        assert step_note.read(wrong) == ("", None)
    assert step_note.read({"step": "drain", "step_since": "now"}) == ("drain", None)


@pytest.mark.parametrize("step", BY_KEY)
def test_a_step_that_nothing_else_tells_is_an_event_for_one_more_request(step):
    cluster = Asked()
    assert step_note.begin(cluster, "w1", step, "d-1") == []
    told = [(event_plan.REASONS[step], cluster.told()[0][1])] if step in event_plan.REASONS else []
    assert (cluster.told(), len(cluster.requests)) == (told, 1 + len(told))
    assert all(message.endswith(", on its way to d-1") for _reason, message in told)


def test_where_the_step_cannot_be_noted_there_is_no_event():
    cluster = Asked(FleetError("The account may not"))
    assert step_note.begin(cluster, "w1", "stage") == [] and len(cluster.requests) == 1


def play(module, cluster, check_mode=False, **options):
    return module.work(SimpleNamespace(params=options, check_mode=check_mode), cluster)


def test_preflight_is_told_and_the_last_look_before_the_reboot_is_not():
    same = {**dict.fromkeys(TEXTS, ""), "machine": {}, "duration": 60, "timeout": 1}
    same.update(delete_emptydir_data=False, delete_unmanaged=False, name="w1", release="d-1")
    cluster = Asked()
    play(k8s_node_last_look, cluster, True, checks=["lease"], **same)
    assert cluster.requests == []
    play(k8s_node_last_look, cluster, checks=["lease"], **same)
    assert cluster.told() == [("Preflight", "Is asked what speaks against the move, on its way to d-1")]


@pytest.mark.parametrize(
    ("step", "told"),
    [
        ("stage", [("Staging", "Gets the release beside what runs")]),
        ("repair", [("Repairing", "Has its record and boot menu settled")]),
        ("return", [("Returning", "Comes home from its drill")]),
        ("wait", []),
    ],
)
def test_a_step_alone_is_told(step, told):
    options = {**dict.fromkeys(k8s_node_record.record_plan.FIELDS), "name": "w1", "run": "", "step": step}
    cluster = Asked()
    assert play(k8s_node_record, cluster, True, **options) == {"changed": False, "actions": [], "warnings": []}
    assert cluster.requests == []
    play(k8s_node_record, cluster, **options)
    assert cluster.told() == told


def test_a_run_that_takes_a_node_tells_it_once(monkeypatch):
    for transitions, told in ((1, [("LookedAt", "Is looked at")]), (0, [])):
        free = k8s_node_lease.lease.lease_plan.FREE
        plan = k8s_node_lease.lease.lease_plan.Plan(free._replace(transitions=transitions), [])
        outcome = k8s_node_lease.lease.Outcome(free, plan)
        monkeypatch.setattr(k8s_node_lease.lease, "acquire", lambda *_all, outcome=outcome: outcome)
        options = dict(name="w1", holder="r", duration=60, state="acquired", timeout=0, take_over=False, sightings=None)
        cluster = Asked()
        play(k8s_node_lease, cluster, **options)
        assert cluster.told() == told and cluster.requests[0][3]["metadata"]["annotations"][step_note.STEP] == "look"


def test_a_record_that_only_takes_something_away_is_made_with_its_step(monkeypatch):
    noted = {"osmigrate.fleet/attempts": "2"}
    node = {"metadata": {"name": "w1", "annotations": noted}}
    patched = []

    def update(_cluster, _name, decide, dry_run):
        plan = decide(node, NOW)
        patched.append(plan.patch["metadata"]["annotations"])
        return node, plan, node

    monkeypatch.setattr(k8s_node_record, "update_node", update)
    options = {**dict.fromkeys(k8s_node_record.record_plan.FIELDS), "name": "w1", "run": "", "step": "wait"}
    play(k8s_node_record, Asked(), **{**options, "attempts": ""})
    assert patched == [{"osmigrate.fleet/attempts": None, step_note.STEP: "wait", step_note.SINCE: STAMP}]


def test_a_step_alone_waits_for_no_api_server(cluster, server):
    server.close()
    options = {**dict.fromkeys(k8s_node_record.record_plan.FIELDS), "name": "w1", "run": "r", "step": "confirm"}
    began = time.monotonic()
    with pytest.raises(FleetError):
        play(k8s_node_record, cluster, **options)
    assert time.monotonic() - began < 2


@pytest.mark.parametrize(("holder", "steps"), [("r", [None]), ("", [None]), ("another", [])])
def test_who_gives_back_what_another_run_holds_leaves_its_step(monkeypatch, holder, steps):
    free = k8s_node_lease.lease.lease_plan.FREE
    plan = k8s_node_lease.lease.lease_plan.plan_release("w1", free._replace(holder=holder), "r")
    monkeypatch.setattr(
        k8s_node_lease.lease, "release", lambda *_all: k8s_node_lease.lease.Outcome(free._replace(holder=holder), plan)
    )
    options = dict(name="w1", holder="r", duration=60, state="released", timeout=0, take_over=False, sightings=None)
    cluster = Asked()
    play(k8s_node_lease, cluster, **options)
    assert [body["metadata"]["annotations"][step_note.STEP] for *_all, body in cluster.requests] == steps


def test_a_run_that_has_lost_the_node_notes_no_step_of_it(monkeypatch):
    def lost(*_all):
        raise FleetError("lost")

    monkeypatch.setattr(last_look.lease, "renew", lost)
    same = {**dict.fromkeys(TEXTS, "w1"), "machine": {}, "duration": 60, "timeout": 1}
    cluster = Asked()
    with pytest.raises(FleetError, match="lost"):
        play(
            k8s_node_last_look,
            cluster,
            checks=["lease"],
            delete_emptydir_data=False,
            delete_unmanaged=False,
            **same,
        )
    assert cluster.requests == []

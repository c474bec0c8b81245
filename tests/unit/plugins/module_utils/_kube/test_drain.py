# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whole drains against a cluster in memory that answers as a real one was seen to."""

import itertools
import queue
import threading

import pytest
from ansible_collections.osmigrate.fleet.plugins.module_utils._errors import FleetError
from ansible_collections.osmigrate.fleet.plugins.module_utils._kube import (
    daemons,
    delete_plan,
    drain,
    drain_plan,
    lease,
)
from ansible_collections.osmigrate.fleet.plugins.module_utils._kube.client import ApiError, Listing
from ansible_collections.osmigrate.fleet.plugins.module_utils._kube.drain_plan import Policy


def too_many(wait=0):
    said = "The disruption budget web needs 2 healthy pods and has 2 currently"
    body = {"details": {"causes": [{"reason": "DisruptionBudget", "message": said}]}}
    return ApiError("refused", status=429, body=body, wait=wait)


class MemoryCluster:
    """Pods of one node. What happens to an eviction is decided by the test."""

    server = "https://memory"

    def __init__(self, node, pods, budgets=()):
        self.node = node
        self.pods = {pod["metadata"]["uid"]: pod for pod in pods}
        self.budgets = list(budgets)
        self.daemon_sets = [daemons.Daemon("uid-agent", "shop", {})]
        self.events = queue.Queue()
        self.budget_events = queue.Queue()
        self.evictions = []
        self.deletions = []
        self.on_evict = self.end
        self.on_listing = None
        self.holders = iter(())  # of the node's lease, one for each look

    def now(self):
        return 0

    def get(self, path, until=None):
        if path.startswith(lease.OBJECTS):
            return {"metadata": {"resourceVersion": "1"}, "spec": {"holderIdentity": next(self.holders, "")}}
        return self.node

    def list(self, path, query=None, keep=None, until=None):
        if path == daemons.DAEMON_SETS:
            return Listing(self.daemon_sets, "1")
        if path != drain.PODS:
            return Listing(self.budgets, "1")
        if self.on_listing:
            self.on_listing()
        return Listing(list(self.pods.values()), "1")

    def watch(self, path, query, version, seconds):
        events = self.events if path == drain.PODS else self.budget_events
        while True:
            event = events.get()
            if isinstance(event, Exception):
                raise event
            if event is None:
                return
            yield event

    def evict(self, namespace, name, uid, grace_period, until, dry_run):
        self.evictions.append((name, grace_period, dry_run))
        self.on_evict(self.pods.get(uid), dry_run)

    def disrupt(self, namespace, name, uid, why, until, dry_run):
        self.deletions.append((name, why))

    def delete_pod(self, namespace, name, uid, grace_period, until, dry_run):
        self.deletions.append((name, grace_period))
        self.end(self.pods[uid])

    def end(self, pod, dry_run=False):
        if not dry_run:
            del self.pods[pod["metadata"]["uid"]]
            self.tell("DELETED", pod)

    def begin_to_end(self, pod, dry_run=False):
        pod["metadata"]["deletionTimestamp"] = "2026-11-30T00:00:00Z"
        self.tell("MODIFIED", pod)

    def go_away(self, *_arguments):
        """From now on nothing is answered."""

        def away(*_arguments, **_options):
            raise ApiError("The API server https://memory cannot be reached", transient=True)

        self.get = self.list = self.evict = away
        away()

    def come(self, pod):
        self.pods[pod["metadata"]["uid"]] = pod
        self.tell("ADDED", pod)

    def tell(self, kind, pod):
        pod["metadata"].setdefault("resourceVersion", "2")
        self.events.put((kind, pod))


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(drain, "SECOND_LOOK", 0.2)


@pytest.fixture
def node(make_node):
    return make_node(unschedulable=True)


STRICT = Policy(delete_emptydir_data=False, delete_unmanaged=False)


def request(timeout=10, grace_period=None, policy=STRICT):
    return drain.Request("w1", policy, timeout, grace_period, 50)


def run(cluster, **options):
    return drain.NodeDrain(cluster, request(**options)).run()


def actions(result):
    return {record["name"]: (record["action"], record["gone"]) for record in result["pods"]}


def test_a_node_is_emptied(node, make_pod):
    cluster = MemoryCluster(
        node,
        [
            make_pod("web-1"),
            make_pod("web-2"),
            make_pod("agent", "DaemonSet/agent"),
            make_pod("backup", "Job/backup", phase="Succeeded"),
        ],
    )
    result = run(cluster)
    assert result["changed"]
    assert result["actions"] == ["Delete pod shop/backup", "Evict pod shop/web-1", "Evict pod shop/web-2"]
    assert actions(result) == {
        "agent": ("leave", False),
        "backup": ("delete", True),
        "web-1": ("evict", True),
        "web-2": ("evict", True),
    }


def test_a_daemon_set_is_looked_at_and_not_believed_by_name(node, make_pod):
    """One that is younger than the drain is found, too."""
    stray = make_pod("stray", "DaemonSet/agent", owner_uid="uid-former")
    cluster = MemoryCluster(node, [make_pod("web-1"), make_pod("agent", "DaemonSet/agent"), stray])
    with pytest.raises(drain.DrainError, match="shop/stray .belongs to a DaemonSet that is gone.*Nothing was evicted"):
        run(cluster)
    young = make_pod("young", "DaemonSet/young")

    def come_late():
        if len(cluster.evictions) == 2 and young["metadata"]["uid"] not in cluster.pods:
            cluster.daemon_sets.append(daemons.Daemon("uid-young", "shop", {}))
            cluster.pods[young["metadata"]["uid"]] = young

    cluster.on_listing = come_late
    assert actions(run(cluster, policy=Policy(False, True))) == {
        "web-1": ("evict", True),
        "agent": ("leave", False),
        "stray": ("evict", True),
        "young": ("leave", False),
    }


def test_an_empty_node_is_no_change(node, make_pod):
    result = run(MemoryCluster(node, [make_pod("agent", "DaemonSet/agent")]))
    assert (result["changed"], result["actions"]) == (False, [])


@pytest.mark.parametrize("grace", [None, 0, 30])
def test_the_grace_period_goes_through_as_it_is(node, make_pod, grace):
    cluster = MemoryCluster(node, [make_pod("web-1")])
    run(cluster, grace_period=grace)
    assert cluster.evictions == [("web-1", grace, False)]


def test_refused_pods_fail_before_anything_is_evicted(node, make_pod):
    cluster = MemoryCluster(node, [make_pod("web-1"), make_pod("lonely", "")])
    with pytest.raises(drain.DrainError, match="shop/lonely .*no controller.*Nothing was evicted") as caught:
        run(cluster)
    assert cluster.evictions == []
    assert caught.value.result["changed"] is False
    assert {record["name"]: record["action"] for record in caught.value.result["pods"]}["lonely"] == "refuse"
    run(cluster, policy=Policy(False, True))
    assert sorted(cluster.evictions) == [("lonely", None, False), ("web-1", None, False)]


def test_a_node_that_is_not_cordoned_is_not_drained(make_node, make_pod):
    cluster = MemoryCluster(make_node(), [make_pod("web-1")])
    with pytest.raises(FleetError, match="Node w1 is not cordoned"):
        run(cluster)
    assert cluster.evictions == []


@pytest.fixture
def refused_twice(node, make_pod, make_budget):
    """A cluster whose budget refuses two evictions, and tells after each what `told` says."""

    def make(told):
        budget = make_budget("web", {"matchLabels": {"app": "web"}})
        budget["metadata"]["resourceVersion"] = "2"
        cluster = MemoryCluster(node, [make_pod("web-1", labels={"app": "web"})], [budget])
        answers = [too_many(), too_many()]

        def evict(pod, dry_run):
            if answers:
                cluster.budget_events.put(told(budget))
                raise answers.pop()
            cluster.end(pod)

        cluster.on_evict = evict
        return cluster

    return make


def room(budget, allowed=1):
    return "MODIFIED", {**budget, "status": {"disruptionsAllowed": allowed}}


@pytest.mark.parametrize(
    "told",
    [room, lambda budget: ("DELETED", budget), lambda budget: ApiError("denied", status=403)],
    ids=["told", "deleted", "not told"],
)
def test_a_budget_is_waited_for(refused_twice, told):
    cluster = refused_twice(told)
    result = run(cluster)
    assert len(cluster.evictions) == 3
    assert [(record["gone"], record["blocked_by"]) for record in result["pods"]] == [(True, "shop/web")]


def test_a_budget_without_room_is_not_asked(refused_twice):
    cluster = refused_twice(lambda budget: room(budget, 0))
    with pytest.raises(drain.DrainError):
        run(cluster, timeout=3)
    assert len(cluster.evictions) == 1


def test_what_does_not_leave_is_a_failure_with_names(node, make_pod):
    cluster = MemoryCluster(node, [make_pod("web-1"), make_pod("db-1")])

    def evict(pod, dry_run):
        if pod["metadata"]["name"] == "web-1":
            raise too_many()
        cluster.end(pod)

    cluster.on_evict = evict
    expected = (
        "still has 1 pods after 1 seconds .*shop/web-1 .The disruption budget shop/web needs 2 .*1 pods have left it"
    )
    with pytest.raises(drain.DrainError, match=expected) as caught:
        run(cluster, timeout=1)
    assert caught.value.result["changed"] is True


def test_a_terminating_pod_is_waited_for_and_not_evicted(node, make_pod):
    pod = make_pod("web-1", metadata={"deletionTimestamp": "now"})
    cluster = MemoryCluster(node, [pod])
    cluster.end(pod)
    cluster.pods[pod["metadata"]["uid"]] = pod
    cluster.on_listing = lambda: cluster.pods.pop(pod["metadata"]["uid"], None) if cluster.events.empty() else None
    result = run(cluster)
    assert cluster.evictions == []
    assert actions(result) == {"web-1": ("wait", True)}
    assert result["changed"] is False


@pytest.mark.parametrize(
    "answer",
    [
        ApiError("gone", status=404, body={"kind": "Status"}),
        ApiError("no", status=403, body={"details": {"causes": [{"reason": "NamespaceTerminating", "message": ""}]}}),
        ApiError("the UID in the precondition does not match", status=409, body={"kind": "Status"}),
    ],
    ids=["404", "namespace terminating", "409"],
)
def test_answers_for_a_pod_that_is_no_longer_there(node, make_pod, answer):
    cluster = MemoryCluster(node, [make_pod("web-1")])

    def evict(pod, dry_run):
        cluster.end(pod)
        raise answer

    cluster.on_evict = evict
    assert actions(run(cluster)) == {"web-1": ("evict", True)}


@pytest.mark.parametrize("code", [401, 404, 409, 410, 429, 500])
def test_a_webhook_that_denies_by_any_status_is_told_as_that_and_holds_up_its_pod_alone(
    server, cluster, make_pod, code
):
    """It may hand on what it did not find itself; 404 is no word on the pod, and 401 none on the token."""
    said = 'admission webhook "evict.example" denied the request: nodes "w9" not found'
    server.will(code, {"kind": "Status", "code": code, "message": said})
    pod = drain_plan.classify(make_pod("web-1"), Policy(False, False), [])
    refusal = drain.Evictor(cluster, None)(pod)
    assert (refusal.hold, refusal.why, refusal.budget) == (drain.DENIED, said, None)
    assert len(server.requests) == 1


def test_a_proxy_that_ends_each_watch_at_once_neither_hides_what_left_nor_lets_the_server_be_flooded(node, make_pod):
    pod = make_pod("web-1")
    cluster = MemoryCluster(node, [pod])
    watched = []

    def watch(path, query, version, seconds):
        watched.append(path)
        yield from ()

    cluster.watch = watch
    cluster.on_evict = lambda pod, dry_run: cluster.pods.clear()
    assert actions(run(cluster, timeout=10)) == {"web-1": ("evict", True)}
    assert len(watched) < 10


def test_a_budget_that_cannot_be_computed_is_told_as_that(node, make_pod, make_budget):
    budget = make_budget("web", {})
    budget["status"] = {"conditions": [{"reason": "SyncFailed", "message": "no controller has a scale."}]}
    cluster = MemoryCluster(node, [make_pod("web-1")], [budget])

    def evict(pod, dry_run):
        raise too_many()

    cluster.on_evict = evict
    with pytest.raises(drain.DrainError, match="it cannot be computed: no controller has a scale.*give the pods of"):
        run(cluster, timeout=1)
    assert "cannot be computed" in drain.NodeDrain(cluster, request()).rehearse()["pods"][0]["reason"]


def test_pods_that_a_kubelet_does_not_end_are_told_as_that(make_node, make_pod):
    cluster = MemoryCluster(make_node(unschedulable=True, ready="Unknown"), [make_pod("web-1")])
    cluster.on_evict = cluster.begin_to_end
    expected = "web-1 .is terminating: the node is not Ready, and only its kubelet .*kubelet of the node"
    with pytest.raises(drain.DrainError, match=expected):
        run(cluster, timeout=1)


def test_a_pod_whose_eviction_deletes_nothing_is_not_said_to_end(node, make_pod):
    cluster = MemoryCluster(node, [make_pod("web-1")])
    cluster.on_evict = lambda pod, dry_run: None
    expected = "web-1 .its eviction was accepted, but it is not terminating.*0 pods have .*, and 1 more were told to"
    with pytest.raises(drain.DrainError, match=expected):
        run(cluster, timeout=1)


def test_what_was_not_told_is_seen_by_the_last_look(node, make_pod):
    """The watch has died without a word, and the pod has left."""
    cluster = MemoryCluster(node, [make_pod("web-1")])
    cluster.tell = lambda kind, pod: None
    assert actions(run(cluster, timeout=1)) == {"web-1": ("evict", True)}


def test_an_api_server_that_is_away_at_the_end_is_told_with_what_was_seen_last(node, make_pod):
    cluster = MemoryCluster(node, [make_pod("web-1")])
    cluster.on_evict = cluster.go_away
    expected = (
        "cannot be reached. When node w1 was seen last, 1 pods had to leave it: shop/web-1 .*still cordoned is not"
    )
    with pytest.raises(drain.DrainError, match=expected):
        run(cluster, timeout=1)


@pytest.mark.parametrize(
    "change, said",
    [
        (
            {"metadata": {"name": "w1", "uid": "another"}},
            "w1 was made anew while it was drained.*The node stays cordoned",
        ),
        ({"spec": {}}, "w1 was uncordoned by somebody while it was drained.*The node is not cordoned any more"),
    ],
)
def test_a_pod_that_comes_asks_for_the_cordon_first(node, make_pod, change, said):
    cluster = MemoryCluster(node, [make_pod("web-1")])

    def evict(pod, dry_run):
        cluster.node = dict(node, **change)
        cluster.come(make_pod("web-2"))
        raise too_many()

    cluster.on_evict = evict
    with pytest.raises(drain.DrainError, match=said):
        run(cluster)
    assert [name for name, _grace, _dry in cluster.evictions] == ["web-1"]


def test_a_node_that_was_uncordoned_is_not_said_to_stay_cordoned(node, make_pod):
    cluster = MemoryCluster(node, [make_pod("web-1")])

    def evict(pod, dry_run):
        cluster.node = dict(node, spec={})
        raise too_many()

    cluster.on_evict = evict
    with pytest.raises(
        drain.DrainError, match="still has 1 pods .*The node is not cordoned any more, nothing was evicted"
    ):
        run(cluster, timeout=1)


@pytest.mark.parametrize("late", [False, True], ids=["before", "in the middle"])
def test_a_node_that_is_not_there_is_not_said_to_be_cordoned(node, make_pod, late):
    cluster = MemoryCluster(node, [make_pod("web-1")])
    looks = iter(range(10))

    def get(path, until=None):
        if "leases" not in path and next(looks) >= late:
            raise ApiError("not found", status=404, body={"kind": "Status"})
        return MemoryCluster.get(cluster, path, until)

    cluster.get = get
    with pytest.raises(drain.DrainError, match="There is no node w1") as caught:
        run(cluster)
    assert ("1 pods have left the node" if late else "Nothing was evicted") in str(caught.value)
    assert "cordoned" not in str(caught.value)


def test_a_pod_that_is_deleted_is_marked_before_as_an_eviction_marks_it(node, make_pod):
    cluster = MemoryCluster(node, [make_pod("web-1", "Job/web")])

    def evict(pod, dry_run):
        raise ApiError("no", status=403, body={"message": 'admission webhook "evict.example" denied the request: no'})

    cluster.on_evict = evict
    assert actions(run(cluster, policy=Policy(False, False, delete_plan.parse(["Job"])))) == {"web-1": ("evict", True)}
    assert cluster.deletions == [("web-1", drain.DELETION), ("web-1", None)]


def test_a_missing_permission_ends_the_drain(node, make_pod):
    cluster = MemoryCluster(node, [make_pod("web-1")])

    def evict(pod, dry_run):
        raise ApiError("robot may not create pods/eviction", status=403, todo="Grant it")

    cluster.on_evict = evict
    with pytest.raises(drain.DrainError, match="robot may not .*stays cordoned, 0 pods have left it. Grant it"):
        run(cluster)


def test_a_broken_watch_is_taken_up_again(node, make_pod):
    cluster = MemoryCluster(node, [make_pod("web-1")])

    def evict(pod, dry_run):
        del cluster.pods[pod["metadata"]["uid"]]
        cluster.events.put(ApiError("reset by peer", transient=True))

    cluster.on_evict = evict
    assert actions(run(cluster)) == {"web-1": ("evict", True)}


def test_a_pod_that_came_late_leaves_too(node, make_pod):
    cluster = MemoryCluster(node, [make_pod("web-1")])
    late = make_pod("web-9")
    looks = []

    def come_late():
        looks.append(1)
        if len(looks) == 2:
            cluster.pods[late["metadata"]["uid"]] = late

    cluster.on_listing = come_late
    assert actions(run(cluster)) == {"web-1": ("evict", True), "web-9": ("evict", True)}


def test_a_pod_that_its_owner_puts_back_at_once_leaves_before_drained_is_said(node, make_pod):
    cluster = MemoryCluster(node, [make_pod("web-0")])
    back = make_pod("web-0")

    def evict(pod, dry_run):
        cluster.end(pod)
        if pod is not back:
            threading.Timer(0.05, cluster.come, [back]).start()

    cluster.on_evict = evict
    result = run(cluster)
    assert (len(result["pods"]), cluster.pods) == (2, {})


def test_an_eviction_that_fails_for_the_moment_holds_up_nobody_else(node, make_pod):
    """More of them than threads of old, first in the list; the others leave at once."""
    said = 'failed calling webhook "evict.example": Post "https://hook/validate": context deadline exceeded'
    cluster = MemoryCluster(node, [*(make_pod(f"held-{number}") for number in range(20)), make_pod("free")])

    def evict(pod, dry_run):
        if pod["metadata"]["name"] != "free":
            raise ApiError(said, status=500, body={"message": said}, transient=True)
        cluster.end(pod)

    cluster.on_evict = evict
    with pytest.raises(drain.DrainError, match="still has 20 pods .*webhook .*answers again") as caught:
        run(cluster, timeout=2)
    records = {record["name"]: record for record in caught.value.result["pods"]}
    assert records.pop("free")["gone"]
    assert {(record["reason"], record["gone"]) for record in records.values()} == {(said, False)}


def test_a_pod_that_comes_back_for_ever_is_a_failure(node, make_pod):
    cluster = MemoryCluster(node, [make_pod("web-0")])

    def evict(pod, dry_run):
        cluster.end(pod)
        cluster.come(make_pod("web-0"))

    cluster.on_evict = evict
    with pytest.raises(drain.DrainError, match="Pods of ReplicaSet/web of namespace shop keep coming back"):
        run(cluster)
    assert len(cluster.evictions) == drain.RETURNS + 1


def test_an_uncordon_in_the_middle_is_a_failure(node, make_pod):
    cluster = MemoryCluster(node, [make_pod("web-1")])

    def evict(pod, dry_run):
        node["spec"] = {}
        cluster.end(pod)

    cluster.on_evict = evict
    with pytest.raises(drain.DrainError, match="was uncordoned by somebody"):
        run(cluster)


def test_a_rehearsal_gives_the_same_table_and_evicts_nothing(make_node, make_pod, make_budget):
    pods = [make_pod("web-1", labels={"app": "web"}), make_pod("web-2"), make_pod("agent", "DaemonSet/agent")]
    cluster = MemoryCluster(make_node(), pods, [make_budget("web", {"matchLabels": {"app": "web"}})])

    def evict(pod, dry_run):
        assert dry_run
        if pod["metadata"]["name"] == "web-1":
            raise too_many()

    cluster.on_evict = evict
    result = drain.NodeDrain(cluster, request()).rehearse()
    assert result["actions"] == ["Evict pod shop/web-1", "Evict pod shop/web-2"]
    assert {record["name"]: record["blocked_by"] for record in result["pods"]} == {
        "agent": None,
        "web-1": "shop/web",
        "web-2": None,
    }
    assert len(cluster.pods) == 3


def test_a_drain_that_has_lost_its_node_evicts_nobody_more(make_node, make_pod, monkeypatch):
    monkeypatch.setattr(drain, "OWNER_SECONDS", 0)
    cluster = MemoryCluster(make_node(unschedulable=True), [make_pod(f"web-{number}") for number in range(9)])
    cluster.holders = itertools.chain(["run-1@here"] * 3, itertools.repeat("run-2@there"))
    request = drain.Request("w1", Policy(False, False), 60, None, 2, run="run-1@here")
    with pytest.raises(drain.DrainError, match="does not hold the lease of node w1") as caught:
        drain.NodeDrain(cluster, request).run()
    assert 0 < len(cluster.evictions) < 9
    assert "The node stays cordoned" in str(caught.value)


def test_volumes_that_stay_say_of_the_cordon_what_is_seen_then(node, make_pod, monkeypatch):
    cluster = MemoryCluster(node, [make_pod()])

    def wait(*_all):
        node["spec"].pop("unschedulable")
        return [{"name": "a", "volume": "v", "attacher": "csi", "reason": "", "gone": False}]

    monkeypatch.setattr(drain.volumes, "wait", wait)
    with pytest.raises(drain.DrainError, match="The node is not cordoned any more, 1 pods have left it"):
        drain.NodeDrain(cluster, request()._replace(wait_for_volumes=True)).run()

# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

import json
from pathlib import Path

import pytest
from ansible_collections.osmigrate.fleet.plugins.module_utils._kube import drain_plan
from ansible_collections.osmigrate.fleet.plugins.module_utils._kube.drain_plan import Policy, classify, selects

STRICT = Policy(delete_emptydir_data=False, delete_unmanaged=False)
LOOSE = Policy(delete_emptydir_data=True, delete_unmanaged=True)
TERMINATING = {"deletionTimestamp": "2026-11-21T15:00:00Z"}
MIRROR = {"annotations": {drain_plan.MIRROR: "hash"}}
SCRATCH = [{"name": "scratch", "emptyDir": {}}]

# What the pod is like, what a strict drain does with it, and what a loose one.
CASES = [
    ("a replica", {}, "evict", "evict"),
    ("a replica with other volumes", {"volumes": [{"name": "x", "configMap": {}}]}, "evict", "evict"),
    ("pending", {"phase": "Pending"}, "evict", "evict"),
    ("of a DaemonSet", {"owner": "DaemonSet/agent"}, "leave", "leave"),
    ("of a DaemonSet, with scratch", {"owner": "DaemonSet/agent", "volumes": SCRATCH}, "leave", "leave"),
    ("of a DaemonSet, failed", {"owner": "DaemonSet/agent", "phase": "Failed"}, "leave", "leave"),
    ("of a DaemonSet, terminating", {"owner": "DaemonSet/agent", "metadata": TERMINATING}, "leave", "leave"),
    ("of a DaemonSet that is gone", {"owner": "DaemonSet/agent", "owned": "orphaned"}, "refuse", "evict"),
    ("of a DaemonSet that is gone, terminating",
     {"owner": "DaemonSet/agent", "owned": "orphaned", "metadata": TERMINATING}, "wait", "wait"),
    ("of a DaemonSet that is gone, failed",
     {"owner": "DaemonSet/agent", "owned": "orphaned", "phase": "Failed"}, "delete", "delete"),
    ("of a DaemonSet that does not want the node", {"owner": "DaemonSet/agent", "owned": "unwanted"}, "evict", "evict"),
    ("of a DaemonSet that does not want the node, with scratch",
     {"owner": "DaemonSet/agent", "owned": "unwanted", "volumes": SCRATCH}, "refuse", "evict"),
    ("a mirror", {"owner": "Node/w1", "metadata": MIRROR}, "leave", "leave"),
    ("terminating", {"metadata": TERMINATING}, "wait", "wait"),
    ("terminating and unmanaged", {"owner": "", "metadata": TERMINATING}, "wait", "wait"),
    ("succeeded", {"owner": "Job/backup", "phase": "Succeeded"}, "delete", "delete"),
    ("failed", {"owner": "Job/backup", "phase": "Failed"}, "delete", "delete"),
    ("succeeded, unmanaged, with scratch", {"owner": "", "phase": "Succeeded", "volumes": SCRATCH}, "delete", "delete"),
    ("unmanaged", {"owner": ""}, "refuse", "evict"),
    ("with scratch", {"volumes": SCRATCH}, "refuse", "evict"),
    ("unmanaged with scratch", {"owner": "", "volumes": SCRATCH}, "refuse", "evict"),
]  # fmt: skip


@pytest.mark.parametrize("like, strictly, loosely", [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_classify(make_pod, like, strictly, loosely):
    owned = {"owned": like["owned"]} if "owned" in like else {}
    pod = make_pod(**{key: value for key, value in like.items() if key != "owned"})
    assert classify(pod, STRICT, [], **owned).action == strictly
    assert classify(pod, LOOSE, [], **owned).action == loosely


def test_one_permission_does_not_stand_for_the_other(make_pod):
    pod = make_pod(owner="", volumes=SCRATCH)
    assert classify(pod, Policy(True, False), []).reason == "has no controller that would start it again"
    assert classify(pod, Policy(False, True), []).reason == "would lose the data of its emptyDir volume"
    assert " and " in classify(pod, STRICT, []).reason
    orphan = make_pod(owner="DaemonSet/agent")
    assert classify(orphan, Policy(True, False), [], drain_plan.ORPHANED).reason == (
        "belongs to a DaemonSet that is gone, so nothing would start it again"
    )


def test_owner_that_is_no_controller_does_not_manage(make_pod):
    pod = make_pod(metadata={"ownerReferences": [{"kind": "Backup", "name": "b"}]})
    assert classify(pod, STRICT, []).action == "refuse"


def test_a_finalizer_is_named(make_pod):
    pod = make_pod(metadata={**TERMINATING, "finalizers": ["example.com/hold"]})
    assert classify(pod, STRICT, []).reason == "is terminating, held by the finalizer example.com/hold"


def test_budgets_of_a_pod(make_pod, make_budget):
    pod = make_pod(labels={"app": "web"})
    covering = make_budget("web", {"matchLabels": {"app": "web"}})
    other = make_budget("db", {"matchLabels": {"app": "db"}})
    elsewhere = make_budget("web", {}, namespace="other")
    assert classify(pod, STRICT, [covering, other, elsewhere]).budgets == ("shop/web",)
    everything = make_budget("all", {})
    refused = classify(pod, LOOSE, [covering, everything])
    assert (refused.action, refused.budgets) == ("refuse", ("shop/web", "shop/all"))
    assert refused.reason.endswith("disruption budget, which the eviction API cannot do (shop/web and shop/all)")


@pytest.mark.parametrize(
    "like", [{"phase": "Pending"}, {"phase": "Failed"}, {"metadata": TERMINATING}], ids=["pending", "failed", "leaving"]
)
def test_no_budget_covers_what_the_eviction_api_asks_none_for(make_pod, make_budget, like):
    """kubectl drain gets such a pod away under two budgets, and from one that allows nothing."""
    pod = make_pod(labels={"app": "web"}, **like)
    planned = classify(pod, LOOSE, [make_budget("web", {"matchLabels": {"app": "web"}}), make_budget("all", {})])
    assert planned.budgets == ()
    assert planned.action in ("evict", "delete", "wait")


@pytest.mark.parametrize(
    ("selector", "covers"),
    [
        (None, False),
        ({}, True),
        ({"matchLabels": None, "matchExpressions": None}, True),
        ({"matchLabels": {}}, True),
        ({"matchLabels": {"app": ""}}, False),
        ({"matchLabels": {"app": "web"}, "matchExpressions": [{"key": "app", "operator": "DoesNotExist"}]}, False),
        ({"matchExpressions": [{"key": "app", "operator": "Exists", "values": None}]}, True),
        ({"matchExpressions": [{"key": "app", "operator": "NotIn", "values": ["db"]}]}, True),
    ],
)
def test_selectors_of_budgets_in_odd_forms(make_pod, make_budget, selector, covers):
    planned = classify(make_pod(labels={"app": "web"}), STRICT, [make_budget("odd", selector)])
    assert bool(planned.budgets) is covers


def test_recorded_pods():
    recorded = Path(__file__).parents[3] / "fixtures/kube"
    pods, budgets = (json.loads((recorded / name).read_text())["items"] for name in ("pods.json", "budgets.json"))
    planned = [classify(pod, STRICT, budgets) for pod in pods]
    assert {(pod.name.split("-")[0], pod.owner.split("/")[0], pod.action, pod.budgets) for pod in planned} == {
        ("agent", "DaemonSet", "leave", ()),
        ("store", "StatefulSet", "evict", ()),
        ("web", "ReplicaSet", "evict", ("demo/web",)),
    }


@pytest.mark.parametrize(
    "expression, matches",
    [
        ({"key": "app", "operator": "In", "values": ["web", "db"]}, True),
        ({"key": "app", "operator": "In", "values": ["db"]}, False),
        ({"key": "absent", "operator": "In", "values": ["x"]}, False),
        ({"key": "app", "operator": "NotIn", "values": ["db"]}, True),
        ({"key": "app", "operator": "NotIn", "values": ["web"]}, False),
        ({"key": "absent", "operator": "NotIn", "values": ["x"]}, True),
        ({"key": "app", "operator": "Exists"}, True),
        ({"key": "absent", "operator": "Exists"}, False),
        ({"key": "app", "operator": "DoesNotExist"}, False),
        ({"key": "absent", "operator": "DoesNotExist"}, True),
    ],
)
def test_selector_expressions(expression, matches):
    assert selects({"matchExpressions": [expression]}, {"app": "web"}) is matches


def test_no_selector_selects_nothing_and_an_empty_one_everything():
    assert not selects(None, {"app": "web"})
    assert selects({}, {"app": "web"})


def test_messages_stay_readable_and_tell_a_reason_once(make_pod):
    pods = [classify(make_pod(f"web-{number}"), STRICT, []) for number in range(12)]
    assert drain_plan.enumerate_pods(pods).endswith("shop/web-9 and 2 more")
    held = [pod._replace(reason="its webhook is away") for pod in pods[:7]] + [pods[8]._replace(reason="ends")]
    told = drain_plan.enumerate_pods(held)
    assert told == (
        "shop/web-0, shop/web-1, shop/web-2, shop/web-3, shop/web-4 and 2 more (its webhook is away), shop/web-8 (ends)"
    )
    many = [pod._replace(reason=str(number)) for number, pod in enumerate(pods)]
    assert drain_plan.enumerate_pods(many).endswith("shop/web-9 (9), and 2 more")

# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

import pytest
from ansible_collections.osmigrate.fleet.plugins.module_utils._errors import FleetError
from ansible_collections.osmigrate.fleet.plugins.module_utils._kube import delete_plan, drain_plan

LABELS = {"app": "web", "app.kubernetes.io/part-of": "shop"}

# The entries, whether a budget covers the pod, and the entry that lets it be deleted.
CASES = [
    ([], False, ""),
    (["shop/app=web"], True, "shop/app=web"),
    (["shop/app==web"], True, "shop/app==web"),
    (["shop/app=web,tier!=gold"], True, "shop/app=web,tier!=gold"),
    (["shop/app=web,tier=gold"], True, ""),
    (["shop/app!=web"], True, ""),
    (["shop/app.kubernetes.io/part-of=shop"], True, "shop/app.kubernetes.io/part-of=shop"),
    (["other/app=web"], False, ""),
    (["ReplicaSet"], False, "ReplicaSet"),
    (["ReplicaSet"], True, ""),
    (["Replica"], False, ""),
    (["ReplicaSet", "shop/app=web"], False, "shop/app=web"),
]


@pytest.mark.parametrize("entries, covered, expected", CASES)
def test_which_entry_lets_a_pod_be_deleted(make_pod, entries, covered, expected):
    pod = make_pod(labels=LABELS)
    assert delete_plan.allowing(pod, "ReplicaSet/web", covered, delete_plan.parse(entries)) == expected


@pytest.mark.parametrize("entry", ["", "shop/", "shop", "job", "/app=web", "shop/app", "Shop/app=web", "shop/app=a b"])
def test_what_names_no_pods_is_refused(entry):
    with pytest.raises(FleetError, match="does not name pods that may be deleted. .*Write namespace/label=value"):
        delete_plan.parse([entry])


def test_pods_under_several_budgets_are_refused_unless_they_are_named(make_pod, make_budget):
    pod = make_pod(labels=LABELS)
    budgets = [make_budget("web", {}), make_budget("all", {})]

    def classify(*entries):
        policy = drain_plan.Policy(False, False, delete_plan.parse(entries))
        decided = drain_plan.classify(pod, policy, budgets)
        return decided.action, decided.deletable_by

    assert classify() == ("refuse", "")
    assert classify("ReplicaSet") == ("refuse", "")
    assert classify("shop/app=web") == ("evict", "shop/app=web")


def test_only_pods_that_are_evicted_are_ever_deleted(make_pod):
    policy = drain_plan.Policy(False, False, delete_plan.parse(["shop/app=web"]))
    for like in ({"owner": ""}, {"phase": "Failed"}, {"metadata": {"deletionTimestamp": "now"}}):
        assert drain_plan.classify(make_pod(labels=LABELS, **like), policy, []).deletable_by == ""

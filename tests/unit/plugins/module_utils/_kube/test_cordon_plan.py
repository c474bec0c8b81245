# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

import pytest
from ansible_collections.osmigrate.fleet.plugins.module_utils._kube import cordon_plan, times
from ansible_collections.osmigrate.fleet.plugins.module_utils._kube.cordon_plan import (
    AT,
    BY,
    PRIOR,
    SECONDS,
    plan_cordon,
    plan_uncordon,
)

NOW = 1_700_000_000
STAMP = "2023-11-14T22:13:20Z"
OURS = {BY: "r1", PRIOR: "false", AT: STAMP}
PRE_CORDONED = {**OURS, PRIOR: "true"}
FRESH = {BY: "r2", PRIOR: "false", AT: STAMP}

# name, unschedulable, annotations, annotations written, spec written
CORDON = [
    ("free", None, {}, FRESH, True),
    ("cordoned by somebody else", True, {}, {**FRESH, PRIOR: "true"}, None),
    ("ours, of an earlier rollout", True, OURS, {BY: "r2"}, None),
    ("ours, of an earlier rollout without an id", True, {**OURS, BY: ""}, {BY: "r2"}, None),
    ("ours already", True, {**OURS, BY: "r2"}, None, None),
    ("ours, uncordoned by an operator", None, {**PRE_CORDONED, BY: "r2"}, FRESH, True),
]


@pytest.mark.parametrize("cordoned, notes, written, spec", [case[1:] for case in CORDON], ids=[c[0] for c in CORDON])
def test_cordon(make_node, cordoned, notes, written, spec):
    plan = plan_cordon(make_node(annotations=notes, unschedulable=cordoned), "r2", NOW)
    expected = {} if written is None else {"metadata": {"annotations": written}}
    if spec:
        expected["spec"] = {"unschedulable": True}
    assert plan.patch == expected
    assert bool(plan.actions) is (written is not None)


GONE = {BY: None, PRIOR: None, AT: None, SECONDS: "90"}
UNCORDON = [
    ("free", None, {}, None, False),
    ("cordoned by somebody else", True, {}, None, False),
    ("made foreign by an operator", True, {PRIOR: "false", AT: STAMP}, None, False),
    ("ours", True, OURS, GONE, True),
    ("ours on a node that was cordoned before", True, PRE_CORDONED, GONE, False),
    ("ours, uncordoned by an operator", None, OURS, GONE, False),
    ("ours, with a date that nobody can read", True, {BY: "r1", AT: "yesterday"}, {BY: None, AT: None}, True),
]


@pytest.mark.parametrize("cordoned, notes, written, lifted", [c[1:] for c in UNCORDON], ids=[c[0] for c in UNCORDON])
def test_uncordon(make_node, cordoned, notes, written, lifted):
    node = make_node(annotations=notes, unschedulable=cordoned)
    plan = plan_uncordon(node, "osmigrate.fleet", NOW + 90)
    assert plan.patch.get("metadata", {}).get("annotations") == written
    assert ("spec" in plan.patch) is lifted
    assert plan.seconds == (90 if written and SECONDS in written else None)


def managed_by(manager):
    return [
        {"manager": "kubelet", "fieldsV1": {"f:status": {}}},
        {"manager": manager, "fieldsV1": {"f:spec": {"f:unschedulable": {}}}},
    ]


@pytest.mark.parametrize("manager, lifted", [("osmigrate.fleet", True), ("kubectl-cordon", False)])
def test_who_cordoned_again_after_an_uncordon_owns_it(make_node, manager, lifted):
    node = make_node(annotations=OURS, unschedulable=True)
    node["metadata"]["managedFields"] = managed_by(manager)
    plan = plan_uncordon(node, "osmigrate.fleet", NOW)
    assert ("spec" in plan.patch) is lifted
    assert plan.patch["metadata"]["annotations"][BY] is None


def test_a_clock_that_went_back_is_no_negative_time(make_node):
    assert plan_uncordon(make_node(annotations=OURS, unschedulable=True), "osmigrate.fleet", NOW - 5).seconds == 0


def test_stamps_can_be_read_back():
    assert times.stamp(NOW) == STAMP
    assert times.parse(STAMP) == NOW


def test_what_a_node_had_for_pods_is_kept_as_long_as_our_cordon(make_node):
    node = make_node()
    node["status"]["allocatable"] = {"cpu": "4", "hugepages-2Mi": "1Gi"}
    noted = plan_cordon(node, "r1", NOW).patch["metadata"]["annotations"][cordon_plan.RESOURCES]
    assert noted == '{"cpu":"4","hugepages-2Mi":"1Gi"}'
    node = make_node(annotations={**OURS, cordon_plan.RESOURCES: noted})
    node["status"]["allocatable"] = {"cpu": "4", "hugepages-2Mi": "0"}
    again = plan_cordon(node, "r1", NOW)
    assert cordon_plan.RESOURCES not in again.patch["metadata"]["annotations"]
    assert cordon_plan.noted_resources(node) == {"cpu": "4", "hugepages-2Mi": "1Gi"}
    node["spec"]["unschedulable"] = True
    back = plan_uncordon(node, "osmigrate.fleet", NOW)
    assert back.patch["metadata"]["annotations"][cordon_plan.RESOURCES] is None


def test_the_drivers_from_before_the_drain_are_kept_as_long_as_our_cordon(make_node):
    plan = plan_cordon(make_node(), "r1", NOW, ["a.csi", "b.csi"])
    assert plan.patch["metadata"]["annotations"][cordon_plan.DRIVERS] == "a.csi,b.csi"
    assert cordon_plan.DRIVERS not in plan_cordon(make_node(), "r1", NOW).patch["metadata"]["annotations"]
    notes = {**OURS, cordon_plan.DRIVERS: "a.csi,b.csi"}
    assert cordon_plan.noted_drivers(make_node(annotations=notes)) == ["a.csi", "b.csi"]
    uncordoned_meanwhile = plan_cordon(make_node(annotations=notes), "r1", NOW, ["a.csi"])
    assert cordon_plan.DRIVERS not in uncordoned_meanwhile.patch["metadata"]["annotations"]
    back = plan_uncordon(make_node(annotations=notes, unschedulable=True), "osmigrate.fleet", NOW)
    assert back.patch["metadata"]["annotations"][cordon_plan.DRIVERS] is None

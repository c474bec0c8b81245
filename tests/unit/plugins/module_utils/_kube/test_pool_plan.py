# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

import re

import pytest
from ansible_collections.osmigrate.fleet.plugins.module_utils import _errors
from ansible_collections.osmigrate.fleet.plugins.module_utils._kube import cordon_plan, pool_plan
from ansible_collections.osmigrate.fleet.plugins.module_utils._kube.drain_plan import selects
from ansible_collections.osmigrate.fleet.plugins.module_utils._kube.pool_plan import Claim, Held, Limits, Member, Pool

MINE = Claim("r1", "2026-11-21T10:00:40Z", "2026-11-21T10:00:40Z", "w1")


def members(count, zones="", **others):
    """Nodes w1, w2, ... that serve, but for what others say."""
    found = {}
    for number in range(1, count + 1):
        name = f"w{number}"
        zone = zones[number - 1] if zones else ""
        found[name] = Member(name, zone, True, True, None, None, None)._replace(**others.get(name, {}))
    return list(found.values())


def pool(*claimed, halt=None, failures=None):
    """A pool whose claims were made one after the other."""
    stamps = [f"2026-11-21T10:00:{at:02}Z" for at in range(len(claimed))]
    claims = {name: Claim("r1", stamp, stamp, name) for name, stamp in zip(claimed, stamps)}
    return Pool(claims, failures or {}, halt)


NOT_READY, CORDONED, OURS = {"ready": False}, {"schedulable": False}, {"schedulable": False, "cordoned_by": "r0"}

# What is allowed of how many: the limit in words or numbers.
LIMITS = [("1", 10, 1), ("3", 2, 3), ("10%", 30, 3), ("10%", 29, 2), ("10%", 2, 1), ("1%", 0, 1), ("100%", 7, 7)]


@pytest.mark.parametrize("limit, size, allowed", LIMITS)
def test_limits(limit, size, allowed):
    assert pool_plan.resolve(limit, size) == allowed


@pytest.mark.parametrize("limit", ["", "0", "0%", "101%", "-1", "1.5", "half", "10 %", "%"])
def test_limits_fail(limit):
    with pytest.raises(_errors.FleetError, match="is no limit of unavailable nodes"):
        pool_plan.resolve(limit, 10)


# Who is in the pool, who claimed, the limits, whether w1 may go, and who stands before it.
CLAIMS = [
    ("all serve", members(3), pool(), "1", None, True, []),
    ("one holds a place", members(3), pool("w2"), "1", None, False, ["w2"]),
    ("there is a second place", members(3), pool("w2"), "2", None, True, []),
    ("one is not Ready", members(3, w2=NOT_READY), pool(), "1", None, False, ["w2"]),
    ("one is cordoned by an operator", members(3, w3=CORDONED), pool(), "1", None, False, ["w3"]),
    ("one is cordoned by a dead run", members(3, w3=OURS), pool(), "1", None, False, ["w3"]),
    ("one node for two reasons is one", members(3, w2=NOT_READY), pool("w2"), "2", None, True, []),
    ("itself is not Ready", members(3, w1=NOT_READY), pool(), "1", None, True, []),
    ("itself is cordoned", members(3, w1=CORDONED), pool(), "1", None, True, []),
    ("a node that is no more", members(3), pool("w9"), "1", None, False, ["w9"]),
    ("its own", members(3), pool("w1"), "1", None, True, []),
    ("its own, others came later", members(3), pool("w1", "w2"), "1", None, True, []),
    ("its own, others came before", members(3), pool("w2", "w1"), "1", None, False, ["w2"]),
    ("its own, another broke down", members(3, w3=NOT_READY), pool("w1"), "1", None, False, ["w3"]),
    ("its own, first of two, one broke down", members(4, w4=NOT_READY), pool("w1", "w2"), "2", None, True, []),
    (
        "its own, last of two, one broke down",
        members(4, w4=NOT_READY),
        pool("w2", "w1"),
        "2",
        None,
        False,
        ["w2", "w4"],
    ),
    ("its zone is full", members(4, "abab"), pool("w3"), "3", "1", False, ["w3"]),
    ("another zone is full", members(4, "abab"), pool("w2"), "3", "1", True, []),
    ("half of its zone", members(4, "aaaa"), pool("w2"), "4", "50%", True, []),
    ("no zone", members(4), pool("w2"), "3", "1", True, []),
]


@pytest.mark.parametrize("nodes, found, limit, zone, goes, before", [c[1:] for c in CLAIMS], ids=[c[0] for c in CLAIMS])
def test_claim(nodes, found, limit, zone, goes, before):
    plan = pool_plan.plan_claim(found, nodes, "w1", Limits(limit, zone), MINE)
    assert (plan.full is None) is goes
    assert [one.node for one in plan.full[1]] == before if plan.full else before == []
    expected = dict(found.claims, w1=found.claims.get("w1", MINE)) if goes else found.claims
    assert plan.pool.claims == expected
    assert bool(plan.actions) is (goes and "w1" not in found.claims)


LATER = "2026-11-21T10:05:00Z"
HELD = [
    ("a moment ago", {}, None),
    ("minutes ago", {"asked": LATER}, "Note that the place of node w1 is still needed"),
    ("by another host name", {"host": "w1.lab"}, "Note that the place of node w1 is still needed"),
    ("for another rollout", {"rollout": "r2"}, "Take the place of node w1 over from rollout r1"),
]


@pytest.mark.parametrize("differently, action", [c[1:] for c in HELD], ids=[c[0] for c in HELD])
def test_whoever_runs_next_takes_the_place_over(differently, action):
    asking = MINE._replace(**differently)
    plan = pool_plan.plan_claim(pool("w1"), members(2), "w1", Limits("1", None), asking)
    assert plan.actions == ([action] if action else [])
    held = pool("w1").claims["w1"]
    assert plan.pool.claims["w1"] == (asking._replace(since=held.since) if action else held)


def test_whatever_the_order_no_more_get_a_place_than_there_are():
    nodes, found = members(20, w7=NOT_READY, w8=CORDONED), pool()
    for one in reversed(nodes):
        found = pool_plan.plan_claim(found, nodes, one.name, Limits("25%", None), MINE).pool
    assert len(pool_plan.occupants(found, nodes)) == 5


def test_every_reason_is_named():
    nodes = members(5, w2=NOT_READY, w3=CORDONED, w4=OURS)
    assert [(one.node, one.why) for one in pool_plan.occupants(pool("w5"), nodes)] == [
        ("w2", "is not Ready"),
        ("w3", "is cordoned by somebody else"),
        ("w4", "is cordoned for rollout r0"),
        ("w5", "holds a place for rollout r1 since 2026-11-21T10:00:00Z"),
    ]


def test_a_place_comes_back():
    found = pool("w1", "w2", failures={"w1": "r1"})
    freed = pool_plan.plan_release(found, "w1")
    assert (set(freed.pool.claims), freed.pool.failures) == ({"w2"}, {})
    assert freed.actions == ["Give the place of node w1 back", "Forget that node w1 failed"]
    assert pool_plan.plan_release(freed.pool, "w1").actions == []
    assert pool_plan.plan_release(found, "w1", failed=True).pool.failures == {"w1": "r1"}


# Failures so far, the node's rollout, the threshold, and whether that is enough.
FAILURES = [
    ("the first", {}, "r1", 3, False),
    ("the last straw", {"w2": "r1", "w3": "r1"}, "r1", 3, True),
    ("of other rollouts", {"w2": "r0", "w3": "r0"}, "r1", 3, False),
    ("the same node again", {"w1": "r1", "w2": "r1"}, "r1", 3, False),
    ("one is enough", {}, "r1", 1, True),
    ("none ever is", {"w2": "r1", "w3": "r1"}, "r1", 0, False),
]


@pytest.mark.parametrize("so_far, rollout, after, halts", [c[1:] for c in FAILURES], ids=[c[0] for c in FAILURES])
def test_failures_halt_the_pool(so_far, rollout, after, halts):
    plan = pool_plan.plan_failure(pool("w1", failures=so_far), "w1", rollout, after, "now")
    assert plan.pool.failures["w1"] == rollout
    assert "w1" in plan.pool.claims
    assert bool(plan.pool.halt) is halts
    if halts:
        names = ", ".join(sorted({*so_far, "w1"}))
        many = "1 node" if after == 1 else f"{after} nodes"
        assert plan.pool.halt["reason"] == f"{many} failed in rollout {rollout}: {names}"


def test_a_failure_without_a_claim_is_none():
    assert pool_plan.plan_failure(pool("w2"), "w1", "r1", 1, "now").actions == []


@pytest.mark.parametrize("claimed", [(), ("w1",)], ids=["before its claim", "after its claim"])
@pytest.mark.parametrize("so_far", [{}, {"w2": "r1", "w3": "r1"}], ids=["the first", "the last straw, if it counted"])
def test_what_holds_a_node_up_before_its_trial_is_kept_apart_and_halts_nobody(claimed, so_far):
    before = pool(*claimed, failures=so_far)
    plan = pool_plan.plan_held(before, "w1", "r1", "shop/web-1\x1b[2J (needs budget shop/web)\n", "now")
    assert plan.pool.held == {"w1": Held("r1", "now", "shop/web-1\\x1b[2J (needs budget shop/web)")}
    assert plan.pool._replace(held={}) == before
    assert plan.actions == ["Note what held node w1 up"]
    again = pool_plan.plan_held(plan.pool, "w1", "r1", "shop/web-1\x1b[2J (needs budget shop/web)", "later")
    assert (again.pool, again.actions) == (plan.pool, [])
    assert pool_plan.plan_release(plan.pool, "w1", failed=True).pool.held == plan.pool.held
    assert pool_plan.plan_release(plan.pool, "w1").pool.held == {}
    assert pool_plan.plan_failure(plan.pool._replace(claims={"w1": None}), "w1", "r1", 0, "now").pool.held == {}


def test_nodes_that_are_held_up_never_fill_their_object():
    found = pool_plan.EMPTY
    for number in range(pool_plan.MOST_HELD + 2):
        found = pool_plan.plan_held(found, f"w{number}", "r1", "x" * 5000, f"{number:05}").pool
    assert (len(found.held), "w1" in found.held, "w2" in found.held) == (pool_plan.MOST_HELD, False, True)
    assert max(len(one.why) for one in found.held.values()) == pool_plan.LONGEST_WHY


def test_halt_and_resume():
    halted = pool_plan.plan_halt(pool("w1", failures={"w2": "r1"}), "Bad kernel", "now").pool
    assert halted.halt == {"reason": "Bad kernel", "since": "now"}
    assert pool_plan.plan_halt(halted, "Bad kernel", "later").actions == []
    assert pool_plan.plan_failure(halted, "w1", "r1", 1, "later").pool.halt == halted.halt
    resumed = pool_plan.plan_resume(halted)
    assert (resumed.pool.halt, resumed.pool.failures, set(resumed.pool.claims)) == (None, {}, {"w1"})
    assert pool_plan.plan_resume(resumed.pool).actions == []


CONTROL = {"node-role.kubernetes.io/control-plane": ""}
POOLS = [
    ({}, "worker"),
    (CONTROL, "control-plane"),
    ({"pool": "general"}, "general"),
    ({"pool": "general", **CONTROL}, "control-plane"),
    ({"pool": "control-plane", **CONTROL}, "control-plane"),
    ({"pool": "control-plane"}, "control-plane"),
    ({"node-role.kubernetes.io/master": "", **CONTROL}, "control-plane"),
    ({"node-role.kubernetes.io/etcd": "true"}, "control-plane"),
    ({"node-role.kubernetes.io/controlplane": "true", "node-role.kubernetes.io/etcd": "true"}, "control-plane"),
    ({"node-role.kubernetes.io/controlplane": "true"}, "control-plane"),
    ({"node-role.kubernetes.io/api-server": ""}, "control-plane"),
    ({"kubernetes.io/role": "master"}, "control-plane"),
    ({"kubernetes.io/role": "master", "pool": "general", **CONTROL}, "control-plane"),
    ({"kubernetes.io/role": "agent", "pool": "general"}, "general"),
    ({"kubernetes.io/role": "node"}, "worker"),
    ({"pool": "worker"}, "worker"),
    ({"pool": ""}, "worker"),
]


@pytest.mark.parametrize("labels, name", POOLS)
def test_pools_and_the_selectors_that_find_their_nodes(make_node, labels, name):
    node = make_node()
    node["metadata"]["labels"] = labels
    assert pool_plan.pool_of(node, "pool") == name
    for other in ("worker", "control-plane", "general"):
        found = [selector for selector in pool_plan.selectors(other, "pool") if matches(selector, labels)]
        assert len(found) == (other == name)


def matches(selector, labels):
    """Whether a selector in the API's notation selects the labels."""
    expressions = []
    for term in re.split(r",(?![^(]*\))", selector):
        several = re.fullmatch(r"(\S+) (in|notin) \((.*)\)", term)
        if several:
            operator = {"in": "In", "notin": "NotIn"}[several[2]]
            expressions.append({"key": several[1], "operator": operator, "values": several[3].split(",")})
            continue
        key, equals, value = term.lstrip("!").partition("=")
        operator = "In" if equals else "DoesNotExist" if term.startswith("!") else "Exists"
        expressions.append({"key": key, "operator": operator, "values": [value]})
    return selects({"matchExpressions": expressions}, labels)


def test_what_counts_of_a_node(make_node):
    node = make_node(annotations={cordon_plan.BY: "r0"}, unschedulable=True, ready="Unknown")
    node["metadata"]["labels"] = {pool_plan.ZONE_LABEL: "a"}
    assert pool_plan.member(node) == Member("w1", "a", False, False, "r0", None, None)
    done = {"osmigrate.fleet/" + key: value for key, value in DONE.items()}
    assert pool_plan.member(make_node(annotations=done))[5:] == ("r1", 312)
    trial = {**done, "osmigrate.fleet/phase": "trial", "osmigrate.fleet/cordoned-seconds": "soon"}
    assert pool_plan.member(make_node(annotations=trial))[5:] == (None, None)


DONE = {"rollout": "r1", "phase": "done", "cordoned-seconds": "312"}


@pytest.mark.parametrize("said", ["²", "-1", "", "1e3", "9" * 5000, "86401", "٣", " 312"])
def test_what_a_kubelet_says_that_cannot_be_is_not_known(make_node, said):
    noted = {"osmigrate.fleet/" + key: value for key, value in {**DONE, "cordoned-seconds": said}.items()}
    assert pool_plan.member(make_node(annotations=noted)).seconds is None


def test_the_control_plane_goes_one_at_a_time():
    assert pool_plan.bounded("control-plane", Limits("50%", "2")) == Limits("1", "2")
    assert pool_plan.bounded("worker", Limits("50%", None)) == Limits("50%", None)

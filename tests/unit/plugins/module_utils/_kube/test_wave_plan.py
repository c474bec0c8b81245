# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which node is in which wave, what cannot be met, and when the next wave may begin."""

import pytest
from ansible_collections.osmigrate.fleet.plugins.module_utils._errors import FleetError
from ansible_collections.osmigrate.fleet.plugins.module_utils._kube import times, wave_plan, wave_policy

NOW = 1_795_910_400.0  # 2026-11-29 00:00:00 UTC


def some(many, pool="a", value="", prefix="w"):
    return [wave_plan.Candidate(f"{prefix}{number}", pool, value, 0, "") for number in range(1, many + 1)]


def planned(said, nodes, rollout="r"):
    return wave_plan.plan(wave_policy.read(said), nodes, rollout)


def sizes(said, nodes):
    return [len(one.nodes) for one in planned(said, nodes).waves]


@pytest.mark.parametrize(
    ("many", "waves"),
    [
        (1, [1]),
        (3, [1, 1, 1]),
        (60, [1, 4, 15, 15, 15, 10]),
        (600, [6, 24, 96, 150, 150, 150, 24]),
        (6000, [10, 40, 160, 640, 1500, 1500, 1500, 650]),
    ],
)
def test_the_default_policy_fits_every_fleet(many, waves):
    assert sizes({}, some(many)) == waves
    assert sum(waves) == many


@pytest.mark.parametrize(
    ("said", "waves"),
    [
        ({"canary": 2, "step": 3, "largest": 8}, [2, 5, 8, 5]),
        ({"canary": "10%", "factor": 2, "largest": "50%"}, [2, 4, 8, 6]),
        # A canary that is larger than the largest wave stays what was asked for.
        ({"canary": 6, "largest": 2}, [6, 6, 6, 2]),
        ({"canary": 1, "factor": 100, "largest": "100%"}, [1, 19]),
    ],
)
def test_waves_grow_as_is_said(said, waves):
    assert sizes(said, some(20)) == waves


def test_no_wave_has_nodes_of_two_racks_and_the_order_holds():
    nodes = [*some(3, value="r1", prefix="x"), *some(3, value="r2", prefix="y"), *some(1, value="r0", prefix="z")]
    waves = planned({"by": "example.com/rack", "order": ["r2"], "canary": 1, "factor": 9, "largest": 9}, nodes).waves
    assert [one.nodes for one in waves] == [["y1"], ["y2", "y3"], ["z1"], ["x1", "x2", "x3"]]


def test_pools_go_together_and_the_control_plane_last_or_never():
    nodes = [*some(4, "a"), *some(2, "b", prefix="v"), *some(3, "control-plane", prefix="c")]
    waves = planned({"canary": 3, "largest": 3}, nodes).waves
    assert [sorted(one.nodes) for one in waves] == [["v1", "w1", "w2"], ["v2", "w3", "w4"], ["c1"], ["c2"], ["c3"]]
    never = planned({"canary": 3, "largest": 3, "control_plane": "never"}, nodes)
    assert len(never.waves) == 2 and never.left_out == ["c1", "c2", "c3"]


def test_the_control_plane_alone_has_a_canary_that_soaks():
    waves = planned({"canary_soak": "4h"}, some(3, "control-plane", prefix="c")).waves
    assert [(one.nodes, one.soak) for one in waves] == [(["c1"], 14400), (["c2"], 0), (["c3"], 0)]


@pytest.mark.parametrize(
    ("racks", "said", "waves"),
    [
        # A share of all is cut to the first rack, and waves grow from what went there.
        ([2, 30], {"canary": "25%", "largest": "100%"}, [2, 8, 22]),
        # What is left over of a rack does not begin the growth anew.
        ([11, 12], {"canary": 2, "largest": 8}, [2, 8, 1, 8, 4]),
        ([3, 12], {"canary": 1, "step": 2, "largest": 8}, [1, 2, 4, 6, 2]),
    ],
)
def test_waves_of_racks_grow_from_the_largest_that_there_was(racks, said, waves):
    nodes = [one for rack, many in enumerate(racks) for one in some(many, value=f"r{rack}", prefix=f"r{rack}n")]
    assert sizes({"by": "example.com/rack", **said}, nodes) == waves


def test_who_took_longest_goes_first_in_its_wave_and_in_no_other():
    nodes = [one._replace(seconds=number) for number, one in enumerate(some(5))]
    said = {"canary": 1, "factor": 4, "largest": 4}
    assert [one.nodes for one in planned(said, nodes).waves] == [["w1"], ["w5", "w4", "w3", "w2"]]
    assert [one.nodes for one in planned({**said, "slow_first": False}, nodes).waves][1][0] == "w2"


def test_soak_limits_and_pauses_are_those_of_the_policy():
    waves = planned({"canary_soak": "1h", "soak": 60, "max_failed": 2, "pause_after": [2]}, some(3)).waves
    assert [(one.soak, one.max_failed, one.pause) for one in waves] == [
        (3600, 0, False),
        (60, 2, True),
        (60, 2, False),
    ]


def test_a_pause_holds_what_follows_until_it_is_released():
    waves = planned({"pause_after": ["canary", 2]}, some(3))
    assert [len(wave_plan.released(waves, until)) for until in (0, 1, 2, 9)] == [1, 2, 3, 3]
    told = wave_plan.report(waves, 0)
    assert told[0] == "Wave 1 of 3: 1 node: w1, then 300 seconds of soaking."
    assert told[1].endswith(", held until it is released.")
    assert told[3] == "To go on after wave 1, run it again with osmigrate_waves_released=1."


@pytest.mark.parametrize(
    ("said", "nodes", "why"),
    [
        ({"canary": 4}, some(3), "canary is 4, and there are 3 nodes"),
        (
            {"canary": 2, "by": "zone", "order": ["z2"]},
            [*some(5, value="z1"), *some(1, value="z2", prefix="x")],
            "canary is 2, and z2, which goes first, has 1 node",
        ),
        (
            {"canary_max_failed": 1},
            some(60),
            "canary_max_failed is 1, and the canary has 1 node, one of which at least",
        ),
        ({"canary": "10%", "canary_max_failed": 6}, some(60), "and the canary has 6 nodes"),
        ({"by": "zone"}, some(2), "by is zone, and w1, w2 have none"),
        ({"by": "zone", "order": ["z9"]}, some(2, value="z1"), "order names z9, and no node has that"),
        ({"pause_after": [3]}, some(3), "pause_after names wave 3, and there are 3"),
        ({"control_plane": "never"}, some(2, "control-plane"), "all nodes are of the control plane"),
        ({"largest": 1, "canary": 1}, some(1001), "it makes 1001 waves, and has to make 1000 at most"),
    ],
)
def test_what_cannot_be_met_is_refused_with_the_clash(said, nodes, why):
    with pytest.raises(FleetError) as caught:
        planned(said, nodes)
    assert why in str(caught.value) and "Nothing was changed" in str(caught.value)


def marked(said, nodes, *late):
    """Return the nodes as they are when a run has marked them, and others that came then."""
    policy = wave_policy.read(said)
    waves = wave_plan.plan(policy, nodes, "r").waves
    marks = {name: wave_plan.mark(one, len(waves), policy, "r") for one in waves for name in one.nodes}
    return [*(one._replace(mark=marks[one.name]) for one in nodes), *late]


def test_a_run_that_goes_on_has_the_same_waves_in_whichever_order_nodes_come():
    said = {"canary": 1}
    before = [one.nodes for one in planned(said, some(5)).waves]
    nodes = marked(said, some(5))
    assert [sorted(one.nodes) for one in planned(said, nodes[::-1]).waves] == before
    # One is gone, and only some of the others are asked for.
    assert [one.nodes for one in planned(said, [nodes[0], nodes[4]]).waves] == [["w1"], [], [], [], ["w5"]]
    # Those of another rollout or policy, and what nobody here has written, are not kept.
    assert planned(said, nodes[::-1], "s").waves[0].nodes == ["w5"]
    assert planned({**said, "soak": 9}, nodes[::-1]).waves[0].nodes == ["w5"]
    for strange in ("", "1", "0/3 aaaaaaaa r", "x/3 aaaaaaaa r", "1/3 aaaaaaaa "):
        assert wave_plan.read_mark(strange, wave_policy.read(said), "r") is None


@pytest.mark.parametrize(
    ("notes", "begun"),
    [({}, False), ({"phase": "failed", "rollout": "r"}, True), ({"phase": "done", "rollout": "q"}, False)],
)
def test_a_node_has_begun_as_soon_as_it_has_a_phase_of_the_rollout(make_node, notes, begun):
    node = make_node(annotations={f"osmigrate.fleet/{key}": value for key, value in notes.items()})
    assert wave_plan.candidate(node, wave_policy.read({}), "pool", "r").begun is begun


@pytest.mark.parametrize(
    ("first", "late", "waves"),
    [
        (some(1), some(59, prefix="x"), [1, 1, 4, 14, 14, 14, 12]),
        (some(3), some(600, prefix="x"), [1, 1, 1, 6, 24, 96, 150, 150, 150, 24]),
        (some(3), some(1, prefix="x"), [1, 1, 1, 1]),
        # Workers that come when the last wave is of the control plane, and the control plane that comes later.
        ([*some(1), *some(1, "control-plane", prefix="c")], some(1, prefix="x"), [1, 1, 1]),
        ([*some(3), *some(3, "control-plane", prefix="c")], some(2, prefix="x"), [1] * 8),
        (some(2), [*some(2, "control-plane", prefix="c"), *some(2, prefix="x")], [1, 1, 1, 1, 1, 1]),
    ],
)
def test_nodes_that_come_later_get_waves_of_their_own_behind_the_others(first, late, waves):
    nodes = marked({}, first, *late)
    again = planned({}, nodes).waves
    assert [len(one.nodes) for one in again] == waves
    known, new = {one.name for one in first}, {one.name for one in late}
    assert not any(known & set(one.nodes) and new & set(one.nodes) for one in again)
    kinds = "".join(one.nodes[0][0] for one in again)
    assert kinds == kinds.replace("c", "") + "c" * kinds.count("c")


def test_a_control_plane_node_that_has_begun_keeps_its_wave_before_workers_that_come_later():
    nodes = marked({}, [*some(1), *some(3, "control-plane", prefix="c")], *some(1, prefix="x"))
    nodes[1] = nodes[1]._replace(begun=True)
    assert [one.nodes for one in planned({}, nodes).waves] == [["w1"], ["c1"], ["x1"], ["c2"], ["c3"]]
    # One that was asked for alone is gone from none of the others' waves.
    assert [one.nodes for one in planned({}, nodes[:1]).waves] == [["w1"], [], [], []]


def test_a_policy_goes_on_with_few_of_its_nodes_and_waves_without_any_are_not_told():
    said = {"canary": 2, "pause_after": "canary"}
    nodes = marked(said, some(12))
    waves = planned(said, nodes[6:8])
    assert [len(one.nodes) for one in waves.waves][:2] == [0, 0]
    told = wave_plan.report(waves, 0)
    assert told[0].endswith(", held until it is released.") and told[-1].endswith("osmigrate_waves_released=1.")
    assert not any("0 nodes" in one for one in told)


def a_node(name, number, phase="done", ago=1000, ready=True, rollout="r", policy=None, cordoned=False, problems=()):
    policy = policy or wave_policy.read({})
    wave = wave_plan.Wave(number, [], 0, 0, False)
    notes = {"wave": wave_plan.mark(wave, 3, policy, "r"), "rollout": rollout, "phase": phase}
    notes["since"] = times.stamp(NOW - ago)
    return {
        "metadata": {"name": name, "annotations": {f"osmigrate.fleet/{key}": value for key, value in notes.items()}},
        "spec": {"unschedulable": True} if cordoned else {},
        "status": {
            "conditions": [
                {"type": "Ready", "status": str(ready)},
                *({"type": one, "status": "True", "reason": f"{one}Found"} for one in problems),
            ]
        },
    }


@pytest.mark.parametrize(
    ("nodes", "number", "why", "waits"),
    [
        ([a_node("w1", 1)], 2, "", None),
        ([a_node("w1", 1, ago=100)], 2, "wave 1 is to soak until 2026-11-29T00:03:20Z", 200),
        ([a_node("w1", 1, "failed")], 2, "w1 of wave 1 failed, and 0 of it may", None),
        ([a_node("w1", 1, "trial")], 2, "w1 of wave 1 has not arrived; 0 of it may be unwell", 0),
        ([a_node("w1", 1, rollout="other")], 2, "w1 of wave 1 has not arrived; 0 of it may be unwell", 0),
        ([a_node("w1", 1, ready=False)], 2, "w1 of wave 1 arrived, and does not serve; 0 of it may be unwell", 0),
        ([a_node("w1", 1, cordoned=True)], 2, "w1 of wave 1 arrived, and does not serve; 0 of it may be unwell", 0),
        # One of a later wave may fail, two not; the canary is looked at for every wave.
        ([a_node("w1", 1), a_node("w2", 2, "failed"), a_node("w3", 2)], 3, "", None),
        # Whatever may be unwell: one of a wave has to have arrived.
        ([a_node("w1", 1), a_node("w2", 2, "failed")], 3, "w2 of wave 2 failed, and 0 of it may", None),
        ([a_node("w1", 1), a_node("w2", 2, "")], 3, "w2 of wave 2 has not arrived; 0 of it may be unwell", 0),
        (
            [a_node("w1", 1), a_node("w2", 2, "failed"), a_node("w3", 2, "")],
            3,
            "w2 of wave 2 failed; w3 of wave 2 has not arrived; 1 of it may be unwell",
            0,
        ),
        (
            [a_node("w1", 1, ready=False), a_node("w2", 2)],
            3,
            "w1 of wave 1 arrived, and does not serve; 0 of it may be unwell",
            0,
        ),
        # What node-problem-detector finds on a node that has arrived speaks against the release or its drivers.
        (
            [a_node("w1", 1, problems=["KernelDeadlock"])],
            2,
            "w1 (KernelDeadlock (KernelDeadlockFound)) of wave 1 arrived, and has problems; 0 of it may be unwell",
            0,
        ),
        ([a_node("w1", 1, problems=["EtcdIsVoter"])], 2, "", None),
        # Of a large wave there is always one that is away for a moment, whatever made it so; two are too many here.
        ([a_node("w1", 1), a_node("w2", 2, ready=False), a_node("w3", 2)], 3, "", None),
        ([a_node("w1", 1), a_node("w2", 2, problems=["KernelDeadlock"]), a_node("w3", 2)], 3, "", None),
        (
            [a_node("w1", 1), a_node("w2", 2, ready=False), a_node("w3", 2, cordoned=True)],
            3,
            "w2, w3 of wave 2 arrived, and does not serve; 1 of it may be unwell",
            0,
        ),
        # Where nobody of it is left, the waves behind it have to prove the release.
        (
            [a_node("w2", 2)],
            2,
            "no node of an earlier wave is left, so nothing proves the release; another rollout (osmigrate_rollout) "
            "begins with new waves",
            None,
        ),
        ([a_node("w2", 2, ago=10)], 3, "", None),
        ([a_node("w2", 2, "")], 3, "w2 of wave 2 has not arrived; 0 of it may be unwell", 0),
        ([a_node("w1", 1, ago=100)], 3, "wave 1 is to soak until 2026-11-29T00:03:20Z", 200),
        ([], 1, "", None),
    ],
)
def test_the_next_wave_begins_when_the_ones_before_have_proved_it(nodes, number, why, waits):
    policy = wave_policy.read({})
    seen = [wave_plan.seen(one, policy, "r", ["EtcdIsVoter"]) for one in nodes]
    assert wave_plan.judge(policy, seen, number, NOW) == (why, waits)


def test_a_canary_of_which_some_may_be_unwell_has_to_have_begun_all_the_same():
    policy = wave_policy.read({"canary_max_failed": 1, "canary_soak": "24h"})
    not_begun = wave_plan.seen(a_node("w1", 1, "", policy=policy), policy, "r")
    assert wave_plan.judge(policy, [not_begun], 2, NOW).why == "w1 of wave 1 has not arrived; 0 of it may be unwell"


@pytest.mark.parametrize(
    ("number", "until", "after"), [(2, 0, 1), (3, 0, 1), (3, 1, 2), (4, 0, 1), (2, 1, None), (4, 2, None), (1, 0, None)]
)
def test_whoever_asks_is_held_at_each_pause_that_nobody_has_released(number, until, after):
    policy = wave_policy.read({"pause_after": ["canary", 2]})
    nodes = [wave_plan.seen(a_node(f"w{one}", one, policy=policy), policy, "r") for one in (1, 2, 3)]
    refusal = wave_plan.judge(policy, nodes, number, NOW, until)
    said = f"after wave {after} somebody has to release the next one, by osmigrate_waves_released={after}"
    assert refusal == (said if after else "", None)


def test_the_others_of_a_batch_heed_what_this_run_has_noted():
    node = a_node("w1", 2)
    for why in ("", "w0 of wave 1 failed"):
        noted = wave_plan.plan_gate(node, "run-1", why).patch["metadata"]["annotations"]
        there = {**node, "metadata": {**node["metadata"], "annotations": noted}}
        assert wave_plan.read_gate(there, "run-1") == (why, None)
        assert wave_plan.read_gate(there, "run-2").wait == 0
        assert wave_plan.plan_gate(there, "run-1", why).actions == []

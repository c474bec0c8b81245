# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which node is in which wave, what cannot be met, and when the next wave may begin."""

import pytest
from ansible_collections.osmigrate.fleet.plugins.module_utils._errors import FleetError
from ansible_collections.osmigrate.fleet.plugins.module_utils._kube import times, wave_plan, wave_policy, windows

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
    assert [sorted(one.nodes) for one in waves] == [["v1", "w1", "w2"], ["v2", "w3", "w4"], ["c1", "c2", "c3"]]
    never = planned({"canary": 3, "largest": 3, "control_plane": "never"}, nodes)
    assert len(never.waves) == 2 and never.left_out == ["c1", "c2", "c3"]


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


def test_a_window_that_is_shorter_than_a_node_takes_is_refused():
    schedule = windows.parse([{"start": "22:00", "duration": "20m"}], [])
    wave_plan.check_windows(schedule, 1200, NOW)
    with pytest.raises(FleetError, match="expected to take 1201 seconds"):
        wave_plan.check_windows(schedule, 1201, NOW)


def test_a_run_that_goes_on_has_the_same_waves_and_new_nodes_are_in_the_last_one():
    policy = wave_policy.read({"canary": 1})
    first = wave_plan.plan(policy, some(5), "r")
    marks = {name: wave_plan.mark(one, len(first.waves), policy, "r") for one in first.waves for name in one.nodes}
    # Others come first now, one has gone, and one is new.
    later = [one._replace(mark=marks.get(one.name, "")) for one in reversed(some(6)) if one.name != "w2"]
    again = wave_plan.plan(policy, later, "r")
    assert again.waves[0].nodes == ["w1"] and "w6" in again.waves[-1].nodes
    assert {name for one in again.waves for name in one.nodes} == {"w1", "w3", "w4", "w5", "w6"}
    # Those of another rollout or policy, and what nobody here has written, are not kept.
    assert wave_plan.plan(policy, later, "s").waves[0].nodes == ["w6"]
    assert wave_plan.plan(wave_policy.read({"canary": 1, "soak": 9}), later, "r").waves[0].nodes == ["w6"]
    for strange in ("", "1", "0/3 aaaaaaaa r", "x/3 aaaaaaaa r", "1/3 aaaaaaaa "):
        assert wave_plan.read_mark(strange, policy, "r") is None


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
        ([a_node("w1", 1), a_node("w2", 2, ready=False)], 3, "", None),
        ([a_node("w1", 1), a_node("w2", 2, problems=["KernelDeadlock"])], 3, "", None),
        (
            [a_node("w1", 1), a_node("w2", 2, ready=False), a_node("w3", 2, cordoned=True)],
            3,
            "w2, w3 of wave 2 arrived, and does not serve; 1 of it may be unwell",
            0,
        ),
        # Nobody of it is left.
        ([], 2, "", None),
    ],
)
def test_the_next_wave_begins_when_the_ones_before_have_proved_it(nodes, number, why, waits):
    policy = wave_policy.read({})
    seen = [wave_plan.seen(one, policy, "r", ["EtcdIsVoter"]) for one in nodes]
    assert wave_plan.judge(policy, seen, number, NOW) == (why, waits)


def test_the_others_of_a_batch_heed_what_this_run_has_noted():
    node = a_node("w1", 2)
    for why in ("", "w0 of wave 1 failed"):
        noted = wave_plan.plan_gate(node, "run-1", why).patch["metadata"]["annotations"]
        there = {**node, "metadata": {**node["metadata"], "annotations": noted}}
        assert wave_plan.read_gate(there, "run-1") == (why, None)
        assert wave_plan.read_gate(there, "run-2").wait == 0
        assert wave_plan.plan_gate(there, "run-1", why).actions == []

# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The plan of a rollout: who goes when, who does not, and when it ends."""

from __future__ import annotations

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.osmigrate.fleet.plugins.filter.rollout_plan import rollout_plan_filter
from ansible_collections.osmigrate.fleet.plugins.module_utils._kube import windows
from ansible_collections.osmigrate.fleet.plugins.plugin_utils import _plan as plan

MOVE = ("drain", "trial", "verify", "confirm")
NOW = 1_795_910_400.0  # 2026-11-29 00:00:00 UTC


def node(name, pool="worker", steps=MOVE, refusal="", seconds=""):
    return {"name": name, "pool": pool, "steps": list(steps), "refusal": refusal, "seconds": seconds}


def terms(serial=1, allowed="1", expected=600, opens=(), shut=()):
    return plan.Terms(serial, allowed, expected, windows.parse(list(opens), list(shut)), NOW)


def some(many, **more):
    return [node(f"w{number}", **more) for number in range(1, many + 1)]


def test_batches_follow_each_other():
    made = plan.make(some(5), {"worker": 5}, terms([1, "40%"], "40%"))
    assert [[one["name"] for one in batch["nodes"]] for batch in made["batches"]] == [
        ["w1"],
        ["w2", "w3"],
        ["w4", "w5"],
    ]
    assert [batch["begin"] - NOW for batch in made["batches"]] == [0, 600, 1200]
    assert (made["begin"], made["end"] - NOW, made["peak"]) == (NOW, 1800, {"worker": 2})
    assert made["objection"] == ""


def test_a_batch_larger_than_the_budget_takes_its_turns():
    made = plan.make(some(5), {"worker": 5}, terms(5, "2"))
    assert (made["end"] - NOW, made["peak"]) == (1800, {"worker": 2})


def test_pools_go_side_by_side_and_the_control_plane_one_by_one():
    nodes = [*some(2), *(node(f"c{number}", "control-plane") for number in (1, 2, 3))]
    made = plan.make(nodes, {"worker": 20, "control-plane": 3}, terms(5, "10%"))
    assert (made["end"] - NOW, made["peak"]) == (1800, {"worker": 2, "control-plane": 1})


def test_what_was_measured_counts_more_than_what_is_said():
    measured = [node(f"w{number}", seconds=str(100 * number)) for number in (1, 2, 3)]
    assert plan.make(measured, {}, terms())["expected"] == {"worker": {"seconds": 200, "p95": 300, "measured": 3}}
    wrong = [
        node("w1", seconds="100"),
        node("w2", seconds="99999999"),
        node("w3", seconds="-5"),
        node("w4", seconds="x"),
    ]
    assert plan.make(wrong, {}, terms())["expected"] == {"worker": {"seconds": 600, "p95": 600, "measured": 0}}


def test_who_is_refused_or_has_arrived_takes_no_time_and_keeps_its_batch():
    nodes = [node("w1", refusal="It is revoked."), node("w2", steps=[]), node("w3")]
    made = plan.make(nodes, {"worker": 3}, terms(1))
    assert made["refused"] == [{"name": "w1", "why": "It is revoked."}] and made["nothing"] == ["w2"]
    assert made["objection"] == "1 nodes would be refused: w1."
    assert [batch["end"] - NOW for batch in made["batches"]] == [0, 0, 600]


def test_windows_hold_batches_back():
    opens = [{"start": "22:00", "duration": "25m"}]
    made = plan.make(some(3), {"worker": 3}, terms(1, opens=opens))
    assert [batch["begin"] - NOW for batch in made["batches"]] == [79200, 79800, 79200 + 86400]
    assert made["begin"] - NOW == 79200


def test_what_fits_into_no_window_has_no_end():
    opens = [{"start": "22:00", "duration": "5m"}]
    made = plan.make(some(2), {"worker": 2}, terms(1, opens=opens))
    assert made["objection"] == "Some node fits into no maintenance window."
    assert made["end"] is None and made["batches"][1]["begin"] is None
    told = plan.lines(made, terms(1, opens=opens))
    assert "It would not end: some node fits into no maintenance window" in told[1]


def test_lines():
    nodes = [node("w1"), node("w2", steps=["stage", *MOVE]), node("w3", steps=[]), node("w4", refusal="No\x1b[2J way.")]
    made = plan.make(nodes, {"worker": 4}, terms([1, "100%"], "50%"))
    assert plan.lines(made, terms(), ["kured drains nodes, too."]) == [
        "2 of 4 nodes would leave service, in 2 batches.",
        "From 2026-11-29 00:00:00 UTC to about 2026-11-29 00:20:00 UTC: 20 min from now, and what it takes to fetch the"
        " release. Drains that wait and nodes that fail make it longer.",
        "Pool worker: 10 min a node, osmigrate_expected_seconds; at most 1 away at once.",
        "kured drains nodes, too.",
        "Refused: w4: No\\x1b[2J way.",
        "Nothing is left to do on w3.",
        "Batch 1 of 2, 2026-11-29 00:00:00 UTC:",
        "  w1: drain -> trial -> verify -> confirm",
        "Batch 2 of 2, 2026-11-29 00:10:00 UTC:",
        "  w2: stage -> drain -> trial -> verify -> confirm",
        "  w3: nothing",
        "  w4: refused",
    ]


def test_many_nodes_are_few_lines():
    made = plan.make(some(600), {"worker": 600}, terms([1, "100%"], "10%"))
    told = plan.lines(made, terms())
    assert len(told) < 10 and "and 579 more" in told[-1]


@pytest.mark.parametrize(("said", "nodes", "many"), [("10%", 25, 2), ("10%", 3, 1), ("3", 2, 3), (" 50% ", 9, 4)])
def test_the_budget_is_read_as_a_claim_reads_it(said, nodes, many):
    assert plan.allowed("worker", nodes, said) == many


def test_the_filter():
    assert rollout_plan_filter([node("w1")], serial=1)["lines"][0] == "1 of 1 nodes would leave service, in 1 batches."
    assert rollout_plan_filter([])["end"] is not None
    for wrong, more in (([{}], {}), ([node("w1")], {"max_unavailable": "many"}), ([node("w1")], {"windows": [{}]})):
        with pytest.raises(AnsibleFilterError):
            rollout_plan_filter(wrong, **more)


def test_waves_are_the_batches_with_what_they_soak():
    waves = [{"nodes": ["w2"], "soak": 300}, {"nodes": ["w1", "w3"], "soak": 60}, {"nodes": ["gone"], "soak": 0}]
    given = terms(serial=3, allowed="2")._replace(waves=waves, released=1)
    made = plan.make(some(3), {"worker": 3}, given)
    assert [[one["name"] for one in batch["nodes"]] for batch in made["batches"]] == [["w2"], ["w1", "w3"], []]
    assert [batch["begin"] - NOW for batch in made["batches"]] == [0, 900, 1560]
    assert [batch["held"] for batch in made["batches"]] == [False, True, True]
    told = plan.lines(made, given)
    assert told[0] == "3 of 3 nodes would leave service, in 3 waves."
    assert "Wave 2 of 3, 2026-11-29 00:15:00 UTC, held until it is released:" in told


def test_a_wave_in_which_nobody_moves_soaks_for_nobody():
    waves = [{"nodes": ["w1"], "soak": 300}, {"nodes": ["w2"], "soak": 0}]
    made = plan.make([node("w1", steps=[]), node("w2")], {"worker": 2}, terms()._replace(waves=waves, released=2))
    assert made["batches"][1]["begin"] == NOW and made["end"] - NOW == 600


def test_of_thousands_of_nodes_each_window_is_looked_for_once(monkeypatch):
    """Those whose last move nobody knows are played several times, each with times of its own."""
    asked = []
    find = windows.opening

    def opening(schedule, at, seconds):
        asked.append(at)
        return find(schedule, at, seconds)

    monkeypatch.setattr(windows, "opening", opening)
    nodes = [node(f"w{one}", seconds=str(300 + one) if one % 2 else "") for one in range(200)]
    opens = [{"start": "22:00", "duration": "2h"}]
    given = terms("100%", "2", opens=opens, shut=["2026-12-05"])._replace(sliding=True)
    made = plan.make(nodes, {"worker": 200}, given)
    assert made["end"] and len(asked) < 100
    ask = plan._openings({"worker": plan._Expected(600, 600, 0)}, given.schedule)
    for hours in [*range(0, 400, 3), *range(399, 0, -2)]:
        for at in (NOW + hours * 3600 - 1, NOW + hours * 3600 + 3001):
            assert ask(at, "worker") == find(given.schedule, at, 600)[0]

# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

import pytest
from ansible_collections.osmigrate.fleet.plugins.module_utils import _errors
from ansible_collections.osmigrate.fleet.plugins.module_utils._kube import (
    admission,
    cordon_plan,
    pool_plan,
    preflight,
    times,
)

NIGHT = [{"start": "22:00", "duration": "4h"}]
DEFAULTS = {name: one["default"] for name, one in admission.ARGUMENT_SPEC.items()}


def make_terms(**options):
    return admission.read_terms({**DEFAULTS, **options})


def took(*seconds, rollout="r1"):
    """Nodes that are done."""
    return [pool_plan.Member(f"w{at}", "", True, True, None, rollout, one) for at, one in enumerate(seconds, 2)]


def at(text):
    return times.parse(f"2026-11-{text}:00Z")


# What nodes of the pool took, since when the node is cordoned, now; what is expected, and by which node.
EXPECTED = [
    ("nothing measured", [], None, "21T22:00", (1800, 0)),
    ("faster", took(600, 700, 500), None, "21T22:00", (1800, 0)),
    ("slower", took(2000, 1900, 2100), None, "21T22:00", (2000, 3)),
    ("one of them lies", took(86400, 1900, 2000), None, "21T22:00", (2000, 3)),
    ("a minority lies", took(86400, 86400, 600, 700, 800), None, "21T22:00", (1800, 0)),
    ("two cannot decide", took(86400, 86400), None, "21T22:00", (1800, 0)),
    ("in another rollout", took(2000, 2000, 2000, rollout="r0"), None, "21T22:00", (1800, 0)),
    ("still on its way", took(2000, 2000, 2000, rollout=None), None, "21T22:00", (1800, 0)),
    ("not measured", took(None, None, 2000), None, "21T22:00", (1800, 0)),
    ("out for 10 minutes", [], "21T21:50", "21T22:00", (1200, 0)),
    ("out for 20 minutes", [], "21T21:40", "21T22:00", (900, 0)),
    ("out since yesterday", took(2001, 2001, 2001), "20T21:40", "21T22:00", (1001, 3)),
    ("out for a slow drain", took(4000, 4000, 4000), "21T21:50", "21T22:00", (3400, 3)),
    ("by a clock that was wrong", [], "21T23:00", "21T22:00", (1800, 0)),
]


@pytest.mark.parametrize("case", EXPECTED, ids=lambda case: case[0])
def test_how_long_a_node_is_expected_to_take(make_node, case):
    _name, members, since, now, expected = case
    notes = {cordon_plan.BY: "r1", cordon_plan.AT: f"2026-11-{since}:00Z"} if since else {}
    assert admission.expect(make_node(annotations=notes), members, "r1", 1800, at(now)) == expected


# Now, what nodes took; what is said, and for how many seconds to wait.
WINDOWS = [
    ("21T22:00", [], None, 0),
    ("22T01:30", [], None, 0),
    (
        "21T21:00",
        [],
        "Node w1 may not go now: no maintenance window is open. It can go from 2026-11-21T22:00:00Z on",
        3600,
    ),
    (
        "22T01:40",
        [],
        "Node w1 may not go now: 1800 seconds are expected, and 1200 are left until nodes have to be back. "
        "It can go from 2026-11-22T22:00:00Z on",
        73200,
    ),
    (
        "22T01:00",
        took(7200, 7200, 7200),
        "Node w1 may not go now: 7200 seconds are expected, the median of 3 nodes, and 3600 are left until nodes have "
        "to be back. It can go from 2026-11-22T22:00:00Z on",
        75600,
    ),
    (
        "24T22:00",
        [],
        "Node w1 may not go now: there is a black-out until 2026-11-25T00:00:00Z. It can go from "
        "2026-11-25T00:00:00Z on",
        7200,
    ),
    (
        "21T22:00",
        took(20000, 20000, 20000),
        "Node w1 may not go: 20000 seconds are expected, the median of 3 nodes, and in the next 400 days no "
        "maintenance window outside of black-outs has as many",
        None,
    ),
]


@pytest.mark.parametrize("now, members, said, wait", WINDOWS)
def test_windows(make_node, now, members, said, wait):
    terms = make_terms(windows=NIGHT, blackouts=["2026-11-24"])
    found = admission.of_window(make_node(), members, "r1", terms, at(now))
    assert found is None if said is None else (found.problem, found.wait) == (said, wait)


def test_a_drained_node_goes_on_in_what_is_left_of_its_window(make_node):
    terms = make_terms(windows=NIGHT)
    out = make_node(annotations={cordon_plan.BY: "r1", cordon_plan.AT: "2026-11-22T01:25:00Z"})
    assert admission.of_window(out, [], "r1", terms, at("22T01:40")) is None
    assert admission.of_window(out, [], "r1", terms, at("22T01:46")).wait > 0


def test_less_than_nothing_cannot_be_expected():
    with pytest.raises(_errors.FleetError, match="for -1 seconds. Nothing was changed. Correct osmigrate_expected"):
        make_terms(expected_seconds=-1)


def test_when_the_next_node_may_go():
    assert preflight.judge_schedule(make_terms(), at("21T12:00")) == ("", [])
    night = make_terms(windows=NIGHT)
    opens = "2026-11-21T22:00:00Z"
    said = f"No node may go before {opens}: a maintenance window or a black-out says so"
    assert preflight.judge_schedule(night, at("21T12:00")) == (opens, [said])
    said = "Nodes may go now, and have to be back before 2026-11-22T02:00:00Z"
    assert preflight.judge_schedule(night, at("21T23:00")) == ("", [said])
    assert preflight.judge_schedule(make_terms(windows=NIGHT, way_back=True), at("21T12:00")) == ("", [])
    with pytest.raises(
        _errors.FleetError, match="expected to take 15000 seconds, .* No node was touched. Make a window"
    ):
        preflight.judge_schedule(make_terms(windows=NIGHT, expected_seconds=15000), at("21T12:00"))


@pytest.mark.parametrize(
    ("nodes", "said"),
    [
        (
            [("a", 100), ("a", 7300), ("a", 7300)],
            "A node of pool a takes 7300 seconds, the median of 3 nodes, and in the next 400 days no",
        ),
        # Two say nothing of the others, and the median is what counts.
        ([("a", 7300), ("a", 7300), ("a", None), ("b", 7300)], ""),
        ([("a", 1100), ("a", 1100), ("a", 7300)], ""),
    ],
)
def test_a_window_that_is_shorter_than_nodes_took_is_refused_with_their_pool(make_node, nodes, said):
    terms = make_terms(windows=[{"start": "22:00", "duration": "20m"}], expected_seconds=900)
    known = []
    for number, (pool, took) in enumerate(nodes):
        noted = {"osmigrate.fleet/cordoned-seconds": str(took)} if took else {}
        known.append(make_node(f"w{number}", noted))
        known[-1]["metadata"]["labels"] = {"example.com/pool": pool}
    try:
        preflight.judge_schedule(terms, at("21T12:00"), known, "example.com/pool")
        assert not said
    except _errors.FleetError as error:
        assert said and error.problem.startswith(said) and "the annotations cordoned-seconds" in str(error)
    # Whoever wants nodes back wants them now.
    assert preflight.judge_schedule(terms._replace(way_back=True), 0, known, "example.com/pool") == ("", [])

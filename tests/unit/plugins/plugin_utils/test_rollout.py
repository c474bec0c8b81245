# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The state of a rollout, from events as runs leave them: whole, killed, doubled, out of order, of other versions."""

from __future__ import annotations

import random

import pytest
from ansible_collections.osmigrate.fleet.plugins.plugin_utils import _rollout as reducer
from ansible_collections.osmigrate.fleet.plugins.plugin_utils._events import Unread, event
from ansible_collections.osmigrate.fleet.plugins.plugin_utils._rollout import apply, missing, reduce

WAY = ("claim", "cordon", "drain", "arm", "reboot", "verify", "confirm", "uncordon")


class Story:
    """Events of one run, one a second."""

    def __init__(self, run="r1", begin=1000.0):
        self.run, self.at, self.events = run, begin, []

    def tell(self, kind, **said):
        self.events.append(event(self.run, len(self.events) + 1, self.at, kind, **said))
        self.at += 1
        return self

    def begin(self, *nodes, playbook="migrate", release="d-1", check=False):
        self.tell("run", playbook=playbook).tell("release", release=release)
        return self.tell("batch", play="Move", number=1, of=1, nodes=nodes, total=len(nodes), check=check)

    def move(self, node, until="uncordon", outcome="done", why=""):
        for step in WAY[: WAY.index(until) + 1]:
            self.tell("step", node=node, step=step)
            if step in ("cordon", "uncordon"):
                self.tell("service", node=node, serving=step == "uncordon")
        return self.tell("result", node=node, outcome=outcome, why=why) if outcome else self


WHOLE = Story().begin("w1", "w2").move("w1").move("w2", "verify", "failed", "It fell back.").tell("end").events


def test_a_whole_run():
    state = reduce(WHOLE)
    one, two = state.nodes["w1"], state.nodes["w2"]
    assert state.release == "d-1" and list(missing(state)) == []
    assert [span.step for span in one.spans] == ["wait", *WAY]
    assert (one.outcome, one.out_of_service(9999), one.out_since) == ("done", 7, None)
    assert (two.outcome, two.why) == ("failed", "It fell back.")
    assert two.out_of_service(two.out_since + 60) == 60
    assert all(span.end is not None for node in (one, two) for span in node.spans)
    assert (state.outcomes["done"], state.outcomes["failed"], state.outcomes[""]) == (1, 1, 0)


def test_order_and_doubles_change_nothing():
    shuffled = [*WHOLE, *WHOLE[3:9]]
    random.Random(1).shuffle(shuffled)
    state, right = reduce(shuffled), reduce(WHOLE)
    assert state.nodes == right.nodes and state.batch == right.batch and state.outcomes == right.outcomes
    assert list(missing(state)) == ["Events that came twice and count once: 6."]


def test_one_after_the_other_is_the_same_as_all_at_once():
    state = reducer.Rollout()
    for one in WHOLE:
        apply(state, one)
    assert state == reduce(WHOLE)


def test_a_killed_run_is_told_and_its_node_is_where_it_was():
    state = reduce(Story().begin("w1", "w2").move("w1", "drain", "").events)
    assert state.nodes["w1"].outcome == "" and state.nodes["w1"].now_in.step == "drain"
    assert state.nodes["w2"].now_in.step == "wait"
    assert list(missing(state)) == [
        "The run r1 of migrate has not ended: it was killed, or was still at work when the last event was written."
    ]


def test_the_run_after_it_takes_the_node_over():
    first, second = Story().begin("w1").move("w1", "drain", ""), Story("r2", 5000.0).begin("w1").move("w1").tell("end")
    state = reduce([*second.events, *first.events])
    node = state.nodes["w1"]
    assert node.outcome == "done" and node.out_since is None
    # Nobody saw when its drain ended, so it counts for nothing; it was out of service all the time.
    assert [span.seconds(9999) for span in node.spans if span.step == "drain"] == [0, 1]
    assert node.out_of_service(9999) > 3990
    assert len(list(missing(state))) == 2


def test_two_runs_at_once_do_not_close_each_others_steps():
    one, two = Story("a", 1000.0).begin("w1").move("w1", "drain", ""), Story("b", 1001.0).begin("w2")
    state = reducer.Rollout()
    for each in [*one.events, *two.events]:
        apply(state, each)
    assert state.nodes["w1"].now_in.step == "drain" and state.nodes["w2"].now_in.step == "wait"


def test_lost_events_are_counted():
    state = reduce(WHOLE[:4] + WHOLE[7:])
    assert list(missing(state)) == ["The run r1 of migrate lacks 3 of its events, so steps may be missing or too long."]


def test_what_cannot_be_read_is_told():
    state = reduce([Unread("of version 2"), Unread("broken"), Unread("broken")])
    assert list(missing(state)) == [
        "There is no event of any run.",
        "Lines of the log that were not read, being broken: 2.",
        "Lines of the log that were not read, being of version 2: 1.",
    ]


def test_a_step_that_this_version_does_not_know_is_kept():
    state = reduce(Story().begin("w1").tell("step", node="w1", step="dance").tell("end").events)
    assert state.nodes["w1"].spans[-1].step == "dance"


@pytest.mark.parametrize(
    ("until", "why", "outcome"),
    [("claim", "", "left"), ("claim", "no place", "unfinished"), ("drain", "", "unfinished")],
)
def test_a_run_that_ends_leaves_no_node_without_a_word(until, why, outcome):
    story = Story().begin("w1", "w2").move("w1", until, "")
    if why:
        story.tell("trouble", node="w1", why=why)
    state = reduce(story.tell("end").events)
    assert state.nodes["w1"].outcome == outcome
    assert state.nodes["w2"].outcome == "unreached"
    assert state.outcomes[""] == 0


def test_clocks_that_go_back_make_no_negative_times():
    story = Story().begin("w1")
    story.at = 10.0
    state = reduce(story.move("w1").tell("end").events)
    assert any("a clock that goes back once, so" in one for one in missing(state))
    assert all(span.seconds(0) >= 0 for span in state.nodes["w1"].spans)
    assert state.nodes["w1"].out_of_service(0) >= 0


REHEARSAL = Story("r2", 9000.0).begin("w1", "w2", playbook="plan", release="d-2", check=True)
REHEARSAL.move("w1", "claim", "").tell("end")


def test_a_rehearsal_takes_no_reason_of_a_real_run_away():
    state = reduce([*REHEARSAL.events, *WHOLE])
    assert state.nodes["w2"].why == "It fell back." and state.outcomes["done"] == 1 and state.release == "d-1"
    assert [run.check for run in state.runs.values()] == [False, True]
    said = list(missing(state))
    assert said == [
        "These are 2 runs; of a node the last one counts that had to do with it.",
        "Events of rehearsals (plan, or --check), left out beside real runs: 3.",
    ]
    alone = reduce(REHEARSAL.events)
    assert alone.outcomes["left"] == 1 and not reducer.moves(alone) and reducer.moves(state)


def second(**said):
    return [*WHOLE, *Story("r2", 9000.0).begin("w1", **said).move("w1").tell("end").events]


@pytest.mark.parametrize(
    ("events", "why"),
    [
        (second(release="d-2"), "The runs are to the releases d-1, d-2, and"),
        (second(playbook="rollback"), "The runs are of the playbooks migrate, rollback, and"),
        (second(), ""),
        # One release for each pool, and then only one of the pools.
        ([*Story("r0", 1.0).begin("x").tell("release", release="d-2").tell("end").events, *WHOLE], ""),
    ],
)
def test_several_rollouts_in_one_log_are_told(events, why):
    told = [one for one in missing(reduce(events)) if "counted as one rollout" in one]
    assert len(told) == bool(why) and all(one.startswith(why) for one in told)


def test_a_clock_that_leaps_is_told():
    ahead = [*WHOLE[:-1], WHOLE[-1]._replace(at=WHOLE[-1].at + 8 * 86400)]
    assert any("leaps by more than a week once" in one for one in missing(reduce(ahead)))


def test_a_run_id_that_is_begun_anew_is_no_double():
    anew = Story("r1", 5000.0).begin("w3").move("w3").tell("end").events
    said = " ".join(missing(reduce([*WHOLE, *anew])))
    assert "Events with the number of another one of their run" in said and "came twice" not in said


def test_who_is_out_of_service_when_the_run_ends_was_reached():
    story = Story().begin("w1").tell("service", node="w1", serving=False).tell("end")
    assert reduce(story.events).nodes["w1"].outcome == "unfinished"


def test_it_is_bounded(monkeypatch):
    monkeypatch.setattr(reducer, "MOST_NAMES", 3)
    monkeypatch.setattr(reducer, "MOST_SPANS", 5)
    monkeypatch.setattr(reducer, "MOST_RUNS", 2)
    stories = [Story(run).begin(*[f"w{number}" for number in range(9)]).move("w1") for run in "abc"]
    state = reduce([one for story in stories for one in story.events])
    assert len(state.nodes) == 3 and len(state.runs) == 2
    assert all(len(node.spans) <= 5 for node in state.nodes.values())
    said = " ".join(missing(state))
    assert "which were dropped: 14" in said and "Early steps" in said

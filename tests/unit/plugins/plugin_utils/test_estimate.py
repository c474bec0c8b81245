# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""When a rollout is expected to end: small ones, whose end anybody can see, and what is left of one at work."""

from __future__ import annotations

import time
import tracemalloc

import pytest
from ansible_collections.osmigrate.fleet.plugins.plugin_utils import _outlook as outlook
from ansible_collections.osmigrate.fleet.plugins.plugin_utils._estimate import Part, Terms, Work, expect, pace, quantile
from ansible_collections.osmigrate.fleet.plugins.plugin_utils._events import event
from ansible_collections.osmigrate.fleet.plugins.plugin_utils._rollout import Rollout, apply, reduce, to_go

NOW = 1000.0
SLIDING = Terms({"a": 2, "b": 1}, sliding=True)
TURNS = Terms({"a": 2, "b": 1})
NEVER = TURNS._replace(opening=lambda at, pool: None)


def works(*lasts, pool="a", away=None):
    return [Work(f"{pool}{number}", pool, last, away) for number, last in enumerate(lasts)]


# What, batches, terms, and when each begins and ends.
ENDS = [
    ("one place after the other", [Part(works(10, 20, 30))], SLIDING, [(0, 40)]),
    ("the slowest of a turn holds the next one", [Part(works(10, 20, 30))], TURNS, [(0, 50)]),
    ("pools go side by side", [Part([*works(10, 10), *works(25, pool="b")])], SLIDING, [(0, 25)]),
    ("a turn is of all pools", [Part([*works(10, 10, 10), *works(25, 5, pool="b")])], TURNS, [(0, 35)]),
    ("batches and what they soak", [Part(works(10), 100), Part([]), Part(works(20, pool="b"))], TURNS,
     [(0, 10), (110, 110), (110, 130)]),
    ("a cap over all pools", [Part([*works(10, 10), *works(25, pool="b")])], SLIDING._replace(cap=1), [(0, 45)]),
    ("a cap in turns", [Part([*works(10, 10), *works(25, pool="b")])], TURNS._replace(cap=2), [(0, 35)]),
    ("places stay free for a while", [Part(works(10, 10, 10))], SLIDING._replace(gap=5), [(0, 25)]),
    ("so they do between turns", [Part(works(10, 10, 10))], TURNS._replace(gap=5), [(0, 25)]),
    ("who is away takes a place", [Part([*works(10, away=4.0), *works(30, 7, pool="b")])], SLIDING, [(0, 37)]),
    ("more are away than places", [Part(works(10, 20, 30, away=5.0))], SLIDING, [(0, 25)]),
    ("more than places, and one that waits", [Part([*works(10, 20, 30, away=5.0), Work("x", "a", 5)])], SLIDING,
     [(0, 25)]),
    ("a turn at work is waited for", [Part([*works(10, away=4.0), Work("x", "a", 5)])], TURNS, [(0, 11)]),
    ("a pool without a budget has one place", [Part(works(3, 4, pool="c"))], TURNS, [(0, 7)]),
    ("the same at its own pace", [Part(works(3, 4, pool="c"))], SLIDING, [(0, 7)]),
    ("from eight on", [Part(works(5))], TURNS._replace(opening=lambda at, pool: max(at, NOW + 8)), [(8, 13)]),
    ("in no window", [Part(works(5)), Part(works(5))], NEVER, [(None, None)] * 2),
    ("in no window, at its own pace", [Part(works(5))], NEVER._replace(sliding=True), [(None, None)]),
    ("nobody", [], TURNS, []),
]  # fmt: skip


@pytest.mark.parametrize(("parts", "terms", "times"), [one[1:] for one in ENDS], ids=[one[0] for one in ENDS])
def test_ends(parts, terms, times):
    found = expect(parts, {}, [60], terms, NOW)
    assert [tuple(at if at is None else at - NOW for at in one) for one in found] == times


def test_who_is_unknown_is_as_those_that_are_known():
    known = {"a": [10.0] * 9 + [100.0], "b": [1.0]}
    terms = Terms({"a": 100, "b": 100}, sliding=True)
    assert expect([Part(works(*[0] * 50))], known, [60], terms, 0.0) == [(0.0, 100.0)]
    assert expect([Part(works(0))], known, [60], terms, 0.0) == [(0.0, 10.0)]
    assert expect([Part(works(0, pool="b"))], known, [60], terms, 0.0) == [(0.0, 60.0)]


def test_who_is_late_is_as_those_that_took_longer():
    known = {"a": [10.0, 20.0, 100.0, 100.0, 100.0]}
    assert expect([Part(works(15, away=30.0))], known, [60], SLIDING, 0.0) == [(0.0, 70.0)]
    ((_begin, end),) = expect([Part(works(15, away=400.0))], known, [60], SLIDING, 0.0)
    assert 100 < end < 400, "longer than anybody: for a part of that once more"


def test_pace():
    assert pace([(20, 10), (30, 10), (40, 10), (0, 10), (10, 0)]) == 3
    assert pace([(20, 10), (30, 10)]) == 1, "two say nothing"


def test_quantile():
    values = [float(value) for value in range(1, 11)]
    assert [quantile(values, share) for share in (0.0, 0.5, 0.9, 1.0)] == [1, 5, 9, 10]
    assert quantile([7.0], 0.9) == 7


class Story:
    """Events of a run that moves nodes for so many seconds each."""

    def __init__(self, **ahead):
        self.state, self.number = Rollout(), 0
        self.tell(0, "batch", play="p", number=1, of=1, nodes=[], total=6)
        if ahead:
            self.tell(0, "ahead", **ahead)

    def tell(self, at, kind, **said):
        self.number += 1
        apply(self.state, event("r", self.number, 1000.0 + at, kind, **said))

    def leave(self, node, at):
        self.tell(at, "step", node=node, step="cordon")
        self.tell(at, "service", node=node, serving=False)

    def come(self, node, at):
        self.tell(at, "service", node=node, serving=True)
        self.tell(at, "result", node=node, outcome="done")

    def left(self, at):
        return outlook.seconds_left(self.state, 1000.0 + at)


def test_without_history_it_is_said_when_the_first_one_is_done():
    story = Story()
    assert story.left(0) is None
    story.leave("w1", 0)
    assert story.left(5) is None
    story.come("w1", 10)
    assert (to_go(story.state), story.left(10)) == (5, 50)
    story.leave("w2", 12)
    assert story.left(15) == 7 + 4 * (10 + 2), "each leaves two seconds after the last one"


NAMES = [f"w{number}" for number in range(1, 7)]
AHEAD = {"nodes": NAMES, "pools": ["a"] * 6, "last": [10, 10, 10, 10, 10, 60], "places": {"a": 2}, "sliding": True}


def test_with_history_it_is_said_at_once_and_knows_who_is_slow():
    story = Story(**AHEAD)
    story.leave("w1", 0)
    story.leave("w2", 0)
    assert story.left(0) == 80 and story.left(4) == 76
    story.come("w1", 10)
    story.come("w2", 10)
    assert story.left(10) == 70


def test_in_batches_each_waits_for_its_slowest():
    story = Story(
        **{**AHEAD, "sliding": False, "last": [60, 10, 10, 10, 10, 10], "sizes": [2, 2, 2], "soaks": [30, 0, 0]}
    )
    story.leave("w1", 0)
    story.leave("w2", 0)
    assert story.left(0) == 60 + 30 + 10 + 10
    for name in ("w1", "w2"):
        story.come(name, 60)
    assert story.left(70) == 20 + 10 + 10, "the canary soaks"


def test_a_release_that_takes_longer_for_some_does_so_for_others():
    story = Story(**{**AHEAD, "places": {"a": 1}})
    for number, name in enumerate(NAMES[:3]):
        story.leave(name, 20 * number)
        story.come(name, 20 * number + 20)
    assert story.left(60) == 20 + 20 + 120


def test_held_up_nodes_and_those_of_an_earlier_run():
    story = Story(**AHEAD)
    story.leave("w6", 0)
    story.tell(1, "service", node="w6", serving=True)
    story.tell(1, "result", node="w6", outcome="held", why="A budget.")
    assert story.left(1) == 30
    story.tell(2, "end")
    rest = {name: value for name, value in AHEAD.items() if name != "nodes"}
    apply(story.state, event("r2", 1, 1010.0, "ahead", nodes=NAMES, **rest))
    assert outlook.seconds_left(story.state, 1010.0) == 80, "they go again"


def test_what_others_say_of_it_cannot_break_it():
    wrong = {
        "nodes": ["w1", 7, None],
        "pools": [None],
        "last": ["x", -1, True],
        "places": ["a"],
        "sizes": "3",
        "cap": -1,
    }
    story = Story(**wrong)
    story.leave("w1", 0)
    story.come("w1", 10)
    assert story.left(10) == 0 and reduce([]).ahead is None


def test_a_budget_that_is_no_limit_takes_no_memory():
    """Whoever wants no limit writes a number that no pool has nodes for."""
    tracemalloc.start()
    terms = SLIDING._replace(places={"a": 999_999, "b": 999_999}, cap=999_999)
    assert expect([Part([*works(10, 20), *works(5, away=1)])], {}, [1], terms, 0) == [(0, 20)]
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 1_000_000


def test_thousands_of_nodes_that_go_one_by_one_are_played_at_once():
    """Progress plays them anew while a run goes on, and holds it up for as long."""
    many = [Work(f"w{number}", "ab"[number % 2]) for number in range(6000)]
    began = time.monotonic()
    assert expect([Part(many)], {}, [10], TURNS._replace(places={"a": 1, "b": 1}), 0) == [(0, 30_000)]
    assert time.monotonic() - began < 2

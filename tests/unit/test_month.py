# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The simulated month of tests/bench, with fewer nodes and days: what holds in it, and that its judge can say no."""

from __future__ import annotations

import pytest

from tests.bench import month


@pytest.fixture(scope="module")
def four_days():
    return month.Fleet(120, 4).run()


def test_budgets_windows_and_what_has_arrived_are_left_alone(four_days):
    assert [four_days[name] for name in ("over", "outside", "again", "confirmed_twice")] == [0, 0, 0, 0]
    assert 0 < four_days["most_of_a_pool"] <= four_days["may_be_away_of_a_pool"]
    assert four_days["arrived"] > 60


def test_it_is_the_same_each_time(four_days):
    assert month.Fleet(120, 4).run() == four_days


@pytest.mark.parametrize("hour, over, outside", [(3, 1, 1), (9, 1, 0)])
def test_the_observer_sees_a_node_too_many_and_one_outside_of_windows(hour, over, outside):
    """From noon on, so many hours: in the afternoon no window is open."""
    fleet = month.Fleet(24, 1)
    fleet.clock.time = month.BEGIN + hour * 3600
    for name in ("n00000", "n00012"):
        fleet.cluster.patch(f"/api/v1/nodes/{name}", {"spec": {"unschedulable": True}})
    seen = fleet.observer.seen()
    # Two of a pool that may spare one; the second one is over by the sum and by those who are away, too.
    assert seen.over >= over and bool(seen.outside) == bool(outside)

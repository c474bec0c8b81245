# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who lives is judged by what was seen, on one clock: what stamps say never matters."""

import pytest
from ansible_collections.osmigrate.fleet.plugins.module_utils._kube.lease_plan import Lease
from ansible_collections.osmigrate.fleet.plugins.module_utils._kube.lease_watch import Sight, Watch

DEAD = Lease("run-1@here", "2023-11-14T20:00:00", 1_700_000_000, 60, 3)


class Clock:
    def __init__(self):
        self.seconds = 1000.0

    def __call__(self):
        return self.seconds


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def listed():
    """All leases of the cluster, and how often they were asked for."""
    leases = {"node-w1": DEAD, "node-w2": DEAD._replace(holder="run-2@there")}
    asked = []

    def list_all():
        asked.append(True)
        return dict(leases)

    list_all.asked = asked
    return list_all


@pytest.mark.parametrize("renewed", [None, 0, 1_700_000_001, 4_000_000_000], ids=str)
def test_a_renewal_counts_whatever_its_stamp_says(clock, listed, renewed):
    watch = Watch(listed, now=clock)
    assert watch.look("node-w1", DEAD) == Sight(0, False)
    clock.seconds += 50
    assert watch.look("node-w1", DEAD) == Sight(50, False)
    clock.seconds += 5
    again = DEAD._replace(renewed=renewed)
    assert watch.look("node-w1", again) == Sight(0, True)
    clock.seconds += 61
    assert watch.look("node-w1", again) == Sight(61, True)


def test_who_waits_for_one_has_waited_for_all(clock, listed, tmp_path):
    path = str(tmp_path / "seen")
    Watch(listed, path, clock).look("node-w1", DEAD)
    clock.seconds += 61
    # Another task of the run, for another node.
    there = DEAD._replace(holder="run-2@there")
    assert Watch(listed, path, clock).look("node-w2", there) == Sight(61, False)
    assert len(listed.asked) == 1
    # One that was renewed before that task began says nothing about whether its holder lives now.
    assert Watch(listed, path, clock).look("node-w2", there._replace(renewed=1)) == Sight(0, False)


@pytest.mark.parametrize("torn", ["", "{", "[]", '{"node-w1": 1}', '{"node-w1": [["a"], 1]}'])
def test_a_file_that_was_cut_off_starts_anew(clock, listed, tmp_path, torn):
    (tmp_path / "seen").write_text(torn)
    assert Watch(listed, str(tmp_path / "seen"), clock).look("node-w1", DEAD) == Sight(0, False)

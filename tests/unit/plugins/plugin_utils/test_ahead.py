# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What inventory and variables say of how nodes are to go."""

from __future__ import annotations

import pytest
from ansible_collections.osmigrate.fleet.plugins.plugin_utils._ahead import Host, of_play

EVERYBODY = (
    Host("w1", ("all", "pool_gpu"), {"osmigrate": {"cordoned_seconds": "90"}}),
    Host("w2", ("pool_gpu",), {"osmigrate": {"phase": "done", "release": "r-1"}}),
    Host("w3", ("pool_gpu",), {"osmigrate": {"phase": "done", "release": "r-0", "cordoned_seconds": "99999999"}}),
    Host("w4", (), None),
    Host("c1", ("role_control_plane", "pool_gpu"), {"osmigrate": "x"}),
)


def of(hosts=EVERYBODY, strategy="linear", sizes=(1, 4), release="r-1", **said):
    return of_play(hosts, EVERYBODY, strategy, sizes, lambda name: said, release)


def test_who_goes_where():
    found = of(osmigrate_max_unavailable="100%")
    assert found["nodes"] == ["w1", "w3", "w4", "c1"], "w2 is there"
    assert found["pools"] == ["pool_gpu", "pool_gpu", "worker", "control-plane"]
    assert found["last"] == [90, 0, 0, 0]
    assert found["places"] == {"pool_gpu": 3, "worker": 1, "control-plane": 1}
    assert (found["sizes"], found["soaks"], found["sliding"], found["cap"]) == ([1, 3], [], False, 0)
    assert of(release="")["nodes"] == ["w1", "w2", "w3", "w4", "c1"], "rollback names none"


@pytest.mark.parametrize(("said", "places"), [(None, 1), (2, 2), ("{{ x }}", 1)])
def test_a_budget_that_cannot_be_read_is_the_default(said, places):
    found = of(**({"osmigrate_max_unavailable": said} if said else {}))
    assert found["places"]["pool_gpu"] == places


WAVES = [({"cap": 4, "canary_soak": "1h", "soak": 60}, [3600, 60], 4), ("{{ x }}", [], 0)]


@pytest.mark.parametrize(("waves", "soaks", "cap"), WAVES)
def test_waves(waves, soaks, cap):
    found = of(osmigrate_waves=waves)
    assert (found["soaks"], found["cap"]) == (soaks, cap)


def test_strategies_and_nobody():
    assert of(strategy="host_pinned")["sliding"] and not of(strategy="ansible.builtin.linear")["sliding"]
    empty = {"nodes": [], "pools": [], "last": [], "places": {}, "sizes": [], "soaks": []}
    assert of(hosts=[], sizes=[]) == {**empty, "sliding": False, "cap": 0}

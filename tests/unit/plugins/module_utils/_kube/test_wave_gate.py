# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who may begin at once, and who is held whichever nodes the run was given."""

import pytest
from ansible_collections.osmigrate.fleet.plugins.module_utils._errors import FleetError
from ansible_collections.osmigrate.fleet.plugins.module_utils._kube import times, wave_gate, wave_plan, wave_policy
from ansible_collections.osmigrate.fleet.plugins.module_utils._kube.client import NODES

from tests.bench.memory import Memory

NOW = 1_795_910_400.0
POLICY = wave_policy.read({"pause_after": "canary"})


def a_cluster(*names):
    """Of w1, which is the canary and has arrived, w2, which is in the second wave, and w3, in none of this policy."""
    made = Memory(lambda: NOW, lambda *_seen: None)
    other = wave_policy.read({"soak": 9})
    marks = {"w1": (1, POLICY), "w2": (2, POLICY), "w3": (1, other)}
    for name in names:
        number, policy = marks[name]
        notes = {wave_plan.WAVE: wave_plan.mark(wave_plan.Wave(number, [], 0, 0, False), 2, policy, "r")}
        if name == "w1":
            done = {"rollout": "r", "phase": "done", "since": times.stamp(NOW - 1000)}
            notes.update({f"osmigrate.fleet/{key}": value for key, value in done.items()})
        status = {"conditions": [{"type": "Ready", "status": "True"}]}
        made.add(NODES, {"metadata": {"name": name, "annotations": notes}, "spec": {}, "status": status})
    return made


def asked(cluster, name, check_mode=False, **more):
    request = wave_gate.Request(name, name, "r", POLICY, 0, "", **more)
    return wave_gate.wait(cluster, request, check_mode)


def test_the_canary_begins_and_a_pause_holds_the_others_until_it_is_released():
    cluster = a_cluster("w1", "w2")
    assert asked(cluster, "w1") == (1, "")
    with pytest.raises(FleetError, match="w2 of wave 2 may not begin: after wave 1 somebody has to release the next"):
        asked(cluster, "w2")
    assert asked(cluster, "w2", check_mode=True)[1].endswith("by osmigrate_waves_released=1")
    assert asked(cluster, "w2", check_mode=True, until=1) == (2, "")


def test_a_canary_that_was_deleted_releases_nobody():
    cluster = a_cluster("w2")
    assert asked(cluster, "w2", check_mode=True)[1].startswith("after wave 1 somebody has to release")
    assert asked(cluster, "w2", check_mode=True, until=1)[1].startswith("no node of an earlier wave is left")


def test_a_node_in_no_wave_of_this_policy_does_not_begin():
    cluster = a_cluster("w1", "w3")
    with pytest.raises(FleetError, match="w3 may not begin: it is in no wave of rollout r by this policy"):
        asked(cluster, "w3")
    assert asked(cluster, "w3", check_mode=True) == (0, "it is in no wave of rollout r by this policy")

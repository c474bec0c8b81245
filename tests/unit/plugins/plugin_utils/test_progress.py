# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is said while nothing changes."""

from __future__ import annotations

from ansible_collections.osmigrate.fleet.plugins.plugin_utils import (
    _events as events,
    _progress as progress,
    _rollout as rollout,
)


def state(*told):
    made = rollout.Rollout()
    for number, (at, kind, said) in enumerate(told, 1):
        rollout.apply(made, events.event("run", number, at, kind, **said))
    return made


def steps(many, step="drain", at=100):
    return [(at, "step", {"node": f"w{number}", "step": step}) for number in range(1, many + 1)]


def test_each_node_is_said_with_its_step_since_when_and_why():
    made = state(*steps(2), (110, "step", {"node": "w2", "step": "reboot"}))
    line = progress.waiting(made, 175, lambda name, since: f"{name} since {since:.0f}" if name == "w1" else "")
    assert line == (
        "Waiting: w1 is drained since 1 min 15 s (w1 since 100); w2 reboots into its trial since 1 min 5 s"
        " | 0 done, 0 failed, 0 held up, 2 to go"
    )


def test_many_nodes_are_one_line():
    line = progress.waiting(state(*steps(60)), 130, lambda name, since: "")
    assert line.count("is drained") == progress.MOST_NAMED and "; and 55 more |" in line


def test_who_is_done_or_waits_for_a_batch_is_not_waited_for():
    done = (120, "result", {"node": "w1", "outcome": "done", "verdict": "", "why": ""})
    assert progress.waiting(state(*steps(1), done), 130, lambda name, since: "") == ""
    batch = (120, "batch", {"play": "p", "number": 1, "of": 1, "nodes": ["w1"], "total": 1})
    assert progress.waiting(state(*steps(1), batch), 130, lambda name, since: "") != ""

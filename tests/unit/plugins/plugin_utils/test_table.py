# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from ansible_collections.osmigrate.fleet.plugins.plugin_utils._status import facts
from ansible_collections.osmigrate.fleet.plugins.plugin_utils._table import fleet_summary, node_table, pool_table

QUIET = {
    "name": "control-plane",
    "nodes": 3,
    "unavailable": [],
    "failures": {},
    "held": {},
    "questions": {},
    "halt": {},
}
HALTED = {
    "name": "worker",
    "nodes": 12,
    "unavailable": [{"node": "w1", "why": "is not Ready"}],
    "failures": {"w1": "r1"},
    "held": {"w2": {"rollout": "r1", "since": "2026-11-21T09:00:00Z", "why": "shop/web-1 (needs budget shop/web)"}},
    "questions": {"w3": {"id": "r1.ab", "rollout": "r1", "of": "storage,network", "until": "2026-11-21T11:00:00Z"}},
    "halt": {"since": "2026-11-21T10:00:00Z", "reason": "Bad kernel"},
}


def test_pools():
    assert pool_table([QUIET, HALTED]) == [
        "POOL           NODES  UNAVAILABLE  FAILED  HELD UP  HALTED",
        "control-plane  3      0            0       0        -",
        "worker         12     1            1       1        2026-11-21T10:00:00Z",
        "w1 is not Ready",
        "w2 was held up in rollout r1 since 2026-11-21T09:00:00Z: shop/web-1 (needs budget shop/web)",
        "w3 may go in rollout r1 when storage,network answer r1.ab, until 2026-11-21T11:00:00Z",
        "worker is halted: Bad kernel",
    ]


def test_no_pools():
    assert pool_table([]) == ["POOL  NODES  UNAVAILABLE  FAILED  HELD UP  HALTED"]


def test_the_reason_of_a_failed_node_says_how_often_it_failed():
    node = {
        "name": "w1",
        "os_image": "Debian 12",
        "kernel_version": "6.1",
        "ready": True,
        "schedulable": True,
        "excluded_by": "",
    }
    ours = {"reason": "it panicked", "verdict": "fell_back"}
    assert node_table([{**node, "osmigrate": ours}])[-1] == "w1: it panicked"
    assert node_table([{**node, "osmigrate": {**ours, "attempts": "1"}}])[-1] == "w1: it panicked"
    assert node_table([{**node, "osmigrate": {**ours, "attempts": "3"}}])[-1] == "w1: it panicked (3 attempts failed)"


def test_a_node_that_kexec_started_is_named_until_it_reboots():
    node = {"name": "w1", "boot_id": "b1", "osmigrate": {"phase": "done", "release": "d-1", "kexec_boot": "b1"}}
    assert "Started by kexec, and to be rebooted through the firmware some time: w1." in fleet_summary([node], 0)
    assert not [line for line in fleet_summary([{**node, "boot_id": "b2"}], 0) if "kexec" in line]


def test_a_node_that_grub_has_not_booted_for_too_long_is_named_once_more():
    noted = {"phase": "done", "release": "d-1", "kexec_boot": "b1", "since": "1970-01-01T00:00:00Z"}
    node = {"name": "w1", "boot_id": "b1", "osmigrate": noted}
    said = "Overdue, because GRUB has not booted them for 2 days and more: w1."
    assert said in fleet_summary([node], 2 * 86400 + 1, firmware_within=2 * 86400)
    assert said not in fleet_summary([node], 2 * 86400, firmware_within=2 * 86400)
    assert "Overdue" not in str(fleet_summary([node], 9 * 86400))


def test_a_node_with_a_way_back_less_is_named():
    node = {"name": "w1", "osmigrate": {"phase": "done", "release": "d-1", "not_whole": "ROOT-B"}}
    assert "Not whole, so no way back until the next release is staged: w1 (ROOT-B)." in fleet_summary([node], 0)
    assert not [line for line in fleet_summary([{**node, "osmigrate": {}}], 0) if "whole" in line]


def test_nodes_that_a_label_leaves_out_are_named():
    node = {"name": "w1", "os_image": "Debian 12", "kernel_version": "6.1", "ready": True, "schedulable": True}
    hidden, restricted = "osmigrate.fleet/exclude", "node-restriction.kubernetes.io/osmigrate-exclude"
    nodes = [{**node, "osmigrate": {}, "excluded_by": label} for label in (hidden, restricted, "")]
    assert node_table(nodes)[4:] == [
        f"w1 is left out of the inventory by its label {hidden}, which its own kubelet may have set",
        f"w1 is left out of the inventory by its label {restricted}",
    ]


def test_what_a_kubelet_writes_moves_no_cursor_and_has_an_end():
    evil = "\x1b[2J\u202e\n" + "x" * 100_000
    ours = {"previous_os": evil, "phase": evil, "verdict": evil, "reason": evil, "cordoned_seconds": evil}
    node = {"name": "w1", "os_image": evil, "kernel_version": evil, "ready": True, "schedulable": True}
    told = node_table([{**node, "osmigrate": ours, "excluded_by": ""}])
    told += pool_table(
        [{**HALTED, "halt": {"since": evil, "reason": evil}, "unavailable": [{"node": "a", "why": evil}]}]
    )
    assert all(line.isprintable() and len(line) <= 1000 for line in told)


def noted(name, phase="", release="", since=""):
    ours = {"phase": phase, "release": release, "since": since}
    return {"name": name, "osmigrate": {key: value for key, value in ours.items() if value}}


def test_a_summary_says_what_runs_what_is_late_and_who_is_on_the_way():
    now = 1_795_910_400.0  # 2026-11-29 00:00:00 UTC
    nodes = [
        noted("w1", "done", "d-2", "2026-11-20T00:00:00Z"),
        noted("w2", "done", "d-1", "2026-09-20T00:00:00Z"),
        noted("w3", "trial", "d-2", "2026-11-28T23:50:00Z"),
        noted("w4", "failed", "d-2", "2026-11-28T22:00:00Z"),
        noted("w5", "done", "d-2", "2026-11-25T00:00:00Z"),
        noted("w6"),
        # Who says nothing of when is not patched, whatever a kubelet has written.
        noted("w7", "done", "d-2", "yesterday\x1b[2J"),
    ]
    assert fleet_summary(nodes, now) == [
        "3 of 7 nodes (42 %) run d-2.",
        "3 of 7 nodes (42 %) run no release of ours.",
        "1 of 7 nodes (14 %) run d-1.",
        "28 % arrived at theirs within 30 days; not w2, w3, w4, w6, w7.",
        "On trial: w3 since 2026-11-28T23:50:00Z.",
        "Failed: w4 since 2026-11-28T22:00:00Z.",
    ]
    assert fleet_summary([], now) == []
    assert fleet_summary([noted("w1")], now)[1] == "0 % arrived at theirs within 30 days."


def test_what_nodes_do_now_and_when_they_are_expected_back():
    ready = {"ready": True, "schedulable": True, "os_image": "x", "kernel_version": "y", "excluded_by": ""}
    noted = {
        "w1": {"step": "drain", "step_since": "2026-11-21T10:00:00Z", "cordoned_at": "2026-11-21T09:59:00Z"},
        "w2": {"step": "drain", "step_since": "soon", "cordoned_at": "x"},
        "w3": {"step": "wait", "step_since": "2026-11-21T10:00:00Z"},
        "w4": {"step": "dr\x1b[2Jain"},
    }
    noted["w1"]["cordoned_seconds"] = "300"
    nodes = [{**ready, "name": name, "osmigrate": ours} for name, ours in noted.items()]
    now = 1795255260.0  # 2026-11-21T10:01:00Z
    told = fleet_summary(nodes, now)
    assert "wait: w3 since 1 min." in told
    assert "drain: w1 since 1 min, back in about 3 min, w2." in told
    del noted["w1"]["cordoned_seconds"]
    assert "drain: w1 since 1 min, w2." in fleet_summary(nodes, now), "nothing is known of any move"


def test_a_step_that_nobody_is_at_is_stale_and_not_under_way():
    ready = {"ready": True, "schedulable": True, "os_image": "x", "kernel_version": "y", "excluded_by": ""}
    away = {"step": "drain", "step_since": "2026-11-21T10:00:00Z", "cordoned_at": "2026-11-21T09:59:00Z"}
    until = "2026-11-21T10:00:30Z"
    leases = {
        "w1": {"holder": "a", "until": "2026-11-21T10:01:30Z", "lapsed": False},
        "w2": {"holder": "b", "until": until, "lapsed": True},
        "w3": {"holder": "", "until": "", "lapsed": False},
        "w4": None,
    }
    nodes = [
        {**ready, "name": name, "osmigrate": {**away, "cordoned_seconds": "300"}, "lease": lease}
        for name, lease in leases.items()
    ]
    nodes.append({**ready, "name": "w5", "osmigrate": {}, "lease": leases["w2"]})
    told = fleet_summary(nodes, 1795255260.0)  # 2026-11-21T10:01:00Z
    assert "drain: w1 since 1 min, back in about 3 min, w4 since 1 min, back in about 3 min." in told
    assert (
        f"Stale, drain: w2 since 1 min (its run has not renewed the lease, which ended {until}), "
        "w3 since 1 min (no run holds its lease)."
    ) in told
    assert [line for line in told if line.startswith("No run is at work where a step is stale. Run the same command")]
    assert not [line for line in fleet_summary(nodes[:1], 1795255260.0) if "stale" in line.lower()]


@pytest.mark.parametrize(
    ("lease", "step"),
    [
        (None, "wait"),
        ({"holder": "a", "until": "2026-11-21T10:01:30Z", "lapsed": False}, "wait"),
        ({"holder": "a", "until": "2026-11-21T10:00:30Z", "lapsed": True}, ""),
        ({"holder": "", "until": "", "lapsed": False}, ""),
    ],
)
def test_who_waits_for_a_run_that_is_over_waits_for_nothing(lease, step):
    noted = {"step": "wait", "step_since": "2026-11-21T10:00:00Z"}
    ready = {"ready": True, "schedulable": True, "os_image": "x", "kernel_version": "y", "excluded_by": ""}
    node = {**ready, "name": "w1", "osmigrate": noted, "lease": lease}
    told = [line for line in fleet_summary([node], 1795255260.0) if "w1" in line and "arrived" not in line]
    assert told == (["wait: w1 since 1 min."] if step else [])
    (cluster,) = facts([{"server": "s", "nodes": [node], "pools": []}], 1795255260.0)["clusters"]
    (said,) = cluster["nodes"]
    assert (said["step"], said["step_since"], said["stale"]) == (step, noted["step_since"] if step else "", "")

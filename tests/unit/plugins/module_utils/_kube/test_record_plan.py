# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from ansible_collections.osmigrate.fleet.plugins.module_utils._kube import record_plan

PRESENT = {"osmigrate.fleet/phase": "trial", "osmigrate.fleet/previous-os": "Debian 12", "other/phase": "x"}


def plan(node, **wanted):
    return record_plan.plan(node, {**dict.fromkeys(record_plan.FIELDS), **wanted}, 0)


def test_unset_leaves_and_empty_removes(make_node):
    node = make_node(annotations=PRESENT)
    done = plan(node, phase="done", previous_os="", reason="")
    assert done.patch["metadata"]["annotations"] == {
        "osmigrate.fleet/phase": "done",
        "osmigrate.fleet/previous-os": None,
        "osmigrate.fleet/since": "1970-01-01T00:00:00Z",
    }
    assert done.actions == ["Set phase of node w1 to done", "Remove previous_os from node w1"]


def test_a_second_time_there_is_nothing_to_do(make_node):
    assert plan(make_node(annotations=PRESENT), phase="trial", verdict="") == ({}, [])


def test_what_says_nothing_of_where_it_is_leaves_since_when(make_node):
    assert list(plan(make_node(annotations=PRESENT), reason="why").patch["metadata"]["annotations"]) == [
        "osmigrate.fleet/reason"
    ]


def test_a_long_reason_is_cut_and_stays_so(make_node):
    written = plan(make_node(), reason="x" * 9999).patch["metadata"]["annotations"]["osmigrate.fleet/reason"]
    assert len(written) == record_plan.LONGEST
    assert plan(make_node(annotations={"osmigrate.fleet/reason": written}), reason="x" * 9999).actions == []

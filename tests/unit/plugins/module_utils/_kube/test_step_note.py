# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The note of what a node does: alone, as a part of another patch, and read from what anybody has written."""

from ansible_collections.osmigrate.fleet.plugins.module_utils._errors import FleetError
from ansible_collections.osmigrate.fleet.plugins.module_utils._kube import step_note

NOW = 1795910400
STAMP = "2026-11-29T00:00:00Z"


class Asked:
    """In the place of a cluster: what is asked of it, and an answer of one's choice."""

    def __init__(self, error=None):
        self.requests, self._error = [], error

    def now(self):
        return NOW

    def request(self, method, path, query, body, kind, until):
        self.requests.append((method, path, query["fieldManager"], body))
        if self._error:
            raise self._error


def test_it_is_one_request_and_nobody_fails_without():
    for error in (None, FleetError("The account may not")):
        cluster = Asked(error)
        step_note.note(cluster, "w1", "drain")
        noted = {"osmigrate.fleet/step": "drain", "osmigrate.fleet/step-since": STAMP}
        body = {"metadata": {"annotations": noted}}
        assert cluster.requests == [("PATCH", "/api/v1/nodes/w1", step_note.MANAGER, body)]


def test_it_is_a_part_of_a_patch_that_is_made_anyway():
    patch = {"spec": {"unschedulable": True}, "metadata": {"annotations": {"a": "b"}}}
    found = step_note.joined(patch, "drain", NOW)
    assert found["metadata"]["annotations"] == {"a": "b", step_note.STEP: "drain", step_note.SINCE: STAMP}
    assert found["spec"] == patch["spec"] and patch["metadata"] == {"annotations": {"a": "b"}}
    gone = step_note.joined({"spec": {}}, step_note.NONE, NOW)
    assert gone["metadata"]["annotations"] == {step_note.STEP: None, step_note.SINCE: None}
    assert step_note.joined({}, "drain", NOW) == {}, "nothing is patched for its sake"


def test_what_anybody_wrote():
    assert step_note.read({"step": "drain", "step_since": STAMP}) == ("drain", NOW)
    for wrong in ({}, {"step": "x\x1b[2J", "step_since": STAMP}, {"step": ["drain"]}):
        assert step_note.read(wrong) == ("", None)
    assert step_note.read({"step": "drain", "step_since": "now"}) == ("drain", None)

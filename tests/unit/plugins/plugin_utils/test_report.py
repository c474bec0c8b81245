# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reports, held against fixtures/leapp-report-1.2.0.json: what leapp's own schema asks for, and nothing else."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest
from ansible_collections.osmigrate.fleet.plugins.plugin_utils._report import leapp_report, text_report

SCHEMA = json.loads((Path(__file__).parent / "fixtures/leapp-report-1.2.0.json").read_text())
MOMENT = "2026-11-24T12:00:00Z"


def finding(key="root-space", severity="inhibitor", **more):
    found = {"key": key, "severity": severity, "title": "No room", "detail": "The root is full", "remedy": "Free it"}
    return {**found, "acceptable": False, "accepted": False, **more}


FINDINGS = [finding(), finding("selinux", acceptable=True), finding("kubelet", "medium")]


@pytest.mark.parametrize("findings", [[], FINDINGS, [finding("selinux", acceptable=True, accepted=True)]])
def test_the_report_keeps_to_the_schema(findings):
    jsonschema.validate(leapp_report(findings, "w1", MOMENT), SCHEMA)


@pytest.mark.parametrize(
    "broken", [{"severity": "inhibitor"}, {"audience": "everybody"}, {"detail": {}}, {"groups": "inhibitor"}]
)
def test_the_schema_refuses_what_readers_would_stumble_over(broken):
    report = leapp_report([finding()], "w1", MOMENT)
    report["entries"][0].update(broken)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(report, SCHEMA)


def test_what_stops_a_node_is_in_the_group_that_readers_look_for():
    full, selinux, kubelet = leapp_report(FINDINGS, "w1", MOMENT)["entries"]
    assert [(one["severity"], one["groups"]) for one in (full, selinux, kubelet)] == [
        ("high", ["inhibitor"]),
        ("high", ["inhibitor"]),
        ("medium", []),
    ]
    assert [hint["context"] for hint in selinux["detail"]["remediations"]] == [
        "Free it.",
        "Or accept it: add selinux to osmigrate_accepted_findings.",
    ]
    assert len(full["detail"]["remediations"]) == 1
    (accepted,) = leapp_report([finding("selinux", acceptable=True, accepted=True)], "w1", MOMENT)["entries"]
    assert (accepted["severity"], accepted["groups"]) == ("high", [])
    assert accepted["summary"] == "The root is full. The operator has accepted this."


def test_ids_are_those_of_this_report_and_keys_are_not():
    first, again, other = (leapp_report(FINDINGS, host, MOMENT) for host in ("w1", "w1", "w2"))
    assert first == again
    assert first["leapp_run_id"] != other["leapp_run_id"]
    assert not {one["id"] for one in first["entries"]} & {one["id"] for one in other["entries"]}
    assert [one["key"] for one in other["entries"]] == ["root-space", "selinux", "kubelet"]


def test_text_for_people():
    assert text_report([finding()], "w1", MOMENT).splitlines() == [
        "w1, 2026-11-24T12:00:00Z: 1 findings, stopped by 1 of them",
        "----------------------------------------",
        "Risk Factor: high (inhibitor)",
        "Title: No room",
        "Summary: The root is full.",
        "Remediation: [hint] Free it.",
        "Key: root-space",
    ]
    assert text_report([], "w1", MOMENT) == "w1, 2026-11-24T12:00:00Z: 0 findings, nothing stops it\n"

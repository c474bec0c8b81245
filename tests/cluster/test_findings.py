# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The report of preflight's findings, which is written on the controller whether the node is stopped or not."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest

from tests.cluster.playing import end

SCHEMA = Path(__file__).resolve().parents[1] / "unit/plugins/plugin_utils/fixtures/leapp-report-1.2.0.json"
# No machine has this architecture, so there is something to find on each.
PREFLIGHT = """
- hosts: k8s_nodes
  gather_facts: false
  tasks:
    - ansible.builtin.include_role:
        name: osmigrate.fleet.preflight
      vars:
        preflight_release:
          name: d
          version: "1"
          os: {id: debian, architecture: none}
          minimum_from: []
          payloads: {ostree: {commit: "00", size: 1, boot_size: 1}}
          commits: {ostree: "00"}
"""


@pytest.mark.parametrize("check", [False, True], ids=["run", "rehearsal"])
def test_a_node_that_is_stopped_has_its_report(play, tmp_path, check):
    playbook = tmp_path / "preflight.yml"
    playbook.write_text(PREFLIGHT)
    reports = tmp_path / "reports"
    code, output = end(play(playbook, ["w1"], check=check, osmigrate_report_directory=str(reports)))
    assert code == 2
    report = json.loads((reports / "w1.json").read_text())
    jsonschema.validate(report, json.loads(SCHEMA.read_text()))
    (found,) = (one for one in report["entries"] if one["key"] == "architecture")
    assert (found["groups"], found["hostname"]) == (["inhibitor"], "w1")
    assert "Key: architecture\n" in (reports / "w1.txt").read_text()

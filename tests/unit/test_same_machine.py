# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Two hosts of a play that lead to one machine: the tasks of roles/node, with what boot_info would have told."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

TASKS = Path(__file__).resolve().parents[2] / "roles/node/tasks/same_machine.yml"
PLAY = """
- hosts: all
  gather_facts: false
  tasks:
    - ansible.builtin.set_fact:
        node_boot: "{{ seen }}"
      when: seen is defined
    - ansible.builtin.include_tasks: TASKS
"""


def seen(machine_id, boot_id):
    return {"seen": {"machine": {"machine_id": machine_id}, "booted": {"boot_id": boot_id}}}


A_B = {"a": seen("m1", "b1"), "b": seen("m2", "b2")}
CASES = {
    "two machines": (A_B, []),
    "one machine": ({"a": seen("m1", "b1"), "b": seen("m1", "b1"), "c": seen("m3", "b3")}, ["a", "b"]),
    "clones are two": ({"a": seen("m1", "b1"), "b": seen("m1", "b2")}, []),
    "nothing is known": ({"a": seen("", "b1"), "b": seen("", "b1"), "c": {}}, []),
    "one that did not answer": ({"a": seen("m1", "b1"), "c": {"seen": {"unreachable": True}}}, []),
    "one address": ({name: {**A_B[name], "ansible_host": "192.0.2.1"} for name in A_B}, ["a", "b"]),
    "two ports of one address": (
        {
            "a": {**A_B["a"], "ansible_host": "192.0.2.1"},
            "b": {**A_B["b"], "ansible_host": "192.0.2.1", "ansible_port": 2},
        },
        [],
    ),
}


@pytest.mark.parametrize(("hosts", "refused"), CASES.values(), ids=CASES)
def test_hosts_that_lead_to_one_machine_are_refused(tmp_path, hosts, refused):
    (tmp_path / "hosts.json").write_text(json.dumps({"all": {"hosts": hosts}}))
    (tmp_path / "play.yml").write_text(PLAY.replace("TASKS", str(TASKS)))
    argv = [sys.executable, "-m", "ansible", "playbook", "-i", "hosts.json", "play.yml"]
    run = subprocess.run(argv, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    assert bool(run.returncode) == bool(refused), run.stdout
    for name in refused:
        assert f"fatal: [{name}]" in run.stdout
    if refused:
        assert f"The hosts {' and '.join(refused)} lead to one machine" in run.stdout

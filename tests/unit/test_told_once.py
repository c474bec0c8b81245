# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What ansible-playbook prints of one failure: since 2.19 it shows each message as an error and in the result."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import yaml

ROLE = Path(__file__).resolve().parents[2] / "roles/node/tasks"


def play(directory: Path, tasks: list[dict]) -> str:
    one = {"hosts": "localhost", "gather_facts": False, "connection": "local", "tasks": tasks}
    (directory / "play.yml").write_text(json.dumps([one]))
    argv = [sys.executable, "-m", "ansible", "playbook", "play.yml"]
    run = subprocess.run(argv, cwd=directory, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    assert run.returncode, run.stdout
    return " ".join(run.stdout.split())


def given_up(name: str) -> dict:
    """The task by which the role fails a host for good."""
    for task in yaml.safe_load((ROLE / name).read_text()):
        for one in (task, *task.get("rescue", [])):
            if "ansible.builtin.fail" in one and "node_failure" in str(one["ansible.builtin.fail"]) and "vars" in one:
                return one
    raise AssertionError(f"{name} has no such task")


def test_a_failing_module_says_its_sentence_where_it_fails_and_nowhere_else(tmp_path):
    told = play(tmp_path, [{"osmigrate.fleet.release_info": {"manifest": "/no/such/release.yml", "trusted_keys": []}}])
    assert 1 <= told.count("/no/such/release.yml") <= 2
    assert '"left_as": "Nothing was changed"' in told


def test_what_gives_a_host_up_does_not_repeat_ten_kilobytes(tmp_path):
    facts = {"node_failure": "Seven inhibitors. " + "inhibitor x: remedy y. " * 400, "node_failure_told": ""}
    told = play(tmp_path, [{"ansible.builtin.set_fact": facts}, given_up("prepare.yml")])
    assert 1 <= told.count("Seven inhibitors.") <= 2
    assert len(told) < 2000

# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Batches as Ansible makes them of what somebody gave, and as plans and reports count them."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from ansible_collections.osmigrate.fleet.plugins.plugin_utils import _batches
from ansible_collections.osmigrate.fleet.plugins.plugin_utils._variables import registry

PLAYBOOKS = Path(__file__).parents[2] / "playbooks"
HOSTS = 20
PLAY = f"""
- name: Batch
  hosts: all
  gather_facts: false
  vars_files: ["{PLAYBOOKS / "vars/batches.yml"}"]
  serial: "{{{{ batch_sizes }}}}"
  tasks:
    - ansible.builtin.debug:
        msg: "a batch of {{{{ ansible_play_batch | length }}}}"
      run_once: true
"""


@pytest.mark.parametrize(
    "serial, batches",
    [
        (None, [1, *[2] * 9, 1]),
        ("1, 10%", [1, *[2] * 9, 1]),
        ([1, 5, "100%"], [1, 5, 14]),
        (7, [7, 7, 6]),
    ],
)
def test_what_somebody_gave_makes_these_batches(tmp_path, serial, batches):
    (tmp_path / "hosts.json").write_text(json.dumps({"all": {"hosts": {f"w{n}": {} for n in range(HOSTS)}}}))
    (tmp_path / "play.yml").write_text(PLAY)
    given = {} if serial is None else {"osmigrate_serial": serial}
    argv = [sys.executable, "-m", "ansible", "playbook", "--inventory", tmp_path / "hosts.json", tmp_path / "play.yml"]
    run = subprocess.run(
        [*argv, "-e", json.dumps(given)],
        env={**os.environ, "HOME": str(tmp_path)},
        check=True,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert [int(size) for size in re.findall(r"a batch of (\d+)", run.stdout)] == batches
    assert _batches.sizes(HOSTS, registry()["osmigrate_serial"].default if serial is None else serial) == batches

# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The playbooks add to what an inventory says of connections, and replace none of it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

CONNECTION = Path(__file__).parents[2] / "playbooks/vars/connection.yml"
OURS = "-o ServerAliveInterval=15 -o ServerAliveCountMax=4"
PLAY = f"""
- hosts: all
  gather_facts: false
  vars_files: ["{CONNECTION}"]
  tasks:
    - ansible.builtin.copy:
        content: "{{{{ [ansible_ssh_extra_args, ansible_ssh_retries | int] | to_json }}}}"
        dest: "{{{{ playbook_dir }}}}/seen"
      connection: local
      vars: {{ansible_python_interpreter: "{sys.executable}"}}
"""


@pytest.mark.parametrize(
    "host, arguments, retries",
    [
        ({}, OURS, 3),
        ({"ansible_ssh_extra_args": "-o Port=1"}, f"-o Port=1 {OURS}", 3),
        ({"ansible_ssh_extra_args": "-o Port={{ port }}", "port": 7}, f"-o Port=7 {OURS}", 3),
        ({"ansible_ssh_retries": 9, "osmigrate_ssh_extra_args": "-4"}, "-4", 9),
    ],
)
def test_what_the_inventory_says_stays(tmp_path, host, arguments, retries):
    (tmp_path / "hosts.json").write_text(json.dumps({"all": {"hosts": {"w1": host}}}))
    (tmp_path / "play.yml").write_text(PLAY)
    argv = [sys.executable, "-m", "ansible", "playbook", "--inventory", tmp_path / "hosts.json", tmp_path / "play.yml"]
    environment = {**os.environ, "HOME": str(tmp_path)}
    subprocess.run(argv, env=environment, check=True, capture_output=True, timeout=300)
    seen = json.loads((tmp_path / "seen").read_text())
    assert [" ".join(seen[0].split()), seen[1]] == [arguments, retries]

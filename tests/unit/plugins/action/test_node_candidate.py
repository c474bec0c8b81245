# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""One task for nodes of every backend, by a real ansible-playbook."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys

from ansible_collections.osmigrate.fleet.plugins.action.node_candidate import MODULES

# No key is trusted, so the modules begin, and refuse.
PLAY = """
- hosts: all
  gather_facts: false
  tasks:
    - name: Write the release
      osmigrate.fleet.node_candidate:
        backend: "{{ inventory_hostname }}"
        manifest: "{}"
"""


def test_each_node_gets_the_module_of_its_backend_in_one_task(tmp_path):
    (tmp_path / "play.yml").write_text(PLAY)
    variables = {"ansible_connection": "local", "ansible_python_interpreter": sys.executable}
    inventory = {"all": {"vars": variables, "hosts": dict.fromkeys([*MODULES, "other"])}}
    (tmp_path / "hosts.yml").write_text(json.dumps(inventory))
    argv = [sys.executable, "-m", "ansible", "playbook", "-vvv", "-i", "hosts.yml", "play.yml"]
    environment = {**os.environ, "ANSIBLE_REMOTE_TMP": str(tmp_path / "remote")}
    done = subprocess.run(argv, env=environment, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.stdout.count("TASK [Write the release]") == 1
    sent = {f"osmigrate.fleet.{name}" for name in re.findall(r"Using module file \S+/(\w+)\.py", done.stdout)}
    assert sent == set(MODULES.values())
    refused = [one for one in re.findall(r'(?m)^ +"msg": "(.*)"', done.stdout) if "no trusted key" in one]
    assert len(refused) == len(MODULES)
    assert "backend must be one of ostree, slots, and is 'other'." in done.stdout

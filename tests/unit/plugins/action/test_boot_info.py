# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tasks whose node does not answer, by the ansible-playbook that would drop it."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

# ssh ends with 255 where it cannot reach the other side.
AWAY = "#!/bin/sh\necho 'No route to host' >&2\nexit 255\n"
# It answers until it has made the directory that Ansible takes away in the end.
GOES_AWAY = """#!/bin/sh
if [ -e "$0.away" ]; then echo 'No route to host' >&2; exit 255; fi
for last; do :; done
case "$last" in *mkdir*) touch "$0.away";; esac
exec /bin/sh -c "$last"
"""
PLAY = """
- hosts: w0
  gather_facts: false
  tasks:
    - block:
        - %s
      rescue:
        - ansible.builtin.debug:
            msg: "Brought home: {{ ansible_failed_result.msg }}"
"""
ASKED = [
    {"osmigrate.fleet.boot_info": {"must_answer": True}},
    {"osmigrate.fleet.boot_trial": {"state": "armed", "name": "r-2", "must_answer": "yes"}},
]


@pytest.fixture
def ask(tmp_path):
    ssh = tmp_path / "ssh"
    ssh.touch(0o755)
    environment = {
        **os.environ,
        "ANSIBLE_SSH_EXECUTABLE": str(ssh),
        "ANSIBLE_SSH_RETRIES": "0",
        "ANSIBLE_SSH_TRANSFER_METHOD": "piped",
        "ANSIBLE_PIPELINING": "0",
        "ANSIBLE_PYTHON_INTERPRETER": sys.executable,
        "ANSIBLE_REMOTE_TMP": str(tmp_path / "remote"),
    }

    def run(task, program=AWAY):
        ssh.write_text(program)
        (tmp_path / "play.yml").write_text(PLAY % json.dumps(task))
        argv = [sys.executable, "-m", "ansible", "playbook", "-i", "w0,", str(tmp_path / "play.yml")]
        done = subprocess.run(argv, env=environment, cwd=tmp_path, capture_output=True, text=True, check=False)
        return done.returncode, " ".join(done.stdout.split())

    return run


@pytest.mark.parametrize("program", [AWAY, GOES_AWAY], ids=["is away", "goes away"])
@pytest.mark.parametrize("task", ASKED, ids=[next(iter(task)).rpartition(".")[2] for task in ASKED])
def test_a_node_that_has_to_answer_and_does_not_is_a_failure_that_a_rescue_sees(ask, task, program):
    code, printed = ask(task, program)
    assert code == 0
    assert "Brought home: The node does not answer: " in printed and "No route to host" in printed


def test_any_other_is_unreachable_as_ever(ask):
    code, printed = ask({"osmigrate.fleet.boot_info": {}})
    assert code == 4
    assert "UNREACHABLE!" in printed and "Brought home" not in printed

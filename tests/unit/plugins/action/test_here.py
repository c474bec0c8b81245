# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Modules that run in Ansible's own process say what they say in one of their own, and get one where they need it."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
from types import SimpleNamespace

import pytest
import yaml
from ansible_collections.osmigrate.fleet.plugins.action import k8s_node_health
from ansible_collections.osmigrate.fleet.plugins.plugin_utils import _here as here

MODULES = {
    "k8s_node_approval": {"required": ["change"], "timeout": 0},
    "k8s_node_claim": {"rollout": "r1", "max_unavailable": "1"},
    "k8s_node_cordon": {"rollout": "r1"},
    "k8s_node_drain": {},
    "k8s_node_health": {"timeout": 0},
    "k8s_node_last_look": {},
    "k8s_node_lease": {"holder": "one", "state": "renewed"},
    "k8s_node_record": {"phase": "done"},
}
# Nothing listens there.
AWAY = {"name": "w1", "host": "http://127.0.0.1:9", "api_key": "hush", "api_timeout": 0}


@pytest.fixture
def play(tmp_path):
    """Run tasks for the implicit localhost; return the result of each."""

    def run(tasks, interpreter="", **more):
        for number, task in enumerate(tasks):
            task.update(register=f"r{number}", ignore_errors=True, delegate_to="localhost")
        shown = ", ".join(f"r{number}" for number in range(len(tasks)))
        tell = {"ansible.builtin.copy": {"content": "{{ [" + shown + "] | to_json }}", "dest": str(tmp_path / "told")}}
        hosts = {"hosts": "w1", "gather_facts": False, "connection": "local", "tasks": [*tasks, tell], **more}
        (tmp_path / "play.yml").write_text(json.dumps([hosts]))
        known = {"ansible_python_interpreter": interpreter} if interpreter else {}
        inventory = {"all": {"hosts": {"w1": {"ansible_python_interpreter": sys.executable}}}}
        if known:
            inventory["all"]["hosts"]["localhost"] = {"ansible_connection": "local", **known}
        (tmp_path / "hosts.yml").write_text(yaml.safe_dump(inventory))
        argv = [sys.executable, "-m", "ansible", "playbook", "-i", "hosts.yml", "play.yml"]
        done = subprocess.run(argv, cwd=tmp_path, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        assert "hush" not in done.stdout + (tmp_path / "told").read_text()
        return json.loads((tmp_path / "told").read_text())

    return run


def test_the_same_is_said_in_either_process(play, tmp_path):
    wrapper = tmp_path / "wrapped"
    wrapper.write_text(f'#!/bin/sh\nexec {sys.executable} "$@"\n')
    wrapper.chmod(0o755)

    def tasks():
        named = [{f"osmigrate.fleet.{name}": {**AWAY, **more}} for name, more in MODULES.items()]
        wrong = {"osmigrate.fleet.k8s_node_record": {**AWAY, "no_such_option": 1}}
        return [*named, wrong]

    own, apart = play(tasks()), play(tasks(), str(wrapper))
    for one, other in zip(own, apart):
        for result in (one, other):
            result.pop("ansible_facts", None)
            result.pop("exception", None)
            result.get("invocation", {}).get("module_args", {}).pop("sightings", None)
        assert one == other
        assert one["failed"] and one["msg"]


def test_nothing_that_libraries_say_is_shown(capfd):
    def main(make):
        module = make({"name": {"type": "str"}}, supports_check_mode=True)
        print("said by a library")
        logging.getLogger("kubernetes").warning("logged by a library")
        module.warn("a warning")
        module.exit_json(changed=False, named=module.params["name"], check=module.check_mode)

    handlers = list(logging.getLogger().handlers)
    result = here.run(main, {"name": "w1", "_ansible_check_mode": True})
    assert result == {
        "changed": False,
        "named": "w1",
        "check": True,
        "warnings": ["a warning"],
        "invocation": {"module_args": {"name": "w1"}},
    }
    assert logging.getLogger().handlers == handlers
    assert capfd.readouterr() == ("", "")


def test_a_task_that_brings_its_environment_has_it(play):
    task = {"osmigrate.fleet.k8s_node_record": {"name": "w1", "phase": "done", "api_timeout": 0}}
    (told,) = play([{**task, "environment": {"K8S_AUTH_KUBECONFIG": "/no/such/kubeconfig"}}])
    assert "/no/such/kubeconfig" in told["msg"]


def test_a_pod_that_is_started_is_deleted_by_a_process_that_nobody_ends_with_the_run():
    action = k8s_node_health.ActionModule.__new__(k8s_node_health.ActionModule)
    action._task = SimpleNamespace(args={"name": "w1", "probe": {"image": "busybox"}})
    assert action._apart({})

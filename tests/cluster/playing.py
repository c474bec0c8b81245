# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The collection with boots that are played on the controller, so that whole playbooks run without machines."""

from __future__ import annotations

import itertools
import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import yaml

from tests.cluster.fleet_of_nodes import wait_for

PLAYED = ("boot_info", "boot_trial", "node_reboot")
COLLECTION = Path(__file__).resolve().parents[2]
# The second play of drill: what comes before it needs a real node.
DRILL = """
- hosts: k8s_nodes
  gather_facts: false
  tasks:
    - ansible.builtin.include_role:
        name: osmigrate.fleet.node
      vars: {node_target: r-2, node_rollout: r1, node_purpose: drill, trial_tries: 1}
"""


def make_collection(path: Path) -> Path:
    """Copy what playbooks need below `path`, for ANSIBLE_COLLECTIONS_PATH; return the copy."""
    copy = path / "ansible_collections/osmigrate/fleet"
    copy.mkdir(parents=True)
    for name in ("plugins", "roles", "playbooks", "meta"):
        shutil.copytree(COLLECTION / name, copy / name)
    shutil.copy(COLLECTION / "galaxy.yml", copy)
    for name in ("tests/backends", "tests/cluster/played"):
        shutil.copytree(COLLECTION / name, copy / name)
    for name in PLAYED:
        shutil.copy(Path(__file__).parent / "played/boot.py", copy / f"plugins/action/{name}.py")
    (copy / "playbooks/drilled.yml").write_text(DRILL)
    return copy


def write_waves(path: Path, tasks: list[dict[str, Any]]) -> Path:
    """Write a playbook of what migrate does about waves, with these tasks for each node whose turn it is."""
    prepare, move = yaml.safe_load((COLLECTION / "playbooks/migrate.yml").read_text())[-2:]
    mark = [task for task in prepare["tasks"] if task["name"] == "Part the nodes into waves"]
    plays = [{**prepare, "tasks": mark}, {**move, "tasks": [move["tasks"][0], *tasks]}]
    for one in plays:
        # These nodes are all this controller, to which nobody has to connect.
        named = [name for name in one["vars_files"] if name != "vars/connection.yml"]
        one["vars_files"] = [str(COLLECTION / "playbooks" / name) for name in named]
    path.write_text(yaml.safe_dump(plays))
    return path


def write_inventory(path: Path, nodes: Iterable[str]) -> None:
    """Hosts that are all this controller."""
    hosts = {name: {"ansible_connection": "local", "ansible_python_interpreter": sys.executable} for name in nodes}
    path.write_text(json.dumps({"k8s_nodes": {"hosts": hosts}}))


class Player:
    """Starts playbooks on nodes that are all this controller.

    :param collections: the directory below which make_collection() was told to make it.
    :param directory: the test's own; the boot menus of the nodes lie there.
    """

    def __init__(self, collections: Path, kubeconfig: Path, directory: Path) -> None:
        self._directory = directory
        self._runs = itertools.count(1)
        self._environment = {
            **os.environ,
            "ANSIBLE_COLLECTIONS_PATH": str(collections),
            "ANSIBLE_PIPELINING": "1",
            "ANSIBLE_LOCALHOST_WARNING": "0",
            "K8S_AUTH_KUBECONFIG": str(kubeconfig),
            "OSMIGRATE_PLAYED": str(directory),
        }

    def __call__(
        self, playbook: str | Path, nodes: Iterable[str] = (), check: bool = False, by_runner: bool = False, **more: Any
    ) -> subprocess.Popen[str]:
        """Start a playbook of the collection, or one by its path.

        :param by_runner: let ansible-runner start it.
        :param more: variables.
        """
        directory = self._directory / f"run-{next(self._runs)}"
        inventory = directory / "inventory/hosts.json"
        inventory.parent.mkdir(parents=True)
        write_inventory(inventory, nodes)
        # What holds nodes after a kill holds them no longer than tests want to wait.
        variables = {"osmigrate_become": False, "osmigrate_rollout": "r1", "node_lease_duration": 30, **more}
        named = str(playbook) if isinstance(playbook, Path) else f"osmigrate.fleet.{playbook}"
        argv = [sys.executable, "-m", "ansible", "playbook", named, "-i", str(inventory)]
        argv += ["-e", json.dumps(variables), *(["--check"] if check else [])]
        if by_runner:
            (directory / "env").mkdir()
            (directory / "project").mkdir()
            (directory / "env/extravars").write_text(json.dumps(variables))
            argv = [sys.executable, "-m", "ansible_runner", "run", str(directory), "--playbook", named]
        return subprocess.Popen(
            argv, env=self._environment, start_new_session=True,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip


def end(process: subprocess.Popen[str]) -> tuple[int, str]:
    """Wait for a playbook; return its exit code and its output in one line."""
    output = process.communicate(timeout=3000)[0]
    print(output)
    return process.returncode, " ".join(output.split())


def kill_when(condition: Callable[[], Any], process: subprocess.Popen[str]) -> None:
    """Kill a playbook with all its forks when something has become true."""
    try:
        wait_for(condition, 600)
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        print(process.communicate()[0])

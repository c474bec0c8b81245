# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Playbooks that work on clusters take those that the inventory names, and say which ones they are."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest
import yaml


@pytest.fixture
def run(collections, robot_kubeconfig, tmp_path):
    """Run a playbook with an inventory of two clusters, one of which is away, and no other hint of a cluster."""
    away = yaml.safe_load(robot_kubeconfig.read_text())
    away["clusters"][0]["cluster"]["server"] = "https://127.0.0.1:1"
    (tmp_path / "away").write_text(yaml.safe_dump(away))
    named = {"here": str(robot_kubeconfig), "away": str(tmp_path / "away")}
    groups = {
        f"cluster_{name}": {"hosts": {f"w-1.{name}": None}, "vars": {"osmigrate_kubeconfig": path}}
        for name, path in named.items()
    }
    inventory = tmp_path / "hosts.json"
    inventory.write_text(json.dumps({"k8s_nodes": {"children": groups}}))
    environment = {name: value for name, value in os.environ.items() if not name.startswith("K8S_AUTH_")}
    environment |= {"ANSIBLE_COLLECTIONS_PATH": str(collections), "HOME": str(tmp_path), "OSMIGRATE_API_TIMEOUT": "2"}

    def play(playbook: str, *arguments: str) -> tuple[int, str]:
        argv = [sys.executable, "-m", "ansible", "playbook", f"osmigrate.fleet.{playbook}", "-i", str(inventory)]
        ended = subprocess.run(
            [*argv, *arguments],
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        print(ended.stdout)
        return ended.returncode, " ".join(ended.stdout.split())

    return play


def server(kubeconfig) -> str:
    return yaml.safe_load(kubeconfig.read_text())["clusters"][0]["cluster"]["server"]


def test_a_halt_reaches_every_cluster_that_it_can(run, make_fleet, robot_kubeconfig):
    fleet = make_fleet(1)
    pools = ["-e", json.dumps({"osmigrate_pools": [fleet.pool], "osmigrate_reason": "Stop"})]
    code, output = run("halt", *pools)
    assert code != 0
    assert f"{server(robot_kubeconfig)}: halted: {fleet.pool}." in output
    assert "away: not halted: " in output
    assert fleet.state().halt["reason"] == "Stop"

    code, output = run("resume", "--limit", "cluster_here", *pools[:1], json.dumps({"osmigrate_pools": [fleet.pool]}))
    assert code == 0
    assert f"{server(robot_kubeconfig)}: Pool {fleet.pool}: end the halt: Stop." in output
    assert fleet.state().halt is None


def test_status_shows_what_it_can(run, make_fleet, robot_kubeconfig):
    fleet = make_fleet(1)
    code, output = run("status")
    assert code != 0
    assert f"{server(robot_kubeconfig)}:" in output
    assert fleet.nodes[0] in output
    assert run("status", "--limit", "w-1.here")[0] == 0

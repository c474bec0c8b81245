# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an inventory of many nodes costs, by itself, at the start of a play, and in each fork of a run."""

from __future__ import annotations

import json
import sys
from collections.abc import Collection
from pathlib import Path
from typing import Any

from tests.bench.figures import ROOT, Cost, figure, interleaved, measure

PEERS = Path(__file__).parent / "peers"
BIN = Path(sys.executable).parent
PLAY = """
- hosts: k8s_nodes[0]
  gather_facts: false
  tasks: [{ansible.builtin.debug: {msg: started}}]
"""
# Tasks that do nothing: what is left is what Ansible does for each host, a fork above all.
FORKED_HOSTS, FORKED_TASKS = 50, 10
FORKED = f"""
- hosts: k8s_nodes[0:{FORKED_HOSTS - 1}]
  gather_facts: false
  tasks: [%s]
"""
NAMED = {"floor": "bare hosts", "constructed": "constructed", "script": "kubectl and script"}
# Where in a Cost, what that is, the peer, the goal.
COMPARED = (
    (0, "seconds", "floor", 2.0),
    (0, "seconds", "constructed", 0.15),
    (0, "seconds", "script", None),
    # Beside other work on the machine these are steadier; what the API server does is not in them.
    (1, "CPU seconds", "floor", None),
    (1, "CPU seconds", "constructed", None),
    (2, "MiB", "script", 0.3),
    (2, "MiB", "floor", None),
)


class Inventories:
    """The same nodes, four ways."""

    def __init__(self, directory: Path, kubeconfig: Path, kubectl: Path, count: int) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        self._directory = directory
        self._environment = {
            "ANSIBLE_COLLECTIONS_PATH": str(ROOT / "build/collections"),
            "ANSIBLE_INVENTORY_PLUGINS": str(PEERS),
            "ANSIBLE_INVENTORY_ENABLED": "osmigrate.fleet.k8s_nodes,constructed_nodes,script",
            "ANSIBLE_INVENTORY_ANY_UNPARSED_IS_FAILED": "1",
            "ANSIBLE_LOCALHOST_WARNING": "0",
            "KUBECONFIG": str(kubeconfig),
            "BENCH_KUBECTL": str(kubectl),
            "HOME": str(directory),
        }
        ours = directory / "bench.k8s_nodes.yml"
        ours.write_text(f"plugin: osmigrate.fleet.k8s_nodes\nkubeconfig: {kubeconfig}\n")
        shard = directory / "shard.k8s_nodes.yml"
        shard.write_text(ours.read_text() + "label_selector: pool=pool-1\n")
        constructed = directory / "bench.constructed_nodes.yml"
        constructed.write_text((PEERS / "constructed_nodes.yml").read_text() + f"kubeconfig: {kubeconfig}\n")
        self._sources = {
            "ours": ours,
            "shard": shard,
            "floor": _script(directory / "floor.sh", f"cat {bare_hosts(directory, count)}"),
            "constructed": constructed,
            "script": _script(directory / "kubectl.sh", f"{sys.executable} {PEERS / 'kubectl_nodes.py'}"),
        }
        self._sources["few"] = _script(directory / "few.sh", f"cat {bare_hosts(directory, FORKED_HOSTS)}")
        plays = {
            "start": PLAY,
            "idle": FORKED % "{ansible.builtin.meta: noop}",
            "forks": FORKED % ", ".join(["{ansible.builtin.debug: {msg: done}}"] * FORKED_TASKS),
        }
        for name, play in plays.items():
            (directory / f"{name}.yml").write_text(play)

    def list(self, name: str) -> tuple[float, ...]:
        return measure([BIN / "ansible-inventory", "-i", self._sources[name], "--list"], self._environment)

    def start(self, name: str) -> tuple[float, ...]:
        return self._playbook(name, "start")

    def forks(self, name: str) -> tuple[float, float]:
        """Seconds and CPU seconds of the tasks alone."""
        idle, forks = (self._playbook(name, play) for play in ("idle", "forks"))
        return forks.wall - idle.wall, forks.cpu - idle.cpu

    def _playbook(self, name: str, play: str) -> Cost:
        path = self._directory / f"{play}.yml"
        return measure([BIN / "ansible-playbook", "-i", self._sources[name], path], self._environment)


def bare_hosts(directory: Path, count: int) -> Path:
    """What an inventory script prints that knows nothing but names: less cannot be had."""
    data = directory / f"bare-{count}.json"
    names = [f"n{number:06}" for number in range(count)]
    data.write_text(json.dumps({"k8s_nodes": {"hosts": names}, "_meta": {"hostvars": {}}}))
    return data


def _script(path: Path, command: str) -> Path:
    path.write_text(f"#!/bin/sh\nexec {command}\n")
    path.chmod(0o755)
    return path


def bench(
    inventories: Inventories, count: int, repetitions: int, peers: Collection[str] = tuple(NAMED)
) -> list[dict[str, Any]]:
    """Compare listing and the start of a play with those of the peers."""
    figures = []
    for what, run in (("ansible-inventory --list", inventories.list), ("play start", inventories.start)):
        print(f"Inventory of {count} nodes, {what}", file=sys.stderr)
        seen = interleaved(repetitions, {name: lambda name=name, run=run: run(name) for name in ("ours", *peers)})
        figures += [
            figure(f"{what}, {count} nodes: {unit}", seen["ours"][index], seen[peer][index], NAMED[peer], goal)
            for index, unit, peer, goal in COMPARED
            if peer in peers
        ]
    return figures


def fork_tax(inventories: Inventories, count: int, repetitions: int) -> list[dict[str, Any]]:
    print(f"Forks under an inventory of {count} nodes", file=sys.stderr)
    names = ("ours", "few", "floor")
    seen = interleaved(repetitions, {name: lambda name=name: inventories.forks(name) for name in names})
    wall, cpu = ({name: seen[name][index] for name in names} for index in range(2))
    named = f"{FORKED_HOSTS * FORKED_TASKS} host-tasks that do nothing, of {count} nodes"
    few, bare = f"with {FORKED_HOSTS} hosts", f"{count} bare hosts"
    return [
        figure(f"{named}: seconds", wall["ours"], wall["few"], few, 1.10),
        figure(f"{named}: CPU seconds", cpu["ours"], cpu["few"], few, 1.10),
        # What Ansible itself takes for as many hosts.
        figure(f"{named}: CPU seconds", cpu["ours"], cpu["floor"], bare),
    ]


def shard(inventories: Inventories, count: int, repetitions: int) -> list[dict[str, Any]]:
    print(f"A quarter of {count} nodes by selector", file=sys.stderr)
    seen = interleaved(repetitions, {name: lambda name=name: inventories.start(name) for name in ("shard", "ours")})
    named = f"play start with a quarter of {count} nodes"
    return [
        figure(f"{named}: seconds", seen["shard"][0], seen["ours"][0], "with all of them"),
        figure(f"{named}: MiB", seen["shard"][2], seen["ours"][2], "with all of them"),
    ]

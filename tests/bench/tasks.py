# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the controller does for a node on its whole way, beside a plain playbook of the same steps (peers/plain.yml).

Boots are played; scheduler, evictions and records are real. The peer waits for no budget, takes no lease that runs
out and runs no hooks, so it does less.
"""

from __future__ import annotations

import json
import re
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from tests.bench.drain import kubernetes_core
from tests.bench.figures import ROOT, figure, interleaved, measure
from tests.bench.plane import Plane
from tests.bench.release import deployment
from tests.cluster.fleet_of_nodes import Fleet
from tests.cluster.playing import make_collection, write_inventory

NODES, PODS_OF_A_NODE, FORKS = 8, 4, 8
NAMESPACE = "bench-tasks"
PEER = ROOT / "tests/bench/peers/plain.yml"
# What Ansible prints of each task of each host.
_DONE = re.compile(r"^(?:ok|changed|skipping|included|fatal): ", re.MULTILINE)


def bench(plane: Plane, admin: Any, robot: Path, directory: Path, repetitions: int) -> list[dict[str, Any]]:
    make_collection(directory / "played")
    theirs = kubernetes_core(directory)
    plane.kubectl("create", "namespace", NAMESPACE)
    cpu, tasks = {}, {}
    runs = {
        "ours": lambda: way(plane, admin, robot, directory, directory / "played", "osmigrate.fleet.rollback"),
        "peer": lambda: way(plane, admin, plane.admin_kubeconfig, directory, theirs, PEER),
    }
    for name, (seconds, executed) in interleaved(repetitions, runs).items():
        cpu[name], tasks[name] = seconds / NODES, executed / NODES
    named = "a plain playbook of the same steps"
    return [
        figure("controller CPU seconds of a node's whole way", cpu["ours"], cpu["peer"], named, 0.3),
        figure("tasks of a node's whole way, skipped ones too", tasks["ours"], tasks["peer"], named, 0.3),
    ]


def way(
    plane: Plane,
    admin: Any,
    kubeconfig: Path,
    directory: Path,
    collections: Path,
    playbook: str | Path,
    more: Mapping[str, str] = MappingProxyType({}),
) -> tuple[float, float]:
    """Take a fleet of its own all the way; return CPU seconds and how often a task was a host's.

    :param more: variables of the environment.
    """
    fleet = Fleet(plane, admin, NODES)
    app = deployment(fleet.pool, (NODES - 1) * PODS_OF_A_NODE)
    plane.kubectl("apply", "--namespace", NAMESPACE, "--filename", "-", input=json.dumps(app))
    plane.kubectl("rollout", "status", "deployment/app", "--namespace", NAMESPACE, "--timeout=300s")
    with tempfile.TemporaryDirectory(dir=directory) as place:
        inventory, log = Path(place, "hosts.json"), Path(place, "log")
        write_inventory(inventory, fleet.nodes)
        ours = {"osmigrate_become": False, "osmigrate_max_unavailable": "50%", "osmigrate_serial": "50%"}
        given = {**ours, "osmigrate_rollout": "bench", "pool": fleet.pool, "allowed": NODES}
        environment = {
            "ANSIBLE_COLLECTIONS_PATH": str(collections),
            "ANSIBLE_LOCALHOST_WARNING": "0",
            "ANSIBLE_PIPELINING": "1",
            "ANSIBLE_FORKS": str(FORKS),
            "ANSIBLE_LOG_PATH": str(log),
            "ANSIBLE_DISPLAY_SKIPPED_HOSTS": "true",
            "K8S_AUTH_KUBECONFIG": str(kubeconfig),
            "OSMIGRATE_PLAYED": place,
            **more,
        }
        argv = [sys.executable, "-m", "ansible", "playbook", playbook, "-i", inventory, "-e", json.dumps(given)]
        cost = measure(argv, environment)
        said = "\n".join(line.partition("| ")[2] for line in log.read_text().splitlines())
    plane.kubectl("delete", "--namespace", NAMESPACE, "deployment", "app")
    fleet.close()
    return cost.cpu, float(len(_DONE.findall(said)))

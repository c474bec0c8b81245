# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a rollout costs those who run on the nodes: evictions of each pod, and nodes that a bad release takes out of
service before its waves end it. Boots are played; scheduler, evictions and waves are real. Nodes go in plain batches
for the evictions, and in waves, by migrate's own plays about them, for the bad release."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

from tests.bench.figures import figure
from tests.bench.plane import Plane
from tests.cluster.fleet_of_nodes import Fleet
from tests.cluster.played.node import Node
from tests.cluster.playing import Player, end, make_collection, write_waves

NODES, PODS_OF_A_NODE = 10, 6
EVICTIONS, CANARIES = 1.15, 2
NAMESPACE = "bench-release"


def bench(plane: Plane, admin: Any, robot: Path, directory: Path) -> list[dict[str, Any]]:
    make_collection(directory / "played")
    plane.kubectl("create", "namespace", NAMESPACE)
    found = {soft: _evictions(plane, admin, robot, directory, soft) for soft in (False, True)}
    print(f"  evictions of a pod in plain order: {found[False]:.2f}", file=sys.stderr)
    return [
        figure("evictions of a pod over a rollout with osmigrate_soft_taint", found[True], EVICTIONS, "bound", 1.0),
        figure("the same, in plain order", found[True], found[False], "without it", 1.0),
        figure(
            f"bad release: nodes that left service before its waves ended it, {CANARIES} canaries",
            _bad_release(plane, admin, robot, directory),
            CANARIES,
            "the canaries",
            1.0,
        ),
    ]


def _play(directory: Path, robot: Path, name: str) -> Player:
    own = directory / name
    own.mkdir(parents=True)
    return Player(directory / "played", robot, own)


def _evictions(plane: Plane, admin: Any, robot: Path, directory: Path, soft: bool) -> float:
    """Move all nodes one by one, and return how often each pod was evicted."""
    fleet = Fleet(plane, admin, NODES)
    pods = (NODES - 1) * PODS_OF_A_NODE
    plane.kubectl("apply", "--namespace", NAMESPACE, "--filename", "-", input=json.dumps(deployment(fleet.pool, pods)))
    _settle(plane)
    begun = time.time()
    play = _play(directory, robot, f"soft-{soft}")
    code, output = end(play("rollback", fleet.nodes, osmigrate_serial=1, osmigrate_soft_taint=soft))
    if code:
        sys.exit(f"The rollout failed, so there are no figures:\n{output[-3000:]}")
    asked = [one for one in plane.asked(begun) if (one.verb, one.resource) == ("create", "pods/eviction")]
    plane.kubectl("delete", "--namespace", NAMESPACE, "deployment", "app")
    fleet.close()
    return sum(one.status < 300 for one in asked) / pods


def _settle(plane: Plane) -> None:
    plane.kubectl("rollout", "status", "deployment/app", "--namespace", NAMESPACE, "--timeout=300s")


def deployment(pool: str, pods: int) -> dict[str, Any]:
    """Pods that run on the nodes of a pool."""
    labels = {"app": "app"}
    template = {
        "metadata": {"labels": labels},
        "spec": {"nodeSelector": {"pool": pool}, "containers": [{"name": "app", "image": "none"}]},
    }
    spec = {"replicas": pods, "selector": {"matchLabels": labels}, "template": template}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "app"}, "spec": spec}


def _bad_release(plane: Plane, admin: Any, robot: Path, directory: Path) -> int:
    """Let no trial come up, and return how many nodes left service for a run, and for another one over the others.

    Of the first one all canaries fail, which ends any play. What holds the second one is the gate of the waves alone.
    """
    fleet = Fleet(plane, admin, NODES)
    play = _play(directory, robot, "bad")
    for name in fleet.nodes:
        node = Node(directory / "bad", name)
        node.make()
        node.how(good=False)
    way = {"ansible.builtin.include_role": {"name": "osmigrate.fleet.node"}, "vars": {"node_target": "r-2"}}
    playbook = write_waves(directory / "bad/waves.yml", [way])
    policy = {"canary": CANARIES, "canary_soak": 0}
    begun = time.time()
    for nodes, why in ((fleet.nodes, "FAILED"), (fleet.nodes[CANARIES:], "of wave 1 failed, and 0 of it may")):
        code, output = end(play(playbook, nodes, osmigrate_waves=policy, osmigrate_max_unavailable=CANARIES))
        if not code or why not in output:
            sys.exit(f"A rollout of a bad release has not failed as it should:\n{output[-3000:]}")
    drained = {note["name"] for note in _notes(fleet) if note.get("cordoned_seconds") or note.get("cordoned_at")}
    print(f"  {len(drained)} nodes left service within {time.time() - begun:.0f} s", file=sys.stderr)
    fleet.close()
    return len(drained)


def _notes(fleet: Fleet) -> list[dict[str, str]]:
    return [{**note, "name": name} for name, note in zip(sorted(fleet.nodes), fleet.notes())]

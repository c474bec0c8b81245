# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a rollout costs those who run on the nodes: evictions of each pod, and nodes that a bad release takes out of
service before the halt. Boots are played; scheduler, evictions and waves are real."""

from __future__ import annotations

import json
import shutil
import sys
import time
from pathlib import Path
from typing import Any

from tests.bench.figures import figure
from tests.bench.plane import Plane
from tests.cluster.fleet_of_nodes import Fleet
from tests.cluster.played.node import Node
from tests.cluster.playing import Player, end, make_collection

NODES, PODS_OF_A_NODE = 10, 6
EVICTIONS, CANARIES = 1.15, 2
NAMESPACE = "bench-release"


def bench(plane: Plane, admin: Any, robot: Path, directory: Path) -> list[dict[str, Any]]:
    shutil.rmtree(directory, ignore_errors=True)
    make_collection(directory / "played")
    plane.kubectl("create", "namespace", NAMESPACE)
    found = {soft: _evictions(plane, admin, robot, directory, soft) for soft in (False, True)}
    print(f"  evictions of a pod in plain order: {found[False]:.2f}", file=sys.stderr)
    return [
        figure("evictions of a pod over a rollout with osmigrate_soft_taint", found[True], EVICTIONS, "bound", 1.0),
        figure("the same, in plain order", found[True], found[False], "without it", 1.0),
        figure(
            f"bad release: nodes that left service before the halt, {CANARIES} canaries",
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
    """Let no trial come up, and return how many nodes were cordoned until the run has ended."""
    fleet = Fleet(plane, admin, NODES)
    play = _play(directory, robot, "bad")
    for name in fleet.nodes:
        node = Node(directory / "bad", name)
        node.make()
        node.how(good=False)
    begun = time.time()
    serial = [CANARIES, "100%"]
    code, output = end(play("rollback", fleet.nodes, osmigrate_serial=serial, osmigrate_max_unavailable=CANARIES))
    if not code:
        sys.exit(f"A rollout of a bad release has not failed:\n{output[-3000:]}")
    drained = {note["name"] for note in _notes(fleet) if note.get("cordoned_seconds") or note.get("cordoned_at")}
    print(f"  {len(drained)} nodes left service within {time.time() - begun:.0f} s", file=sys.stderr)
    fleet.close()
    return len(drained)


def _notes(fleet: Fleet) -> list[dict[str, str]]:
    return [{**note, "name": name} for name, note in zip(sorted(fleet.nodes), fleet.notes())]

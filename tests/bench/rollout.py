# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What it costs to share a budget, and how well a rollout uses it. Boots are played and take no time; drains do."""

from __future__ import annotations

import concurrent.futures
import json
import os
import random
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from ansible_collections.osmigrate.fleet.plugins.module_utils._kube import claim, step_note

from tests.bench.figures import figure
from tests.bench.plane import Plane, connect
from tests.cluster.fleet_of_nodes import Fleet
from tests.cluster.playing import make_collection, write_inventory

SLICES, CLAIMS_PER_SLICE = 5, 40
WINDOW, SEED = 6, 1
# Forks beyond the window: nodes that are looked at while others are on their way, and then wait for a place.
AHEAD = 2
# Heavy-tailed: one node in ten has a pod that takes its time.
USUAL, LONG = (5, 15), (60, 120)


def claims(plane: Plane, admin: Any, robot: Path) -> list[dict[str, Any]]:
    """Let slices of one rollout claim places at once, as fast as they can."""
    fleet = Fleet(plane, admin, SLICES)
    waits: list[float] = []
    begun = time.time()

    def take(number: int) -> None:
        cluster = connect(robot)
        for _claim in range(CLAIMS_PER_SLICE):
            started = time.monotonic()
            claim.claim(cluster, fleet.request(number, limit=str(SLICES), timeout=60))
            waits.append(time.monotonic() - started)
            claim.release(cluster, fleet.nodes[number], "pool")

    with concurrent.futures.ThreadPoolExecutor(SLICES) as threads:
        for _done in threads.map(take, range(SLICES)):
            pass
    writes = [one for one in plane.asked(begun) if one.resource == "configmaps" and one.verb in ("create", "patch")]
    ours = [one for one in writes if one.user.endswith(":osmigrate")]
    fleet.close()
    worst = sorted(waits)[int(len(waits) * 0.99) - 1]
    print(f"{len(waits)} claims: {worst:.2f} s at the worst of 100, {len(ours)} writes", file=sys.stderr, flush=True)
    # Each claim is given back, which is a write too.
    return [
        figure(f"claims by {SLICES} slices at once: seconds, 99th percentile", worst, 1, "a second", 1.0),
        figure("writes that were tried per claim or release", len(ours), 2 * len(waits), "one each"),
    ]


class Rollout:
    """Nodes with one pod each that takes its time to end, and the playbook that takes them all."""

    def __init__(self, plane: Plane, admin: Any, robot: Path, directory: Path, count: int) -> None:
        self._plane, self._directory = plane, directory
        self._fleet = Fleet(plane, admin, count)
        dice = random.Random(SEED)
        long = set(dice.sample(range(count), count // 10))
        self._ends = [dice.uniform(*(LONG if number in long else USUAL)) for number in range(count)]
        plane.kubectl("create", "namespace", "bench-rollout")
        listed = json.dumps({"apiVersion": "v1", "kind": "List", "items": list(map(self._deployment, range(count)))})
        plane.kubectl("apply", "--namespace", "bench-rollout", "--filename", "-", input=listed)
        (directory / "ansible.cfg").write_text("[defaults]\ninternal_poll_interval = 0.05\n")
        self._environment = {
            **os.environ,
            "ANSIBLE_CONFIG": str(directory / "ansible.cfg"),
            "ANSIBLE_COLLECTIONS_PATH": str(directory / "played"),
            "ANSIBLE_PIPELINING": "1",
            "ANSIBLE_LOCALHOST_WARNING": "0",
            "ANSIBLE_FORKS": str(WINDOW + AHEAD),
            "K8S_AUTH_KUBECONFIG": str(robot),
        }
        make_collection(directory / "played")

    def _deployment(self, number: int) -> dict:
        name, labels = f"app{number}", {"app": f"app{number}"}
        # Its replacement waits for the node: what is measured is the way of each node, not where pods go.
        term = {"matchFields": [{"key": "metadata.name", "operator": "In", "values": [self._fleet.nodes[number]]}]}
        required = {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [term]}}
        pod = {
            "metadata": {"labels": labels, "annotations": {"lab/end-seconds": f"{self._ends[number]:.1f}"}},
            "spec": {
                "affinity": {"nodeAffinity": required},
                "containers": [{"name": "app", "image": "none"}],
                "terminationGracePeriodSeconds": 2 * LONG[1],
            },
        }
        spec = {"replicas": 1, "selector": {"matchLabels": labels}, "template": pod}
        return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name}, "spec": spec}

    def run(self, name: str, **variables: Any) -> tuple[float, list[float]]:
        """Seconds from the first node's way to the end of the last, and seconds of each node's way."""
        inventory = self._directory / f"{name}.json"
        write_inventory(inventory, self._fleet.nodes)
        played = self._directory / f"played-{name}"
        played.mkdir()
        self._plane.kubectl("rollout", "status", "deployment", "--namespace", "bench-rollout", "--timeout=300s")
        named = {"osmigrate_become": False, "osmigrate_rollout": name, "osmigrate_max_unavailable": WINDOW}
        argv = [sys.executable, "-m", "ansible", "playbook", "osmigrate.fleet.rollback", "-i", inventory]
        begun = time.time()
        environment = {**self._environment, "OSMIGRATE_PLAYED": str(played)}
        argv += ["-e", json.dumps({**named, **variables})]
        done = subprocess.run(argv, env=environment, capture_output=True, text=True, check=False)
        if done.returncode:
            sys.exit(f"The rollout failed, so there are no figures:\n{(done.stdout + done.stderr)[-3000:]}")
        return self._ways(begun)

    def _ways(self, begun: float) -> tuple[float, list[float]]:
        """From the API server's log: what was written to a node, from its cordon to its record."""
        ours = [one for one in self._plane.asked(begun) if one.user.endswith(":osmigrate")]
        written = [one for one in ours if (one.verb, one.resource) == ("patch", "nodes")]
        written = [one for one in written if step_note.MANAGER not in one.query]
        mine = {node: [one for one in written if one.name == node] for node in self._fleet.nodes}
        ways = [some[-1].answered - some[0].begun for some in mine.values()]
        return max(some[-1].answered for some in mine.values()) - min(some[0].begun for some in mine.values()), ways

    def close(self) -> None:
        self._fleet.close()


def makespan(plane: Plane, admin: Any, robot: Path, directory: Path, count: int) -> list[dict[str, Any]]:
    rollout = Rollout(plane, admin, robot, directory, count)
    window, ways = rollout.run("window", osmigrate_strategy="host_pinned", osmigrate_serial="100%")
    print(f"  window: {window:.0f} s, its nodes {sum(ways):.0f} s, longest {max(ways):.0f} s", file=sys.stderr)
    serial, those = rollout.run("serial", osmigrate_serial=WINDOW)
    print(f"  serial: {serial:.0f} s, its nodes {sum(those):.0f} s", file=sys.stderr)
    rollout.close()
    bound = max(*ways, sum(ways) / WINDOW)
    named = f"{count} nodes, {WINDOW} at once: seconds"
    return [
        figure(named, window, bound, "longest, or all / 6", 1.10),
        figure(named, window, serial, f"serial: {WINDOW}", 0.65),
    ]

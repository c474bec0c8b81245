# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a plan costs on a real API server: what it asks the cluster, by the modules' own functions, and what the whole
playbook takes for each node more. Boots are played; Node objects have their full size, and two pods each. What a node
itself does for the playbook is done here, too, and counts.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from ansible_collections.osmigrate.fleet.plugins.filter import rollout_plan, rollout_plan_page
from ansible_collections.osmigrate.fleet.plugins.module_utils._kube import admission
from ansible_collections.osmigrate.fleet.plugins.module_utils._kube.client import NODES, Cluster, pod_path
from ansible_collections.osmigrate.fleet.plugins.module_utils._steps import MOVE
from ansible_collections.osmigrate.fleet.plugins.modules import (
    k8s_drain_forecast,
    k8s_pool_info,
    k8s_preflight,
    k8s_rollout_waves,
)

from tests.bench.figures import figure, measure
from tests.bench.nodes import named
from tests.bench.plane import Plane, make_nodes
from tests.cluster.fleet_of_nodes import Fleet
from tests.cluster.playing import make_collection, write_inventory

COUNT, PODS_OF_A_NODE = 600, 2
GOAL = 60.0
FEW, MORE = 4, 24
MANIFEST = Path(__file__).resolve().parents[1] / "unit/fixtures/release/release.yml"


def _pods(cluster: Cluster, nodes: Iterable[str]) -> None:
    def make(node: str) -> None:
        for number in range(PODS_OF_A_NODE):
            name = f"app-{node}-{number}"
            spec = {"nodeName": node, "containers": [{"name": "app", "image": "none"}]}
            pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "labels": {"app": node}}, "spec": spec}
            cluster.request("POST", pod_path("default", "").rstrip("/"), None, pod)

    with ThreadPoolExecutor(8) as threads:
        for _done in threads.map(make, nodes):
            pass


def asked(cluster: Cluster, names: list[str]) -> dict[str, Any]:
    """Ask what the playbook plan asks a cluster, and make the plan in all its forms."""
    terms = {name: one["default"] for name, one in admission.ARGUMENT_SPEC.items()}
    common = {"names": names, "pool_label": "pool", "run": "", **terms}

    def work(module: Any, **more: Any) -> Any:
        return module.work(SimpleNamespace(params={**common, **more}, check_mode=True), cluster)

    deletes = {"delete_emptydir_data": False, "delete_unmanaged": True, "delete_allowed": []}
    ahead = work(k8s_drain_forecast, arrived_at="r-2", timeout=900, grace_period=None, **deletes)
    work(k8s_preflight, accepted_controllers=[], max_unavailable_per_zone=None)
    waves = work(k8s_rollout_waves, rollout="r-2", policy={}, released=0)
    pools = work(k8s_pool_info)["pools"]
    nodes = [
        {"name": name, "pool": "worker", "seconds": "300", "steps": MOVE, "refusal": "", "findings": [], "bytes": 0}
        for name in names
    ]
    plan = rollout_plan.rollout_plan_filter(
        nodes, pools, waves=waves["waves"], released=waves["released"], blockers=ahead["findings"], sliding=True
    )
    for form in ("json", "html"):
        rollout_plan_page.rollout_plan_page_filter(plan, form)
    return plan


def whole(plane: Plane, admin: Any, robot: Path, directory: Path, count: int) -> float:
    """Return CPU seconds of the playbook plan for so many nodes."""
    fleet = Fleet(plane, admin, count)
    with tempfile.TemporaryDirectory(dir=directory) as place:
        write_inventory(Path(place, "hosts.json"), fleet.nodes)
        given = {"osmigrate_become": False, "osmigrate_release": str(MANIFEST), "osmigrate_plan_directory": place}
        given |= {"osmigrate_require_signature": False, "osmigrate_check_payload": False, "plan_stops": False}
        environment = {
            "ANSIBLE_COLLECTIONS_PATH": str(directory / "played"),
            "ANSIBLE_LOCALHOST_WARNING": "0",
            "ANSIBLE_PIPELINING": "1",
            "ANSIBLE_FORKS": "8",
            "K8S_AUTH_KUBECONFIG": str(robot),
            "OSMIGRATE_PLAYED": place,
        }
        argv = [sys.executable, "-m", "ansible", "playbook", "osmigrate.fleet.plan", "-i", f"{place}/hosts.json"]
        cost = measure([*argv, "-e", json.dumps(given)], environment)
        if len(json.loads(Path(place, "plan.json").read_text())["batches"]) < 2:
            sys.exit("The plan has not all nodes, so there are no figures.")
    fleet.close()
    print(f"  plan of {count} nodes: {cost.cpu:.1f} CPU seconds", file=sys.stderr, flush=True)
    return cost.cpu


def bench(plane: Plane, admin: Any, reader: Cluster, robot: Path, directory: Path) -> list[dict[str, Any]]:
    """Measure, and return the figures."""
    make_collection(directory / "played")
    each = (whole(plane, admin, robot, directory, MORE) - whole(plane, admin, robot, directory, FEW)) / (MORE - FEW)
    plane.rest("kube-scheduler", "kube-controller-manager")
    make_nodes(admin, COUNT)
    names = [name for name, _node in named(COUNT)]
    _pods(admin, names)
    begun, cpu = time.monotonic(), time.process_time()
    asked(reader, names)
    seconds, spent = time.monotonic() - begun, time.process_time() - cpu
    known = len(admin.list(NODES).items)
    print(f"  asked and planned for {known} nodes: {seconds:.1f} s, {spent:.1f} CPU seconds", file=sys.stderr)
    return [
        figure(f"plan of {COUNT} nodes, what is asked of the cluster: CPU seconds", spent, GOAL, "a minute", 1.0),
        figure("playbook plan: CPU seconds for each node more", each, GOAL / COUNT, f"a minute for {COUNT}", 1.0),
    ]

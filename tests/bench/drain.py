# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a drain costs beside what kubectl drain and kubernetes.core.k8s_drain take for the same pods.

The bound is what the cluster itself needed in that very drain, from the API server's audit log: the slowest pod, and
under a budget, one after the other, each pod's replacement until it was Ready, and then the last pod.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ansible_collections.osmigrate.fleet.plugins.module_utils._kube.client import NODES

from tests.bench.figures import ROOT, figure, interleaved, measure
from tests.bench.plane import Asked, Plane
from tests.lab import simulated

BIN = Path(sys.executable).parent
# With kubernetes.core 6.2.0 inside: the newest that goes with the ansible-core of this environment.
PEER = "ansible==12.3.0"
# How long each pod takes to be Ready, and to end.
SLOW = 8
OURS = """
- hosts: localhost
  connection: local
  gather_facts: false
  tasks:
    - osmigrate.fleet.k8s_node_cordon: {name: "{{ node }}", state: cordoned, rollout: bench}
    - osmigrate.fleet.k8s_node_drain: {name: "{{ node }}", timeout: "{{ timeout }}"}
"""
# As its users write it, since it gives up at the first budget that is used up (kubernetes.core issue 474).
THEIRS = """
- hosts: localhost
  connection: local
  gather_facts: false
  tasks:
    - kubernetes.core.k8s_drain:
        name: "{{ node }}"
        delete_options: {ignore_daemonsets: true, wait_timeout: 600}
      register: drained
      until: drained is succeeded
      retries: 200
      delay: 5
"""


def kubernetes_core(directory: Path) -> Path:
    """The peer, out of the package of all collections; a directory for ANSIBLE_COLLECTIONS_PATH."""
    collections = directory / "collections"
    if not (collections / "ansible_collections/kubernetes/core").is_dir():
        argv = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary", ":all:", PEER]
        subprocess.run([*argv, "--dest", directory], check=True)
        (wheel,) = directory.glob("ansible-*.whl")
        with zipfile.ZipFile(wheel) as archive:
            wanted = [name for name in archive.namelist() if name.startswith("ansible_collections/kubernetes/core/")]
            archive.extractall(collections, wanted)
        wheel.unlink()
    return collections


class Scene:
    """Two nodes, and pods that a drain of the one brings to the other."""

    def __init__(
        self, plane: Plane, admin: Any, name: str, deployments: Sequence[int], budgets: bool, seconds: int = SLOW
    ) -> None:
        self.plane, self.name, self.budgets, self._seconds = plane, name, budgets, seconds
        self.pods = sum(deployments)
        self.nodes = [f"{name}-a", f"{name}-b"]
        for node in self.nodes:
            admin.request("POST", NODES, None, simulated.node(node, {"scene": name}))
        self.namespace = f"bench-{name}"
        plane.kubectl("create", "namespace", self.namespace)
        self._objects = [one for number, size in enumerate(deployments) for one in self._deployment(number, size)]

    def fill(self) -> None:
        """Start the pods, all on the first node, and wait for them."""
        self.plane.kubectl("cordon", self.nodes[1])
        listed = json.dumps({"apiVersion": "v1", "kind": "List", "items": self._objects})
        self.plane.kubectl("apply", "--namespace", self.namespace, "--filename", "-", input=listed)
        self.settle()
        self.plane.kubectl("uncordon", self.nodes[1])

    def pods_of(self, app: str) -> list[str]:
        """The names of an application's pods, in order."""
        names = "jsonpath={.items[*].metadata.name}"
        listed = ("get", "pods", "--namespace", self.namespace, "--selector", f"app={app}", "--output", names)
        return sorted(self.plane.kubectl(*listed).split())

    def settle(self) -> None:
        self.plane.kubectl("rollout", "status", "deployment", "--namespace", self.namespace, "--timeout=300s")
        if self.budgets:
            allowed = "--for=jsonpath={.status.disruptionsAllowed}=1"
            self.plane.kubectl("wait", allowed, "pdb", "--all", "--namespace", self.namespace, "--timeout=300s")

    def drained(self) -> str:
        """Make the drained node the one that is drained to; return the name of the other."""
        self.plane.kubectl("uncordon", self.nodes[0])
        self.settle()
        return self.nodes[0]

    def _deployment(self, number: int, size: int) -> list[dict]:
        name, labels = f"app{number}", {"app": f"app{number}"}
        notes = {"lab/start-seconds": str(self._seconds), "lab/end-seconds": str(self._seconds)}
        pod = {
            "metadata": {"labels": labels, "annotations": notes},
            "spec": {"nodeSelector": {"scene": self.name}, "containers": [{"name": "app", "image": "none"}]},
        }
        spec = {"replicas": size, "selector": {"matchLabels": labels}, "template": pod}
        made = [{"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name}, "spec": spec}]
        if self.budgets:
            limit = {"maxUnavailable": 1, "selector": {"matchLabels": labels}}
            kind = {"apiVersion": "policy/v1", "kind": "PodDisruptionBudget"}
            made.append({**kind, "metadata": {"name": name}, "spec": limit})
        return made

    def bound(self, asked: Sequence[Asked]) -> float:
        """Seconds that no client could have gone below, from what was asked during a drain."""
        evicted = {one.name: one.answered for one in asked if one.resource == "pods/eviction" and one.status == 201}
        gone = {one.name: one.answered for one in asked if (one.verb, one.resource) == ("delete", "pods")}
        if not self.budgets:
            return max(gone[name] - evicted[name] for name in evicted)
        ready = [one for one in asked if one.resource == "pods/status" and one.verb == "patch"]
        chains: dict[str, float] = {}
        for app in {app_of(name) for name in evicted}:
            pods = sorted((name for name in evicted if app_of(name) == app), key=evicted.__getitem__)
            for name in pods[:-1]:
                until = min(one.answered for one in ready if app_of(one.name) == app and one.answered > evicted[name])
                chains[app] = chains.get(app, 0) + until - evicted[name]
            chains[app] = chains.get(app, 0) + gone[pods[-1]] - evicted[pods[-1]]
        return max(chains.values())


def app_of(pod: str) -> str:
    return re.sub(r"-[^-]+-[^-]+$", "", pod)


class Drains:
    """The same drain, three ways: each gives seconds of the command, of its requests, of the bound, and requests."""

    def __init__(self, plane: Plane, robot: Path, directory: Path) -> None:
        self._plane = plane
        self._environment = {"ANSIBLE_LOCALHOST_WARNING": "0", "ANSIBLE_PIPELINING": "1", "HOME": str(directory)}
        self._robot, self._directory = robot, directory
        for name, play in (("ours", OURS), ("k8s_drain", THEIRS)):
            (directory / f"{name}.yml").write_text(play)

    def argv(self, name: str, node: str, timeout: int = 900) -> list[str | Path]:
        if name == "kubectl":
            return [self._plane.programs / "kubectl", "drain", node, "--ignore-daemonsets", f"--timeout={timeout}s"]
        variables = f"node={node} timeout={timeout}"
        return [BIN / "ansible-playbook", self._directory / f"{name}.yml", "-e", variables]

    def environment(self, name: str) -> dict[str, str]:
        kubeconfig = str(self._robot if name == "ours" else self._plane.admin_kubeconfig)
        theirs = kubernetes_core(self._directory) if name == "k8s_drain" else self._directory
        collections = {"ANSIBLE_COLLECTIONS_PATH": f"{ROOT / 'build/collections'}:{theirs}"}
        return {**self._environment, **collections, "KUBECONFIG": kubeconfig, "K8S_AUTH_KUBECONFIG": kubeconfig}

    def run(self, scene: Scene, name: str) -> tuple[float, float, float, float]:
        node, begun = scene.nodes[0], time.time()
        wall = measure(self.argv(name, node), self.environment(name)).wall
        asked = self._plane.asked(begun)
        mine = [one for one in asked if self.is_from(name, one)]
        scene.drained()
        scene.nodes.reverse()
        first = next(one for one in mine if one.resource == "pods")
        span = mine[-1].answered - first.begun
        return wall, span, scene.bound(asked), len(mine) / scene.pods

    @staticmethod
    def is_from(name: str, one: Asked) -> bool:
        if name == "ours":
            return one.user == "system:serviceaccount:osmigrate-system:osmigrate"
        return one.agent.startswith("kubectl/" if name == "kubectl" else "OpenAPI-Generator")


SCENES = (
    ("30 pods under 6 budgets", "budgets", (5,) * 6, True),
    ("30 pods", "thirty", (30,), False),
    ("110 pods", "many", (110,), False),
)


def bench(plane: Plane, admin: Any, robot: Path, directory: Path, repetitions: int) -> list[dict[str, Any]]:
    figures = []
    drains = Drains(plane, robot, directory)
    for what, name, deployments, budgets in SCENES:
        print(f"Drain of {what}", file=sys.stderr)
        scene = Scene(plane, admin, name, deployments, budgets)
        scene.fill()
        names = ("ours", "kubectl", "k8s_drain")
        runs = {one: lambda one=one, scene=scene: drains.run(scene, one) for one in names}
        # It takes several times as long: once says enough.
        once = {"k8s_drain": runs.pop("k8s_drain")}
        seen = {**interleaved(repetitions, runs), **interleaved(1, once)}
        wall, span, bound, requests = zip(*(seen[one] for one in names))
        figures += [
            figure(f"drain of {what}: seconds of its requests", span[0], bound[0], "the cluster's own time", 1.05),
            figure(f"drain of {what}: seconds", wall[0], wall[1], "kubectl drain", 1.0),
            figure(f"drain of {what}: seconds", wall[0], wall[2], "k8s_drain, until", 1.0),
            figure(f"drain of {what}: requests per pod", requests[0], requests[1], "kubectl drain", 1.0),
        ]
        plane.kubectl("delete", "namespace", f"bench-{name}")
    return figures

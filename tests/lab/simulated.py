# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Nodes without machines: Node and Pod objects on the lab's own control plane, whose kubelets are played by kwok.

kwok/stages has what it does. It takes the nodes with the label type=kwok and renews their leases every ten seconds.
Annotations change what becomes of one object:

    node  lab/ready: "false"       its kubelet says that it is not Ready
    pod   lab/start-seconds: "5"   from being bound until it runs; default 2
    pod   lab/end-seconds: "20"    from its deletion until it is gone; default 1, at most its grace period
    pod   lab/phase: Succeeded     what it comes to instead of Running
    pod   lab/stuck: "yes"         never ends, whatever its grace period
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from . import kubebin
from .controlplane import ControlPlane
from .process import Daemon

STAGES = sorted((kubebin.KWOK_MODULE / "stages").glob("*.yaml"))
# Which nodes are simulated, for kwok and for everybody else.
LABEL = {"type": "kwok"}
SELECTOR = "type=kwok"
# Keeps pods away that are meant for machines.
TAINT = {"key": "kwok.x-k8s.io/node", "value": "fake", "effect": "NoSchedule"}
CAPACITY = {"cpu": "8", "memory": "16Gi", "pods": "110"}
ZONES = 3
PODS_PER_NODE = 2
NAMESPACE = "simulated"


def node(name: str, labels: Mapping[str, str], taints: Iterable[Mapping[str, str]] = ()) -> dict[str, Any]:
    """A Node object as its kubelet would register it; kwok makes it Ready."""
    about = {
        "architecture": "amd64",
        "operatingSystem": "linux",
        "osImage": "Debian GNU/Linux 12 (bookworm)",
        "kernelVersion": "6.1.0",
        "kubeletVersion": f"v{kubebin.version()}",
        "kubeProxyVersion": "",
        "containerRuntimeVersion": "containerd://1.6.20",
        "machineID": name,
        "systemUUID": name,
        "bootID": "boot-1",
    }
    metadata = {"name": name, "labels": {"kubernetes.io/hostname": name, **LABEL, **labels}}
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": metadata,
        "spec": {"taints": list(taints)},
        "status": {"nodeInfo": about, "capacity": CAPACITY, "allocatable": CAPACITY},
    }


class Simulator:
    """kwok, beside the processes of a control plane."""

    def __init__(self, control_plane: ControlPlane) -> None:
        self._control_plane = control_plane
        self._daemon = Daemon("kwok", control_plane.directory)

    def start(self, program: Path) -> None:
        """Start kwok unless it runs; the control plane must run."""
        self._daemon.start(
            [
                str(program),
                f"--kubeconfig={self._control_plane.admin_kubeconfig}",
                *(f"--config={stage}" for stage in STAGES),
                "--manage-all-nodes=false",
                f"--manage-nodes-with-label-selector={SELECTOR}",
                # Without a lease a node is given up 50 seconds after its last report.
                "--node-lease-duration-seconds=40",
                "--v=WARN",
            ]
        )

    def stop(self) -> None:
        self._daemon.stop(timeout=5)

    def running(self) -> bool:
        return self._daemon.running()

    def names(self) -> list[str]:
        """The simulated nodes that there are."""
        path = "jsonpath={.items[*].metadata.name}"
        return self._control_plane.kubectl("get", "nodes", "--selector", SELECTOR, "--output", path).split()

    def scale(self, count: int) -> None:
        """Have so many simulated nodes, sim-1 and following, with pods of a Deployment and its disruption budget."""
        wanted = {f"sim-{number}": number for number in range(1, count + 1)}
        there = set(self.names())
        surplus = sorted(there - set(wanted))
        if surplus:
            self._control_plane.kubectl("delete", "node", "--wait=false", *surplus)
        missing = [
            node(name, {"pool": NAMESPACE, "topology.kubernetes.io/zone": f"sim-{number % ZONES}"}, [TAINT])
            for name, number in wanted.items()
            if name not in there
        ]
        if missing:
            self._apply("create", missing)
        self._apply("apply", _workload(count * PODS_PER_NODE))

    def wait_ready(self, count: int, timeout: int) -> None:
        """Wait until all of them, if there are any, are Ready and all their pods run."""
        if not count:
            return
        self._control_plane.kubectl(
            "wait", "--for=condition=Ready", "node", "--selector", SELECTOR, f"--timeout={timeout}s"
        )
        self._control_plane.kubectl(
            "rollout", "status", "deployment/web", "--namespace", NAMESPACE, f"--timeout={timeout}s"
        )

    def _apply(self, verb: str, objects: list[dict[str, Any]]) -> None:
        document = {"apiVersion": "v1", "kind": "List", "items": objects}
        self._control_plane.kubectl(verb, "--filename", "-", input=json.dumps(document))


def _workload(replicas: int) -> list[dict[str, Any]]:
    """Pods that can run on any simulated node, of which one in ten may be away."""
    labels = {"app": "web"}
    pod = {
        "nodeSelector": LABEL,
        "tolerations": [TAINT],
        "automountServiceAccountToken": False,
        "containers": [{"name": "web", "image": "none", "resources": {"requests": {"cpu": "100m"}}}],
    }
    place: dict[str, Any] = {"name": "web", "namespace": NAMESPACE}
    selector = {"matchLabels": labels}
    template = {"metadata": {"labels": labels}, "spec": pod}
    return [
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}},
        {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": place,
            "spec": {"replicas": replicas, "selector": selector, "template": template},
        },
        {
            "apiVersion": "policy/v1",
            "kind": "PodDisruptionBudget",
            "metadata": place,
            "spec": {"maxUnavailable": "10%", "selector": selector},
        },
    ]

# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What runs on the lab's nodes: something that moves, something on every node, something that cannot move."""

from __future__ import annotations

import string
import time
from pathlib import Path

from .controlplane import ControlPlane
from .nodefiles import STORE_DIRECTORY

MANIFESTS = Path(__file__).parent / "manifests"
NAMESPACE = "demo"
_CONTROLLERS = ("deployment/web", "daemonset/agent", "statefulset/store")


def deploy(control_plane: ControlPlane) -> None:
    """Apply all manifests; the nodes must be registered."""
    volume = string.Template((MANIFESTS / "store-volume.yaml").read_text(encoding="utf-8"))
    nodes = control_plane.kubectl(
        "get", "nodes", "--selector", "type!=kwok", "--output", "jsonpath={.items[*].metadata.name}"
    ).split()
    documents = [volume.substitute(node=node, directory=STORE_DIRECTORY) for node in nodes]
    documents += [(MANIFESTS / f"{name}.yaml").read_text(encoding="utf-8") for name in ("web", "agent", "store")]
    control_plane.kubectl("apply", "--filename", "-", input="\n---\n".join(documents))
    # One for each node: its volumes are local.
    control_plane.kubectl("scale", "statefulset/store", "--namespace", NAMESPACE, "--replicas", str(len(nodes)))


def wait_available(control_plane: ControlPlane, timeout: float) -> None:
    """Wait until every pod that should run does, and answers."""
    deadline = time.monotonic() + timeout
    for controller in _CONTROLLERS:
        left = max(1, int(deadline - time.monotonic()))
        control_plane.kubectl("rollout", "status", controller, "--namespace", NAMESPACE, "--timeout", f"{left}s")

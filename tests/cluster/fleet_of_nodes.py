# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Nodes that are a pool of their own, and one who watches them without help of what is tested."""

from __future__ import annotations

import contextlib
import itertools
import threading
import time

from ansible_collections.osmigrate.fleet.plugins.module_utils._kube import (
    admission,
    claim,
    node_view,
    pool_object,
    pool_plan,
)
from kubelet import Kubelet

_numbers = itertools.count(1)


def make_terms(**options):
    defaults = {name: one["default"] for name, one in admission.ARGUMENT_SPEC.items()}
    return admission.read_terms({**defaults, **options})


ANY_TIME = make_terms()


class Fleet:
    """Nodes that are a pool of their own."""

    def __init__(self, control_plane, admin, count):
        self.pool = f"fleet-{next(_numbers)}"
        self.nodes = [f"{self.pool}-{number}" for number in range(count)]
        self.kubectl = control_plane.kubectl
        self.admin = admin
        for name in self.nodes:
            metadata = {"name": name, "labels": {"pool": self.pool}}
            admin.request("POST", "/api/v1/nodes", None, {"apiVersion": "v1", "kind": "Node", "metadata": metadata})
        self.kubelet = Kubelet(admin, self.nodes, interval=3)

    def request(self, number, limit="1", timeout=0, rollout="r1", batch=(), terms=ANY_TIME):
        name = self.nodes[number]
        return claim.Request(name, rollout, pool_plan.Limits(limit, None), timeout, name, list(batch), "pool", terms)

    def state(self):
        return pool_object.read_pool(self.admin, self.pool)[0]

    def unavailable(self):
        """Count without help of what is tested: nodes that are cordoned or not Ready."""
        nodes = self.admin.list("/api/v1/nodes", {"labelSelector": f"pool={self.pool}"}).items
        return [node["metadata"]["name"] for node in nodes if not serves(node)]

    def notes(self):
        nodes = self.admin.list("/api/v1/nodes", {"labelSelector": f"pool={self.pool}"}).items
        return [node_view.osmigrate(node) for node in nodes]

    def marked(self):
        """The nodes with the soft taint, and what it says."""
        nodes = self.admin.list("/api/v1/nodes", {"labelSelector": f"pool={self.pool}"}).items
        taints = {(node["metadata"]["name"], one["value"]) for node in nodes for one in soft_taints(node)}
        return dict(taints)

    def close(self):
        self.kubelet.stop()
        path = f"{pool_object.OBJECTS}/{pool_object.object_name(self.pool)}"
        if pool_object.read_pool(self.admin, self.pool)[1]:
            self.admin.request("DELETE", path)
        self.kubectl("delete", "node", *self.nodes, "--ignore-not-found")


def soft_taints(node):
    return [one for one in node["spec"].get("taints") or [] if one["key"] == "osmigrate.fleet/pending"]


def serves(node):
    ready = [one["status"] for one in node["status"]["conditions"] if one["type"] == "Ready"]
    return ready == ["True"] and not node["spec"].get("unschedulable")


@contextlib.contextmanager
def watched(fleet):
    """Look all the time; the yielded list has how many were unavailable and how many claims there were."""
    seen, stopped = [], threading.Event()

    def look():
        while not stopped.is_set():
            seen.append((len(fleet.unavailable()), len(fleet.state().claims)))
            stopped.wait(0.05)

    thread = threading.Thread(target=look)
    thread.start()
    try:
        yield seen
    finally:
        stopped.set()
        thread.join()


def wait_for(condition, seconds=30):
    deadline = time.monotonic() + seconds
    while not (met := condition()):
        assert time.monotonic() < deadline
        time.sleep(0.1)
    return met

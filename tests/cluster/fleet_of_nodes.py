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
from ansible_collections.osmigrate.fleet.plugins.module_utils._kube.client import ApiError, node_path

from tests.lab import simulated

_numbers = itertools.count(1)


def make_terms(**options):
    defaults = {name: one["default"] for name, one in admission.ARGUMENT_SPEC.items()}
    return admission.read_terms({**defaults, **options})


ANY_TIME = make_terms()


class Nodes:
    """Simulated nodes with the same labels, and what is reported about one of them."""

    def __init__(self, admin, names, labels):
        self._admin = admin
        self._labels = labels
        self.names = names
        for name in names:
            self.register(name)
        self._wait(names, "True")

    def register(self, name):
        self._admin.request("POST", "/api/v1/nodes", None, simulated.node(name, self._labels))

    def get(self, name):
        return self._admin.get(node_path(name))

    def set_ready(self, *names, serves=True):
        """Have kubelets say that their nodes are Ready, or are not; return when they have said so."""
        note = {"metadata": {"annotations": {"lab/ready": None if serves else "false"}}}
        for name in names:
            self._admin.patch(node_path(name), note)
        self._wait(names, str(serves))

    def _wait(self, names, wanted):
        selector = ",".join(f"{key}={value}" for key, value in self._labels.items())
        known = {"labelSelector": selector} if selector else {}

        def met():
            states = {one["metadata"]["name"]: ready(one) for one in self._admin.list("/api/v1/nodes", known).items}
            return all(states.get(name) == wanted for name in names)

        # A simulated kubelet takes its turn after those of the others.
        wait_for(met, 120 + len(names))

    def boot(self, name, boot_id, os_image):
        """Report what a node booted."""
        self._report(name, {"nodeInfo": {"bootID": boot_id, "osImage": os_image}})

    def add_condition(self, name, kind, status):
        """Report a condition, as node-problem-detector would."""
        conditions = self.get(name)["status"]["conditions"]
        self._report(name, {"conditions": [*conditions, {"type": kind, "status": status}]})

    def _report(self, name, status):
        self._admin.patch(node_path(name) + "/status", {"status": status})

    def delete(self):
        for name in self.names:
            with contextlib.suppress(ApiError):
                self._admin.request("DELETE", node_path(name))


class Fleet:
    """Nodes that are a pool of their own."""

    def __init__(self, control_plane, admin, count):
        self.pool = f"fleet-{next(_numbers)}"
        self.nodes = [f"{self.pool}-{number}" for number in range(count)]
        self.kubectl = control_plane.kubectl
        self.admin = admin
        self.objects = Nodes(admin, self.nodes, {"pool": self.pool})

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
        path = f"{pool_object.OBJECTS}/{pool_object.object_name(self.pool)}"
        if pool_object.read_pool(self.admin, self.pool)[1]:
            self.admin.request("DELETE", path)
        self.objects.delete()


def soft_taints(node):
    return [one for one in node["spec"].get("taints") or [] if one["key"] == "osmigrate.fleet/pending"]


def serves(node):
    return ready(node) == "True" and not node["spec"].get("unschedulable")


def ready(node):
    """What is known of whether a node is Ready: True, False, Unknown or, before its first report, nothing."""
    found = [one["status"] for one in node["status"].get("conditions", []) if one["type"] == "Ready"]
    return found[0] if found else ""


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


def wait_for(condition, seconds=120):
    deadline = time.monotonic() + seconds
    while not (met := condition()):
        assert time.monotonic() < deadline
        time.sleep(0.1)
    return met

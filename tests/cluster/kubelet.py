# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Plays the kubelet of nodes that do not exist: reports them Ready, starts their pods and ends them.

A pod's annotation `phase` is the phase it comes to; with the annotation `stuck` it never ends.
"""

from __future__ import annotations

import threading
import time

from ansible_collections.osmigrate.fleet.plugins.module_utils._kube.client import MERGE_PATCH, ApiError, pod_path
from ansible_collections.osmigrate.fleet.plugins.module_utils._kube.drain_plan import PROBE_LABEL

TERMINATION_SECONDS = 1.0
HEARTBEAT_SECONDS = 10


class Kubelet:
    def __init__(self, cluster, nodes, interval=0.2):
        self._cluster = cluster
        self._interval = interval
        self._nodes = {}
        self._ending = {}
        self._version = cluster.get("/version")["gitVersion"]
        # What node-problem-detector would say, as (type, status), and how probes end, as (phase, message).
        self.problems = []
        self.probe = ("Succeeded", "dns ok")
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        for node in nodes:
            self.report(node)
        self._thread.start()

    def stop(self):
        self._stopped.set()
        self._thread.join()

    def report(self, node, boot_id="boot-1", os_image="Debian GNU/Linux 12 (bookworm)", ready=True):
        """Say, now and from now on, what runs on a node and whether it is Ready."""
        self._nodes[node] = (boot_id, os_image, ready)
        self._beat(node)

    def _beat(self, node):
        boot_id, os_image, ready = self._nodes[node]
        now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        condition = {"type": "Ready", "status": str(ready), "lastHeartbeatTime": now, "lastTransitionTime": now}
        info = {"bootID": boot_id, "osImage": os_image, "kernelVersion": "6.1.0", "machineID": "m", "systemUUID": "s"}
        info.update(kubeletVersion=self._version, containerRuntimeVersion="none://1", kubeProxyVersion="")
        info.update(operatingSystem="linux", architecture="amd64")
        capacity = {"pods": "110", "cpu": "8", "memory": "8Gi"}
        status = {
            "conditions": [condition, *({**condition, "type": kind, "status": said} for kind, said in self.problems)],
            "nodeInfo": info,
            "capacity": capacity,
            "allocatable": capacity,
        }
        self._patch(f"/api/v1/nodes/{node}/status", {"status": status})

    def _patch(self, path, body):
        self._cluster.request("PATCH", path, None, body, MERGE_PATCH)

    def _run(self):
        beaten = time.monotonic()
        while not self._stopped.wait(self._interval):
            due = time.monotonic() - beaten >= HEARTBEAT_SECONDS
            beaten = time.monotonic() if due else beaten
            for node in list(self._nodes):
                try:
                    if due:
                        self._beat(node)
                    self._tend(node)
                except ApiError as error:
                    # Somebody else was faster, the node was taken away, or the API server was.
                    if error.status not in (0, 403, 404, 409, 503):
                        raise

    def _tend(self, node):
        for pod in self._cluster.list("/api/v1/pods", {"fieldSelector": f"spec.nodeName={node}"}).items:
            metadata = pod["metadata"]
            path = pod_path(metadata["namespace"], metadata["name"])
            notes = metadata.get("annotations") or {}
            if metadata.get("deletionTimestamp"):
                since = self._ending.setdefault(metadata["uid"], time.monotonic())
                if time.monotonic() - since >= TERMINATION_SECONDS and "stuck" not in notes:
                    options = {"gracePeriodSeconds": 0, "preconditions": {"uid": metadata["uid"]}}
                    self._cluster.request("DELETE", path, None, options)
            elif pod["status"].get("phase") == "Pending":
                is_probe = PROBE_LABEL in (metadata.get("labels") or {})
                phase, said = self.probe if is_probe else (notes.get("phase", "Running"), "")
                ready = {"type": "Ready", "status": "True" if phase == "Running" else "False"}
                status = {"phase": phase, "conditions": [ready]}
                if is_probe:
                    ended = {"terminated": {"exitCode": 0, "message": said}}
                    container = {"name": "probe", "image": "i", "imageID": "i", "ready": False, "restartCount": 0}
                    status["containerStatuses"] = [{**container, "state": ended}]
                self._patch(f"{path}/status", {"status": status})

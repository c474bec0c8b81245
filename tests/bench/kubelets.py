# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Kubelets that keep their times: a pod is Ready, and gone, so many seconds after it was told to be, to the moment."""

from __future__ import annotations

import heapq
import itertools
import queue
import time
from concurrent.futures import ThreadPoolExecutor

from ansible_collections.osmigrate.fleet.plugins.module_utils._kube.client import ApiError, pod_path
from ansible_collections.osmigrate.fleet.plugins.module_utils._kube.drain import PODS, Follower
from kubelet import HEARTBEAT_SECONDS, Kubelet

START, END = "start-seconds", "end-seconds"


class Kubelets(Kubelet):
    """As the one that it is made of; a pod's annotations START and END are its times, 0 if it has none."""

    def _run(self):
        events, due, numbers = queue.Queue(), [], itertools.count()
        listing = self._cluster.list(PODS)
        follower = Follower(self._cluster, PODS, {}, listing.version, events.put)
        known = set()
        with ThreadPoolExecutor(16) as threads:
            for pod in listing.items:
                self._plan(pod, known, due, numbers)
            beat = time.monotonic() + HEARTBEAT_SECONDS
            while not self._stopped.is_set():
                now = time.monotonic()
                if now >= beat:
                    for node in list(self._nodes):
                        threads.submit(self._beat, node)
                    beat = now + HEARTBEAT_SECONDS
                while due and due[0][0] <= now:
                    threads.submit(self._act, *heapq.heappop(due)[2:])
                wake = min([beat, *(one[0] for one in due[:1])])
                try:
                    kind, pod = events.get(timeout=max(0.01, min(wake - now, 0.2)))
                except queue.Empty:
                    continue
                if kind in ("ADDED", "MODIFIED"):
                    self._plan(pod, known, due, numbers)
            follower.stop()

    def _plan(self, pod, known, due, numbers):
        """Note when something is to be done with a pod that was seen."""
        metadata = pod["metadata"]
        if pod["spec"].get("nodeName") not in self._nodes:
            return
        ends = bool(metadata.get("deletionTimestamp"))
        if (metadata["uid"], ends) in known or not (ends or pod["status"].get("phase") == "Pending"):
            return
        known.add((metadata["uid"], ends))
        seconds = float((metadata.get("annotations") or {}).get(END if ends else START, 0))
        heapq.heappush(due, (time.monotonic() + seconds, next(numbers), metadata, ends))

    def _act(self, metadata, ends):
        path = pod_path(metadata["namespace"], metadata["name"])
        try:
            if ends:
                options = {"gracePeriodSeconds": 0, "preconditions": {"uid": metadata["uid"]}}
                self._cluster.request("DELETE", path, None, options)
            else:
                ready = {"type": "Ready", "status": "True"}
                self._patch(f"{path}/status", {"status": {"phase": "Running", "conditions": [ready]}})
        except ApiError as error:
            if error.status not in (404, 409):
                raise

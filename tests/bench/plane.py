# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lab's control plane with an audit log: who asked for what, when, and what the answer was."""

from __future__ import annotations

import json
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from ansible_collections.osmigrate.fleet.plugins.module_utils._kube import auth_options
from ansible_collections.osmigrate.fleet.plugins.module_utils._kube.client import MERGE_PATCH, NODES, Cluster, node_path

from tests.bench.nodes import named
from tests.lab.controlplane import ControlPlane

_POLICY = {
    "apiVersion": "audit.k8s.io/v1",
    "kind": "Policy",
    "omitStages": ["RequestReceived"],
    "rules": [{"level": "Metadata"}],
}


class Asked(NamedTuple):
    """One request; times are seconds since the epoch."""

    user: str
    agent: str
    verb: str
    resource: str  # with the subresource, as in pods/eviction
    name: str
    begun: float
    answered: float
    status: int
    query: str


class Plane(ControlPlane):
    def start(self) -> None:
        self.directory.mkdir(parents=True, exist_ok=True)
        (self.directory / "audit-policy.json").write_text(json.dumps(_POLICY))
        super().start()

    def _arguments(self, name: str) -> list[str]:
        more = [
            f"--audit-policy-file={self.directory}/audit-policy.json",
            f"--audit-log-path={self.directory}/audit.log",
            "--audit-log-mode=blocking",
        ]
        return super()._arguments(name) + (more if name == "kube-apiserver" else [])

    def asked(self, since: float) -> list[Asked]:
        """All requests that began after that moment, each once."""
        found = {}
        for path in sorted(self.directory.glob("audit*.log")):
            for line in path.read_text().splitlines():
                event = json.loads(line)
                begun = _seconds(event["requestReceivedTimestamp"])
                if begun >= since and event["auditID"] not in found:
                    found[event["auditID"]] = _asked(event, begun)
        return sorted(found.values(), key=lambda one: one.begun)

    def rest(self, *names: str) -> None:
        """Stop some of the control plane's programs."""
        for name in names:
            self._daemons[name].stop(timeout=5)


def _asked(event: dict, begun: float) -> Asked:
    what = event.get("objectRef") or {}
    resource = "/".join(filter(None, [what.get("resource"), what.get("subresource")]))
    return Asked(
        event["user"].get("username", ""),
        event.get("userAgent", ""),
        event["verb"],
        resource,
        what.get("name", ""),
        begun,
        _seconds(event["stageTimestamp"]),
        (event.get("responseStatus") or {}).get("code", 0),
        event["requestURI"].partition("?")[2],
    )


def _seconds(stamp: str) -> float:
    return datetime.fromisoformat(stamp.replace("Z", "+00:00")).timestamp()


def connect(kubeconfig: Path) -> Cluster:
    options = {**dict.fromkeys(auth_options.Auth._fields), "kubeconfig": str(kubeconfig), "api_timeout": 60}
    return Cluster.connect(auth_options.Auth(**options))


def make_nodes(cluster: Cluster, count: int) -> float:
    """Make Node objects of full size and return the seconds that it took."""

    def make(one: tuple[str, dict]) -> None:
        name, node = one
        status = node.pop("status")
        cluster.request("POST", NODES, None, {"apiVersion": "v1", "kind": "Node", **node})
        cluster.request("PATCH", f"{node_path(name)}/status", None, {"status": status}, MERGE_PATCH)

    started = time.monotonic()
    with ThreadPoolExecutor(8) as threads:
        for _made in threads.map(make, named(count)):
            pass
    return time.monotonic() - started

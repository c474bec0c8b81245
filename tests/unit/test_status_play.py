# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The playbook status against a server that answers as the API server does: what is chosen is shown, and counted all.

The real one answers in tests/cluster; this one has nodes in every state at once.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

P = "osmigrate.fleet/"
NODES = {
    "w1": ({"pool": "general"}, {P + "phase": "done", P + "release": "d-2", P + "since": "2026-11-20T00:00:00Z"}),
    "w2": ({"pool": "general"}, {P + "phase": "failed", P + "release": "d-2", P + "reason": "It fell back."}),
    "w3": ({"pool": "gpu"}, {P + "step": "drain"}),
    "w4": ({"pool": "gpu"}, {P + "step": "stage"}),
}
HELD = {"holderIdentity": "r@c", "renewTime": "2026-01-01T00:00:00.000000Z", "leaseDurationSeconds": 60}
LEASES = [{"metadata": {"name": "node-w3"}, "spec": HELD}]


class Api(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        asked = urlsplit(self.path)
        (selector,) = parse_qs(asked.query).get("labelSelector", [""])
        items: list[dict[str, Any]] = []
        if asked.path == "/api/v1/nodes":
            pools = {name: labels["pool"] for name, (labels, _notes) in NODES.items()}
            items = [_node(name) for name, pool in pools.items() if selector in ("", f"pool={pool}")]
        elif asked.path.endswith("/namespaces/osmigrate-system/leases"):
            items = LEASES
        body = json.dumps({"metadata": {}, "items": items}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments: Any) -> None:
        pass


def _node(name: str) -> dict[str, Any]:
    labels, annotations = NODES[name]
    metadata = {"name": name, "uid": f"uid-{name}", "labels": labels, "annotations": annotations}
    return {"metadata": metadata, "spec": {}, "status": {"conditions": [{"type": "Ready", "status": "True"}]}}


@pytest.fixture
def status(tmp_path):
    server = ThreadingHTTPServer(("127.0.0.1", 0), Api)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    ours = ("K8S_AUTH_", "OSMIGRATE_")
    environment = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    environment |= {
        "K8S_AUTH_HOST": f"http://127.0.0.1:{server.server_port}",
        "K8S_AUTH_API_KEY": "a-token",
        "NO_COLOR": "1",
    }
    environment |= {"HOME": str(tmp_path), "ANSIBLE_LOCALHOST_WARNING": "0"}

    def run(**variables: Any) -> tuple[int, str]:
        variables = {"osmigrate_status_directory": str(tmp_path), **variables}
        argv = [sys.executable, "-m", "ansible", "playbook", "osmigrate.fleet.status", "-e", json.dumps(variables)]
        done = subprocess.run(argv, env=environment, capture_output=True, text=True, check=False)
        return done.returncode, done.stdout + done.stderr

    yield run
    server.shutdown()
    server.server_close()


def shown(directory: Path) -> list[str]:
    (one,) = json.loads((directory / "status.json").read_text())["clusters"]
    assert f'<td class="w">{one["nodes"][0]["name"]}</td>' in (directory / "status.html").read_text()
    return [node["name"] for node in one["nodes"]]


def test_all_of_it(status, tmp_path):
    code, output = status()
    assert (code, shown(tmp_path)) == (0, ["w1", "w2", "w3", "w4"])
    assert "nodes are shown" not in output and "gpu      2" in output
    assert "drain: w3 (its run has not renewed the lease, which ended 2026-01-01T00:01:00Z)" in output
    assert "stage: w4 (no run holds its lease)" in output


def test_what_is_chosen(status, tmp_path):
    code, output = status(osmigrate_label_selector="pool=general", osmigrate_status_states="failed,moving")
    assert (code, shown(tmp_path)) == (0, ["w2"])
    assert "1 of 4 nodes is shown: label selector pool=general, state failed or moving." in output
    assert "1 of 4 nodes (25 %) run d-2." in output and not re.search(r'"w[134] ', output)


def test_what_no_node_has(status, tmp_path):
    code, output = status(osmigrate_pools="genral")
    assert code == 2 and not (tmp_path / "status.json").exists()
    assert "No node has pool genral; there are general, gpu." in output

# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Node objects of the size that kubelets make them (13 KB), and an HTTP server that has any number of them.

The server is a fake: it answers `GET /api/v1/nodes` in pages, and what kubectl asks before that. It is there for
100,000 nodes only: 1.3 GB in etcd, whose limit is 2 GB, several times that in the API server, and long to make.
Fewer nodes are made in a real API server.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

NAME = "@NAME@"
IMAGES, POOLS, ZONES = 50, 4, 3
KIB_OF_ONE = 13


def template(number: int) -> dict:
    """A Node object with NAME where its name would be, one of POOLS * ZONES that take turns."""
    pool, zone = f"pool-{number % POOLS}", f"z{number % ZONES}"
    now = "2026-11-24T10:00:00Z"
    conditions = [("MemoryPressure", "False"), ("DiskPressure", "False"), ("PIDPressure", "False"), ("Ready", "True")]
    labels = {
        "beta.kubernetes.io/arch": "amd64",
        "beta.kubernetes.io/os": "linux",
        "kubernetes.io/arch": "amd64",
        "kubernetes.io/os": "linux",
        "kubernetes.io/hostname": NAME,
        "node.kubernetes.io/instance-type": "m-16",
        "pool": pool,
        "topology.kubernetes.io/region": "r1",
        "topology.kubernetes.io/zone": zone,
        **{f"feature.node.kubernetes.io/cpu-{index}": "true" for index in range(8)},
    }
    annotations = {
        "csi.volume.kubernetes.io/nodeid": json.dumps({"disk.csi.example.com": NAME}),
        "node.alpha.kubernetes.io/ttl": "300",
        "volumes.kubernetes.io/controller-managed-attach-detach": "true",
    }
    digest = "sha256:" + "0123456789abcdef" * 4
    images = [
        {
            "names": [f"registry.example.com/team/app-{index}{tag}" for tag in (f"@{digest}", f":1.{index}")],
            "sizeBytes": 10_000_000 + index,
        }
        for index in range(IMAGES)
    ]
    capacity = {"cpu": "16", "memory": "65536Ki", "pods": "110", "ephemeral-storage": "100Gi"}
    return {
        "metadata": {"name": NAME, "labels": labels, "annotations": annotations},
        "spec": {"podCIDR": "10.1.0.0/24", "podCIDRs": ["10.1.0.0/24"], "providerID": f"metal://{zone}/{NAME}"},
        "status": {
            "addresses": [{"type": "InternalIP", "address": "10.0.0.1"}, {"type": "Hostname", "address": NAME}],
            "allocatable": capacity,
            "capacity": capacity,
            "conditions": [
                {"type": kind, "status": said, "reason": f"Kubelet{kind}", "message": f"kubelet says {kind} is {said}",
                 "lastHeartbeatTime": now, "lastTransitionTime": now}
                for kind, said in conditions
            ],
            "daemonEndpoints": {"kubeletEndpoint": {"Port": 10250}},
            "images": images,
            "nodeInfo": {
                "machineID": "0123456789abcdef0123456789abcdef",
                "systemUUID": "01234567-89ab-cdef-0123-456789abcdef",
                "bootID": "01234567-89ab-cdef-0123-456789abcdef",
                "kernelVersion": "6.1.0-56-amd64",
                "osImage": "Debian GNU/Linux 12 (bookworm)",
                "containerRuntimeVersion": "containerd://1.6.20",
                "kubeletVersion": "v1.36.3",
                "kubeProxyVersion": "",
                "operatingSystem": "linux",
                "architecture": "amd64",
            },
        },
    }  # fmt: skip


def _fields(value: object) -> object:
    """Managed fields as the API server keeps them of what one manager wrote."""
    if not isinstance(value, dict):
        return {}
    return {f"f:{key}": _fields(one) for key, one in value.items() if key not in ("name", "images")}


def served_template(number: int) -> bytes:
    """What the API server makes of a template, as bytes."""
    node = template(number)
    fields = [{"manager": "kubelet", "operation": "Update", "apiVersion": "v1", "time": "2026-11-24T10:00:00Z",
               "fieldsType": "FieldsV1", "fieldsV1": _fields(node)}]  # fmt: skip
    uid = "8e361838-56ad-447f-bed1-35b8a9c0891b"
    created = {"uid": uid, "resourceVersion": "5159", "creationTimestamp": "2026-11-21T15:50:58Z"}
    node["metadata"] = {**node["metadata"], **created, "managedFields": fields}
    return json.dumps(node, separators=(",", ":")).encode()


def named(count: int) -> Iterator[tuple[str, dict]]:
    """Names and objects to create."""
    texts = [json.dumps(template(number)) for number in range(POOLS * ZONES)]
    for number in range(count):
        name = f"n{number:06}"
        yield name, json.loads(texts[number % len(texts)].replace(NAME, name))


_DISCOVERY = {
    "/api": {"kind": "APIVersions", "versions": ["v1"]},
    "/apis": {"kind": "APIGroupList", "apiVersion": "v1", "groups": []},
    "/api/v1": {
        "kind": "APIResourceList",
        "groupVersion": "v1",
        "resources": [{"name": "nodes", "singularName": "node", "namespaced": False, "kind": "Node",
                       "verbs": ["get", "list"], "shortNames": ["no"]}],
    },
}  # fmt: skip


class Server:
    """Has `count` nodes and answers in pages until it is closed."""

    def __init__(self, count: int) -> None:
        templates = [served_template(number) for number in range(POOLS * ZONES)]

        def page(first: int, limit: int) -> bytes:
            last = min(count, first + limit)
            rest = {"continue": str(last), "remainingItemCount": count - last} if last < count else {}
            nodes = b",".join(
                templates[number % len(templates)].replace(NAME.encode(), b"n%06d" % number)
                for number in range(first, last)
            )
            metadata = json.dumps({"resourceVersion": "9000", **rest}).encode()
            return b'{"kind":"NodeList","apiVersion":"v1","metadata":%s,"items":[%s]}' % (metadata, nodes)

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def do_GET(self) -> None:
                address = urlsplit(self.path)
                if address.path == "/api/v1/nodes":
                    asked = parse_qs(address.query)
                    content = page(int(asked.get("continue", ["0"])[0]), int(asked.get("limit", [count])[0]))
                else:
                    content = json.dumps(_DISCOVERY[address.path]).encode()
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_: object) -> None:
                """The table is what is to be seen."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, args=(0.1,), daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""An admission webhook that is asked about evictions: it allows, denies, answers late, or is broken."""

from __future__ import annotations

import base64
import contextlib
import http.server
import json
import ssl
import threading
import time

# After which an API server asks a webhook that was made; nothing says that it does.
NOTICED_SECONDS = 2


class Webhook(http.server.ThreadingHTTPServer):
    """Allows each eviction that it is asked about, unless it is told otherwise, and remembers what it was told.

    :param delay: float seconds before each answer.
    :param status: int, its HTTP status.
    :param says: str, with what words it denies; empty allows.
    :param code: int, with what status it denies; unset, it leaves that to the API server.
    """

    daemon_threads = True

    def __init__(self, control_plane):
        super().__init__(("127.0.0.1", 0), _Review)
        serving = control_plane.pki.api_server
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(serving.certificate, serving.key)
        self.socket = context.wrap_socket(self.socket, server_side=True)
        self.ca = base64.b64encode(control_plane.pki.ca.certificate.read_bytes()).decode()
        self.answer()
        self.rehearsals = []
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def answer(self, delay=0.0, status=200, says="", code=None):
        """From now on answer so."""
        self.delay, self.status, self.says, self.code = delay, status, says, code

    def handle_error(self, request, client_address):
        """The API server does not wait for ever."""


class _Review(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["request"]
        self.server.rehearsals.append(asked.get("dryRun"))
        time.sleep(self.server.delay)
        said = self.server.says
        denial = {"message": said, **({"code": self.server.code} if self.server.code else {})}
        answer = {"uid": asked["uid"], "allowed": not said, **({"status": denial} if said else {})}
        review = {"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "response": answer}
        body = json.dumps(review).encode()
        self.send_response(self.server.status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments):
        """Nobody reads it."""


def asked_about(scene, webhook, app, port=None, **more):
    """Have the webhook asked about evictions of one application's pods. Another port: it cannot be reached."""
    return configured(scene.kubectl, scene.namespace, app, port or webhook.server_port, webhook.ca, **more)


@contextlib.contextmanager
def configured(kubectl, namespace, app, port, ca="", fails="Fail", deletions=False):
    """Have whoever listens on a port asked about evictions of one application's pods.

    :param ca: base64 of the PEM that vouches for it.
    :param fails: what an answer means that does not come: Fail or Ignore.
    :param deletions: whether it is asked about deletions of them instead.
    """
    asked = ("DELETE", "pods") if deletions else ("CREATE", "pods/eviction")
    rule = {"apiGroups": [""], "apiVersions": ["v1"], "operations": [asked[0]], "resources": [asked[1]]}
    one = {
        "name": "evictions.example.com",
        "admissionReviewVersions": ["v1"],
        "sideEffects": "NoneOnDryRun",
        "failurePolicy": fails,
        "timeoutSeconds": 10,
        "clientConfig": {"url": f"https://127.0.0.1:{port}/validate", "caBundle": ca},
        "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": namespace}},
        "matchConditions": [{"name": "app", "expression": f"request.name.startsWith('{app}-')"}],
        "rules": [rule],
    }
    kind = {"apiVersion": "admissionregistration.k8s.io/v1", "kind": "ValidatingWebhookConfiguration"}
    made = json.dumps({**kind, "metadata": {"name": namespace}, "webhooks": [one]})
    kubectl("apply", "--filename", "-", input=made)
    time.sleep(NOTICED_SECONDS)
    try:
        yield
    finally:
        kubectl("delete", "--filename", "-", input=made)

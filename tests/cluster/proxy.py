# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Another address of the API server, on the loopback interface, that answers late, refuses or is away for a while, or
gives answers of its own."""

from __future__ import annotations

import contextlib
import http.client
import http.server
import json
import re
import ssl
import threading
import time

WRITES = ("POST", "PUT", "PATCH", "DELETE")
# Belong to one connection, or are said anew.
_HOP = ("connection", "host", "transfer-encoding", "content-length")
CONFLICT = {
    "kind": "Status",
    "apiVersion": "v1",
    "status": "Failure",
    "reason": "Conflict",
    "code": 409,
    "message": "Operation cannot be fulfilled: the object has been modified; please apply your changes to the latest "
    "version and try again",
}
DENIED = {
    "kind": "Status",
    "apiVersion": "v1",
    "status": "Failure",
    "reason": "Forbidden",
    "code": 403,
    "message": 'pods is forbidden: User "robot" cannot watch resource "pods" in API group "" at the cluster scope',
}


REASONS = {401: "Unauthorized", 403: "Forbidden", 410: "Expired", 429: "TooManyRequests", 500: "InternalError"}


def status(answer):
    """The Status object of an answer of one's own."""
    code = answer["status"]
    head = {"kind": "Status", "apiVersion": "v1", "code": code}
    if code < 300:
        return {**head, "status": "Success"}
    wait = {"details": {"retryAfterSeconds": answer["after"]}} if "after" in answer else {}
    return {**head, "status": "Failure", "reason": REASONS[code], "message": "the server cannot do it now", **wait}


class Proxy(http.server.ThreadingHTTPServer):
    """
    :param delay: float seconds that each request waits before it is passed on.
    :param conflicts_until: time.monotonic() until which each write is refused with 409.
    :param denied_until: time.monotonic() until which everything is refused with 403, as by roles that were not read.
    :param cut_until: time.monotonic() until which every connection ends without an answer.
    :param answers: what is said instead of the API server's words, each a dictionary: `to` a pattern of method and
        path with query, so many `times` (else always), with this `status`, to come again `after` so many seconds; with
        this status as the `event` of a watch that has begun; or `lost`, after it was passed on.
    """

    def __init__(self, control_plane, delay=0.0):
        super().__init__(("127.0.0.1", 0), _Handler)
        serving, ca = control_plane.pki.api_server, control_plane.pki.ca.certificate
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(serving.certificate, serving.key)
        self.socket = context.wrap_socket(self.socket, server_side=True)
        self.upstream = control_plane.api_url.removeprefix("https://")
        self.upstream_tls = ssl.create_default_context(cafile=str(ca))
        self.url = f"https://127.0.0.1:{self.server_port}"
        self.delay = delay
        self.conflicts_until = 0.0
        self.refused = 0
        self.denied_until = 0.0
        self.denied = 0
        self.cut_until = 0.0
        self.answers = []
        self.asked = []
        self._answering = threading.Lock()
        self._thread = threading.Thread(target=self.serve_forever, daemon=True)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *exception):
        self.shutdown()
        self.server_close()

    def handle_error(self, request, client_address):
        """Clients go away when they want to."""

    def own_answer(self, request):
        """What is to be said to a request, None for the API server's words."""
        self.asked.append(request)
        with self._answering:
            for one in self.answers:
                if re.match(one["to"], request) and one.get("times", 1) > 0:
                    if "times" in one:
                        one["times"] -= 1
                    return one
        return None


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: Proxy

    def log_message(self, *arguments):
        """Nobody reads it."""

    def _pass_on(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        time.sleep(self.server.delay)
        if self.command in WRITES and time.monotonic() < self.server.conflicts_until:
            self.server.refused += 1
            self._answer(409, {"Content-Type": "application/json"}, json.dumps(CONFLICT).encode())
            return
        if time.monotonic() < self.server.denied_until:
            self.server.denied += 1
            self._answer(403, {"Content-Type": "application/json"}, json.dumps(DENIED).encode())
            return
        own = self.server.own_answer(f"{self.command} {self.path}") or {}
        if "event" in own:
            event = {"type": "ERROR", "object": status({"status": own["event"]})}
            self._answer(200, {"Content-Type": "application/json"}, json.dumps(event).encode() + b"\n")
            return
        if "status" in own:
            after = {"Retry-After": str(own["after"])} if "after" in own else {}
            self._answer(own["status"], {"Content-Type": "application/json", **after}, json.dumps(status(own)).encode())
            return
        if time.monotonic() < self.server.cut_until:
            self.close_connection = True
            return
        upstream = http.client.HTTPSConnection(self.server.upstream, context=self.server.upstream_tls)
        with contextlib.closing(upstream):
            headers = {name: value for name, value in self.headers.items() if name.lower() not in _HOP}
            upstream.request(self.command, self.path, body or None, headers)
            response = upstream.getresponse()
            if own.get("lost"):
                response.read()
                self.close_connection = True
                return
            kept = {name: value for name, value in response.getheaders() if name.lower() not in _HOP}
            if response.chunked:
                self._stream(response, kept)
            else:
                self._answer(response.status, kept, response.read())

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _pass_on

    def _head(self, status, headers):
        self.send_response_only(status)
        for name, value in headers.items():
            self.send_header(name, value)

    def _answer(self, status, headers, body):
        self._head(status, {**headers, "Content-Length": str(len(body))})
        self.end_headers()
        self.wfile.write(body)

    def _stream(self, response, headers):
        """Pass on what comes, when it comes: a watch has no end."""
        self._head(response.status, {**headers, "Transfer-Encoding": "chunked"})
        self.end_headers()
        while piece := response.read1(65536):
            self.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))
        self.wfile.write(b"0\r\n\r\n")

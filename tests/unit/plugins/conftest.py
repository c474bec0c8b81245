# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest


class ScriptedServer:
    """An HTTP server that gives the answers of a list, one per request, and remembers what it was asked."""

    def __init__(self):
        self.answers = []
        self.requests = []
        self.headers = []  # of each request, as pairs
        script = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self):
                length = int(self.headers.get("Content-Length") or 0)
                body = json.loads(self.rfile.read(length)) if length else None
                script.headers.append(self.headers.items())
                script.requests.append((self.command, self.path, dict(self.headers), body))
                answer = script.answers.pop(0)
                if callable(answer):
                    answer()
                    answer = script.answers.pop(0)
                if answer is None:
                    self.close_connection = True
                    return
                status, headers, body = answer
                payload = body if isinstance(body, bytes) else json.dumps(body).encode()
                self.send_response_only(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(payload)))
                self.end_headers()
                self.wfile.write(payload)

            do_GET = do_POST = do_PATCH = do_DELETE = answer

            def log_message(self, *arguments):
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()

    def will(self, status=200, body=None, **headers):
        """Add an answer; a refusal is given as its message."""
        if isinstance(body, str):
            body = {"kind": "Status", "code": status, "message": body}
        headers = {name.replace("_", "-"): value for name, value in headers.items()}
        self.answers.append((status, headers, {} if body is None else body))

    def will_hang_up(self):
        self.answers.append(None)

    def will_first(self, act):
        """Let whoever asks next wait until something was done."""
        self.answers.append(act)

    def close(self):
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def server():
    scripted = ScriptedServer()
    yield scripted
    scripted.close()

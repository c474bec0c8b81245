# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A real HTTP server on loopback with the faults that servers have."""

import contextlib
import http.server
import re
import ssl
import threading
import time
from collections.abc import Iterator
from typing import Any, Optional

import pytest


class Faults:
    """What the server does wrong.

    cut: close each connection of an image after so many bytes. every: send single bytes, with so many seconds in
    between. ranges: know them. status: for so many requests, answer
    with that. lie: what is said of the range that is sent. moved: where a path leads.
    """

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.cut = 0
        self.every = 0.0
        self.ranges = True
        self.status: list[int] = []
        self.lie = ""
        self.moved: dict[str, str] = {}
        self.asked: list[tuple[str, str]] = []
        self.sent = 0


@contextlib.contextmanager
def at_work(faults: Faults, context: Optional[ssl.SSLContext] = None) -> Iterator[str]:
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            wanted = self.headers.get("Range", "")
            faults.asked.append((self.path, wanted))
            if faults.status:
                self.send_error(faults.status.pop(0))
                return
            if self.path in faults.moved:
                self.send_response(302)
                self.send_header("Location", faults.moved[self.path])
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
            data = faults.files.get(self.path)
            if data is None:
                self.send_error(404)
                return
            match = re.match(r"bytes=(\d+)-(\d+)", wanted) if faults.ranges else None
            first, last = (int(match[1]), int(match[2])) if match else (0, len(data) - 1)
            if match and first >= len(data):
                self.send_error(416)
                return
            body = data[first : last + 1]
            self.send_response(206 if match else 200)
            self.send_header("Content-Length", str(len(body)))
            if match:
                last = first + len(body) - 1
                self.send_header("Content-Range", faults.lie or f"bytes {first}-{last}/{len(data)}")
            self.end_headers()
            if faults.cut and self.path.endswith(".gz"):
                body = body[: faults.cut]
            faults.sent += len(body)
            if faults.every:
                self._trickle(body)
            else:
                self.wfile.write(body)

        def _trickle(self, body: bytes) -> None:
            with contextlib.suppress(OSError):  # the other side has given up
                for at in range(len(body)):
                    time.sleep(faults.every)
                    self.wfile.write(body[at : at + 1])

        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    if context:
        server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http{'s' if context else ''}://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture
def faults() -> Faults:
    return Faults()


@pytest.fixture
def serving() -> Any:
    """What serves, for a test that wants more than `url`."""
    return at_work


@pytest.fixture
def url(faults: Faults) -> Iterator[str]:
    """Of a server that runs for one test."""
    with at_work(faults) as address:
        yield address

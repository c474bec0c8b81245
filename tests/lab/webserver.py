# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Serves the releases to the nodes over HTTP/1.1 and counts what it sends. Run as `python -m lab.webserver`."""

from __future__ import annotations

import json
import sys
import threading
import urllib.request
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

from .config import RELEASES_PORT

ADDRESS = ("127.0.0.1", RELEASES_PORT)
STATS = f"http://127.0.0.1:{RELEASES_PORT}/_stats"


class Handler(SimpleHTTPRequestHandler):
    """Static files; GET /_stats tells the totals, POST /_stats sets them to zero."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    totals = {"requests": 0, "bytes": 0}
    lock = threading.Lock()

    def do_GET(self) -> None:
        if self.path != "/_stats":
            super().do_GET()
            return
        content = json.dumps(self.totals).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def do_POST(self) -> None:
        with self.lock:
            self.totals.update(requests=0, bytes=0)
        self.send_response(204)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def copyfile(self, source, outputfile) -> None:
        with self.lock:
            self.totals["requests"] += 1
        while piece := source.read(1 << 16):
            outputfile.write(piece)
            with self.lock:
                self.totals["bytes"] += len(piece)

    def log_message(self, *_: object) -> None:
        """Twelve thousand requests a node are not worth a line each."""


def stats() -> dict[str, int]:
    """Return {"requests": files sent, "bytes": of their content} since the last reset."""
    with urllib.request.urlopen(STATS) as answer:
        return json.load(answer)


def reset_stats() -> None:
    urllib.request.urlopen(urllib.request.Request(STATS, method="POST")).close()


if __name__ == "__main__":
    ThreadingHTTPServer(ADDRESS, lambda *rest: Handler(*rest, directory=sys.argv[1])).serve_forever()

# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Serves a directory of releases to the nodes over HTTP/1.1, single ranges of a file too, and counts what it sends.

Run as `python -m tests.lab.webserver DIRECTORY`.
"""

from __future__ import annotations

import io
import json
import os
import re
import sys
import threading
import time
import urllib.request
from http.client import HTTPException
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

from .config import RELEASES_PORT
from .host import HostError

ADDRESS = ("127.0.0.1", RELEASES_PORT)
RANGE = re.compile(r"bytes=(\d+)-(\d+)")
STATS = f"http://127.0.0.1:{RELEASES_PORT}/_stats"


class Handler(SimpleHTTPRequestHandler):
    """Static files; GET /_stats tells the totals and whose they are, POST /_stats sets the totals to zero."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    totals = {"requests": 0, "bytes": 0}
    lock = threading.Lock()

    def do_GET(self) -> None:
        wanted = RANGE.fullmatch(self.headers.get("Range", ""))
        if self.path != "/_stats":
            if wanted:
                self._send_part(int(wanted[1]), int(wanted[2]))
            else:
                super().do_GET()
            return
        content = json.dumps({**self.totals, "directory": self.directory}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def _send_part(self, first: int, last: int) -> None:
        """Send bytes of a file, as slots fetch theirs."""
        try:
            file = open(self.translate_path(self.path), "rb")
        except OSError:
            self.send_error(404)
            return
        with file:
            size = os.fstat(file.fileno()).st_size
            if first >= size:
                self.send_error(416)
                return
            file.seek(first)
            part = file.read(min(last, size - 1) - first + 1)
        self.send_response(206)
        self.send_header("Content-Length", str(len(part)))
        self.send_header("Content-Range", f"bytes {first}-{first + len(part) - 1}/{size}")
        self.end_headers()
        self.copyfile(io.BytesIO(part), self.wfile)

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


def stats() -> dict[str, int | str]:
    """Return {"requests": files sent, "bytes": of their content} since the last reset, and the "directory"."""
    with urllib.request.urlopen(STATS) as answer:
        return json.load(answer)


def wait_serving(directory: str, timeout: float = 30) -> None:
    """Wait until it is this directory that is served, by the lab's own server.

    HostError: nobody answers, or somebody else.
    """
    deadline = time.monotonic() + timeout
    while True:
        try:
            serves = stats()["directory"]
        except (OSError, HTTPException, ValueError, KeyError, TypeError) as error:
            why = f"it does not answer as the lab's does ({error!r})"
        else:
            if serves == directory:
                return
            why = f"it serves {serves}"
        if time.monotonic() > deadline:
            raise HostError(
                f"the server on port {RELEASES_PORT} of {ADDRESS[0]} is not this lab's: {why}. Stop it, or set "
                "OSMIGRATE_LAB_RELEASES_PORT to another port, and run this again."
            )
        time.sleep(0.1)


def reset_stats() -> None:
    urllib.request.urlopen(urllib.request.Request(STATS, method="POST")).close()


if __name__ == "__main__":
    ThreadingHTTPServer(ADDRESS, lambda *rest: Handler(*rest, directory=sys.argv[1])).serve_forever()

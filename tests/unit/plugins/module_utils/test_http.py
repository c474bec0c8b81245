# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Servers that send a byte now and then: real connections, as http.server sends whole answers only."""

import socket
import threading
import time
import urllib.request

import pytest
from ansible_collections.osmigrate.fleet.plugins.module_utils import _http, _web
from ansible_collections.osmigrate.fleet.plugins.module_utils._errors import FleetError

EVERY, LONG = 0.02, 4  # seconds
HEAD = b"HTTP/1.1 200 OK\r\n"
# What is sent at once; then a byte of the second again and again.
TRICKLES = {
    "status": (b"HTTP/1.1 200 ", b"O"),
    "head": (HEAD + b"X-Word: ", b"a"),
    "body": (HEAD + b"Content-Length: 9999999\r\n\r\n", b"1"),
    "body without an end": (HEAD + b"\r\n", b"1"),
    "chunks": (HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\na\r\n"),
}


@pytest.fixture(params=TRICKLES.values(), ids=TRICKLES)
def trickling(request):
    """The URL of a server that comes to no end for LONG."""
    begins, then = request.param
    ended = threading.Event()

    def serve(listening):
        connection, _address = listening.accept()
        with connection:
            connection.recv(65536)
            try:
                connection.sendall(begins)
                ends = time.monotonic() + LONG
                while not ended.wait(EVERY) and time.monotonic() < ends:
                    connection.sendall(then)
            except OSError:
                pass  # the other side has given up

    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=serve, args=[listening], daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        ended.set()
        thread.join()


@pytest.mark.parametrize("read", [lambda answer: answer.read(), lambda answer: answer.read(100000)])
def test_an_answer_has_an_end(trickling, read):
    ends = time.monotonic() + 0.3

    def check(url):
        if time.monotonic() >= ends:
            raise FleetError(f"{url} took too long")

    opener = urllib.request.build_opener(*_http.handlers(check))
    with pytest.raises(FleetError, match=f"{trickling}/a took too long"), opener.open(trickling + "/a") as answer:
        read(answer)


def test_so_has_a_question_to_a_server_beside_the_cluster(trickling, monkeypatch):
    monkeypatch.setattr(_web, "TIMEOUT", 0.3)
    with pytest.raises(FleetError, match="The Prometheus .* cannot be reached: TimeoutError"):
        _web.Server("Prometheus", trickling).ask("GET", "/api")

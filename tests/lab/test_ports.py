# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import http.server
import socket
import threading

import pytest

from tests.lab import ports, webserver
from tests.lab.host import HostError
from tests.lab.ports import Endpoint


def test_a_port_that_another_program_has_is_refused_by_name():
    with socket.create_server(("0.0.0.0", 0)) as taken:
        port = taken.getsockname()[1]
        (problem,) = ports.refused([Endpoint("the releases", "127.0.66.1", port, "OSMIGRATE_LAB_RELEASES_PORT")])
    assert problem == (
        f"the releases cannot listen on 127.0.66.1, port {port}: another program of this machine does. Free it, or "
        "set OSMIGRATE_LAB_RELEASES_PORT to another one."
    )
    assert ports.refused([Endpoint("the releases", "127.0.66.1", port, "X")]) == []


def test_two_parts_of_a_lab_that_want_one_port_are_refused():
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    (problem,) = ports.refused(
        [Endpoint("etcd", "127.0.0.1", port, "X"), Endpoint("kube-apiserver", "127.0.0.1", port, "Y")]
    )
    assert "kube-apiserver cannot listen" in problem
    assert "etcd of this lab is to have it too. Free it, or set Y" in problem


class Foreign(http.server.BaseHTTPRequestHandler):
    """Another program's server, which knows nothing of ours."""

    def do_GET(self) -> None:
        self.send_response(404)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@pytest.mark.parametrize("directory, why", [(None, "404"), ("/another", "it serves /another")])
def test_a_foreign_server_is_not_taken_for_the_labs(directory, why, monkeypatch):
    handler = Foreign if directory is None else lambda *rest: webserver.Handler(*rest, directory=directory)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        monkeypatch.setattr(webserver, "STATS", f"http://127.0.0.1:{server.server_port}/_stats")
        with pytest.raises(HostError, match=why):
            webserver.wait_serving("/ours", timeout=0)
        if directory:
            webserver.wait_serving(directory, timeout=0)
        server.shutdown()

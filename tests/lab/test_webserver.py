# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lab's web server, asked for parts of files."""

from __future__ import annotations

import functools
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from http.server import ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.lab import webserver


@pytest.fixture(name="url")
def fixture_url(tmp_path: Path) -> Iterator[str]:
    (tmp_path / "file").write_bytes(b"0123456789")
    handler = functools.partial(webserver.Handler, directory=str(tmp_path))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}/"
        server.shutdown()


@pytest.mark.parametrize(
    ("wanted", "status", "content", "range_"),
    [
        ("bytes=2-4", 206, b"234", "bytes 2-4/10"),
        ("bytes=8-99", 206, b"89", "bytes 8-9/10"),
        ("bytes=-3", 200, b"0123456789", None),
        ("", 200, b"0123456789", None),
    ],
)
def test_parts_of_a_file(url: str, wanted: str, status: int, content: bytes, range_: str | None) -> None:
    request = urllib.request.Request(url + "file", headers={"Range": wanted})
    with urllib.request.urlopen(request) as answer:
        assert (answer.status, answer.read(), answer.headers["Content-Range"]) == (status, content, range_)


@pytest.mark.parametrize(("path", "wanted", "status"), [("file", "bytes=10-11", 416), ("nothing", "bytes=0-1", 404)])
def test_parts_that_are_not_there_fail(url: str, path: str, wanted: str, status: int) -> None:
    with pytest.raises(urllib.error.HTTPError) as raised:
        urllib.request.urlopen(urllib.request.Request(url + path, headers={"Range": wanted}))
    assert raised.value.code == status

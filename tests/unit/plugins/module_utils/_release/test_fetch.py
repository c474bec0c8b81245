# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What servers can do to somebody who fetches a file from them. Real ones, on the loopback interface, with real TLS."""

import base64
import http.server
import ssl
import subprocess
import threading
import time

import pytest
from ansible_collections.osmigrate.fleet.plugins.module_utils._backends.ostree import repository
from ansible_collections.osmigrate.fleet.plugins.module_utils._errors import FleetError
from ansible_collections.osmigrate.fleet.plugins.module_utils._release import fetch

NAME = "Release manifest X"
BASIC = "Basic " + base64.b64encode(b"reader:s3cret").decode("ascii")
PAGE = b"<!DOCTYPE html>\n<html><head><title>Sign in</title></head></html>"
LISTING = b"<html><head><title>Index of /releases</title></head></html>"


class Server:
    """One origin. `answer` is called with the handler and writes what it likes; `seen` has path and credentials."""

    def __init__(self, context=None):
        outer = self
        self.seen, self.answer, self.stopped = [], None, threading.Event()

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                outer.seen.append((self.path, self.headers.get("Authorization")))
                try:
                    outer.answer(self)
                except OSError:
                    pass

            def log_message(self, *words):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        scheme = "http"
        if context is not None:
            scheme = "https"
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.url = f"{scheme}://127.0.0.1:{self.server.server_port}/release.yml"
        self.thread = threading.Thread(target=self.server.serve_forever)
        self.thread.start()

    def close(self):
        self.stopped.set()
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


@pytest.fixture
def servers():
    started = []

    def start(context=None):
        started.append(Server(context))
        return started[-1]

    yield start
    for server in started:
        server.close()


@pytest.fixture
def tls(tmp_path, monkeypatch):
    """A context of a server whose certificate this controller trusts, and a netrc file for that host."""
    key, certificate = tmp_path / "tls.pem", tmp_path / "tls.crt"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=127.0.0.1"]
        + ["-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(key), "-out", str(certificate)],
        check=True,
        stderr=subprocess.DEVNULL,
    )
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login reader password s3cret\n")
    (tmp_path / "netrc").chmod(0o600)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(str(certificate), str(key))
    return context


def send(content, status=200, **headers):
    def answer(handler):
        handler.send_response(status)
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.send_header("Content-Length", str(len(content)))
        handler.end_headers()
        handler.wfile.write(content)

    return answer


def redirect(location, status=302):
    return send(b"", status, Location=location)


def refusal(url, timeout=5):
    began = time.monotonic()
    with pytest.raises(FleetError) as caught:
        fetch.read(url, NAME, timeout)
    assert time.monotonic() - began < timeout + 3
    assert caught.value.todo
    assert "s3cret" not in str(caught.value)
    return str(caught.value)


def test_a_redirect_is_followed(servers):
    server, other = servers(), servers()
    server.answer, other.answer = redirect(other.url), send(b"content")
    assert fetch.read(server.url, NAME, 5) == b"content"


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_credentials_go_to_their_own_origin_only(servers, tls, status):
    server, other = servers(tls), servers(tls)
    server.answer, other.answer = redirect(other.url, status), send(b"content")
    assert fetch.read(server.url, NAME, 5) == b"content"
    assert {sent for _path, sent in server.seen} == {BASIC}
    assert {sent for _path, sent in other.seen} == {None}
    # And back: what the other one sends the controller back with does not count, either.
    other.answer = redirect(server.url.replace("https://", "https://eve:s3cret@") + "?again", status)
    server.answer = lambda handler: (send(b"back") if "again" in handler.path else redirect(other.url, status))(handler)
    assert fetch.read(server.url, NAME, 5) == b"back"
    assert {sent for _path, sent in server.seen} == {BASIC}
    assert {sent for _path, sent in other.seen} == {None}


def test_credentials_do_not_go_over_plain_http(servers, tls):
    server = servers()
    server.answer = send(b"", 401)
    assert "the server answered 401 Unauthorized; what the netrc file holds goes only over https" in refusal(server.url)
    assert {sent for _path, sent in server.seen} == {None}


@pytest.mark.parametrize(
    ("location", "says"),
    [
        (
            "http://127.0.0.1:1/x?token=s3cret",
            "redirects from https to http://127.0.0.1:1/x?..., which is not followed",
        ),
        ("file:///etc/passwd", "redirects to file, which is not followed"),
        ("ftp://127.0.0.1/x", "redirects to ftp, which is not followed"),
        ("https://[::1/x", "cannot be fetched: "),
        ("https://127.0.0.1:port/x", "it is no URL"),
    ],
)
def test_redirects_that_are_not_followed_fail(servers, tls, location, says):
    server = servers(tls)
    server.answer = redirect(location)
    assert says in refusal(server.url)


def test_redirects_without_an_end_fail(servers):
    server = servers()
    server.answer = redirect(server.url)
    assert "the server redirects without an end" in refusal(server.url)
    assert len(server.seen) == fetch.MOST_REDIRECTS + 1


def test_a_certificate_that_nobody_vouches_for_fail(servers, tls, monkeypatch):
    server = servers(tls)
    monkeypatch.delenv("SSL_CERT_FILE")
    server.answer = send(b"content")
    assert "cannot be fetched: " in refusal(server.url)
    assert server.seen == []


def drip(what):
    """Send a byte now and then, which no timeout of a single read notices."""

    def answer(handler):
        if what == "body":
            handler.send_response(200)
            handler.end_headers()
        if what == "header":
            handler.wfile.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
        while not handler.server.stopped.wait(0.2):
            handler.wfile.write(b"a")
            handler.wfile.flush()

    return answer


@pytest.mark.parametrize("what", ["status", "header", "body"])
def test_a_server_that_drips_fail(servers, what):
    server = servers()
    server.server.stopped = server.stopped
    server.answer = drip(what)
    assert "Release manifest X" in refusal(server.url, timeout=2)


def test_a_server_that_says_nothing_fail(servers):
    server = servers()
    server.answer = lambda handler: server.stopped.wait(20)
    refusal(server.url, timeout=2)


def test_a_body_without_an_end_fail(servers):
    server = servers()

    def answer(handler):
        handler.send_response(200)
        handler.end_headers()
        while True:
            handler.wfile.write(bytes(65536))

    server.answer = answer
    assert "is larger than 262144 bytes" in refusal(server.url)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (PAGE, "the server sent an HTML page"),
        (b"\xef\xbb\xbf  " + PAGE, "the server sent an HTML page"),
        (b'<?xml version="1.0"?>\n<!-- x -->\n<HTML>', "the server sent an HTML page"),
        (LISTING, "the server sent a directory listing"),
    ],
)
def test_web_pages_are_named_fail(servers, content, says):
    server = servers()
    server.answer = send(content, Content_Type="text/html")
    assert says in refusal(server.url)


@pytest.mark.parametrize("status", [404, 410])
def test_what_is_not_there(servers, status):
    server = servers()
    server.answer = send(PAGE, status)
    assert fetch.read(server.url, NAME, 5) is None


def test_what_the_server_says_is_printable_fail(servers):
    server = servers()
    server.answer = lambda handler: handler.wfile.write(b"HTTP/1.0 500 \x1b[31mOops\x07" + b"x" * 3000 + b"\r\n\r\n")
    says = refusal(server.url)
    assert "\x1b" not in says and "\x07" not in says and len(says) < 400


@pytest.mark.parametrize(
    ("location", "shown"),
    [
        ("https://h/r.yml", "https://h/r.yml"),
        ("https://me:s3cret@h/r.yml", "https://h/r.yml"),
        ("https://me:s3/cr@et@h/r.yml", "https://h/r.yml"),
        ("https://h/r.yml?X-Signature=s3cret", "https://h/r.yml?..."),
        ("https://h/r.yml#s3cret", "https://h/r.yml"),
        ("/a/b@c.yml", "/a/b@c.yml"),
    ],
)
def test_what_is_shown_of_a_location(location, shown):
    assert fetch.shown(location) == shown


COMMIT = "ab" * 32
OBJECT = f"/repo/objects/ab/{COMMIT[2:]}.commit"


def payload(config=b"[core]\nmode=archive-z2\n", commit=b"x"):
    """Serve a repository; None for what is not there."""

    def answer(handler):
        content = {"/repo/config": config, OBJECT: commit}.get(handler.path)
        (send(b"", 404) if content is None else send(content))(handler)

    return answer


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (payload(config=None), r"The repository of the release \(http.*/repo/config\) does not exist"),
        (payload(config=PAGE), "/repo/config.* is no such file: the server sent an HTML page"),
        (payload(config=b"hello"), "/repo/config is not the configuration of an OSTree repository"),
        (payload(commit=None), rf"Commit abababababab \(http.*{OBJECT}\) does not exist"),
        (payload(commit=PAGE), "the server sent an HTML page"),
        (payload(commit=b"another"), f"{OBJECT} is not the commit that its name says"),
        (send(b"", 503), "the server answered 503"),
    ],
)
def test_a_repository_that_has_not_the_commit_fail(servers, answer, says):
    server = servers()
    server.answer = answer
    with pytest.raises(FleetError, match=says) as caught:
        payload = {"url": server.url.replace("release.yml", "repo/"), "commit": COMMIT}
        repository.look(payload, 5, "The node serves on as it did")
    assert caught.value.left == "The node serves on as it did" and caught.value.todo

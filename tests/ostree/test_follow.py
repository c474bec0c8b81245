# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whose word counts after a release lies on a node, and what its server can do while it is fetched. Real ostree."""

from __future__ import annotations

import http.server
import os
import signal
import subprocess
import threading
import time
from pathlib import Path

import pytest
from ansible_collections.osmigrate.fleet.plugins.module_utils._backends.ostree import program
from ansible_collections.osmigrate.fleet.plugins.module_utils._backends.ostree.candidate import Candidate
from ansible_collections.osmigrate.fleet.plugins.module_utils._backends.ostree.program import Ostree
from ansible_collections.osmigrate.fleet.plugins.module_utils._command import run
from ansible_collections.osmigrate.fleet.plugins.module_utils._errors import FleetError

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="ostree deploys as root only")

REF, REMOTE = "debian/13/x86_64", "osmigrate-debian-13"


class Server:
    """Serves a directory; `change` may answer a path otherwise: with a status, or with bytes that never end."""

    def __init__(self, directory: Path):
        self.change = lambda path: None
        self.asked: list[str] = []
        outer = self

        class Handler(http.server.SimpleHTTPRequestHandler):
            def __init__(self, *arguments):
                super().__init__(*arguments, directory=str(directory))

            def do_GET(self):
                outer.asked.append(self.path)
                answer = outer.change(self.path)
                if answer is None:
                    super().do_GET()
                elif isinstance(answer, int):
                    self.send_error(answer)
                else:
                    self.send_response(200)
                    self.end_headers()
                    try:
                        while True:
                            self.wfile.write(answer)
                    except OSError:
                        pass

            def log_message(self, *words):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/source"
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()


class Node:
    """A root without a deployment, and a repository of releases behind a server."""

    def __init__(self, directory: Path):
        self.directory, self.root, self.source = directory, directory / "root", directory / "source"
        self.server = Server(directory)
        run(["ostree", "init", f"--repo={self.source}", "--mode=archive"])
        (self.root / "boot").mkdir(parents=True)
        self.ostree = Ostree(str(self.root))
        self.ostree.initialize()
        self.ostree.create_stateroot("debian")

    def release(self, content: bytes = b"1", files: int = 1) -> str:
        tree = self.directory / "tree"
        for path in ("usr/etc", "usr/lib/modules/6.1", "usr/share", "boot"):
            (tree / path).mkdir(parents=True, exist_ok=True)
        (tree / "usr/lib/os-release").write_text("ID=debian\nPRETTY_NAME=Debian\n")
        for name in ("vmlinuz", "initramfs.img"):
            (tree / "usr/lib/modules/6.1" / name).write_bytes(content)
        for number in range(files):
            (tree / f"usr/share/f{number}").write_bytes(content + os.urandom(20000))
        run(["ostree", "commit", f"--repo={self.source}", f"--branch={REF}", f"--tree=dir={tree}"])
        return run(["ostree", "rev-parse", f"--repo={self.source}", REF]).stdout.strip()

    def wanted(self, commit: str, size: int = 10_000_000) -> Candidate:
        payload = {"url": self.server.url, "ref": REF, "commit": commit, "size": size, "gpg_keys": []}
        release = {"name": "debian-13", "version": "13.1", "payloads": {"ostree": payload}}
        return Candidate(release, self.ostree, Boot(), "debian", 60)

    def stage(self, commit: str, **how: int) -> list[str]:
        steps = self.wanted(commit, **how).plan()
        for _sentence, step in steps:
            step()
        return [sentence for sentence, _step in steps]

    def origin(self, commit: str) -> Path:
        (found,) = (one for one in self.ostree.deployments() if one.commit == commit)
        return self.root / (found.path.lstrip("/") + ".origin")

    def said(self, *argv: str) -> str:
        return run(["ostree", *argv, f"--repo={self.root}/ostree/repo"]).stdout


class Boot:
    """Stands in for BootControl, which would need a GRUB of this machine; it knows no entries."""

    state: dict = {"entries": {}}

    def check_default(self, names):
        pass

    def needed_entries(self):
        return set()


@pytest.fixture
def node(tmp_path):
    return Node(tmp_path)


def test_nothing_stays_that_a_tool_would_follow(node):
    commit = node.release()
    node.stage(commit)
    assert node.said("remote", "list") == ""
    assert [ref for ref in node.said("refs", "--list").split() if REMOTE in ref] == []
    assert "refspec" not in node.origin(commit).read_text()
    # A new commit on the branch, by whoever serves it.
    node.release(b"2")
    upgrade = ["ostree", "admin", "upgrade", f"--sysroot={node.root}", "--os=debian"]
    done = subprocess.run(upgrade, capture_output=True, text=True, check=False)
    assert done.returncode != 0
    assert [one.commit for one in node.ostree.deployments()] == [commit]
    assert node.stage(commit) == []


def test_what_earlier_versions_left_is_removed(node):
    commit = node.release()
    node.stage(commit)
    run(["ostree", "remote", "add", f"--repo={node.root}/ostree/repo", "--no-gpg-verify", REMOTE, node.server.url])
    run(["ostree", "pull", f"--repo={node.root}/ostree/repo", REMOTE, REF])
    node.origin(commit).write_text(f"[origin]\nrefspec={REMOTE}:{REF}\n")
    assert [sentence.split()[0] for sentence in node.stage(commit)] == ["take", "remove"]
    assert node.said("remote", "list") == ""
    assert node.origin(commit).read_text() == program.ORIGIN
    assert node.stage(commit) == []


def test_a_remote_of_somebody_else_stays(node):
    commit = node.release()
    run(["ostree", "remote", "add", f"--repo={node.root}/ostree/repo", "--no-gpg-verify", "fedora", "http://x.invalid"])
    node.stage(commit)
    assert node.said("remote", "list").split() == ["fedora"]


def test_a_pull_that_is_killed_goes_on_where_it_was(node):
    commit = node.release(files=600)
    repository = f"{node.root}/ostree/repo"
    run(["ostree", "remote", "add", f"--repo={repository}", "--no-gpg-verify", REMOTE, node.server.url])
    node.server.change = lambda path: time.sleep(0.01)
    pull = subprocess.Popen(["ostree", "pull", f"--repo={repository}", REMOTE, f"{REF}@{commit}"])
    while sum(path.endswith(".filez") for path in node.server.asked) < 100:
        time.sleep(0.01)
    pull.send_signal(signal.SIGKILL)
    pull.wait()
    node.server.change = lambda path: None
    node.server.asked.clear()
    node.stage(commit)
    assert sum(path.endswith(".filez") for path in node.server.asked) < 560
    assert node.said("remote", "list") == ""


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda path: 404 if path.endswith(".filez") else None, "404. .*Publish the whole repository there, then run"),
        (lambda path: 403 if path.endswith(".filez") else None, "403. .*Publish the whole repository there, then run"),
        (lambda path: 500 if path.endswith(".filez") else None, "500. .*Run the same command again"),
    ],
)
def test_a_server_that_has_not_all_of_it_is_named(node, change, told):
    commit = node.release()
    node.server.change = change
    with pytest.raises(FleetError, match=f"Commit {commit[:12]} cannot be fetched from {node.server.url}: .*{told}"):
        node.stage(commit)
    assert node.said("remote", "list") == ""
    assert node.ostree.deployments() == []


def test_objects_without_an_end_are_bounded_by_the_size(node, monkeypatch):
    monkeypatch.setattr(program, "OVERHEAD", 1000)
    commit = node.release()
    node.server.change = lambda path: bytes(1 << 16) if path.endswith(".filez") else None
    began = time.monotonic()
    with pytest.raises(FleetError, match=f"{node.server.url} sends more than commit {commit[:12]} can have"):
        node.stage(commit, size=50_000_000)
    assert time.monotonic() - began < 30
    assert node.ostree.deployments() == []

# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whose word counts after a release lies on a node, and what its server can do while it is fetched. Real ostree."""

from __future__ import annotations

import os
import signal
import subprocess
import time

import pytest
from ansible_collections.osmigrate.fleet.plugins.module_utils import _amount
from ansible_collections.osmigrate.fleet.plugins.module_utils._backends.ostree import program
from ansible_collections.osmigrate.fleet.plugins.module_utils._command import run
from ansible_collections.osmigrate.fleet.plugins.module_utils._errors import FleetError

from tests.ostree.releases import REF, REMOTE, Node

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="ostree deploys as root only")


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


def test_it_is_told_how_much_of_the_release_lies_there(node, monkeypatch):
    told = []
    monkeypatch.setattr(_amount, "_write", lambda done, total: told.append((done, total)))
    commit = node.release(files=600)
    # Slow until it was told twice.
    node.server.change = lambda path: time.sleep(0.05 if len(told) < 2 else 0)
    node.stage(commit, size=50_000_000)
    assert len(told) > 1 and told == sorted(told)
    assert told[-1][0] > 0 and {total for _done, total in told} == {50_000_000}


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

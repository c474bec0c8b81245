# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who keeps the lease of a run that is killed, by the ansible-playbook that takes it. Its API server is scripted, so
that each request is a moment at which the run can be killed; the tasks of a killed run go on to their end."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import subprocess
import sys

import pytest

# What a run asks for, in order, with the answers: the node's name, its lease, and once more in the next task.
SCRIPT = (
    ("GET node", 200, b"w1"),
    ("GET node-w1", 404, 'leases.coordination.k8s.io "node-w1" not found'),
    ("POST leases", 201, None),
    ("PATCH w1", 200, None),
    ("GET later", 200, b"later"),
)


def short(method, path, _headers, _body) -> str:
    return f"{method} {path.partition('?')[0].rpartition('/')[2]}"


def is_kept(lock) -> bool:
    """Whether a keeper lives that has the lock, which ends with it."""
    with lock.open() as opened:
        try:
            fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


class Run:
    """A run of two tasks: one takes the lease of a node, and both ask the server for something before they begin."""

    def __init__(self, directory, server):
        self.temporary = directory / "local"
        names = {at: f"{{{{ lookup('ansible.builtin.url', '{server.url}/{at}') }}}}" for at in ("node", "later")}
        lease = {"name": names["node"], "host": server.url, "api_key": "a-token", "api_timeout": 1}
        tasks = [{"osmigrate.fleet.k8s_node_lease": lease}, {"ansible.builtin.debug": {"msg": names["later"]}}]
        (directory / "play.yml").write_text(json.dumps([{"hosts": "localhost", "gather_facts": False, "tasks": tasks}]))
        self.argv = [sys.executable, "-m", "ansible", "playbook", "-i", "localhost,", "-c", "local"]
        self.argv += ["-e", f"ansible_python_interpreter={sys.executable}", str(directory / "play.yml")]
        self.environment = {**os.environ, "ANSIBLE_LOCAL_TEMP": str(self.temporary), "no_proxy": "127.0.0.1"}

    def go_on(self) -> None:
        """Start it, and wait until nothing of it lives but a keeper, which has none of its files open."""
        reader, writer = os.pipe()
        quiet = subprocess.DEVNULL
        self.process = subprocess.Popen(
            self.argv, env=self.environment, stdin=quiet, stdout=quiet, stderr=quiet, pass_fds=[writer]
        )
        os.close(writer)
        os.read(reader, 1)
        os.close(reader)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def locks(self):
        return list(self.temporary.glob("*/osmigrate-lease-*"))


@pytest.fixture
def run(tmp_path, server):
    made = Run(tmp_path, server)
    yield made
    # A keeper that should not be there ends with the run's directory.
    shutil.rmtree(made.temporary)


def until(server, moment, act):
    """Answer all that a run asks for; at one of these moments something is done before."""
    for asked, status, body in SCRIPT:
        if asked == moment:
            server.will_first(act)
        server.will(status, body)


@pytest.mark.parametrize("moment", ["GET node", "GET node-w1"], ids=["before it takes the lease", "meanwhile"])
def test_nobody_keeps_the_lease_of_a_run_that_was_killed(run, server, moment):
    until(server, moment, run.kill)
    run.go_on()
    assert [short(*request) for request in server.requests] == [asked for asked, _status, _body in SCRIPT[:-1]]
    assert run.locks() == []


def test_the_lease_of_a_run_that_lives_is_kept_until_it_is_killed(run, server):
    kept = []

    def kill():
        kept.extend(map(is_kept, run.locks()))
        run.kill()

    until(server, "GET later", kill)
    run.go_on()
    assert kept == [True]
    with run.locks()[0].open() as opened:
        fcntl.flock(opened, fcntl.LOCK_EX)  # until the keeper has seen the end of the run

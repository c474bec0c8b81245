# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""When a run's leases are renewed, and when they are given back. The cluster is tests/cluster/test_owner.py's."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import threading
import time

import pytest
from ansible_collections.osmigrate.fleet.plugins.module_utils._kube.auth_options import Auth
from ansible_collections.osmigrate.fleet.plugins.plugin_utils import _child, _lease_keeper as lease_keeper

AUTH = Auth(*[None] * 9, api_timeout=60)


@pytest.fixture
def calls(monkeypatch):
    """What the keeper asks the cluster for."""
    made = []
    monkeypatch.setattr(lease_keeper, "LOOK_EVERY", 0.05)
    monkeypatch.setattr(lease_keeper.Cluster, "connect", lambda auth: "cluster")
    monkeypatch.setattr(lease_keeper.lease, "renew_all", lambda *these: made.append("renew"))
    monkeypatch.setattr(lease_keeper.lease, "release_all", lambda *these: made.append("release"))
    return made


@pytest.mark.parametrize(("is_killed", "last"), [(True, "renew"), (False, "release")])
def test_it_renews_as_long_as_the_run_lives(calls, tmp_path, is_killed, last):
    directory = tmp_path / "run"
    directory.mkdir()
    run = subprocess.Popen(["sleep", "60"])
    keeper = threading.Thread(target=lease_keeper.keep, args=(str(directory), run.pid, "run-1@here", None, 1))
    keeper.start()
    deadline = time.monotonic() + 30
    while calls.count("renew") < 2 and time.monotonic() < deadline:
        time.sleep(0.05)
    if not is_killed:
        shutil.rmtree(directory)  # as ansible-core does at its end
    run.kill()
    keeper.join(30)  # before anybody has asked what became of the process
    run.wait()
    assert not keeper.is_alive()
    assert calls[-1] == last
    assert calls.count("renew") >= 2


def test_a_process_that_was_never_there(calls, tmp_path):
    run = subprocess.Popen(["true"])
    run.wait()
    lease_keeper.keep(str(tmp_path), run.pid, "run-1@here", None, 1)
    assert calls == []


def test_one_keeper_for_a_run_and_nobody_waits_for_it(tmp_path, monkeypatch):
    started = []
    monkeypatch.setattr(_child, "leave_behind", lambda work, given, kept: started.append(os.dup(kept)))
    for _task in range(3):
        lease_keeper.start(str(tmp_path), os.getpid(), "run-1@here", AUTH, 60)
    lease_keeper.start(str(tmp_path), os.getpid(), "run-2@here", AUTH, 60)
    assert len(started) == 2
    for descriptor in started:
        os.close(descriptor)


def test_what_is_left_behind_holds_nothing_open(tmp_path):
    reader, writer = os.pipe()
    lock = os.open(tmp_path / "lock", os.O_RDWR | os.O_CREAT)
    _child.leave_behind("time:sleep", 20, lock)
    os.close(writer)
    assert os.read(reader, 1) == b""  # the end of the file: nobody else can write there
    os.close(reader)
    os.close(lock)


def test_all_tasks_of_a_run_have_one_name_and_no_other_run_has_it():
    name = lease_keeper.name_run("/tmp/ansible-local-1x")
    assert name == lease_keeper.name_run("/tmp/ansible-local-1x")
    assert name != lease_keeper.name_run("/tmp/ansible-local-1y")
    assert name.count("@") == 1


def test_the_keeper_that_is_left_behind_keeps_and_ends_with_its_run(tmp_path):
    directory = tmp_path / "run"
    directory.mkdir()
    run = subprocess.Popen(["sleep", "60"])
    lease_keeper.start(str(directory), run.pid, "run-1@here", AUTH, 60)
    lock = os.open(next(directory.glob("osmigrate-lease-*")), os.O_RDWR)
    with pytest.raises(BlockingIOError):
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)  # somebody lives who has it
    run.kill()
    run.wait()
    fcntl.flock(lock, fcntl.LOCK_EX)  # until that has seen the end of the run
    os.close(lock)

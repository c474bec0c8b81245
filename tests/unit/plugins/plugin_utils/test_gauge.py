# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Looks beside a task: a real connection of Ansible's, and a real file."""

from __future__ import annotations

import time

import pytest
from ansible.playbook.play_context import PlayContext
from ansible.plugins.loader import connection_loader
from ansible_collections.osmigrate.fleet.plugins.module_utils import _amount, _waiting
from ansible_collections.osmigrate.fleet.plugins.plugin_utils import _gauge


@pytest.fixture
def heard(tmp_path, monkeypatch):
    """Return what takes what is said of w1, waiting for it."""
    (tmp_path / "heard").mkdir()
    monkeypatch.setattr(_amount, "PATH", str(tmp_path / "amount"))
    monkeypatch.setenv(_waiting.VARIABLE, str(tmp_path / "heard"))

    def heard(wanted):
        ends = time.monotonic() + 60
        while wanted not in _waiting.heard(str(tmp_path / "heard"), "w1", 0):
            assert time.monotonic() < ends, f"nobody said {wanted}"
            time.sleep(0.01)

    return heard


@pytest.fixture
def connection():
    return connection_loader.get("local", PlayContext())


def test_what_a_task_has_done_is_said_while_it_runs(heard, connection):
    with _gauge.watched(connection, "w1", 0.01), _amount.telling(4 << 20) as tell:
        tell(1 << 20)
        heard("1 of 4 MiB, 0.0 MiB/s")


def test_what_is_no_number_is_not_repeated_and_ends_nothing(heard, connection, tmp_path):
    with _gauge.watched(connection, "w1", 0.01):
        (tmp_path / "amount").write_bytes(b"\xff\x1b[2J" * 1000)
        time.sleep(0.1)
        (tmp_path / "amount").write_text("0 1\n")
        heard("0 of 1 MiB")


def test_a_connection_that_knows_no_second_way_ends_nothing(heard):
    with _gauge.watched(object(), "w1", 0.0):
        pass


def test_where_nobody_listens_nobody_looks(monkeypatch):
    monkeypatch.delenv(_waiting.VARIABLE, raising=False)
    with _gauge.watched(None, "w1", 0.0):
        pass

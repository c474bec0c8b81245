# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What modules say while they wait."""

import os
import time

import pytest
from ansible_collections.osmigrate.fleet.plugins.module_utils import _waiting


def test_what_is_told_is_heard_if_it_is_not_older_than_the_step(tmp_path, monkeypatch):
    monkeypatch.setenv(_waiting.VARIABLE, str(tmp_path))
    _waiting.tell("w1", "w9 holds a place\x1b[2J")
    _waiting.tell("w1", "w8 holds a place\x1b[2J")
    assert _waiting.heard(str(tmp_path), "w1", time.time() - 60) == "w8 holds a place\\x1b[2J"
    assert _waiting.heard(str(tmp_path), "w1", time.time() + 60) == ""
    assert _waiting.heard(str(tmp_path), "w2", 0) == ""
    assert os.listdir(tmp_path) == ["w1"]


@pytest.mark.parametrize("directory", ["", "/nowhere/at/all"])
def test_nobody_need_listen(monkeypatch, directory):
    monkeypatch.setenv(_waiting.VARIABLE, directory)
    _waiting.tell("w1", "x")
    assert _waiting.heard(directory, "w1", 0) == ""


@pytest.mark.parametrize("name", ["", "..", "../w1", "/etc/w1", "x" * 254])
def test_what_is_no_node_is_no_file(tmp_path, monkeypatch, name):
    monkeypatch.setenv(_waiting.VARIABLE, str(tmp_path / "in"))
    (tmp_path / "in").mkdir()
    _waiting.tell(name, "x")
    assert not list((tmp_path / "in").iterdir()) and _waiting.heard(str(tmp_path / "in"), name, 0) == ""

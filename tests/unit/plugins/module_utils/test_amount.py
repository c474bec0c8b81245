# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How much of a long task is done, as a node leaves it."""

import os
import stat

import pytest
from ansible_collections.osmigrate.fleet.plugins.module_utils import _amount

MIB = 1 << 20


@pytest.fixture
def place(tmp_path, monkeypatch):
    path = tmp_path / "run/amount"
    monkeypatch.setattr(_amount, "PATH", str(path))
    return path


def test_it_is_told_once_a_second_and_only_while_it_lasts(place):
    now = [100.0]
    with _amount.telling(1000, lambda: now[0]) as tell:
        tell(1)
        assert _amount.read(place.read_text()) == (1, 1000)
        tell(2)
        assert _amount.read(place.read_text()) == (1, 1000)
        now[0] += _amount.EVERY
        # More than there is, as where others write, too.
        tell(2000)
        assert _amount.read(place.read_text()) == (1000, 1000)
        assert stat.S_IMODE(place.stat().st_mode) & 0o444 == 0o444
    assert not os.listdir(str(place.parent))


def test_whoever_is_killed_or_fails_leaves_no_number(place):
    with pytest.raises(ValueError):
        with _amount.telling(1000) as tell:
            tell(1)
            raise ValueError
    assert not place.exists()


def test_nothing_depends_on_it(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setattr(_amount, "PATH", str(tmp_path / "file/amount"))
    with _amount.telling(1000) as tell:
        tell(1)


@pytest.mark.parametrize("text", ["", "1", "1 2 3", "a 2", "-1 2", "3 2", "0 0", "1 " + "9" * 16, "1\x1b[2J 2"])
def test_what_cannot_be_is_nothing(text):
    assert _amount.read(text) is None


def test_how_far_and_how_fast():
    assert _amount.said([(0.0, 0)], 10 * MIB) == "0 of 10 MiB"
    assert _amount.said([(0.0, 0), (10.0, 5 * MIB)], 10 * MIB - 1) == "5 of 10 MiB, 0.5 MiB/s"
    # Another task has begun.
    assert _amount.said([(0.0, 5 * MIB), (10.0, 0)], 10 * MIB) == "0 of 10 MiB"

# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A merge of /etc that this collection does itself, held against what it tells. tests/ostree has that of ostree."""

import os
import shutil

import pytest
from ansible_collections.osmigrate.fleet.plugins.module_utils._errors import FleetError
from ansible_collections.osmigrate.fleet.plugins.module_utils._files import etc_merge

from tests.backends import etc_trees

BOTH = ({"a": "1", "b": {"c": "1"}}, {"a": "x"}, {"a": "2", "b": {"c": "2"}})


def merge(tmp_path, trees, policy="keep"):
    """Return what was told, the merged /etc or None where it is refused, and the three trees."""
    places = [tmp_path / name for name in ("old", "here", "new")]
    for place, tree in zip(places, trees):
        etc_trees.write(place, tree)
    scanned = [etc_merge.scan(str(place)) for place in places]
    told = etc_merge.compare(*scanned, keeps_modes=True)
    try:
        etc_merge.examine(told, policy, "left")
    except FleetError:
        return told, None, scanned
    merged = tmp_path / "merged"
    shutil.copytree(places[2], merged, symlinks=True)
    etc_merge.write((str(places[1]), str(merged)), (scanned[0], scanned[1]), told, policy, "left")
    return told, etc_merge.scan(str(merged)), scanned


@pytest.mark.parametrize("name", etc_trees.CASES)
def test_what_was_told_is_done(tmp_path, name):
    told, merged, trees = merge(tmp_path, etc_trees.CASES[name])
    outcome = name.partition(",")[0].replace("lost", "kept")
    assert {one.outcome for one in told} == ({outcome} if name else set())
    etc_trees.hold(told, merged, trees)


@pytest.mark.parametrize("seed", range(200))
def test_what_was_told_is_done_of_any_tree(tmp_path, seed):
    etc_trees.hold(*merge(tmp_path, etc_trees.trees_of(seed)))


@pytest.mark.parametrize(("policy", "expected"), [("keep", {"a": "x"}), ("take", {"a": "2", "b": {"c": "2"}})])
def test_the_policy_says_whose_file_counts(tmp_path, policy, expected):
    merged = merge(tmp_path, BOTH, policy)[1]
    etc_trees.write(tmp_path / "expected", expected)
    assert merged == etc_merge.scan(str(tmp_path / "expected"))


def test_a_directory_keeps_its_mode_and_what_is_in_it_goes_its_own_way(tmp_path):
    old = {"d": {"a": "1", "b": "1"}}
    here, new = {"d": {"a": "x", "b": "1", "mode": 0o700}}, {"d": {"a": "1", "b": "2", "mode": 0o750}}
    told, merged, _trees = merge(tmp_path, (old, here, new))
    assert [(one.outcome, one.path) for one in told] == [("conflict", "d"), ("kept", "d/a"), ("taken", "d/b")]
    assert merged["d"].mode == 0o700
    shutil.rmtree(tmp_path / "merged")
    assert merge(tmp_path, (old, here, new), "take")[1]["d"].mode == 0o750
    assert (tmp_path / "merged/d/a").read_text() == "x" and (tmp_path / "merged/d/b").read_text() == "2"


def test_what_goes_while_it_is_read_is_not_there(tmp_path, monkeypatch):
    etc_trees.write(tmp_path, {"a": "1", "b": "1"})
    look = os.lstat

    def lstat(path):
        if str(path).endswith("/a"):
            raise FileNotFoundError(path)
        return look(path)

    monkeypatch.setattr(os, "lstat", lstat)
    assert set(etc_merge.scan(str(tmp_path))) == {"b"}

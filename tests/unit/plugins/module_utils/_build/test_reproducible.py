# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The same recipe and lock give the same commit, whoever builds, wherever and whenever."""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from ansible_collections.osmigrate.fleet.plugins.module_utils._build import recipe

from tests.unit.plugins.module_utils._build import building

pytestmark = [
    pytest.mark.skipif(os.geteuid() != 0, reason="files are given to another user"),
    pytest.mark.skipif(not shutil.which("ostree"), reason="ostree is not installed"),
]
COLLECTIONS = Path(recipe.__file__).parents[6]
# Not root, without a name, in a user namespace of its own.
OTHER_USER = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "unshare", "--user", "--map-root-user"]


def commit(directory: Path, umask: int = 0o022, prefix: tuple[str, ...] = (), **environment: str) -> str:
    """Build as a program of its own, and return the commit."""
    done = subprocess.run(
        [
            *prefix,
            sys.executable,
            building.__file__,
            directory / "mine.yml",
            directory / "work",
            "13.1",
            directory / "p",
        ],
        env={**os.environ, "PYTHONPATH": str(COLLECTIONS), **environment},
        umask=umask,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout.strip()


@pytest.fixture(name="first", scope="module")
def fixture_first(tmp_path_factory):
    directory = tmp_path_factory.mktemp("first")
    building.prepare(directory)
    return commit(directory)


@pytest.mark.parametrize(
    ("umask", "environment"),
    [
        (0o077, {}),
        (0o000, {"TZ": "Pacific/Kiritimati"}),
        (0o022, {"LC_ALL": "tr_TR.UTF-8", "LANG": "tr_TR.UTF-8", "LANGUAGE": "tr"}),
        (0o022, {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONHASHSEED": "7"}),
        (0o022, {"SOURCE_DATE_EPOCH": "1", "HOME": "/nonexistent", "TMPDIR": "/var/tmp"}),
    ],
)
def test_the_environment_does_not_count(first, tmp_path, umask, environment):
    # Another directory, and files written in another order.
    building.prepare(tmp_path, names=list(reversed(building.TREE)))
    assert commit(tmp_path, umask, **environment) == first


def test_another_day_does_not_count(first, tmp_path):
    building.prepare(tmp_path)
    for path in (tmp_path / "root").rglob("*"):
        os.utime(path, (1, 1))
    assert commit(tmp_path) == first


def test_a_repository_with_a_history_does_not_count(first, tmp_path):
    path = building.prepare(tmp_path, building.RECIPE.replace("hello", "before"))
    building.publish(path, tmp_path / "work", "13.0", tmp_path / "p")
    building.prepare(tmp_path)
    assert commit(tmp_path) == first


def test_another_user_does_not_count(first):
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        building.prepare(directory)
        for path in [directory, *directory.rglob("*")]:
            os.chown(path, 65534, 65534)
        tried = subprocess.run(
            [*OTHER_USER, sys.executable, "-c", f"open({building.__file__!r})"], capture_output=True, check=False
        )
        if tried.returncode:
            pytest.skip("other users have no user namespaces here, or cannot read these tests")
        assert commit(directory, prefix=tuple(OTHER_USER)) == first


def test_what_differs_counts(first, tmp_path):
    building.prepare(tmp_path, building.RECIPE.replace("hello", "bye"))
    assert commit(tmp_path) != first

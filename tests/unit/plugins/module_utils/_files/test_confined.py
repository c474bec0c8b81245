# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Programs in the box that a candidate's programs get, on real mounts."""

import os
import subprocess

import pytest
from ansible_collections.osmigrate.fleet.plugins.module_utils._files import confined


@pytest.fixture
def root(tmp_path):
    """A root whose /etc is a mount of its own, as that of a slot is."""
    if os.getuid() or subprocess.run(["unshare", "--mount", "--net", "true"], check=False).returncode:
        pytest.skip("needs root and namespaces")
    root, over = tmp_path / "root", tmp_path / "over"
    for name in ("usr", "etc", "proc", "dev", "run", "tmp"):
        (root / name).mkdir(parents=True)
    for name in ("bin", "sbin", "lib", "lib64"):
        (root / name).symlink_to(f"usr/{name}")
    (root / "etc/issue").write_text("below")
    subprocess.run(["mount", "-t", "tmpfs", "tmpfs", str(root / "etc")], check=True)
    (root / "etc/issue").write_text("seen")
    over.mkdir()
    yield root
    subprocess.run(["umount", str(root / "etc")], check=True)


@pytest.mark.parametrize("elsewhere", [False, True])
def test_an_etc_that_is_mounted_is_seen_and_cannot_be_changed(root, tmp_path, elsewhere):
    place = confined.Place(str(root), str(tmp_path / "over" if elsewhere else root), (("/usr", "/usr"),))
    assert confined.ask(place, ["cat", "/etc/issue"], 20).stdout == "seen"
    assert "Read-only file system" in confined.ask(place, ["touch", "/etc/new"], 20).stderr

# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What of a deployment is mounted where, and what OSTree goes by afterwards."""

import os
import struct

import pytest
from ansible_collections.osmigrate.fleet.plugins.module_utils._backends.ostree import nextroot, program

PATH = "/ostree/deploy/debian/deploy/c.0"


@pytest.fixture
def root(tmp_path):
    """The root of a system that OSTree started; of its file system here are only links and settings."""
    deployment = tmp_path / "sysroot" / PATH.lstrip("/")
    (deployment / "usr/lib/ostree").mkdir(parents=True)
    (tmp_path / "ostree").symlink_to("sysroot/ostree")
    (tmp_path / "sysroot/boot").mkdir()
    (tmp_path / "run").mkdir()
    numbers = [struct.pack("=QQ", one.st_dev, one.st_ino) for one in (os.stat(tmp_path), os.stat(deployment))]
    (tmp_path / "run/ostree-booted").write_bytes(b"key\0" + numbers[0] + b"\0(tt)")
    return tmp_path, deployment, b"key\0" + numbers[1] + b"\0(tt)"


def test_a_deployment_is_seen_with_the_disk_below_it_and_a_usr_that_nobody_writes(root):
    tmp_path, deployment, flag = root
    found = nextroot.of(program.Ostree(str(tmp_path)), PATH)
    assert found.problem == ""
    assert [tuple(mount) for mount in found.mounts] == [
        (str(deployment), "", False),
        (str(tmp_path / "sysroot"), "sysroot", False),
        (str(deployment / "usr"), "usr", True),
    ]
    assert found.files == {"/run/ostree-booted": flag}


def test_boot_is_seen_where_ostree_has_made_it(root):
    tmp_path = root[0]
    (tmp_path / "sysroot/boot/loader").symlink_to("loader.0")
    found = nextroot.of(program.Ostree(str(tmp_path)), PATH)
    assert (str(tmp_path / "sysroot/boot"), "boot", False) in found.mounts


@pytest.mark.parametrize(
    "path, text, says",
    [
        ("usr/lib/ostree/prepare-root.conf", "[composefs]\nenabled = signed\n", "has its initramfs put its root"),
        ("usr/lib/ostree/prepare-root.conf", "[root]\ntransient=true\n", "has its initramfs put its root"),
        ("usr/lib/ostree/prepare-root.conf", "[composefs]\nenabled = no\n[etc]\ntransient = false\n", ""),
    ],
)
def test_a_root_that_is_more_than_directories_is_refused(root, path, text, says):
    tmp_path, deployment = root[:2]
    (deployment / path).write_text(text)
    said = nextroot.of(program.Ostree(str(tmp_path)), PATH).problem
    assert says in said and bool(said) == bool(says)


def test_a_read_only_disk_is_refused(root):
    (root[0] / "sysroot/ostree/repo").mkdir()
    (root[0] / "sysroot/ostree/repo/config").write_text("[core]\n[sysroot]\nreadonly=true\n")
    assert "read-only" in nextroot.of(program.Ostree(str(root[0])), PATH).problem


def test_a_system_of_packages_starts_none(root):
    (root[0] / "run/ostree-booted").unlink()
    assert "none that OSTree started" in nextroot.of(program.Ostree(str(root[0])), PATH).problem

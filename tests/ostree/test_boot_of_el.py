# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Releases on a node whose /boot/loader is the directory of its own boot entries. Real ostree, real mounts."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from ansible_collections.osmigrate.fleet.plugins.module_utils._backends.ostree import backend, program, prune

from tests.ostree.releases import Boot, Node

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="ostree deploys as root only")
ENTRY = "title Rocky Linux\nlinux /vmlinuz-5.14\ninitrd /initramfs-5.14.img\noptions root=UUID=1\n"


class ElNode(Node):
    """A node that had boot entries of its own before anything of ours came to it."""

    def __init__(self, directory: Path):
        entries = directory / "root/boot/loader/entries"
        entries.mkdir(parents=True)
        (entries / "rocky-5.14.conf").write_text(ENTRY)
        (directory / "root/boot/vmlinuz-5.14").write_text("its own\n")
        super().__init__(directory)


@pytest.fixture
def node(tmp_path):
    return ElNode(tmp_path)


def own(node: Node) -> dict:
    boot = node.root / "boot"
    paths = [path for path in boot.rglob("*") if path.is_file() and "osmigrate" not in str(path.relative_to(boot))]
    return {str(path.relative_to(boot)): path.read_text() for path in paths}


def test_what_the_node_boots_by_is_left_as_it_is(node):
    before = own(node)
    commit = node.release()
    node.stage(commit)
    (found,) = node.ostree.deployments()
    assert found.commit == commit
    assert own(node) == before == {"loader/entries/rocky-5.14.conf": ENTRY, "vmlinuz-5.14": "its own\n"}
    assert not os.path.islink(node.root / "boot/loader")
    assert found.kernel.startswith(f"{program.BESIDE}/ostree/debian-")
    assert (node.root / found.kernel.lstrip("/")).read_bytes() == b"1"
    assert not any(str(node.root) in line for line in Path("/proc/self/mountinfo").read_text().splitlines())
    assert node.stage(commit) == []


def test_a_second_release_takes_the_place_of_the_first(node):
    first, second = node.release(), node.release(b"2")
    node.stage(first)
    (old,) = node.ostree.deployments()
    node.stage(second)
    assert [one.commit for one in node.ostree.deployments()] == [second]
    assert not (node.root / old.kernel.lstrip("/")).exists()
    assert own(node)["loader/entries/rocky-5.14.conf"] == ENTRY


@pytest.mark.parametrize("begins", ["/osmigrate", "/boot/osmigrate", "/@/boot/osmigrate"])
def test_what_an_entry_boots_is_found_by_the_path_that_grub_has(node, begins):
    node.stage(node.release())
    (found,) = node.ostree.deployments()
    entry = {"root": found.path, "kernel": begins + found.kernel.partition("/osmigrate")[2]}
    entry["initrd"] = begins + found.initrd.partition("/osmigrate")[2]
    assert prune.missing(str(node.root), entry) == ""
    assert "is not there" in prune.missing(str(node.root), {**entry, "initrd": entry["initrd"] + "x"})
    node.boot = Boot(kept={**entry, "backend": "ostree"})
    assert prune.plan(node.ostree, node.boot) == []


def test_the_release_sees_boot_where_its_initramfs_does_not_see_to_that(node):
    node.stage(node.release())
    (found,) = node.ostree.deployments()
    assert backend.root_of(node.ostree, found, "1", "1").mounts == ["/sysroot/boot /boot none bind 0 0"]


def test_a_loader_of_ostrees_own_stays_where_it_is(tmp_path):
    node = Node(tmp_path)
    node.stage(node.release())
    (found,) = node.ostree.deployments()
    assert os.path.islink(node.root / "boot/loader") and found.kernel.startswith("/boot/ostree/")
    assert backend.root_of(node.ostree, found, "1", "1").mounts == []

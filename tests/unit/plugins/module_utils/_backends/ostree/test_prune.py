# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What nothing needs any more, on trees as ostree and interrupted runs leave them."""

import os

import pytest
from ansible_collections.osmigrate.fleet.plugins.module_utils._backends.ostree import prune
from ansible_collections.osmigrate.fleet.plugins.module_utils._backends.ostree.program import Ostree

KERNELS = {name: f"debian-{letter * 64}" for name, letter in (("d-1", "1"), ("d-2", "2"), ("d-3", "3"))}


class Boot:
    """What of BootControl is asked: the record, and the default and what runs, which are needed."""

    def __init__(self, entries, default, running):
        self.state = {"entries": entries}
        self.needed_entries = lambda: {default, running}
        self.forgotten = []

    def forget(self, names):
        self.forgotten += names


@pytest.fixture
def root(tmp_path):
    """A node with three deployments; /boot is a file system of its own."""
    entries = tmp_path / "boot/loader.1/entries"
    entries.mkdir(parents=True)
    (tmp_path / "boot/loader").symlink_to("loader.1")
    for number, (name, kernel) in enumerate(KERNELS.items()):
        commit = name[-1] * 64
        (tmp_path / f"ostree/deploy/debian/deploy/{commit}.0").mkdir(parents=True)
        links = tmp_path / f"ostree/boot.1/debian/{number}"
        links.mkdir(parents=True)
        (links / "0").symlink_to(f"../../../deploy/debian/deploy/{commit}.0")
        ours = tmp_path / f"ostree/boot-0/debian/{commit}"
        ours.mkdir(parents=True)
        (ours / "0").symlink_to(f"../../../deploy/debian/deploy/{commit}.0")
        directory = tmp_path / "boot/ostree" / kernel
        directory.mkdir(parents=True)
        (directory / "vmlinuz-6").write_bytes(b"k" * 1000)
        (directory / "initramfs-6.img").write_bytes(b"i" * 500)
        (entries / f"ostree-{number}.conf").write_text(
            f"version {number}\noptions ostree=/ostree/boot.1/debian/{number}/0\n"
            f"linux /ostree/{kernel}/vmlinuz-6\ninitrd /ostree/{kernel}/initramfs-6.img\n"
        )
    return tmp_path


def entry(name):
    return {
        "backend": "ostree",
        "root": f"/ostree/deploy/debian/deploy/{name[-1] * 64}.0",
        "kernel": f"/ostree/{KERNELS[name]}/vmlinuz-6",
        "initrd": f"/ostree/{KERNELS[name]}/initramfs-6.img",
    }


def boot(names=("d-1", "d-2", "d-3"), default="d-2", running="d-2"):
    return Boot({name: entry(name) for name in names}, default, running)


def lose(root, name):
    """Take a deployment away, and ostree's note of it, as a cut between two steps of ostree's does."""
    os.unlink(next(root.glob(f"boot/loader/entries/ostree-{int(name[-1]) - 1}.conf")))
    os.rmdir(root / entry(name)["root"].lstrip("/"))


def test_where_everything_is_needed_nothing_is_left_over(root):
    assert prune.plan(Ostree(str(root)), boot()) == []


def test_menu_links_and_kernels_of_what_is_gone_are_removed_in_this_order(root):
    lose(root, "d-1")
    node = boot()
    steps = prune.plan(Ostree(str(root)), node)
    assert [sentence.replace(str(root), "") for sentence, _step in steps] == [
        "take d-1 out of the menu, which cannot be booted",
        f"remove the link /ostree/boot-0/debian/{'1' * 64}/0, which leads nowhere",
        f"remove /boot/ostree/{KERNELS['d-1']}, which no deployment uses",
    ]
    for _sentence, step in steps:
        step()
    assert node.forgotten == ["d-1"]
    assert sorted(os.listdir(root / "boot/ostree")) == [KERNELS["d-2"], KERNELS["d-3"]]
    assert prune.plan(Ostree(str(root)), boot(["d-2", "d-3"])) == []


@pytest.mark.parametrize("used", [{"default": "d-1"}, {"running": "d-1"}])
def test_what_runs_or_is_the_default_stays_in_the_menu_whatever_it_lacks(root, used):
    lose(root, "d-1")
    node = boot(**used)
    for _sentence, step in prune.plan(Ostree(str(root)), node):
        step()
    assert node.forgotten == []
    assert len(os.listdir(root / "boot/ostree")) == 3


def test_without_notes_of_ostree_the_record_keeps_the_kernels(root):
    os.unlink(root / "boot/loader")
    assert prune.plan(Ostree(str(root)), boot()) == []


def test_an_entry_whose_kernel_is_gone_leaves_the_menu(root):
    os.unlink(root / "boot/ostree" / KERNELS["d-3"] / "vmlinuz-6")
    (step,) = prune.plan(Ostree(str(root)), boot())
    assert "d-3" in step[0]


def test_only_directories_that_ostree_named_are_removed(root):
    (root / "boot/ostree/mine").mkdir()
    (root / f"boot/ostree/debian-{'9' * 64}").mkdir()
    (step,) = prune.plan(Ostree(str(root)), boot())
    assert "9" * 64 in step[0]


def test_superseded_kernels_are_room_that_staging_makes(root):
    assert prune.reclaimable(Ostree(str(root)), boot()) == 2 * 1500
    assert prune.reclaimable(Ostree(str(root)), boot(default="d-1")) == 1500


def test_a_kernel_that_another_release_shares_is_no_room(root):
    conf = root / "boot/loader/entries/ostree-0.conf"
    conf.write_text(conf.read_text().replace(KERNELS["d-1"], KERNELS["d-2"]))
    assert prune.reclaimable(Ostree(str(root)), boot(["d-2", "d-3"])) == 2 * 1500

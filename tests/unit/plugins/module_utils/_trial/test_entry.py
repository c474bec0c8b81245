# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A release whose kernel this machine would not start does not get into the menu; shim itself is not asked."""

import pytest
from ansible_collections.osmigrate.fleet.plugins.module_utils._errors import FleetError
from ansible_collections.osmigrate.fleet.plugins.module_utils._trial import entry

from tests.backends.roots import deployed
from tests.trees import write_tree

RELEASE = {"name": "debian-13", "version": "13.1"}


class Candidate:
    """Stands in for a backend's, which would need a release on this machine's disk."""

    def digests(self):
        return {"kernel": "k", "initrd": "i"}

    def commit(self):
        return "c" * 64


def made(tmp_path, running=(("quiet", None),)):
    root = deployed(write_tree(tmp_path, {"/usr/lib/os-release": "PRETTY_NAME=Debian\n", "/boot/vmlinuz": "k"}))
    return entry.of_root(root, RELEASE, Candidate(), running, [], [])


@pytest.mark.parametrize(("uuid", "carried"), [("1-2", True), ("9-9", False), ("", True)])
def test_options_of_the_root_come_along_where_it_is_the_same_file_system(tmp_path, monkeypatch, uuid, carried):
    """XFS takes pquota, and a squashfs in a slot refuses it: the trial would not find its root."""
    here = entry._storage.filesystem("/")._replace(uuid=uuid)
    monkeypatch.setattr(entry._storage, "filesystem", lambda path: here)
    options = made(tmp_path, [("rootflags", "pquota"), ("nosmt", None)])["options"].split()
    assert ("rootflags=pquota" in options, "nosmt" in options) == (carried, True)


def test_without_secure_boot_every_kernel_is_taken(tmp_path):
    assert made(tmp_path)["id"] == "debian-13-13.1"


def test_a_kernel_that_this_machine_does_not_trust_is_refused_by_its_name(tmp_path, monkeypatch):
    monkeypatch.setattr(entry.secureboot, "refusal", lambda kernel: "it is not signed")
    with pytest.raises(FleetError, match="kernel of debian-13-13.1 would not be started: it is not signed.*mokutil"):
        made(tmp_path)

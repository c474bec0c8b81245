# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What kexec is given to start an entry; that it boots is seen on machines (tests/flavours)."""

import pytest
from ansible_collections.osmigrate.fleet.plugins.module_utils._backends.ostree.program import Deployment
from ansible_collections.osmigrate.fleet.plugins.module_utils._boot import grub, initrd
from ansible_collections.osmigrate.fleet.plugins.module_utils._errors import FleetError
from ansible_collections.osmigrate.fleet.plugins.module_utils._trial import start as entry

ENTRY = {"id": "d-1", "options": "root=UUID=1 ostree=/ostree/boot-0/d/c/0"}
DEPLOYMENT = Deployment("d", "c", 0, "/ostree/deploy/d/deploy/c.0", "/ostree/boot-0/d/c/0", "/boot/k", "/boot/i")
PACKAGE = {"kernel": "/boot/vmlinuz-1", "initrd": "/boot/initrd.img-1", "options": "root=UUID=1 quiet"}


def test_a_release_is_started_with_its_deadman():
    start = entry.release_start(ENTRY, DEPLOYMENT)
    assert start == ("/boot/k", ["/boot/i", initrd.PATH], ENTRY["options"], "")


def test_the_package_managed_system_is_started_as_it_was():
    assert entry.package_start(PACKAGE) == ("/boot/vmlinuz-1", ["/boot/initrd.img-1"], "root=UUID=1 quiet", "")


def test_it_keeps_nothing_of_the_trial_that_brought_the_node_back_to_it(tmp_path):
    line = f"BOOT_IMAGE=/vmlinuz-1 root=UUID=1 quiet panic=5 osmigrate.entry=package {grub.trial_arguments(None)}"
    noted = entry.running_package(grub.parse_command_line(line), str(tmp_path))
    assert noted["options"] == "BOOT_IMAGE=/vmlinuz-1 root=UUID=1 quiet panic=5"


@pytest.mark.parametrize("start", [entry.release_start(ENTRY, None), entry.package_start(None)])
def test_what_is_gone_has_no_start(start):
    assert start is None


@pytest.mark.parametrize("package", [None, PACKAGE])
def test_what_is_not_there_is_not_loaded(package, tmp_path):
    package = package and dict(package, kernel=str(tmp_path / "gone"))
    with pytest.raises(FleetError, match="kernel and initramfs of package are not in /boot"):
        entry.load("package", None, None, package, "d-1")

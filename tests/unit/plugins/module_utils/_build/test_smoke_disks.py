# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The disks of a smoke test, of a small release that was really built; `make release` boots them."""

import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.osmigrate.fleet.plugins.module_utils import _storage
from ansible_collections.osmigrate.fleet.plugins.module_utils._build import smoke_disks
from ansible_collections.osmigrate.fleet.plugins.module_utils._errors import FleetError
from ansible_collections.osmigrate.fleet.plugins.module_utils._release import reader

from tests.backends.archives import members
from tests.unit.plugins.module_utils._build import building

pytestmark = [
    pytest.mark.skipif(os.geteuid() != 0, reason="files are given to another user"),
    pytest.mark.skipif(not (shutil.which("ostree") and shutil.which("debugfs")), reason="needs ostree and e2fsprogs"),
]


def said(*argv: "str | Path") -> str:
    return subprocess.run(argv, check=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True).stdout


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Any], Path]:
    """The manifest of a release with both payloads, and where it is published."""
    directory = tmp_path_factory.mktemp("built")
    path = building.prepare(directory)
    done = building.publish(path, directory / "work", "13.1", directory / "public", slots=True)
    return reader.unsigned(_storage.read_bytes(done.manifest), "it").release, directory / "public"


def test_an_image_is_booted_as_a_node_has_it(built: tuple[dict[str, Any], Path], tmp_path: Path) -> None:
    release, place = built
    payload = release["payloads"]["slots"]
    machine = smoke_disks.makers(release, str(place))["slots"](str(tmp_path))
    slot, kept = machine.disks
    assert (slot.read_only, kept.read_only) == (True, False)
    assert _storage.digest(slot.path) == payload["sha256"]
    assert Path(machine.kernel).read_text() == "kernel"
    assert machine.arguments[:4] == ["root=/dev/vda", "ro", "rootfstype=ext4", "rootflags=noload"]
    # What follows the release's initramfs mounts the other disk, by what is really on that.
    initramfs = Path(machine.initramfs).read_bytes()
    own = initramfs[: len(b"initramfs")]
    assert own == b"initramfs"
    units = {path: content.decode() for path, _mode, content in members(initramfs[-(-len(own) // 4) * 4 :])}
    (uuid,) = said("blkid", "-p", "-s", "UUID", "-o", "value", kept.path).split()
    assert f"What=/dev/disk/by-uuid/{uuid}\n" in units["etc/systemd/system/run-osmigrate-persist.mount"]
    assert "upperdir=/run/osmigrate/persist/osmigrate/etc/smoke/upper," in units["etc/systemd/system/sysroot-etc.mount"]
    upper = "/osmigrate/etc/smoke/upper"
    assert said("debugfs", "-R", f"cat {upper}/fstab", kept.path).split()[1:4] == ["/var", "none", "bind"]
    for name in (f"{upper}/ssh/ssh_host_ed25519_key", f"{upper}/osmigrate-smoke", "/osmigrate/etc/smoke/work"):
        assert "Inode:" in said("debugfs", "-R", f"stat {name}", kept.path)


def test_a_commit_is_booted_from_a_disk_that_it_is_deployed_on(
    built: tuple[dict[str, Any], Path], tmp_path: Path
) -> None:
    release, place = built
    machine = smoke_disks.makers(release, str(place))["ostree"](str(tmp_path))
    ((path, read_only),) = machine.disks
    assert not read_only and {"root=/dev/vda", "rw", "console=ttyS0"} < set(machine.arguments)
    assert Path(machine.kernel).read_text() == "kernel"
    deployed = f"/ostree/deploy/smoke/deploy/{release['payloads']['ostree']['commit']}.0"
    assert said("debugfs", "-R", f"cat {deployed}/etc/osmigrate-smoke", path) == smoke_disks.LOOK


def test_a_release_for_other_machines_is_not_booted_fail(built: tuple[dict[str, Any], Path]) -> None:
    release, place = built
    other = {**release, "os": {**release["os"], "architecture": "aarch64"}}
    with pytest.raises(FleetError, match=r"Release debian-13-13\.1 is for aarch64, and what is booted here is x86_64"):
        smoke_disks.makers(other, str(place))


def test_an_image_that_is_not_the_one_of_its_manifest_is_not_booted_fail(
    built: tuple[dict[str, Any], Path], tmp_path: Path
) -> None:
    release, place = built
    payload = dict(release["payloads"]["slots"], kernel_sha256="0" * 64)
    with pytest.raises(FleetError, match="not what its manifest says: kernel_sha256 differ"):
        smoke_disks.makers({**release, "payloads": {"slots": payload}}, str(place))["slots"](str(tmp_path))

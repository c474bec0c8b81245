# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
import pytest
from ansible_collections.osmigrate.fleet.plugins.module_utils._backends.ostree.program import (
    Ostree,
    parse_boot_loader_entry,
)

COMMIT = "4b" * 32
# As ostree 2022.7 wrote it on a Debian 12 root with sysroot.bootloader=none, but for the checksums.
RECORDED = """title Debian GNU/Linux 13 (trixie) 13.1 (ostree:0)
version 1
options ostree=/ostree/boot.1/debian/{boot}/0
linux {prefix}/ostree/debian-{boot}/vmlinuz-6.12.57+deb13-cloud-amd64
initrd {prefix}/ostree/debian-{boot}/initramfs-6.12.57+deb13-cloud-amd64.img
"""


@pytest.fixture(params=["", "/boot"], ids=["/boot of its own", "/boot on the root"])
def root(request, tmp_path):
    entries = tmp_path / "boot/loader.1/entries"
    entries.mkdir(parents=True)
    (tmp_path / "boot/loader").symlink_to("loader.1")
    (entries / "ostree-1-debian.conf").write_text(RECORDED.format(boot="c0", prefix=request.param))
    (entries / "other.conf").write_text("title other\n")
    (tmp_path / f"ostree/deploy/debian/deploy/{COMMIT}.0").mkdir(parents=True)
    links = tmp_path / "ostree/boot.1/debian/c0"
    links.mkdir(parents=True)
    (links / "0").symlink_to(f"../../../deploy/debian/deploy/{COMMIT}.0")
    return tmp_path


def test_deployments(root):
    (found,) = Ostree(str(root)).deployments()
    assert (found.stateroot, found.commit, found.serial) == ("debian", COMMIT, 0)
    assert found.path == f"/ostree/deploy/debian/deploy/{COMMIT}.0"
    assert found.kernel == "/boot/ostree/debian-c0/vmlinuz-6.12.57+deb13-cloud-amd64"
    assert found.initrd.startswith("/boot/ostree/debian-c0/initramfs-")


def test_our_link_leads_to_the_deployment_and_is_made_once(root):
    ostree = Ostree(str(root))
    (found,) = ostree.deployments()
    assert not ostree.is_linked(found)
    ostree.link(found)
    assert ostree.is_linked(found)
    link = root / found.link.lstrip("/")
    assert link.resolve() == root / f"ostree/deploy/debian/deploy/{COMMIT}.0"


def test_an_entry_whose_deployment_is_gone_is_none(root):
    (root / "ostree/boot.1/debian/c0/0").unlink()
    assert Ostree(str(root)).deployments() == []


def test_a_package_managed_root_has_nothing(tmp_path):
    ostree = Ostree(str(tmp_path))
    assert (ostree.deployments(), ostree.stateroots()) == ([], [])
    assert not ostree.has_repository()
    assert not ostree.is_booted()


def test_parse_boot_loader_entry():
    assert parse_boot_loader_entry("# note\ntitle A B\n\nlinux /k\nempty\n") == {"title": "A B", "linux": "/k"}


def test_a_release_goes_where_what_runs_hands_on_its_etc(root, monkeypatch):
    ostree = Ostree(str(root))
    assert ostree.stateroot_for("rocky") == "rocky", "the packages run"
    (root / "run").mkdir(exist_ok=True)
    (root / "run/ostree-booted").touch()
    monkeypatch.setattr(Ostree, "booted", lambda self: self.deployments()[0])
    assert ostree.stateroot_for("rocky") == ostree.deployments()[0].stateroot != "rocky"
    monkeypatch.setattr(Ostree, "booted", lambda _self: None)
    assert ostree.stateroot_for("rocky") == "rocky"

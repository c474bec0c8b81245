# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What of an old root is deleted, on trees that are made for it."""

import os

import pytest
from ansible_collections.osmigrate.fleet.plugins.module_utils import _storage
from ansible_collections.osmigrate.fleet.plugins.module_utils._backends import registry
from ansible_collections.osmigrate.fleet.plugins.module_utils._errors import FleetError
from ansible_collections.osmigrate.fleet.plugins.module_utils._node import finalize

SYSTEM = """
etc/fstab etc/kubernetes/kubelet.conf usr/bin/bash usr/lib/x86_64-linux-gnu/libc.so.6 usr/share/doc/bash/README
boot/vmlinuz-6.1.0-40-amd64 boot/initrd.img-6.1.0-40-amd64 boot/System.map-6.1.0-40-amd64 boot/config-6.1.0-40-amd64
""".split()
DATA = """
usr/local/bin/tool home/ops/file root/.profile srv/www/index.html opt/app/run mnt/x data/db ostree/repo/config
ostree/deploy/debian/deploy/abc.0/usr/bin/bash var/lib/containerd/blob var/lib/dpkg/status var/log/syslog
boot/ostree/debian-c0/vmlinuz-6.12 boot/grub/grub.cfg boot/efi/EFI/debian/grubx64.efi boot/osmigrate/state.json
boot/loader.1/entries/ostree-1.conf boot/memtest86+.bin
""".split()


@pytest.fixture
def root(tmp_path):
    for name in SYSTEM + DATA:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    for name in ("bin", "lib", "lib64"):
        (tmp_path / name).symlink_to("usr/" + name)
    (tmp_path / "vmlinuz").symlink_to("boot/vmlinuz-6.1.0-40-amd64")
    return tmp_path


def find(root, kept=finalize.NEVER, booted=()):
    return finalize.find(str(root), str(root / "boot"), set(kept), set(booted))


def files(root):
    return sorted(str(path.relative_to(root)) for path in root.rglob("*") if path.is_file() and not path.is_symlink())


def test_the_system_goes_and_the_data_stays(root):
    found = find(root)
    assert [doomed.path[len(str(root)) :] for doomed in found] == [
        *["/bin", "/etc", "/lib", "/lib64", "/usr/bin", "/usr/lib", "/usr/share", "/vmlinuz"],
        *[f"/boot/{name}-6.1.0-40-amd64" for name in ("System.map", "config", "initrd.img", "vmlinuz")],
    ]
    assert sum(doomed.bytes for doomed in found) >= 4096 * len(SYSTEM)
    finalize.delete(found, "d-1")
    assert files(root) == sorted(DATA)
    assert not os.path.lexists(root / "bin")
    assert find(root) == []


def test_interrupted_anywhere_it_goes_on(root):
    parts = [part for doomed in find(root) for part in doomed.parts]
    for path, is_directory in parts:
        (os.rmdir if is_directory else os.unlink)(path)
        left = {other for doomed in find(root) for other in doomed.parts}
        assert left == set(parts[parts.index((path, is_directory)) + 1 :])


def test_what_is_used_stays_with_what_holds_it(root):
    found = find(root, {*finalize.NEVER, "/usr/share/doc", "/etc/kubernetes/kubelet.conf"})
    finalize.delete(found, "d-1")
    assert set(files(root)) == {*DATA, "usr/share/doc/bash/README", "etc/kubernetes/kubelet.conf"}


def test_a_kernel_that_an_entry_boots_stays(root):
    found = find(root, booted=["vmlinuz-6.1.0-40-amd64"])
    assert not any(doomed.path.endswith("boot/vmlinuz-6.1.0-40-amd64") for doomed in found)


def test_links_are_not_followed(root):
    (root / "usr/share/link").symlink_to(root / "home")
    finalize.delete(find(root), "d-1")
    assert files(root) == sorted(DATA)


def test_an_usr_that_is_only_a_link_is_left(root):
    (root / "usr").rename(root / "home/usr")
    (root / "usr").symlink_to("home/usr")
    assert not any("/usr/" in doomed.path[len(str(root)) :] for doomed in find(root))


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount")
def test_another_file_system_is_never_entered(root):
    place = root / "usr/share/doc"
    if os.system(f"mount -t tmpfs tmpfs {place} 2>/dev/null"):
        pytest.skip("mounting is not allowed here")
    try:
        (place / "data").write_text("data")
        finalize.delete(find(root), "d-1")
        assert (place / "data").read_text() == "data"
    finally:
        os.system(f"umount {place}")


def test_delete_fail_says_what_state_the_node_is_in(root):
    found = find(root)
    (root / "etc/new").write_text("made meanwhile")
    with pytest.raises(FleetError, match="etc cannot be deleted: Directory not empty.*the node boots d-1.*again"):
        finalize.delete(found, "d-1")


MOUNTED = """\
30 1 254:3 /ostree/deploy/debian/deploy/abc.0 / rw - ext4 /dev/vda3 rw
31 30 254:3 / /sysroot rw - ext4 /dev/vda3 rw
32 30 254:3 /boot /boot rw - ext4 /dev/vda3 rw
33 30 254:3 /ostree/deploy/debian/var /var rw - ext4 /dev/vda3 rw
34 33 254:3 /usr/share/models /models rw - ext4 /dev/vda3 rw
35 31 254:3 /home/ops /sysroot/usr/src rw - ext4 /dev/vda3 rw
36 30 254:9 /etc /other rw - ext4 /dev/vdb rw
"""
FSTAB = "# x\n/sysroot/home /home none bind 0 0\n/sysroot/etc/with\\040blank /x none bind,noauto 0 0\n"


def test_protected():
    kept = finalize.protected("/sysroot", _storage.parse_mountinfo(MOUNTED), FSTAB, registry.backends())
    assert kept - set(finalize.NEVER) == {
        "/ostree",
        "/run/osmigrate/slots",
        "/ostree/deploy/debian/deploy/abc.0",
        "/ostree/deploy/debian/var",
        "/usr/share/models",
        "/home/ops",
        "/usr/src",
        "/etc/with blank",
    }


def test_protected_fail_on_a_read_only_root():
    mounted = _storage.parse_mountinfo(MOUNTED.replace("/sysroot rw", "/sysroot ro"))
    with pytest.raises(FleetError, match="read-only.*remount,rw /sysroot"):
        finalize.protected("/sysroot", mounted, "", [])

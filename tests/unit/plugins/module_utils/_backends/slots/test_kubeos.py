# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A node that KubeOS made, as its documentation describes it: labels of file systems, a menu with the entries A and B
that boot devices by their names, and one persistent partition; as data, and as a disk."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest
from ansible_collections.osmigrate.fleet.plugins.module_utils._backends.slots import kubeos, layout, making, table
from ansible_collections.osmigrate.fleet.plugins.module_utils._errors import FleetError

LABELS = ("BOOT", "ROOT-A", "ROOT-B", "PERSIST")
ARGUMENTS = "ro rootfstype=ext4 nomodeset quiet oops=panic rd.shell=0 selinux=0 crashkernel=256M panic=3"


def menu(first: str = "/dev/sda2", second: str = "/dev/sda3") -> str:
    entries = [
        f"menuentry '{name}' --class KubeOS --unrestricted $menuentry_id_option 'KubeOS-{name}' {{\n"
        f"\tset root='hd0,gpt{number}'\n\tlinux /boot/vmlinuz root={root} {ARGUMENTS}\n"
        "\tinitrd /boot/initramfs.img\n}\n"
        for name, number, root in (("A", 2, first), ("B", 3, second))
    ]
    return 'load_env\nset default="${saved_entry}"\n' + "".join(entries)


def partitions(disk: str = "/dev/sda", labels: tuple[str, ...] = LABELS) -> list[layout.Partition]:
    return [
        # parted calls all of them by one name, so they have no PARTLABEL of their own.
        layout.Partition(f"{disk}{n}", f"8:{n}", 1 << 30, f"{disk[-1]}{n}", "primary", "ext4", f"fs{n}", label)
        for n, label in enumerate(labels, 1)
    ]


BY_PARTUUID = {"ROOT-A": "PARTUUID=a2", "ROOT-B": "PARTUUID=a3", "PERSIST": "PARTUUID=a4"}


@pytest.mark.parametrize(
    "text",
    [
        menu(),
        menu("LABEL=ROOT-A", "LABEL=ROOT-B"),
        menu("PARTUUID=A2", "UUID=fs3"),
        menu("/dev/disk/by-label/ROOT-A", "zfs=something"),
        menu("/dev/vda2", "/dev/vda3"),
        "",
        "menuentry 'openEuler' {\n linux /vmlinuz root=/dev/sdb9\n}\n",
    ],
)
def test_labels_become_partuuids(text: str) -> None:
    assert kubeos.names(partitions(), text) == BY_PARTUUID


@pytest.mark.parametrize("labels", [("BOOT", "/", "swap"), LABELS[:3], ()])
def test_a_node_of_somebody_else_is_left_alone(labels: tuple[str, ...]) -> None:
    assert kubeos.names(partitions(labels=labels), menu()) == {}


@pytest.mark.parametrize(
    ("listed", "text", "problem"),
    [
        (partitions(), menu("/dev/sda3", "/dev/sda2"), "entry A boots /dev/sda3, and the label ROOT-A is on /dev/sda2"),
        (partitions(), menu(second="PARTUUID=a4"), "entry B boots /dev/sda4, and the label ROOT-B is on /dev/sda3"),
        (partitions() + partitions("/dev/sdb"), menu(), "2 partitions have the label ROOT-A: /dev/sda2, /dev/sdb2"),
        (partitions(), menu("/dev/dm-0"), "verified by dm-verity"),
        (partitions(), menu("/dev/dm-0 dm-mod.create=verity"), "verified by dm-verity"),
        ([one._replace(partuuid="") for one in partitions()], menu(), "PERSIST, ROOT-A, ROOT-B have no PARTUUID"),
    ],
)
def test_what_contradicts_itself_is_refused_fail(listed: list[layout.Partition], text: str, problem: str) -> None:
    with pytest.raises(FleetError, match=problem):
        kubeos.names(listed, text)


@pytest.mark.skipif(
    os.geteuid() != 0 or not os.path.exists("/dev/loop-control") or not shutil.which("sfdisk"),
    reason="needs root, loop devices and sfdisk",
)
def test_a_disk_of_kubeos_is_taken_over_as_it_is(tmp_path: Path) -> None:
    image, root = tmp_path / "image", tmp_path / "node"
    image.touch()
    os.truncate(image, 160 << 20)
    script = "label: gpt\n" + "".join(f'size={size}MiB, name="primary"\n' for size in (8, 16, 16, 100))
    subprocess.run(["sfdisk", "--quiet", image], input=script, check=True, text=True)
    done = subprocess.run(["losetup", "--find", "--show", image], check=False, stdout=subprocess.PIPE, text=True)
    if done.returncode:
        pytest.skip("needs a free loop device")
    disk = done.stdout.strip()
    try:
        subprocess.run(["partx", "--add", disk], check=True)
        for number, label in enumerate(LABELS, 1):
            subprocess.run(["mkfs.ext4", "-q", "-L", label, f"{disk}p{number}"], check=True)
        (root / "boot/grub2").mkdir(parents=True)
        (root / "boot/grub2/grub.cfg").write_text(menu(f"{disk}p2", f"{disk}p3"))
        before = image.read_bytes()
        places = making.Places(disk, str(root / "etc/slots.json"), str(root / "boot/table"), str(root))
        wanted = table.Wanted(16 << 20, 32 << 20)
        (step,) = making.plan(wanted, places)
        step.do()
        named = json.loads(Path(places.file).read_text())
        listed = [one for one in layout.partitions() if one.device.startswith(disk)]
        for number, label in enumerate(LABELS[1:], 2):
            assert [one.device for one in layout.found(listed, named[label])] == [f"{disk}p{number}"]
        assert making.plan(wanted, places) == []
        assert image.read_bytes() == before and not os.path.exists(places.saved)
        # An image brings no label, and the layout goes on.
        subprocess.run(["mkfs.ext4", "-q", "-F", f"{disk}p3"], check=True)
        assert making.plan(wanted, places) == []
    finally:
        subprocess.run(["partx", "--delete", disk], check=False, stderr=subprocess.DEVNULL)
        subprocess.run(["losetup", "--detach", disk], check=True)

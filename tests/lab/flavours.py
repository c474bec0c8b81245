# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The kinds of disk and firmware that a node can have: data, and the one way in which all of them are built."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path

from . import accel, cache, grub, host, layouts, networks, template
from .cache import Log
from .config import NODE_DISK_GIB, Paths

DISK = "/dev/vdb"  # the new disk, while it is made


@dataclass(frozen=True)
class Flavour:
    """What tells a node's disk from the default one's.

    firmware: bios or uefi.
    partitions: (size for sgdisk, type code) of each; empty for the default disk.
    volumes: (name, arguments of lvcreate) of the volume group "node", made of the last partition.
    mounts: (place, device, file system, options), outer ones first; a subvolume is made where options name one.
    labels: PARTLABEL of each partition that has one, by its number from 1.
    systems: (device, file system) of what is not mounted at first.
    network: a name of networks.NETWORKS.
    layout: a name of layouts.LAYOUTS.
    """

    firmware: str
    partitions: tuple[tuple[str, str], ...] = ()
    volumes: tuple[tuple[str, str], ...] = ()
    mounts: tuple[tuple[str, str, str, str], ...] = ()
    labels: tuple[tuple[int, str], ...] = ()
    systems: tuple[tuple[str, str], ...] = ()
    network: str = networks.DEFAULT
    layout: str = layouts.DEFAULT


BIOS_PART, ESP_PART = ("+1M", "ef02"), ("+64M", "ef00")
ESP = ("/boot/efi", f"{DISK}1", "vfat", "umask=0077")
FLAVOURS = {
    "bios": Flavour("bios"),
    "uefi": Flavour("uefi"),
    "ifupdown": Flavour("bios", network="ifupdown"),
    "netplan": Flavour("bios", network="netplan"),
    "lvm": Flavour(
        "uefi",
        (ESP_PART, ("+512M", "8300"), ("0", "8e00")),
        (("root", "--size=3G"), ("var", "--extents=100%FREE")),
        (("/", "/dev/node/root", "xfs", "defaults"), ("/boot", f"{DISK}2", "xfs", "defaults"), ESP,
         ("/var", "/dev/node/var", "ext4", "defaults")),
    ),
    "lvm-boot": Flavour(
        "uefi",
        (ESP_PART, ("0", "8e00")),
        (("root", "--extents=100%FREE"),),
        (("/", "/dev/node/root", "ext4", "defaults"), ESP),
    ),
    "btrfs": Flavour(
        "bios",
        (BIOS_PART, ("0", "8300")),
        (),
        (("/", f"{DISK}2", "btrfs", "defaults,subvol=@"),),
    ),
    # Two slots beside the package-managed root, as slot_layout makes them; an image of the lab's releases fits.
    "slots": Flavour(
        "bios",
        (BIOS_PART, ("+384M", "8300"), ("+2G", "8300"), ("+768M", "8300"), ("+768M", "8300"), ("0", "8300")),
        (),
        (("/", f"{DISK}3", "ext4", "defaults"), ("/boot", f"{DISK}2", "ext4", "defaults")),
        ((2, "BOOT"), (4, "ROOT-A"), (5, "ROOT-B"), (6, "PERSIST")),
        ((f"{DISK}6", "ext4"),),
    ),
    # As EL 9 is installed by default, but without LVM.
    "el": Flavour(
        "bios",
        (BIOS_PART, ("+512M", "8300"), ("0", "8300")),
        (),
        (("/", f"{DISK}3", "xfs", "defaults"), ("/boot", f"{DISK}2", "xfs", "defaults")),
        network="keyfile",
        layout="el",
    ),
}  # fmt: skip
DEFAULT = "bios"
MKFS = {"xfs": "mkfs.xfs -q -f", "ext4": "mkfs.ext4 -q -F", "btrfs": "mkfs.btrfs -q -f", "vfat": "mkfs.fat -F 32 -s 1"}
# What makes it boot by itself, by layout and firmware.
BOOT = {
    ("debian", "bios"): (f"grub-install --target=i386-pc {DISK}", "update-grub"),
    ("debian", "uefi"): (
        "grub-install --target=x86_64-efi --efi-directory=/boot/efi --removable --no-nvram --no-uefi-secure-boot",
        "update-grub",
    ),
    ("el", "bios"): ("sh /usr/lib/lab/boot",),
}


def build(paths: Paths, name: str, log: Log) -> Path:
    """Directory with `disk`, the raw image of a flavour, and `kernel`, which is also on that disk."""
    flavour = FLAVOURS[name]
    base = template.build(paths, log, flavour.network, flavour.layout)
    if not flavour.partitions:
        return base
    inputs = {"base": base.name, "flavour": repr(flavour), "recipe": Path(__file__)}
    return cache.artifact(paths, f"flavour-{name}", inputs, lambda part: _convert(paths, base, flavour, part, log), log)


def script(flavour: Flavour) -> str:
    """Return what makes the new disk from the running system: storage, copy, fstab, GRUB.

    The initramfs stays: that of the tree knows all of this storage, and making one takes an emulated processor minutes.
    """
    lines = ["set -eux", "target=/mnt"]
    if flavour.volumes:
        lines += [f"vgcreate node {DISK}{len(flavour.partitions)}"]
        lines += [f"lvcreate --yes {arguments} --name={volume} node" for volume, arguments in flavour.volumes]
    lines += [f"{MKFS[fstype]} {device}" for device, fstype in flavour.systems]
    for place, device, fstype, options in flavour.mounts:
        lines.append(f"{MKFS[fstype]} {device}")
        if "subvol=" in options:
            subvolume = options.partition("subvol=")[2]
            lines += [f"mount -t {fstype} {device} $target", f"btrfs subvolume create $target/{subvolume}",
                      "umount $target"]  # fmt: skip
        lines += [f"mkdir -p $target{place}", f"mount -t {fstype} -o {options} {device} $target{place}"]
    lines += ["cp -ax /. $target", "sh /usr/lib/lab/forget $target", ": > $target/etc/fstab"]
    for place, device, fstype, options in flavour.mounts:
        if place != "/":
            options += ",x-systemd.device-timeout=600"  # on a busy host udev may take minutes
        lines.append(f'echo "UUID=$(blkid -s UUID -o value {device}) {place} {fstype} {options} 0 0"'
                     " >> $target/etc/fstab")  # fmt: skip
    lines += [f"mount --rbind /{directory} $target/{directory}" for directory in ("dev", "proc", "sys", "run")]
    lines += [f"chroot $target {command}" for command in BOOT[flavour.layout, flavour.firmware]]
    lines += ["sync", f'echo "{template.FINISHED.decode()}" > /dev/ttyS0']
    return "\n".join([*lines, "exit", ""])


def _convert(paths: Paths, base: Path, flavour: Flavour, part: Path, log: Log) -> None:
    part.mkdir()
    disk = part / "disk"
    with open(disk, "wb") as image:
        image.truncate(NODE_DISK_GIB << 30)
    made = []
    for number, (size, code) in enumerate(flavour.partitions, 1):
        made += [f"--new={number}:0:{size}", f"--typecode={number}:{code}"]
    made += [f"--change-name={number}:{label}" for number, label in flavour.labels]
    host.run(["sgdisk", *made, disk])
    host.run(["cp", base / "kernel", part / "kernel"])
    with tempfile.TemporaryDirectory() as directory:
        # sh reads a disk as well as a file; blanks fill its last sector.
        text = Path(directory, "script")
        text.write_text(script(flavour).ljust(8192))
        drives = []
        for file, option in ((base / "disk", "snapshot=on"), (disk, "cache=unsafe"), (text, "readonly=on")):
            drives += ["-drive", f"file={file},format=raw,if=virtio,{option}"]
        template.run_once(base, accel.choose(paths, base / "kernel", log), "/dev/vdc", drives)
    if flavour.layout == "el":
        grub.embed(paths, disk, log)

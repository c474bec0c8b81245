# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A GRUB that reads entries of the Boot Loader Specification, for a BIOS and a disk whose second partition is /boot."""

from __future__ import annotations

import struct
from pathlib import Path

from . import cache, host, rootfs
from .cache import Log
from .config import Paths

# Debian 12's reads no entries of the Boot Loader Specification; this is the first of Debian's that does.
# base-files: without its links no program of another suite is found.
SUITE, PACKAGES = "forky", ("base-files", "grub-common", "grub-pc-bin")
MODULES = "usr/lib/grub/i386-pc"
# What finds /boot/grub2; the rest is loaded from there. The disk is the one that the firmware boots.
PREFIX, CORE = "(hd0,gpt2)/grub2", ("biosdisk", "part_gpt", "xfs")

# Up to here a first sector is code; in it is where the core begins.
SECTOR, MBR_CODE, CORE_SECTOR = 512, 440, 0x5C


def build(paths: Paths, log: Log) -> Path:
    """Directory with the modules of a GRUB that knows blscfg, and `core.img`, which starts it."""
    inputs = {"suite": SUITE, "packages": " ".join(PACKAGES), "core": repr((PREFIX, CORE))}

    def make(part: Path) -> None:
        programs = part.with_name(f"{part.name}.part")
        try:
            host.run(rootfs.extract_command(SUITE, PACKAGES, programs))
            core = f"/{MODULES}/core.img"
            image = ["grub-mkimage", "--format=i386-pc", f"--prefix={PREFIX}", f"--output={core}", *CORE]
            host.run(host.as_root(["chroot", programs, *image]))
            host.run(host.as_root(["cp", "--recursive", programs / MODULES, part]))
        finally:
            host.remove(programs)

    return cache.artifact(paths, f"grub-{SUITE}", inputs, make, log)


def embed(paths: Paths, disk: Path, log: Log) -> None:
    """Write this GRUB into the first sector of a disk and into its first partition, which is there for that.

    The tool for it is not used: Debian 12's is of another version, and the other's does not run there.
    """
    grub = build(paths, log)
    boot, core = (grub / "boot.img").read_bytes(), bytearray((grub / "core.img").read_bytes())
    core += bytes(-len(core) % SECTOR)
    found = host.run(["sgdisk", "--info=1", disk]).stdout
    first = int(found.partition("First sector: ")[2].split()[0])
    # The core's first sector loads the rest: from where, how many, and to which segment.
    core[SECTOR - 12 : SECTOR] = struct.pack("<QHH", first + 1, len(core) // SECTOR - 1, 0x820)
    with open(disk, "r+b") as image:
        sector = bytearray(image.read(SECTOR))
        sector[:MBR_CODE] = boot[:MBR_CODE]
        sector[CORE_SECTOR : CORE_SECTOR + 8] = struct.pack("<Q", first)
        image.seek(0)
        image.write(sector)
        image.seek(first * SECTOR)
        image.write(core)

# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A disk that holds nothing but GRUB, and its boots: the real loader deciding on real configuration in two seconds."""

from __future__ import annotations

import re
import struct
import subprocess
from pathlib import Path

MODULES = "biosdisk part_msdos ext2 normal configfile loadenv search test echo reboot serial terminal".split()
# Those that boot something, where it is not only shown what would be booted.
LOADER = ["linux"]
FIRST_SECTOR = 2048
UUID = "6f736d69-6772-6174-652d-677275620000"
SECTORS = 32768
GRUB = Path("/usr/lib/grub/i386-pc")

# What mkconfig writes, as far as it matters: a default of its own, custom.cfg sourced last. Then the decision is shown.
CONFIG = """serial --unit=0
terminal_output serial
default=0
timeout=1
{before}
if [ -f $prefix/custom.cfg ]; then source $prefix/custom.cfg; fi
echo "chosen=[$default] left=[$osm_tries]"
reboot
"""


# The menu is left to itself: what boots is seen only where it is the package-managed system.
UNATTENDED = """serial --unit=0
terminal_output serial
terminal_input serial
default=0
timeout=0
{before}
menuentry 'package-managed' --unrestricted {{
  echo "chosen=[package] left=[$osm_tries]"
  reboot
}}
source $prefix/custom.cfg
"""

# Shows what a menu entry boots: this disk has no such commands, so that functions may have their names.
SHOW_BOOT = """function search { osm_found=1; }
function linux { echo "boots=[$@] left=[$osm_tries]"; reboot; }
"""


def run(*argv: str | Path) -> None:
    """Run a program; what it says is in the error if it fails."""
    subprocess.run([str(word) for word in argv], check=True, capture_output=True)


class Machine:
    """One disk in a directory of its own.

    :param directory: where the disk is made.
    :param files: content of /boot/grub by file name.
    :param before: lines of grub.cfg before custom.cfg is sourced.
    :param writable: whether the disk takes writes.
    :param loads: whether GRUB can really load kernels, and is left alone at its menu.
    """

    def __init__(
        self, directory: Path, files: dict[str, bytes], before: str = "", writable: bool = True, loads: bool = False
    ) -> None:
        self.writable = writable
        tree = directory / "tree/boot/grub"
        tree.mkdir(parents=True)
        config = (UNATTENDED if loads else CONFIG).format(before=before)
        for name, content in {"grub.cfg": config.encode(), **files}.items():
            (tree / name).write_bytes(content)
        self.disk = directory / "disk.raw"
        core = directory / "core.img"
        run("grub-mkimage", "-O", "i386-pc", "-o", core, "-p", "(hd0,msdos1)/boot/grub",
            *MODULES, *(LOADER if loads else []))  # fmt: skip
        with self.disk.open("wb") as disk:
            disk.truncate(SECTORS * 512)
        offset = f"offset={FIRST_SECTOR * 512}"
        run("mke2fs", "-q", "-t", "ext4", "-U", UUID, "-d", directory / "tree", "-E", offset, self.disk, "14M")
        with self.disk.open("r+b") as disk:
            disk.write((GRUB / "boot.img").read_bytes()[:440])
            disk.seek(446)  # the partition table: one Linux partition up to the end
            disk.write(struct.pack("<B3sB3sII", 0, bytes(3), 0x83, bytes(3), FIRST_SECTOR, SECTORS - FIRST_SECTOR))
            disk.seek(510)
            disk.write(b"\x55\xaa")
            disk.write(core.read_bytes())

    def boot(self) -> tuple[str, str]:
        """Boot once.

        :returns: (the default that GRUB chose, the entry that it boots, or "reboot" if it gave up; the tries left).
        """
        drive = f"file={self.disk},format=raw,if=virtio,readonly={'off' if self.writable else 'on'}"
        done = subprocess.run(
            ["qemu-system-x86_64", "-accel", "tcg", "-m", "64", "-display", "none", "-serial", "stdio",
             "-monitor", "none", "-nic", "none", "-no-reboot", "-drive", drive],
            stdin=subprocess.DEVNULL, capture_output=True, timeout=60, check=True,
        )  # fmt: skip
        said = re.sub(rb"[\r\n]", b"", done.stdout)  # the terminal breaks lines, and then leaves a blank out
        booted = re.search(rb"boots=\[.*osmigrate.entry=(\S+?)( osmigrate.trial=1 .*)?\] ?left=\[(.*?)\]", said)
        if booted:
            return booted[1].decode() + " on trial" * bool(booted[2]), booted[3].decode()
        shown = re.findall(rb"chosen=\[(.*?)\] left=\[(.*?)\]", done.stdout)
        if not shown and b"Booting" in done.stdout:
            return "reboot", ""
        assert len(shown) == 1, done.stdout.decode("ascii", "replace")
        return shown[0][0].decode(), shown[0][1].decode()

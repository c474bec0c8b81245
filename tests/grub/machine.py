# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A disk that holds nothing but GRUB, and its boots: the real loader deciding on real configuration in two seconds."""

from __future__ import annotations

import re
import struct
import subprocess
from pathlib import Path

from ansible_collections.osmigrate.fleet.plugins.module_utils._boot import env

MODULES = "biosdisk part_msdos ext2 normal configfile loadenv search test echo sleep reboot serial terminal".split()
# Those that boot something, where it is not only shown what would be booted.
LOADER = ["linux"]
FIRST_SECTOR = 2048
UUID = "6f736d69-6772-6174-652d-677275620000"
SECTORS = 32768
GRUB = Path("/usr/lib/grub/i386-pc")

# What mkconfig writes, as far as it matters: a default of its own, custom.cfg sourced last. Nobody is at the menu.
CONFIG = """serial --unit=0
terminal_output serial
terminal_input serial
default=0
timeout=0
{before}
menuentry 'package-managed' --unrestricted --id own {{
  echo "chosen=[package] left=[$osm_tries]"
  reboot
}}
{after}
if [ -f $prefix/custom.cfg ]; then source $prefix/custom.cfg; fi
"""

# Shows what a menu entry boots: this disk has no such command, so a function may have its name.
SHOW_BOOT = """function linux { echo "boots=[$@] left=[$osm_tries]"; reboot; }
"""


def run(*argv: str | Path) -> None:
    """Run a program; what it says is in the error if it fails."""
    subprocess.run([str(word) for word in argv], check=True, capture_output=True)


class Machine:
    """One disk in a directory of its own.

    :param directory: where the disk is made.
    :param files: content of /boot/grub by file name.
    :param before: lines of grub.cfg before custom.cfg is sourced.
    :param after: more entries of grub.cfg.
    :param early: what the loader's image does by itself; then its prefix is a directory that is not there.
    :param writable: whether the disk takes writes.
    :param loads: whether GRUB can really load kernels; else what would be loaded is only shown.
    """

    def __init__(
        self,
        directory: Path,
        files: dict[str, bytes],
        before: str = "",
        writable: bool = True,
        loads: bool = False,
        after: str = "",
        early: str = "",
    ) -> None:
        self.writable = writable
        tree = directory / "tree/boot/grub"
        tree.mkdir(parents=True)
        config = ("" if loads else SHOW_BOOT) + CONFIG.format(before=before, after=after)
        for name, content in {"grub.cfg": config.encode(), **files}.items():
            (tree / name).write_bytes(content)
        self.disk = directory / "disk.raw"
        core = directory / "core.img"
        (directory / "early.cfg").write_text(early)
        prefix = (
            ["-c", directory / "early.cfg", "-p", "(hd0,msdos1)/nowhere"] if early else ["-p", "(hd0,msdos1)/boot/grub"]
        )
        run("grub-mkimage", "-O", "i386-pc", "-o", core, *prefix, *MODULES, *(LOADER if loads else []))
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

        :returns: (the entry that it boots, "reboot" if it gave up; the tries that are left).
        """
        shown = self._shown()
        said = re.sub(rb"[\r\n]", b"", shown)  # the terminal breaks lines, and then leaves a blank out
        booted = re.search(rb"boots=\[.*osmigrate.entry=(\S+?)( osmigrate.trial=1 .*)?\] ?left=\[(.*?)\]", said)
        if booted:
            return booted[1].decode() + " on trial" * bool(booted[2]), booted[3].decode()
        chosen = re.findall(rb"chosen=\[(.*?)\] left=\[(.*?)\]", shown)
        if not chosen and b"Booting" in shown:
            return "reboot", ""
        assert len(chosen) == 1, shown.decode("ascii", "replace")
        return chosen[0][0].decode(), chosen[0][1].decode()

    def said(self) -> str:
        """Boot once, and return all that was shown, without any blank."""
        return re.sub(r"\s", "", self._shown().decode("ascii", "replace"))

    def _shown(self) -> bytes:
        done = subprocess.run(self._qemu(), stdin=subprocess.DEVNULL, capture_output=True, timeout=60, check=True)
        return done.stdout

    def block(self, size: int = env.SIZE) -> dict[str, str] | None:
        """Return the variables of the environment block of so many bytes that is on the disk, None if there is none."""
        data = self.disk.read_bytes()
        begin = data.find(env.HEADER + b"osm_default=")
        return env.parse(data[begin : begin + size]) if begin >= 0 else None

    def cut(self, after: bytes) -> None:
        """Boot, and take the power when the console has shown some text."""
        machine = subprocess.Popen(self._qemu(), stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert machine.stdout
        shown = b""
        while after not in shown:
            byte = machine.stdout.read(1)
            assert byte, shown.decode("ascii", "replace")
            shown += byte
        machine.kill()
        machine.communicate()

    def _qemu(self) -> list[str]:
        drive = f"file={self.disk},format=raw,if=virtio,readonly={'off' if self.writable else 'on'}"
        return ["qemu-system-x86_64", "-accel", "tcg", "-m", "64", "-display", "none", "-serial", "stdio",
                "-monitor", "none", "-nic", "none", "-no-reboot", "-drive", drive]  # fmt: skip

# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A disk that a power cut left, booted by real GRUB until ssh answers, and what runs then."""

from __future__ import annotations

import tempfile
from pathlib import Path

from image import Image
from lab import host
from lab.vm import Machine
from powercuts import PowerCut, boots
from seen import Seen, look
from story import Story

BOOT_TIMEOUT = 420


class Bench:
    """A machine on which disks are booted, one after the other.

    :param machine: where it runs; its node must not be one of the lab's.
    :param like: the machine whose disk it was, for its identity.
    """

    def __init__(self, machine: Machine, like: Machine) -> None:
        self.machine = machine
        self.like = like

    def boot(self, story: Story, cut: PowerCut, image: Image) -> tuple[list[str], int]:
        """Boot the disk to the end: until something runs that another power cut would not change.

        :returns: (what does not hold, how many boots it took).
        """
        expected = boots(image)
        allowed = story.may_boot(cut.phase)
        self._insert(image.disk)
        try:
            seen = self._start()
            wrong = self._compare(seen, expected, story.data)
            if seen.verdict != "booted_candidate":
                return wrong, 1
            # Nobody confirms it, and the power goes again: the incumbent has to come.
            self.machine.power_off()
            home = self._start()
            incumbent = story.step(cut.phase.step)["before"]
            wrong += self._compare(home, incumbent, story.data)
            if home.verdict != "fell_back":
                wrong.append(f"back home the verdict is {home.verdict or 'empty'}")
            return wrong, 2
        except host.HostError as error:
            return [f"no system came up ({' or '.join(sorted(allowed))} should): {error}"], 1
        finally:
            self.machine.delete()

    def _compare(self, seen: Seen, expected: str, data: str) -> list[str]:
        wrong = []
        if seen.entry != expected:
            wrong.append(f"{seen.entry} runs instead of {expected}")
        if seen.data != data:
            wrong.append("the node's data differ")
        return wrong

    def _start(self) -> Seen:
        self.machine.start()
        self.machine.wait_ssh(BOOT_TIMEOUT)
        return look(self.machine)

    def _insert(self, disk: Path) -> None:
        """Make the machine anew on a copy-on-write layer over the disk."""
        self.machine.delete()
        with tempfile.TemporaryDirectory() as scratch:
            for name in ("settings.json", "seed.tar", "ssh_host_ed25519_key", "ssh_host_ed25519_key.pub"):
                host.run(["cp", "--preserve=mode", self.like.directory / name, scratch])
            host.run(["qemu-img", "create", "-q", "-f", "qcow2", "-b", disk, "-F", "raw", Path(scratch, "disk.qcow2")])
            self.machine.restore(Path(scratch))

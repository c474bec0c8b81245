# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A disk that a power cut left, booted by real GRUB until ssh answers, and what runs then."""

from __future__ import annotations

import subprocess
import tempfile
import time
from pathlib import Path

from tests.faults.image import Image, NotMended
from tests.faults.powercuts import PowerCut, boots, slots
from tests.faults.seen import BOOT_TIMEOUT, Seen, kernels_started, look
from tests.faults.story import IDENTITY, Story
from tests.lab import host
from tests.lab.vm import Machine

# After ssh answers; the report begins when the system is up.
REPORT_WITHIN = 120


class Bench:
    """A machine on which disks are booted, one after the other.

    :param machine: where it runs; its node must not be one of the lab's.
    :param identity: a directory with the identity of the node whose disks they are (see story.IDENTITY).
    """

    def __init__(self, machine: Machine, identity: Path) -> None:
        self.machine = machine
        self.identity = identity

    def boot(self, story: Story, cut: PowerCut, image: Image) -> tuple[list[str], int]:
        """Boot the disk to the end: until something runs that another power cut would not change.

        :returns: (what does not hold, how many boots it took).
        """
        expected = boots(image)
        allowed = story.may_boot(cut.phase)
        self._insert(image.disk, "raw")
        try:
            seen = self._start()
            wrong = self._compare(seen, expected, story.data)
            if seen.verdict != "booted_candidate":
                return wrong + self._slots(image), 1
            # Nobody confirms it, and the power goes again: the incumbent has to come.
            self.machine.power_off()
            home = self._start()
            incumbent = story.step(cut.phase.step)["before"]
            wrong += self._compare(home, incumbent, story.data)
            if home.verdict != "fell_back":
                wrong.append(f"back home the verdict is {home.verdict or 'empty'}")
            return wrong + self._slots(image), 2
        except host.HostError as error:
            return [f"no system came up ({' or '.join(sorted(allowed))} should): {error}"], 1
        finally:
            self.machine.delete()

    def come_home(self, disk: Path, seconds: float) -> tuple[Seen | None, int, float]:
        """Boot a disk, and wait until its default runs.

        :param seconds: how long that may take.
        :returns: (what runs then, None if it did not come; how many kernels were started; seconds from the power
            button until the default answered and had reported).
        """
        self._insert(disk, "qcow2")
        try:
            started = time.monotonic()
            self.machine.start()
            home = self._wait_home(started + seconds)
            return home, kernels_started(self.machine), time.monotonic() - started
        finally:
            self.machine.delete()

    def _wait_home(self, deadline: float) -> Seen | None:
        """Wait until the default runs and, for some time more, until it has reported by itself what became of it."""
        reports_until = deadline
        while time.monotonic() < deadline:
            try:
                seen = look(self.machine)
            except (host.HostError, subprocess.TimeoutExpired):  # down, or on its way
                time.sleep(1)
                continue
            if seen.verdict != "booted_candidate" and (seen.report or time.monotonic() > reports_until):
                return seen
            if seen.verdict != "booted_candidate":
                reports_until = min(reports_until, time.monotonic() + REPORT_WITHIN)
            time.sleep(3)
        return None

    def _slots(self, image: Image) -> list[str]:
        """Take the power away, and say which slots are not what is marked of them."""
        self.machine.power_off()
        try:
            with Image(self.machine.disk, image.layout, "qcow2").mended() as mended:
                return slots(mended)
        except NotMended as error:
            return [f"after the boot the file system does not mend itself: {error}"]

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

    def _insert(self, disk: Path, kind: str) -> None:
        """Make the machine anew on a copy-on-write layer over the disk, which is raw or qcow2."""
        self.machine.delete()
        with tempfile.TemporaryDirectory() as scratch:
            for name in IDENTITY:
                host.run(["cp", "--preserve=mode", self.identity / name, scratch])
            host.run(["qemu-img", "create", "-q", "-f", "qcow2", "-b", disk, "-F", kind, Path(scratch, "disk.qcow2")])
            self.machine.restore(Path(scratch))

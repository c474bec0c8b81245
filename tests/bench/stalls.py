# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a neighbour on the disk notices while a slot is written: how long its small writes take until they are flushed.

The disk is a loop device in memory, which the kernel slows down to so many bytes a second, for all who use it; not to
so many requests, as it would count those of a buffered writer before they are merged. Needs root, and the blkio
controller of cgroup version 1 at its root.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from ansible_collections.osmigrate.fleet.plugins.module_utils._backends.slots import pace

from tests.bench.figures import figure

THROTTLE = Path("/sys/fs/cgroup/blkio")
# A slow virtual disk.
BYTES_PER_SECOND = 60 << 20
MIB = 1 << 20
NEIGHBOUR = 256 * MIB
EVERY = 0.02
IDLE_SECONDS = 30


class Disk(NamedTuple):
    """A slow disk: slot, the partition that is written, and where the neighbour's file system is mounted."""

    slot: Path
    mounted: Path


@contextlib.contextmanager
def slow_disk(directory: Path, slot_bytes: int) -> Iterator[Disk]:
    """Make it for a while."""
    image, mounted = Path("/dev/shm/osmigrate-bench-disk"), directory / "neighbour"
    mounted.mkdir(exist_ok=True)
    with contextlib.ExitStack() as stack:
        stack.callback(image.unlink, missing_ok=True)
        with image.open("wb") as file:
            file.truncate(NEIGHBOUR + slot_bytes + 4 * MIB)
        made = [f"--new=1:0:+{NEIGHBOUR // MIB}M", "--new=2:0:0"]
        subprocess.run(["sgdisk", *made, image], check=True, stdout=subprocess.DEVNULL)
        loop = subprocess.run(["losetup", "--find", "--show", image], check=True, stdout=subprocess.PIPE, text=True)
        device = loop.stdout.strip()
        stack.callback(subprocess.run, ["losetup", "--detach", device], check=True)
        subprocess.run(["partx", "--add", device], check=True)
        stack.callback(subprocess.run, ["partx", "--delete", device], check=True)
        subprocess.run(["mkfs.ext4", "-q", "-F", f"{device}p1"], check=True)
        subprocess.run(["mount", f"{device}p1", mounted], check=True)
        stack.callback(subprocess.run, ["umount", mounted], check=True)
        status = os.stat(device)
        number = f"{os.major(status.st_rdev)}:{os.minor(status.st_rdev)}"
        for kind in ("read", "write"):
            knob = THROTTLE / f"blkio.throttle.{kind}_bps_device"
            knob.write_text(f"{number} {BYTES_PER_SECOND}\n")
            stack.callback(knob.write_text, f"{number} 0\n")
        yield Disk(Path(f"{device}p2"), mounted)


class Neighbour:
    """Appends 4 KiB to a file again and again, and flushes each; stalls: seconds that each flush took."""

    def __init__(self, place: Path) -> None:
        self._path = place / "journal"
        self._ends = threading.Event()
        self._thread = threading.Thread(target=self._work)
        self.stalls: list[float] = []

    def __enter__(self) -> Neighbour:
        self._thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._ends.set()
        self._thread.join()

    def _work(self) -> None:
        with self._path.open("wb", buffering=0) as file:
            while not self._ends.wait(EVERY):
                file.write(os.urandom(4096))
                began = time.monotonic()
                os.fdatasync(file.fileno())
                self.stalls.append(time.monotonic() - began)

    def longest(self) -> float:
        return max(self.stalls) * 1000

    def nearly_all(self) -> float:
        """Return within how many milliseconds 999 of 1,000 flushes were done."""
        return sorted(self.stalls)[int(len(self.stalls) * 0.999)] * 1000


def noticed(disk: Disk, name: str, command: list[str] | None) -> tuple[float, float]:
    """Return the longest stall and that of 999 of 1,000, in milliseconds, while a command runs, or nothing."""
    subprocess.run(["sync", "--file-system", disk.mounted], check=True)
    with Neighbour(disk.mounted) as neighbour:
        began = time.monotonic()
        if command:
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        else:
            time.sleep(IDLE_SECONDS)
        seconds = time.monotonic() - began
    found = neighbour.longest(), neighbour.nearly_all()
    print(f"  {name}: {seconds:.0f} s, {len(neighbour.stalls)} flushes, {found[0]:.0f} and {found[1]:.0f} ms",
          file=sys.stderr, flush=True)  # fmt: skip
    return found


def bench(directory: Path, image: Path, writer: Callable[..., list[str]]) -> list[dict[str, Any]]:
    """Write an image into an empty slot, which is the most that is ever written, in three ways.

    :param writer: returns the command that writes it: slot, seed, and rate in bytes a second.
    """
    if os.getuid() or not (THROTTLE / "blkio.throttle.write_bps_device").exists() or not shutil.which("partx"):
        print("  Nothing slows a disk down here: no stalls were measured", file=sys.stderr)
        return []
    with slow_disk(directory, image.stat().st_size) as disk:
        empty = ["blkdiscard", "--force", str(disk.slot)]
        idle = noticed(disk, "idle", None)
        paced = noticed(disk, "writer", writer(disk.slot, None, rate=pace.BYTES_PER_SECOND))
        subprocess.run(empty, check=True)
        unpaced = noticed(disk, "writer, unpaced", writer(disk.slot, None, rate=0))
        subprocess.run(empty, check=True)
        dd = noticed(disk, "dd", ["dd", f"if={image}", f"of={disk.slot}", "bs=8M", "conv=fsync"])
    return [
        figure("longest stall beside the writer, ms", paced[0], idle[0], "idle", 2.0),
        figure("99.9 % of stalls beside the writer, ms", paced[1], idle[1], "idle", 2.0),
        figure("longest stall beside the writer, ms", paced[0], dd[0], "dd, buffered"),
        figure("longest stall beside the writer unpaced, ms", unpaced[0], idle[0], "idle"),
    ]

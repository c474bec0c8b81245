# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How fast a slot is written, so that those who share the disk do not notice.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

import time
import typing

from ansible_collections.osmigrate.fleet.plugins.module_utils import _storage

PRESSURE = "/proc/pressure/io"
BYTES_PER_SECOND = 25 << 20
# Reading disturbs less than writing: nothing is flushed for it.
READS = 4
_BURST_SECONDS = 0.1
_LOOK_SECONDS = 1.0
# Of a second in which others waited for the disk.
_CROWDED = 0.1
_SLOWEST = 16  # times slower than asked for, however crowded


def waited() -> typing.Optional[float]:
    """Return for how many seconds somebody has waited for a disk since the node was started; None if nobody counts."""
    return parse_pressure(_storage.read_text(PRESSURE))


def parse_pressure(text: str) -> typing.Optional[float]:
    """Read the kernel's count of the time in which at least one task waited for a disk. Pure."""
    for line in text.splitlines():
        kind, _blank, rest = line.partition(" ")
        total = dict(word.partition("=")[::2] for word in rest.split()).get("total", "")
        if kind == "some" and total.isdigit():
            return int(total) / 1e6
    return None


class Pace:
    """A token bucket, which is filled slower while others wait for the disk.

    :param rate: bytes a second, 0 for as fast as it goes.
    """

    def __init__(
        self,
        rate: int = BYTES_PER_SECOND,
        clock: typing.Callable[[], float] = time.monotonic,
        sleep: typing.Callable[[float], None] = time.sleep,
        pressure: typing.Callable[[], typing.Optional[float]] = waited,
    ) -> None:
        self.asked = self.rate = float(rate)
        self._clock, self._sleep, self._pressure = clock, sleep, pressure
        self._due = self._looked = clock()
        self._waited = pressure()
        self._busy, self._awake_since = 0.0, self._looked

    def wrote(self, size: int) -> None:
        """Wait as long as so many bytes take that were just written."""
        self._spend(size)

    def read(self, size: int) -> None:
        """As wrote, of bytes that were read."""
        self._spend(size / READS)

    def _spend(self, size: float) -> None:
        if not self.asked:
            return
        now = self._clock()
        self._busy += now - self._awake_since
        self._look(now)
        self._due = max(self._due, now - _BURST_SECONDS) + size / self.rate
        if self._due > now:
            self._sleep(self._due - now)
        self._awake_since = self._clock()

    def _look(self, now: float) -> None:
        """Once a second, see whether others wait: what this writer itself has waited is not theirs."""
        passed = now - self._looked
        if passed < _LOOK_SECONDS or self._waited is None:
            return
        total = self._pressure()
        if total is not None:
            crowded = total - self._waited - self._busy > _CROWDED * passed
            faster = min(self.asked, self.rate * 1.25)
            self.rate = max(self.asked / _SLOWEST, self.rate / 2) if crowded else faster
        self._waited, self._looked, self._busy = total, now, 0.0

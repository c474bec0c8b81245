# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs the tiers of the tests, light ones first, and stops at the first that fails.

A tier is a target of the Makefile. Lanes are tiers with a colon between them. The tiers of a lane run one after the
other: those of the first lane alone, then all other lanes side by side, because machines that boot leave a processor
idle much of the time. A tier that leaves <build>/<tier>.xml or <build>/<tier>-<part>.xml (JUnit) counts with its tests,
any other as one.

Usage: tiers.py <build directory> <tier>... [: <tier>...]...
"""

import os
import signal
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from itertools import groupby
from pathlib import Path
from threading import Event, Lock
from xml.etree import ElementTree


def reports(build: Path, tier: str) -> list[Path]:
    return [*build.glob(f"{tier}.xml"), *build.glob(f"{tier}-*.xml")]


def counted(found: list[Path], ok: bool) -> tuple[int, int]:
    """How many tests passed and failed."""
    if not found:
        return int(ok), int(not ok)
    suites = [suite for report in found for suite in ElementTree.parse(report).iter("testsuite")]
    total, failed, skipped = (
        sum(int(suite.get(name, 0)) for suite in suites for name in names.split())
        for names in ("tests", "failures errors", "skipped")
    )
    # A tier may fail with no test to blame: at the end of a session, for one.
    return total - failed - skipped, max(failed, int(not ok))


class Tiers:
    """Runs tiers until one fails. Lanes share it."""

    def __init__(self, build: Path) -> None:
        self.build = build
        self.passed = self.failed = 0
        self._running: set[int] = set()
        self._failed = Event()
        self._lock = Lock()

    def lane(self, tiers: list[str]) -> None:
        for tier in tiers:
            if not self._failed.is_set():
                self._run(tier)

    def _run(self, tier: str) -> None:
        for report in reports(self.build, tier):
            report.unlink()
        start = time.monotonic()
        self._print(f"== {tier}")
        ok = self._make(tier) == 0
        # One that was stopped because another had failed says nothing about itself.
        if not ok and self._failed.is_set():
            self._print(f"== {tier}: stopped")
            return
        self._print(f"== {tier}: {'ok' if ok else 'FAILED'}, {time.monotonic() - start:.0f} s")
        good, bad = counted(reports(self.build, tier), ok)
        with self._lock:
            self.passed, self.failed = self.passed + good, self.failed + bad
        if not ok:
            self.stop()

    def _make(self, tier: str) -> int:
        """Run one, its lines led by its name, as a process group that can be stopped as a whole; return its exit code.

        A group and no session: Linux shares processors among sessions, so that what a lane computes weighs no more than
        one machine of the other lane, which has a session of its own.
        """
        receiver, sender = os.pipe()
        files = (
            (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
            (os.POSIX_SPAWN_DUP2, sender, 1),
            (os.POSIX_SPAWN_DUP2, sender, 2),
        )
        argv = ["make", "--no-print-directory", tier]
        process = os.posix_spawnp(argv[0], argv, os.environ, file_actions=files, setpgroup=0)
        os.close(sender)
        self._running.add(process)
        with open(receiver, errors="replace") as lines:
            for line in lines:
                self._print(f"{tier}| {line.rstrip()}")
        _pid, status = os.waitpid(process, 0)
        self._running.discard(process)
        return os.waitstatus_to_exitcode(status)

    def stop(self) -> None:
        self._failed.set()
        for process in list(self._running):
            os.killpg(process, signal.SIGTERM)

    def _print(self, line: str) -> None:
        with self._lock:
            print(line, flush=True)


def main(build: Path, words: list[str]) -> int:
    began = time.monotonic()
    first, *others = [list(lane) for colon, lane in groupby(words, lambda word: word == ":") if not colon]
    tiers = Tiers(build)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with ThreadPoolExecutor() as pool:
        try:
            pool.submit(tiers.lane, first).result()
            list(pool.map(tiers.lane, others))
        except KeyboardInterrupt:
            tiers.stop()
            raise
    print(f"all tiers: {time.monotonic() - began:.0f} s")
    print(f"{tiers.passed} passed, {tiers.failed} failed")
    return int(tiers.failed > 0)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), sys.argv[2:]))

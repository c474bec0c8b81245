# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs the tiers of the tests one after the other, light ones first, and stops at the first that fails.

Side by side they are slower than one after the other: a machine that QEMU translates fills a processor.

All have to end within MINUTES: the story of the last tier leaves out what it can do without (tests/e2e/conftest.py).

A tier is a target of the Makefile. One that leaves <build>/<tier>.xml or <build>/<tier>-<part>.xml (JUnit) counts with
its tests, any other as one.

Usage: tiers.py <build directory> <tier>...
"""

import os
import subprocess
import sys
import time
from pathlib import Path
from xml.etree import ElementTree

# CI takes 90.
MINUTES = 84


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


def main(build: Path, tiers: list[str]) -> int:
    began = time.monotonic()
    environment = {"OSMIGRATE_TEST_UNTIL": str(time.time() + 60 * MINUTES), **os.environ}
    passed = failed = 0
    took = []
    for tier in tiers:
        print(f"== {tier}", flush=True)
        for report in reports(build, tier):
            report.unlink()
        start = time.monotonic()
        make = ["make", "--no-print-directory", tier]
        ok = subprocess.call(make, stdin=subprocess.DEVNULL, env=environment) == 0
        took.append(f"{tier} {time.monotonic() - start:.0f} s")
        print(f"== {'ok' if ok else 'FAILED'}: {took[-1]}", flush=True)
        good, bad = counted(reports(build, tier), ok)
        passed, failed = passed + good, failed + bad
        if not ok:
            break
    print(f"all tiers: {time.monotonic() - began:.0f} s ({', '.join(took)})")
    print(f"{passed} passed, {failed} failed")
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), sys.argv[2:]))

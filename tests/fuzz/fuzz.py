# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Gives each parser changed texts for a while, all processors at work, and tells what broke one.

Usage: python -m tests.fuzz.fuzz [seconds for each parser] [parser]...
"""

import concurrent.futures
import hashlib
import sys
import time

from tests.fuzz import parsers


def main(seconds: float, chosen: list[str]) -> int:
    total = failed = 0
    seed = time.time_ns()
    with concurrent.futures.ProcessPoolExecutor() as pool:
        running = {pool.submit(parsers.fuzz, parser, seconds, seed): parser for parser in chosen}
        for done in concurrent.futures.as_completed(running):
            parser, (number, broken) = running[done], done.result()
            total, failed = total + number, failed + len(broken)
            print(f"{parser}: {number} inputs, {len(broken)} places broke", flush=True)
            for place, (error, text) in sorted(broken.items()):
                name = hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()[:12]
                path = parsers.CORPUS / parser / name
                path.write_bytes(text.encode("utf-8", "surrogateescape"))
                print(f"  {place}: {error[:200]}; its text is in {path}", flush=True)
    print(f"{total} inputs, {failed} places broke")
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main(float(sys.argv[1]) if sys.argv[1:] else 30, sys.argv[2:] or list(parsers.PARSERS)))

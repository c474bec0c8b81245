# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What no other tool says: no unfinished work, no path of somebody's own machine, no line that is too long to read."""

import re
import subprocess
import sys
from pathlib import Path

RULES = {
    # The brackets let this file keep its own rule.
    "unfinished work": re.compile(r"\b(TOD[O]|FIXM[E]|XX[X])\b"),
    "a path of a developer's machine": re.compile(r"(?<![\w.$}{-])/(work|home/[a-z]+/(src|git|work))/"),
}
NOT_OURS = ("COPYING", "LICENSES/")


def main() -> int:
    listed = subprocess.run(["git", "ls-files", "-z"], check=True, stdout=subprocess.PIPE).stdout.decode()
    broken = 0
    for name in filter(None, listed.split("\0")):
        if name.startswith(NOT_OURS) or not Path(name).is_file():
            continue
        for number, line in enumerate(Path(name).read_text(errors="replace").splitlines(), 1):
            for rule, pattern in RULES.items():
                if pattern.search(line):
                    print(f"{name}:{number}: {rule}: {line.strip()}")
                    broken += 1
    return int(broken > 0)


if __name__ == "__main__":
    sys.exit(main())

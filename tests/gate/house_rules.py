# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What no other tool says, or only after minutes: no unfinished work, no path of somebody's own machine, no assert in
plugins, and what runs on nodes is a program for the oldest Python of nodes, where this machine has that.
"""

import ast
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

RULES = {
    # The brackets let this file keep its own rule.
    "unfinished work": re.compile(r"\b(TOD[O]|FIXM[E]|XX[X])\b"),
    "a path of a developer's machine": re.compile(r"(?<![\w.$}{-])/(work|home/[a-z]+/(src|git|work))/"),
}
NOT_OURS = ("COPYING", "LICENSES/")
OLDEST = (3, 6)
# What ansible-test compiles with it: modules, what they import, and their tests.
ON_NODES = tuple(f"{below}plugins/{kind}/" for below in ("", "tests/unit/") for kind in ("modules", "module_utils"))
# Says of each file that it is given why it is no program for this Python.
COMPILE = """
import sys
for name in sys.stdin.read().split("\\0"):
    try:
        compile(open(name, encoding="utf-8").read(), name, "exec", dont_inherit=True)
    except (SyntaxError, ValueError) as error:
        print("%s:%s: %s" % (name, getattr(error, "lineno", 1), error.args[0]))
"""


def of_lines(text: str) -> Iterator[tuple[int, str]]:
    """Yield line and rule for each line that breaks one."""
    for number, line in enumerate(text.splitlines(), 1):
        for rule, pattern in RULES.items():
            if pattern.search(line):
                yield number, f"{rule}: {line.strip()}"


def of_syntax(name: str, text: str) -> Iterator[tuple[int, str]]:
    """Yield line and rule for what a Python file may not have."""
    try:
        tree = ast.parse(text)
    except SyntaxError as error:
        yield error.lineno or 1, f"no program for Python: {error.msg}"
        return
    if name.startswith("plugins/"):
        for node in ast.walk(tree):
            if isinstance(node, ast.Assert):
                yield node.lineno, "an assert, which python -O leaves out: raise an error that says what is wrong"


def oldest_python() -> str | None:
    """Return the oldest Python of nodes, if this machine has it."""
    name = "python" + ".".join(map(str, OLDEST))
    found = [shutil.which(name), *Path.home().glob(f".pyenv/versions/{name[6:]}*/bin/{name}")]
    for python in map(str, filter(None, found)):
        if subprocess.run([python, "-c", ""], capture_output=True, check=False).returncode == 0:
            return python
    return None


def of_compiler(python: str, names: list[str]) -> list[str]:
    """Return what a Python says of files that are no program for it."""
    done = subprocess.run(
        [python, "-c", COMPILE], input="\0".join(names), stdout=subprocess.PIPE, text=True, check=True
    )
    return [f"{line} ({Path(python).name})" for line in done.stdout.splitlines()]


def main() -> int:
    listed = subprocess.run(["git", "ls-files", "-z"], check=True, stdout=subprocess.PIPE).stdout.decode()
    names = [name for name in listed.split("\0") if Path(name).is_file() and not name.startswith(NOT_OURS)]
    broken = []
    for name in names:
        text = Path(name).read_text(errors="replace")
        found = [*of_lines(text), *(of_syntax(name, text) if name.endswith(".py") else ())]
        broken += [f"{name}:{number}: {rule}" for number, rule in found]
    if python := oldest_python():
        broken += of_compiler(python, [name for name in names if name.startswith(ON_NODES) and name.endswith(".py")])
    print("\n".join(broken), end="\n" if broken else "")
    return int(bool(broken))


if __name__ == "__main__":
    sys.exit(main())

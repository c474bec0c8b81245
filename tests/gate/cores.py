# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The ansible-core lines and the Pythons that the collection supports: locks for them, and sanity with them.

Usage:
  cores.py lock                                       write constraints/ anew (UV_OFFLINE=1: from uv's cache only)
  cores.py fill oldest                                fill the environment of the oldest line, a whole controller, and
                                                      print where it is
  cores.py sanity <collection> <build> oldest|all     run ansible-test sanity over what is shipped, with the oldest line
                                                      that some Python on this machine can run, or with all; say which
                                                      could not be run
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]
LOCKS = ROOT / "constraints"
# Pythons of a controller. `make` uses the one that PYTHON names.
PYTHONS = ("3.10", "3.11", "3.12", "3.13", "3.14")
# What the execution environment's base image has (execution-environment.yml).
IMAGE_PYTHON = "3.13"
# The oldest that what `make docs` needs runs with, so that newer ones can, too.
DOCS_PYTHON = "3.11"


class Line(NamedTuple):
    name: str
    floor: str
    pythons: tuple[str, ...]


# Floors are explained in test-requirements.txt. 2.16 and 2.17 run on Python 3.10 to 3.12, and so on.
LINES = (
    Line("2.16", "2.16.14", ("3.10", "3.11", "3.12")),
    Line("2.17", "2.17.7", ("3.10", "3.11", "3.12")),
    Line("2.18", "2.18.1", ("3.11", "3.12", "3.13")),
    Line("2.19", "2.19.11", ("3.11", "3.12", "3.13")),
    Line("2.20", "2.20.7", ("3.12", "3.13", "3.14")),
    Line("2.21", "2.21.1", ("3.12", "3.13", "3.14")),
)


def lock() -> None:
    """Write the locks: every package with its version and the digests of its files."""
    LOCKS.mkdir(exist_ok=True)
    for python in PYTHONS:
        _compile("test-" + python, python, f"-r {ROOT / 'test-requirements.txt'}")
    for line in LINES:
        # The oldest one is a whole controller, which the cluster's tests use too.
        controller = f"\n-r {ROOT / 'meta/ee-requirements.txt'}" if line is LINES[0] else ""
        wanted = f"ansible-core~={line.floor}\nshellcheck-py>=0.10{controller}"
        _compile("core-" + line.name, line.pythons[0], wanted)
    image = f"-r {ROOT / 'meta/ee-requirements.txt'}\nansible-core>={LINES[-1].floor}\nansible-runner>=2.4"
    _compile("image", IMAGE_PYTHON, image)
    _compile("docs", DOCS_PYTHON, f"-r {ROOT / 'docs/docsite/requirements.txt'}")


def _compile(name: str, python: str, wanted: str) -> None:
    target = LOCKS / f"{name}.txt"
    options = ["--no-header", "--no-emit-index-url", "--no-annotate", "--generate-hashes", "--python-version", python]
    print(f"{target.relative_to(ROOT)}: Python {python}", flush=True)
    subprocess.run(
        ["uv", "pip", "compile", "--quiet", "--upgrade", *options, "--output-file", str(target), "-"],
        input=wanted.encode(),
        stdout=subprocess.DEVNULL,
        check=True,
    )
    head = f"# Written by `make lock`, for Python {python}.\n"
    target.write_text(head + target.read_text())


def find_python(versions: tuple[str, ...]) -> str:
    """Return a Python of one of these versions that runs, the newest first; "" without one."""
    for version in reversed(versions):
        name = f"python{version}"
        built = Path.home().glob(f".pyenv/versions/{version}.*/bin/{name}")
        places = [
            shutil.which(os.environ.get("PYTHON", "")),
            shutil.which(name),
            *map(str, sorted(built, reverse=True)),
        ]
        for place in filter(None, places):
            asked = subprocess.run(
                [place, "-c", "import ensurepip, venv, sys; print('%d.%d' % sys.version_info[:2])"],
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                text=True,
                check=False,
            )
            if asked.returncode == 0 and asked.stdout.strip() == version:
                return str(place)
    return ""


def _fill(line: Line, python: str, output: int | None = None) -> tuple[Path, int]:
    """Fill the environment of a line; return where it is, and the exit code."""
    venv = ROOT / f".venv-{line.name}"
    fill: list[str | Path] = [Path(__file__).parent / "venv.sh", venv, python, f"core-{line.name}"]
    return venv, subprocess.call(fill, cwd=ROOT, stdout=output)


def fill_oldest() -> int:
    line = LINES[0]
    python = find_python(line.pythons)
    if not python:
        print(f"ansible-core {line.name} needs Python {' or '.join(line.pythons)}, not found here", file=sys.stderr)
        return 1
    venv, code = _fill(line, python, sys.stderr.fileno())
    print(venv)
    return code


def sanity(collection: Path, build: Path, which: str) -> int:
    """Run the lines that can be run, and name the others.

    :returns: 1 if one failed, or none could be run.
    """
    failed: list[Line] = []
    missing: list[Line] = []
    done: list[Line] = []
    for line in LINES:
        if which == "oldest" and done:
            break
        python = find_python(line.pythons)
        if not python:
            missing.append(line)
            continue
        gate = Path(__file__).parent
        print(f"-- ansible-core {line.name} with {python}", flush=True)
        venv, made = _fill(line, python)
        shipped = ["--exclude", "tests/"]  # tests run with our own line alone, which looks at them, too
        argv: list[str | Path] = [gate / "sanity.sh", venv, build / f"sanity-{line.name}", *shipped]
        ran = made or subprocess.call(argv, cwd=collection)
        (failed if ran else done).append(line)
        if which == "oldest":
            break
    for line in missing:
        print(f"-- ansible-core {line.name} was not run: it needs Python {' or '.join(line.pythons)}, not found here")
    if failed:
        print("-- failed: " + ", ".join(line.name for line in failed))
    if not failed and not done:
        print("-- no supported ansible-core can be run by any Python of this machine")
    return int(bool(failed) or not done)


if __name__ == "__main__":
    if sys.argv[1:] == ["lock"]:
        lock()
    elif sys.argv[1:] == ["fill", "oldest"]:
        sys.exit(fill_oldest())
    else:
        command, collection, build, which = sys.argv[1:]
        assert command == "sanity" and which in ("oldest", "all"), __doc__
        sys.exit(sanity(Path(collection), Path(build), which))

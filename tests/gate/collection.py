# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Mirrors the working tree to where Ansible and ansible-test expect a collection: .../ansible_collections/<ns>/<name>.

What git tracks or would track is copied, what is gone is deleted, and what did not change keeps its time stamp. Tiers
that run side by side mirror one after the other.

Usage: collection.py <destination>
"""

import fcntl
import filecmp
import shutil
import subprocess
import sys
from pathlib import Path

# Belong to the copy: its own repository (see below) and what ansible-test writes. So does what Python and pytest write
# anywhere in it, maybe at this moment, for tests that run.
KEPT = (".git", "tests/output")
KEPT_ANYWHERE = {"__pycache__", ".pytest_cache"}


def git_files() -> set[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], check=True, stdout=subprocess.PIPE
    ).stdout.decode()
    return {Path(name) for name in listed.split("\0") if name and Path(name).is_file()}


def kept(path: Path) -> bool:
    return not KEPT_ANYWHERE.isdisjoint(path.parts) or any(
        path == Path(name) or Path(name) in path.parents for name in KEPT
    )


def mirror(destination: Path) -> None:
    files = git_files()
    folders = {parent for path in files for parent in path.parents}
    destination.mkdir(parents=True, exist_ok=True)
    for found in sorted(destination.rglob("*"), reverse=True):
        path = found.relative_to(destination)
        if kept(path) or path in files or path in folders:
            continue
        if found.is_dir() and not found.is_symlink():
            if not any(found.iterdir()):
                found.rmdir()
        else:
            found.unlink()
    for path in sorted(files):
        target = destination / path
        if target.is_file() and filecmp.cmp(path, target) and path.stat().st_mode == target.stat().st_mode:
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(path, target)
    # A repository of its own: or else tools would ask ours, which ignores everything under build/.
    if not (destination / ".git").exists():
        subprocess.run(["git", "init", "--quiet", str(destination)], check=True)


if __name__ == "__main__":
    with Path(__file__).open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        mirror(Path(sys.argv[1]))

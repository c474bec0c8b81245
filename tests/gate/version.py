# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes the version of galaxy.yml into whatever else names it: images, requirements, guides.

Usage: version.py [--check]      --check only says which file names another one
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[2]
VERSION = r"\d+\.\d+\.\d+(?:-\w+)?"
IMAGE = r"(registry\.example/osmigrate-fleet:)" + VERSION
INSTALL = r"(ansible-galaxy collection install osmigrate\.fleet:)" + VERSION
# Of each file, what stands before the version, which is the exact one: Galaxy gives a candidate for a release only to
# those who name it.
NAMED = {
    "execution-environment.yml": r"(- name: osmigrate\.fleet\n +version: )" + VERSION,
    "awx/project/collections/requirements.yml": r"(- name: osmigrate\.fleet\n +version: )" + VERSION,
    "awx/configure.yml": IMAGE,
    "awx/project/ansible-navigator.yml": IMAGE,
    "docs/awx.md": IMAGE,
    "README.md": INSTALL,
    "docs/quickstart.md": INSTALL,
}


def written(name: str, version: str) -> str:
    """Return a file as it is with this version.

    :raises ValueError: it does not name any.
    """
    text, found = re.subn(NAMED[name], rf"\g<1>{version}", (ROOT / name).read_text())
    if not found:
        raise ValueError(f"{name} names no version where tests/gate/version.py looks for one")
    return text


def main(check: bool) -> int:
    version = yaml.safe_load((ROOT / "galaxy.yml").read_text())["version"]
    wrong = [name for name in NAMED if written(name, version) != (ROOT / name).read_text()]
    for name in wrong:
        if check:
            print(f"{name} names another version than galaxy.yml, which has {version}: run make references")
        else:
            (ROOT / name).write_text(written(name, version))
            print(f"wrote {name}")
    return int(check and bool(wrong))


if __name__ == "__main__":
    sys.exit(main("--check" in sys.argv[1:]))

# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes a definition of the execution environment that has the artifact of a clone instead of what Galaxy has.

Usage: image.py <build directory, with the artifact in it> [<name of a base image of Debian>]
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[2]


def of_a_clone(definition: dict[str, Any], artifact: Path) -> dict[str, Any]:
    """Return the definition with a tarball as its collection; paths of files become absolute."""
    files = [{**one, "src": str(ROOT / one["src"])} for one in definition["additional_build_files"]]
    files.append({"src": str(artifact), "dest": "collections"})
    galaxy = {"collections": [{"name": f"collections/{artifact.name}", "type": "file"}]}
    dependencies = {**definition["dependencies"], "galaxy": galaxy}
    return {**definition, "additional_build_files": files, "dependencies": dependencies}


def on_debian(definition: dict[str, Any], base: str) -> dict[str, Any]:
    """Return the definition on an image of Debian: another package manager, and a Python that brings its own pip."""
    steps = definition["additional_build_steps"]
    # Debian keeps pip from its own Python's packages unless it is told that nothing else is in there.
    return {
        **definition,
        "images": {"base_image": {"name": base}},
        "options": {"package_manager_path": "/usr/bin/apt-get", "skip_pip_install": True},
        "additional_build_steps": {
            **steps,
            "prepend_base": ["ENV PIP_BREAK_SYSTEM_PACKAGES=1", *steps["prepend_base"]],
        },
    }


def main(build: Path, base: str = "") -> None:
    (artifact,) = build.glob("osmigrate-fleet-*.tar.gz")
    made = of_a_clone(yaml.safe_load((ROOT / "execution-environment.yml").read_text()), artifact)
    made = on_debian(made, base) if base else made
    (build / "execution-environment.yml").write_text(yaml.safe_dump(made))


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve(), *sys.argv[2:])

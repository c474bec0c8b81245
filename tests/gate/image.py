# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes a definition of the execution environment that has the artifact of a clone instead of what Galaxy has.

Usage: image.py <build directory, with the artifact in it>
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


def main(build: Path) -> None:
    (artifact,) = build.glob("osmigrate-fleet-*.tar.gz")
    definition = yaml.safe_load((ROOT / "execution-environment.yml").read_text())
    (build / "execution-environment.yml").write_text(yaml.safe_dump(of_a_clone(definition, artifact)))


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve())

# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The collection with boots that are played on the controller, so that whole playbooks run without machines."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Iterable
from pathlib import Path

PLAYED = ("boot_info", "boot_trial", "node_reboot")
COLLECTION = Path(__file__).resolve().parents[2]


def make_collection(path: Path) -> Path:
    """Copy what playbooks need below `path`, for ANSIBLE_COLLECTIONS_PATH; return the copy."""
    copy = path / "ansible_collections/osmigrate/fleet"
    copy.mkdir(parents=True)
    for name in ("plugins", "roles", "playbooks", "meta"):
        shutil.copytree(COLLECTION / name, copy / name)
    shutil.copy(COLLECTION / "galaxy.yml", copy)
    for name in PLAYED:
        shutil.copy(Path(__file__).parent / "played/boot.py", copy / f"plugins/action/{name}.py")
    return copy


def write_inventory(path: Path, nodes: Iterable[str]) -> None:
    """Hosts that are all this controller."""
    hosts = {name: {"ansible_connection": "local", "ansible_python_interpreter": sys.executable} for name in nodes}
    path.write_text(json.dumps({"k8s_nodes": {"hosts": hosts}}))

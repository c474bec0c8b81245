# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A small disk of a node with slots."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.lab.flavours import FLAVOURS

MIB = 1 << 20
SIZES = (1, 8, 8, 8, 8, 8)


@pytest.fixture
def disk(tmp_path: Path) -> Path:
    """A small disk with the partitions of the flavour slots, and a file system in each that has one."""
    path, flavour = tmp_path / "disk", FLAVOURS["slots"]
    with path.open("wb") as image:
        image.truncate((sum(SIZES) + 4) * MIB)
    made = [f"--new={number}:0:+{size}M" for number, size in enumerate(SIZES, 1)]
    named = [f"--change-name={number}:{label}" for number, label in flavour.labels]
    subprocess.run(["sgdisk", *made, *named, path], check=True, stdout=subprocess.DEVNULL)
    tree = tmp_path / "tree"
    (tree / "etc").mkdir(parents=True)
    (tree / "etc/name").write_text("whole")
    begin = 1
    for size in SIZES:
        options = ["-E", f"offset={begin * MIB}", "-d", str(tree)]
        if begin > 1:
            subprocess.run(["mke2fs", "-q", "-F", "-t", "ext4", *options, path, f"{size}M"], check=True)
        begin += size
    return path

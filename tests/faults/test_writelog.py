# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The disks of power cuts, rebuilt from a log that QEMU really wrote."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.faults.writelog import SECTOR, RebuiltDisk, WriteLog

# Each line is one request: write a sector's worth of a byte, or flush.
REQUESTS = [
    "write -P 1 0 512",
    "write -P 2 512 512",
    "flush",
    "write -P 3 0 512",
    "write -P 5 512 512",
    "flush",
    "write -P 6 1024 512",
]


@pytest.fixture(scope="module")
def recorded(tmp_path_factory) -> tuple[Path, WriteLog]:
    directory = tmp_path_factory.mktemp("log")
    base, disk, log = directory / "base", directory / "disk", directory / "log"
    for file in (base, disk):
        file.write_bytes(bytes(8 * SECTOR))
    log.touch()
    node = (
        f"driver=blklogwrites,file.driver=file,file.filename={disk},log.driver=file,log.filename={log},"
        "log-super-update-interval=1"
    )
    commands = [word for request in REQUESTS for word in ("-c", request)]
    subprocess.run(["qemu-io", "-t", "writeback", *commands, "--image-opts", node], check=True, capture_output=True)
    return base, WriteLog(log)


def first_bytes(disk: Path) -> tuple[int, ...]:
    return tuple(disk.read_bytes()[number * SECTOR] for number in range(3))


@pytest.mark.parametrize(
    ("at", "lost", "expected"),
    [
        (0, (), (0, 0, 0)),
        (1, (), (1, 0, 0)),
        (2, (0,), (0, 2, 0)),
        (3, (), (1, 2, 0)),
        (4, (), (3, 2, 0)),
        (5, (3,), (1, 5, 0)),
        (5, (3, 4), (1, 2, 0)),
        (6, (), (3, 5, 0)),
        (7, (), (3, 5, 6)),
        (7, (6,), (3, 5, 0)),
    ],
)
def test_a_power_cut_leaves_what_was_flushed_and_perhaps_more(recorded, tmp_path, at, lost, expected):
    base, log = recorded
    copy = tmp_path / "copy"
    copy.write_bytes(base.read_bytes())
    with RebuiltDisk(copy, log).cut(at, lost) as disk:
        assert first_bytes(disk) == expected


def test_only_what_was_not_flushed_may_be_lost(recorded):
    _base, log = recorded
    assert [log.pending(cut) for cut in range(8)] == [[], [0], [0, 1], [], [3], [3, 4], [], [6]]


def test_a_look_at_one_power_cut_does_not_change_the_next_one(recorded, tmp_path):
    base, log = recorded
    copy = tmp_path / "copy"
    copy.write_bytes(base.read_bytes())
    disk = RebuiltDisk(copy, log)
    for at, lost, expected in ((4, (), (3, 2, 0)), (5, (3,), (1, 5, 0)), (5, (), (3, 5, 0)), (7, (6,), (3, 5, 0))):
        with disk.cut(at, lost) as path:
            assert first_bytes(path) == expected
    with pytest.raises(ValueError, match="in their order"), disk.cut(2):
        pass

# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The writer of slots meets power cuts, a disk that fails or is full, SIGKILL and another writer. `make faults-node`
looks at more power cuts."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from ansible_collections.osmigrate.fleet.plugins.module_utils._backends.slots import marks
from ansible_collections.osmigrate.fleet.plugins.module_utils._backends.slots.device import Device
from ansible_collections.osmigrate.fleet.plugins.module_utils._errors import FleetError

from tests.faults.slotwriter import PROGRAMS, Writer, cuts, killed

needs_disk = pytest.mark.skipif(
    not (all(map(shutil.which, PROGRAMS)) and os.path.exists("/dev/fuse")), reason="needs QEMU's disks and FUSE"
)


@pytest.fixture(name="writer")
def fixture_writer(tmp_path: Path) -> Writer:
    writer = Writer(tmp_path)
    writer.begin()
    return writer


@pytest.fixture(name="untouched", autouse=True)
def fixture_untouched(writer: Writer) -> Iterator[None]:
    """The slot that runs is bit for bit what it was, whatever happens."""
    yield
    assert writer.touched() == []


@needs_disk
def test_power_cuts(writer: Writer) -> None:
    with writer.recorded() as disk:
        writer.write(disk)
    assert [one.mark.good for one in writer.marks] == [True, False, True]
    found = list(cuts(writer, 60, seed=1, again=4))
    assert [cut for cut in found if cut.wrong] == []
    # Of the moments that there are, most with blocks of their own.
    assert len({cut.name for cut in found}) > 30


@needs_disk
def test_a_writer_that_does_not_flush_would_be_noticed(writer: Writer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Device, "flush", lambda _self: None)
    with writer.recorded() as disk:
        writer.write(disk)
    assert [cut for cut in cuts(writer, 60, seed=1, again=0) if cut.wrong]


@needs_disk
def test_a_writer_that_marks_late_would_be_noticed(writer: Writer, monkeypatch: pytest.MonkeyPatch) -> None:
    put = marks.put
    monkeypatch.setattr(marks, "put", lambda name, mark, path: put(name, mark, path) if mark.good else None)
    with writer.recorded() as disk:
        writer.write(disk)
    writer.marks = [one for one in writer.marks if one.mark.good]
    assert [cut for cut in cuts(writer, 60, seed=1, again=0) if cut.wrong]


@needs_disk
@pytest.mark.parametrize(
    ("kind", "number", "block", "problem"),
    [
        ("write", errno.EIO, 120, "cannot be written at byte .*: Input/output error"),
        ("write", errno.EIO, 599, "cannot be written at byte .*: Input/output error"),
        ("write", errno.ENOSPC, 300, "cannot be written at byte .*: No space left on device"),
        ("read", errno.EIO, 0, "cannot be read at byte .*: Input/output error"),
        ("read", errno.EIO, 599, "cannot be read at byte .*: Input/output error"),
        ("flush", errno.EIO, 0, "cannot be written at byte 0: Input/output error"),
    ],
)
def test_a_disk_that_fails_fail(writer: Writer, kind: str, number: int, block: int, problem: str) -> None:
    with writer.failing(kind, number, block) as disk:
        with pytest.raises(FleetError, match=rf"ROOT-B \(.*\) {problem}") as raised:
            writer.write(disk)
    assert "nothing boots it" in str(raised.value)
    assert not writer.mark().good
    writer.write(writer.disk)
    assert writer.mark().good and writer.wrong(writer.mark(), writer.disk.read_bytes()) == ""


@pytest.mark.parametrize("seconds", [0.02, 0.1, 0.2, 0.4])
def test_a_kill(writer: Writer, seconds: float) -> None:
    killed(writer, seconds)
    assert writer.wrong(writer.mark(), writer.disk.read_bytes()) == ""
    if not writer.mark().good or writer.mark().release != "debian-13-13.2":
        writer.write(writer.disk)
    assert writer.mark().good and writer.disk.read_bytes()[: len(writer.image)] == writer.image


def test_a_second_writer_is_refused_and_changes_nothing(writer: Writer) -> None:
    first = Device("ROOT-B", str(writer.disk), write=True)
    try:
        with pytest.raises(FleetError, match=r"ROOT-B \(.*\) is in use"):
            writer.write(writer.disk)
    finally:
        first.close()
    assert writer.mark().good and writer.disk.read_bytes() == writer.older

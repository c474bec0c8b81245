# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where in a log a slot is marked, written and read back, of a log that QEMU really wrote."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest
from ansible_collections.osmigrate.fleet.plugins.module_utils._backends.slots import marks, shown

from tests.faults.image import Image
from tests.faults.partitions import Layout
from tests.faults.powercuts import slots
from tests.faults.story import BLOCK_BEGIN, Files, Story

TARGET, IMAGE = "debian-13-13.1", "1" * 64
KIB = 1 << 10


def write(content: bytes, begin: int, scratch: Path) -> str:
    """Return what has qemu-io write something, in whole sectors."""
    source = scratch / f"at{begin}-{len(content)}"
    source.write_bytes(content.ljust(-(-len(content) // 512) * 512, b"\0"))
    return f"write -s {source} {begin} {source.stat().st_size}"


def record(files: Files, disk: Path, requests: list[str], marked: list[tuple[str, str, int]], partuuid: str) -> Story:
    """Let QEMU write a log, and return the story that was told beside it."""
    shutil.copyfile(disk, files.base)
    files.log.touch()
    node = f"driver=blklogwrites,file.driver=file,file.filename={disk},log.driver=file,log.filename={files.log}"
    commands = [word for request in requests for word in ("-c", request)]
    options = f"{node},log-super-update-interval=1"
    subprocess.run(["qemu-io", "-t", "writeback", *commands, "--image-opts", options], check=True, capture_output=True)
    entry = {"id": TARGET, "backend": "slots", "root": shown.place(partuuid), "commit": IMAGE}
    facts = {"backend": "slots", "data": "", "marks": marked, "entries": {TARGET: entry}}
    files.facts.write_text(json.dumps(facts))
    return Story(files)


def test_writing_a_slot_has_four_phases(disk, tmp_path):
    layout = Layout(disk, "slots")
    slot = next(one for one in layout.partitions.values() if one.label == "ROOT-A")
    boot = layout.partitions["/boot"].begin + 1024 * KIB
    bad, good = (
        marks.render({slot.partuuid: marks.Mark(TARGET, IMAGE, 64 * KIB, whole)}).encode() for whole in (False, True)
    )
    requests = [
        write(b"preflight", boot, tmp_path),
        write(bad, boot + KIB, tmp_path),
        "flush",
        write(b"a" * KIB, slot.begin, tmp_path),
        write(b"b" * KIB, slot.begin + slot.size - KIB, tmp_path),
        "flush",
        write(b"others, while it is read", boot + 2 * KIB, tmp_path),
        # In one request with what was written beside it.
        write(b"x" * 3 * KIB + good, boot + 3 * KIB, tmp_path),
        write(b"the kernel", boot + 9 * KIB, tmp_path),
        write(b"the end", boot + 12 * KIB, tmp_path),
        write(BLOCK_BEGIN, boot + 13 * KIB, tmp_path),
    ]
    step = "first move"
    told = [(step, "preflight", 0), (step, "pull and deploy", 1), (step, "shutdown", 9), ("", "", 11)]
    files = Files(tmp_path / "recorded")
    files.directory.mkdir()
    story = record(files, disk, requests, told, slot.partuuid)
    assert [(phase.name, phase.begin, phase.end) for phase in story.phases] == [
        ("preflight", 0, 1),
        ("before its slot", 1, 3),
        ("slot written", 3, 5),
        ("slot read back", 5, 7),
        ("slot marked", 7, 9),
        ("shutdown", 9, 10),
        ("first boot", 10, 11),
    ]
    assert {phase.name: story.may_boot(phase) for phase in story.phases}["slot written"] == {"package"}


@pytest.mark.skipif(not Path("/dev/fuse").exists(), reason="disks are looked at through FUSE")
def test_a_slot_that_is_not_what_its_mark_says_is_found(disk, tmp_path):
    layout = Layout(disk, "slots")
    slot = next(one for one in layout.partitions.values() if one.label == "ROOT-A")
    image = Image(disk, layout)
    with image.mended() as mended:
        right = mended.digest(shown.place(slot.partuuid), 64 * KIB)
        assert slots(mended) == []
    for digest, whole, wrong in ((right, True, 0), (IMAGE, True, 1), (IMAGE, False, 0)):
        tree = tmp_path / "boot"
        shutil.rmtree(tree, ignore_errors=True)
        (tree / "osmigrate").mkdir(parents=True)
        mark = marks.Mark(TARGET, digest, 64 * KIB, whole)
        (tree / "osmigrate/slots.json").write_text(marks.render({slot.partuuid: mark}))
        options = ["-E", f"offset={layout.partitions['/boot'].begin}", "-d", tree]
        subprocess.run(["mke2fs", "-q", "-F", "-t", "ext4", *options, disk, "8M"], check=True)
        with image.mended() as mended:
            assert len(slots(mended)) == wrong

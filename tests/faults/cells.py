# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Trials of candidates that are broken, or whose loader is: the node reboots, and nobody is there to help it."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import yaml

from tests.faults.booted import Bench
from tests.faults.image import Editor, Image, edited
from tests.faults.powercuts import in_etc
from tests.faults.seen import GRUB, PACKAGE
from tests.faults.story import Story
from tests.faults.writelog import RebuiltDisk

CELLS = yaml.safe_load(Path(__file__).with_name("cells.yml").read_text())
STEP = "first move"
# The longest way home: the deadman's time, and a boot before and after it.
HOME_WITHIN = 1200


def of(backend: str) -> list[dict[str, Any]]:
    """Return the cells of a backend."""
    return [cell for cell in CELLS if backend in cell.get("backends", [backend])]


def rebooting(story: Story) -> int:
    """Return the moment at which the node of the story is down and GRUB has not begun yet, as a number of entries."""
    (phase,) = (phase for phase in story.phases if (phase.step, phase.name) == (STEP, "shutdown"))
    return phase.end


def run(cell: dict[str, Any], story: Story, disk: RebuiltDisk, bench: Bench) -> tuple[list[str], int, float]:
    """Let one node meet the fault.

    :returns: (what does not hold, how many kernels were started, seconds until the incumbent was back).
    """
    with disk.cut(rebooting(story)) as path, tempfile.TemporaryDirectory(dir=path.parent) as scratch:
        layer = Path(scratch, "disk.qcow2")
        with edited(path, layer, story.layout) as files:
            _break(cell, story, Image(path, story.layout), files)
        home, kernels, seconds = bench.come_home(layer, HOME_WITHIN)
    wrong = []
    if home is None:
        return [f"nothing answered within {HOME_WITHIN} s, or not the incumbent"], kernels, seconds
    if home.entry != PACKAGE:
        wrong.append(f"{home.entry} runs instead of the incumbent")
    if home.verdict != cell.get("verdict", "fell_back"):
        wrong.append(f"the verdict is {home.verdict or 'empty'}")
    if not home.report or cell.get("reason", "") not in home.report:
        wrong.append(f"the incumbent reported {home.report or 'nothing'}")
    if home.data != story.data:
        wrong.append("the node's data differ")
    return wrong, kernels, seconds


def _break(cell: dict[str, Any], story: Story, image: Image, files: Editor) -> None:
    entry = story.entries[story.step(STEP)["target"]]
    if "arguments" in cell:
        menu = (image.grub(f"{GRUB}/osmigrate.cfg") or b"").decode()
        marked = f"osmigrate.entry={entry['id']}"
        assert marked in menu
        files.write(f"{GRUB}/osmigrate.cfg", menu.replace(marked, f"{cell['arguments']} {marked}").encode())
    changes = {_of_candidate(entry, path): change for path, change in cell.get("candidate", {}).items()}
    loaded = {part: image.layout.of_loader(entry[part]) for part in ("kernel", "initrd")}
    changes.update({loaded.get(path, path): change for path, change in cell.get("boot", {}).items()})
    for path, change in changes.items():
        files.remove(path)
        if change == "garbage":
            files.write(path, bytes(range(256)) * 4)
        elif isinstance(change, str):
            files.write(path, change.encode())
        elif change and "link" in change:
            files.link(path, change["link"])
        elif change:
            files.write(path, (image.grub(path) or b"")[: change["size"]].ljust(change["size"], b"\0"))
    for place in cell.get("wiped", []):
        files.wipe(entry.get(place, place))


def _of_candidate(entry: dict[str, Any], path: str) -> str:
    """Return where a file of the candidate lies, as the incumbent would see it."""
    return in_etc(entry) + path[len("/etc") :] if path.startswith("/etc/") else entry["root"] + path

# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The fault matrix of a node's way: `make faults-node`.

Ends with a table and build/faults-node.json. It can be interrupted, and goes on where it was.
"""

from __future__ import annotations

import argparse
import itertools
import json
import random
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.e2e.fleet import ROOT, lab, stage
from tests.faults import cells, plays, slotwriter
from tests.faults.booted import Bench
from tests.faults.image import Image
from tests.faults.powercuts import Expectations, PowerCut, choose
from tests.faults.story import BACKENDS, STORIES, Files, Phase, Story, record
from tests.faults.writelog import FLUSH, RebuiltDisk
from tests.lab import config, host
from tests.lab.vm import Machine

SEED = 4
# Nodes that the lab does not have: there the disks are booted.
BENCHES = ("w6", "w7", "w8", "w9")
COLUMNS = {
    "disk": "power cut, disk examined",
    "boot": "power cut, booted to the end",
    "fault": "faults of a trial",
    "play": "faults around a node",
    "slot": "power cut while a slot is written, disk examined",
}
# Power cuts of a slot that are looked at, and after how many of them the same command is run once more.
SLOT_CUTS, SLOT_AGAIN = 400, 100
RESULT = ROOT / "build/faults-node.json"


class Results:
    """What is known already, a line of JSON for each cell of the matrix that was run.

    :param path: where it is kept, so that the next run goes on there.
    :param backend: what writes a system beside the one that runs.
    """

    def __init__(self, path: Path, backend: str) -> None:
        self.path, self.backend = path, backend

    def read(self) -> list[dict[str, Any]]:
        """Return what is known, of all backends."""
        return [json.loads(line) for line in self.path.read_text().splitlines()] if self.path.exists() else []

    def names(self, kind: str) -> set[str]:
        """Return what is known of a kind with this backend, by its name."""
        return {one["name"] for one in self.read() if (one["kind"], one["backend"]) == (kind, self.backend)}

    def add(self, **result: Any) -> None:
        with self.path.open("a") as file:
            file.write(json.dumps({"backend": self.backend, **result}) + "\n")


def look_at_disks(files: Files, cuts: list[PowerCut], results: Results, number: int) -> None:
    """Rebuild each power cut's disk and examine it without booting it."""
    for cut, image, expectations in _disks(files, cuts, number):
        results.add(kind="disk", **_where(cut), boots=0, wrong=expectations.examine(cut, image))


def boot_disks(files: Files, cuts: list[PowerCut], results: Results, number: int) -> None:
    """Rebuild each power cut's disk and boot it to the end."""
    bench = Bench(Machine(config.paths(), BENCHES[number]), files.identity)
    for cut, image, expectations in _disks(files, cuts, number):
        wrong, boots = bench.boot(expectations.story, cut, image)
        results.add(kind="boot", **_where(cut), boots=boots, wrong=wrong)


def _disks(files: Files, cuts: list[PowerCut], number: int) -> Iterator[tuple[PowerCut, Image, Expectations]]:
    """Show the disk of one power cut after the other, on a copy of its own."""
    with _copy(files, number) as copy:
        story = Story(files)
        image = Image(copy, story.layout)
        expectations = Expectations(story, image)
        disk = RebuiltDisk(copy, story.log)
        for cut in cuts:
            with disk.cut(cut.at, cut.lost):
                yield cut, image, expectations


def meet_faults(files: Files, chosen: list[dict[str, Any]], results: Results, number: int) -> None:
    """Let a node meet each of the faults, on a copy of its disk."""
    bench = Bench(Machine(config.paths(), BENCHES[number]), files.identity)
    with _copy(files, number) as copy:
        story = Story(files)
        disk = RebuiltDisk(copy, story.log)
        for cell in chosen:
            wrong, boots, seconds = cells.run(cell, story, disk, bench)
            place = {"step": cells.STEP, "phase": "trial"}
            results.add(kind="fault", name=cell["fault"], **place, boots=boots, seconds=seconds, wrong=wrong)


def play_faults(results: Results) -> None:
    """Let a node meet each of the faults while a playbook moves it, and run the playbook again: one node at a time."""
    with _part("play", plays.PLAYS, results, 420) as left:
        if left:
            plays.prepare(results.backend)
        for cell in left:
            wrong, boots = plays.run(cell, results.backend)
            results.add(kind="play", name=cell["fault"], step=plays.STEP, phase="moved", boots=boots, wrong=wrong)


def write_slots(results: Results) -> None:
    """Cut the power while a slot is written, read back and marked; once recorded, all of it is looked at."""
    with _part("slot", [{"fault": "all"}], results, 120) as left:
        if not left:
            return
        with tempfile.TemporaryDirectory() as directory:
            writer = slotwriter.Writer(Path(directory))
            writer.begin()
            with writer.recorded() as disk:
                writer.write(disk)
            for cut in slotwriter.cuts(writer, SLOT_CUTS, SEED, SLOT_AGAIN):
                wrong = [cut.wrong] if cut.wrong else []
                results.add(kind="slot", name=cut.name, step="stage", phase="write", boots=0, wrong=wrong)
            wrong = writer.touched()
        results.add(kind="slot", name="all", step="stage", phase="the running slot", boots=0, wrong=wrong)


@contextmanager
def _copy(files: Files, number: int) -> Iterator[Path]:
    copy = files.directory / f"disk-{number}.raw"
    host.run(["cp", "--sparse=always", files.base, copy])
    try:
        yield copy
    finally:
        copy.unlink()


def _where(cut: PowerCut) -> dict[str, Any]:
    return {"name": cut.name, "step": cut.phase.step, "phase": cut.phase.name}


def _in_parallel(work: Callable[..., None], files: Files, left: list[Any], results: Results, workers: int) -> None:
    """Share out what is left; each process goes forwards through its part."""
    shares = [left[len(left) * n // workers : len(left) * (n + 1) // workers] for n in range(workers)]
    with ProcessPoolExecutor(workers) as pool:
        for done in [pool.submit(work, files, share, results, n) for n, share in enumerate(shares) if share]:
            done.result()


def run_recorded(files: Files, results: Results, only: Sequence[str], each: int, boots: int, word: str = "") -> None:
    """Run what is not known yet on disks of the recorded story: power cuts looked at and booted, faults of a trial.

    :param word: of the names of phases, power cuts of others are left out; empty for all.
    """
    story = Story(files)
    cuts = choose(story.log, [phase for phase in story.phases if word in phase.name], each, SEED)
    # Seconds that one of a kind takes without KVM on two processors, and how many at once: faults mostly wait.
    plan = (
        ("disk", cuts, look_at_disks, 0.6, 2),
        ("fault", cells.of(story.backend), meet_faults, 75, len(BENCHES)),
        ("boot", sample(cuts, boots), boot_disks, 45, 2),
    )
    for kind, wanted, work, seconds, workers in (part for part in plan if part[0] in only):
        with _part(kind, wanted, results, seconds) as left:
            _in_parallel(work, files, left, results, workers)


@contextmanager
def _part(
    kind: str, wanted: Sequence[PowerCut | dict[str, Any]], results: Results, seconds: float
) -> Iterator[list[Any]]:
    """Say what is left of a kind and how long that takes, at so many seconds each; the value is what is not known."""
    known = results.names(kind)
    left = [one for one in wanted if _name(one) not in known]
    with stage(f"{COLUMNS[kind]}: {len(left)} of {len(wanted)} are left", f"{len(left) * seconds / 60:.0f} min"):
        yield left


def _name(one: PowerCut | dict[str, Any]) -> str:
    return one.name if isinstance(one, PowerCut) else one["fault"]


def sample(cuts: list[PowerCut], count: int) -> list[PowerCut]:
    """Pick cuts to boot, of each phase about as many."""
    chance = random.Random(SEED)
    phases: dict[Phase, list[PowerCut]] = {}
    for cut in cuts:
        phases.setdefault(cut.phase, []).append(cut)
    for found in phases.values():
        chance.shuffle(found)
    # One of each phase, then a second of each, and so on.
    turns = itertools.zip_longest(*phases.values())
    return sorted([cut for turn in turns for cut in turn if cut][:count], key=lambda cut: (cut.at, cut.lost))


def rows(results: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Sum the results up, a row and column each."""
    found: dict[tuple[str, str, str], dict[str, Any]] = {}
    for result in results:
        column = result["name"] if result["kind"] in ("fault", "play") else COLUMNS[result["kind"]]
        key = (f"{result['step']}: {result['phase']}", column, result["backend"])
        cell = found.setdefault(
            key,
            {
                "row": key[0],
                "column": key[1],
                "backend": key[2],
                "runs": 0,
                "passed": 0,
                "boots_max": 0,
                "seconds_max": 0,
                "notes": [],
            },
        )
        cell["runs"] += 1
        cell["passed"] += not result["wrong"]
        cell["boots_max"] = max(cell["boots_max"], result["boots"])
        cell["seconds_max"] = max(cell["seconds_max"], round(result.get("seconds", 0)))
        cell["notes"] += [f"{result['name']}: {wrong}" for wrong in result["wrong"]]
    return list(found.values())


def table(matrix: list[dict[str, Any]]) -> str:
    """Return the matrix as Markdown."""
    lines = [
        "| step and phase | fault | backend | runs | passed | boots at most | seconds at most |",
        "|---|---|---|---|---|---|---|",
    ]
    lines += [
        f"| {cell['row']} | {cell['column']} | {cell['backend']} | {cell['runs']} | {cell['passed']} |"
        f" {cell['boots_max'] or '-'} | {cell['seconds_max'] or '-'} |"
        for cell in matrix
    ]
    runs, passed = (sum(cell[name] for cell in matrix) for name in ("runs", "passed"))
    return "\n".join([*lines, f"| **all** | | | **{runs}** | **{passed}** | | |"])


def cost(story: Story) -> str:
    """Say what the disk had to do while trials were armed; whatever else ran then counts, too."""
    armed = [story.log.entries[phase.begin : phase.end] for phase in story.phases if phase.name == "arm"]
    writes = [sum(entry.sectors > 0 for entry in entries) for entries in armed]
    flushes = [sum(bool(entry.flags & FLUSH) for entry in entries) for entries in armed]
    return (
        f"{story.backend}: arming a trial cost {min(writes)} to {max(writes)} writes and {min(flushes)} to "
        f"{max(flushes)} flushes in {len(armed)} trials."
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--each", type=int, default=40, help="power cuts of each phase (default: %(default)s)")
    parser.add_argument("--boots", type=int, default=100, help="how many of them are booted (default: %(default)s)")
    parser.add_argument("--only", choices=COLUMNS, nargs="+", default=list(COLUMNS), help="unset, all of it")
    parser.add_argument("--backends", choices=BACKENDS, nargs="+", default=list(BACKENDS), help="unset, each")
    parser.add_argument("--phase", default="", help="power cuts of phases whose names have this in them, and no others")
    parser.add_argument("--again", action="store_true", help="forget what is recorded and known")
    arguments = parser.parse_args()

    directory = config.paths().root / "faults"
    if arguments.again:
        shutil.rmtree(directory, ignore_errors=True)
    known = directory / "results.jsonl"
    stories = {backend: Files(directory / backend) for backend in arguments.backends}
    for backend, files in stories.items():
        files.directory.mkdir(parents=True, exist_ok=True)
        results = Results(known, backend)
        if set(arguments.only) - {"play", "slot"}:
            if not files.facts.exists():
                with stage(f"Recording one node's story: {backend}", f"{5 * len(STORIES[backend]['steps'])} min"):
                    record(files, backend)
            lab("down")  # the disks that are booted must not speak for the node in the cluster
            run_recorded(files, results, arguments.only, arguments.each, arguments.boots, arguments.phase)
        if "slot" in arguments.only and backend == "slots":
            write_slots(results)
        if "play" in arguments.only:
            play_faults(results)
    matrix = rows(results.read())
    RESULT.write_text(json.dumps(matrix, indent=1) + "\n")
    print(table(matrix))
    for files in stories.values():
        if files.facts.exists():
            print(cost(Story(files)))
    notes = [note for cell in matrix for note in cell["notes"]]
    print("\n".join(notes) or "Nothing needed a person.")
    return 1 if notes else 0


if __name__ == "__main__":
    sys.exit(main())

# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""One node's story, run for real on a machine whose writes are recorded, and what is known about it afterwards."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import yaml
from ansible_collections.osmigrate.fleet.plugins.module_utils._backends.slots import marks

from tests.e2e.fleet import Fleet, stage
from tests.faults.partitions import Layout, Partition
from tests.faults.seen import BOOT_TIMEOUT, look
from tests.faults.writelog import SECTOR, WriteLog, count
from tests.lab import flavours, host

# Short, because every trial that nobody confirms is waited for.
VARIABLES = {"osmigrate_deadman_seconds": 240, "osmigrate_deadman_most": 240, "osmigrate_health_deadline": 120}
STORIES = yaml.safe_load(Path(__file__).with_name("story.yml").read_text())
BACKENDS = tuple(STORIES)
REVERTING_HOOK = Path(__file__).with_name("refuse.yml")
# What makes a machine this node, beside its disk.
IDENTITY = ("settings.json", "seed.tar", "ssh_host_ed25519_key", "ssh_host_ed25519_key.pub")
BLOCK_BEGIN = b"# GRUB Environment Block\nosm_default="
# What else is written at once may be in one request with them.
LARGEST_WRITE = 1 << 20
MARKS_BEGIN = marks.render({}).partition("{}")[0].encode()
TASK = re.compile(r"^TASK \[(?:[\w.]+ : )?(.*?)\]")
# The phase that begins with a task; tasks that are not named here go on with the phase before.
PHASES = {
    "Read and verify the release manifest": "preflight",
    "Write the release beside what runs": "pull and deploy",
    "Carry the node's identity, configuration and data into it": "carry",
    "Put the candidate into the boot menu, where it is inert": "menu",
    "Look ahead at the drains": "cordon and drain",
    "Give up the package-managed system, or only list what that would delete": "finalize",
    "Keep what there is of the network, and arm one trial; the incumbent stays the default": "arm",
    "Say on the Node object that a trial boot comes": "armed",
    "Reboot into the trial": "shutdown",
    "Look at what really booted": "verify",
    "See that the network is what it was, make what was verified the default, and disarm the deadman": "confirm",
    "Give the node back to the scheduler": "uncordon",
    "Call the trial off": "revert",
    "Boot the incumbent": "way home",
}


class Phase(NamedTuple):
    """A part of the story: step and name, and the entries of the log from `begin` up to `end`."""

    step: str
    name: str
    begin: int
    end: int


class Files(NamedTuple):
    """Where a recorded story lies."""

    directory: Path

    @property
    def base(self) -> Path:
        """The disk before it."""
        return self.directory / "base.raw"

    @property
    def log(self) -> Path:
        return self.directory / "writes.log"

    @property
    def identity(self) -> Path:
        """A directory with the files of IDENTITY."""
        return self.directory / "identity"

    @property
    def facts(self) -> Path:
        """What was seen while it ran, as JSON."""
        return self.directory / "story.json"


class Recording:
    """A story that is being recorded: all writes of one node's disk, and where in them its steps begin.

    :param name: the node. It is shut down, and started again with its writes recorded.
    :param backend: what brings it releases.
    """

    def __init__(self, fleet: Fleet, name: str, files: Files, backend: str = "ostree") -> None:
        self.fleet, self.name, self.files, self.backend = fleet, name, files, backend
        self.machine = fleet.machines[name]
        self.marks: list[tuple[str, str, int]] = []
        self.entries: dict[str, Any] = {}
        files.identity.mkdir(parents=True, exist_ok=True)
        files.facts.unlink(missing_ok=True)
        for file in IDENTITY:
            host.run(["cp", "--preserve=mode", self.machine.directory / file, files.identity])
        with stage("Shutting the node down and copying its disk", "30 s"):
            self.machine.shut_down()
            host.run(["qemu-img", "convert", "-f", "qcow2", "-O", "raw", self.machine.disk, files.base])
        with stage("Starting it with its writes recorded", "60 s"):
            self.machine.start(write_log=files.log)
            self.machine.wait_ssh(BOOT_TIMEOUT)
            fleet.control_plane.kubectl("wait", "--for=condition=Ready", "--timeout=300s", f"node/{name}")
        self.data = look(self.machine).data

    def play(self, step: dict[str, Any], at: dict[str, Callable[[], None]] | None = None) -> None:
        """Run the playbook of a step, which ends as the step says.

        :param at: what is called when a task begins, by its name.
        """
        variables = dict(step.get("variables", {}))
        if "release" in step:
            variables.update(self.fleet.release(step["release"]))
        if step.get("reverted"):
            variables["osmigrate_hooks_post"] = [str(REVERTING_HOOK)]

        def mark(line: str) -> None:
            found = TASK.match(line)
            title = found.group(1) if found else ""
            if title in PHASES:
                self._mark(step["name"], PHASES[title])
            if at and title in at:
                at[title]()

        run = self.fleet.start(step["playbook"], limit=self.name, **variables).wait(mark)
        assert (run.rc != 0) is bool(step.get("reverted")), f"{step['name']} ended with {run.rc}"
        self.entries.update(json.loads(self.machine.ssh("cat /boot/osmigrate/state.json").stdout)["entries"])

    def end(self) -> None:
        """Write down what was seen; the writes of before belong to the story."""
        self._mark("", "")
        known = {"backend": self.backend, "data": self.data, "marks": self.marks, "entries": self.entries}
        self.files.facts.write_text(json.dumps(known, indent=1) + "\n")

    def _mark(self, step: str, phase: str) -> None:
        self.marks.append((step, phase, count(self.files.log)))


def fresh(backend: str) -> Fleet:
    """Return a fleet as it was before anything was moved, with the node of a backend's story."""
    told = STORIES[backend]
    return Fleet.alone(told["node"], told["flavour"]) if "flavour" in told else Fleet.fresh()


def record(files: Files, backend: str) -> None:
    """Run the whole story of a backend on a fresh lab."""
    recording = Recording(fresh(backend), STORIES[backend]["node"], files, backend)
    for step in STORIES[backend]["steps"]:
        with stage(f"{step['name']}: {step['playbook']} from {step['before']} to {step['target']}", "5 min"):
            recording.play({**step, "variables": {**VARIABLES, **step.get("variables", {})}})
    recording.end()
    recording.machine.power_off()


class Story:
    """A recorded story.

    backend: what brought the node its releases; layout: where its disk has what; phases: list of Phase, in order and
    without gaps; entries: the boot entries by id, as in state.json; data: the digest of the node's data, which never
    changes; log: WriteLog.
    """

    def __init__(self, files: Files) -> None:
        facts = json.loads(files.facts.read_text())
        self.files = files
        self.backend: str = facts["backend"]
        self.layout = Layout(files.base, STORIES[self.backend].get("flavour", flavours.DEFAULT))
        self.entries: dict[str, Any] = facts["entries"]
        self.data: str = facts["data"]
        self.log = WriteLog(files.log)
        self.phases = self._phases(facts["marks"])

    def step(self, name: str) -> dict[str, Any]:
        return next(step for step in STORIES[self.backend]["steps"] if step["name"] == name)

    def may_boot(self, phase: Phase) -> set[str]:
        """Return the ids of the entries that a power cut in the phase may lead to."""
        step = self.step(phase.step)
        before, target = step["before"], step["target"]
        if phase.name in ("armed", "shutdown"):
            return {target}
        # A loader's write is not flushed before the kernel flushes: the try may be counted again.
        if phase.name in ("arm", "first boot", "confirm", "revert"):
            return {before, target}
        return {target} if phase.name == "uncordon" else {before}

    def _phases(self, marks: list[list[Any]]) -> list[Phase]:
        phases: list[Phase] = []
        for (step, name, begin), (_step, _name, end) in zip(marks, marks[1:]):
            if name == "shutdown":
                counted = self._count_of_grub(begin, end)
                phases += [Phase(step, name, begin, counted), Phase(step, "first boot", counted, end)]
            elif self.backend == "slots" and name == "pull and deploy":
                phases += self._of_slot(step, begin, end)
            elif end > begin:
                phases.append(Phase(step, name, begin, end))
        return phases

    def _count_of_grub(self, begin: int, end: int) -> int:
        """Return the entry by which GRUB counted the try: its first write to the block while the node reboots.

        By another one it notes that it starts the candidate.
        """
        return next(number for number in range(begin, end) if self._is_block(number))

    def _of_slot(self, step: str, begin: int, end: int) -> list[Phase]:
        """Return the phases in which a slot is marked, written, read back and marked once more."""
        entry = self.entries[self.step(step)["target"]]
        slot = self.layout.partitions[entry["root"]]
        written = [number for number in range(begin, end) if self._is_write_to(slot, number)]
        good = next(number for number in range(written[-1], end) if self._marks(number, slot.partuuid, entry["commit"]))
        names = ("before its slot", "slot written", "slot read back", "slot marked")
        moments = (begin, written[0], written[-1] + 1, good, end)
        return [Phase(step, name, *part) for name, *part in zip(names, moments, moments[1:]) if part[1] > part[0]]

    def _is_write_to(self, slot: Partition, number: int) -> bool:
        entry = self.log.entries[number]
        return entry.sectors > 0 and slot.holds(entry.sector)

    def _marks(self, number: int, partuuid: str, image: str) -> bool:
        """Say whether an entry is the write of marks of which one says that a slot holds an image."""
        entry = self.log.entries[number]
        data = self.log.data(entry) if entry.sectors * SECTOR <= LARGEST_WRITE else b""
        begin = data.find(MARKS_BEGIN)
        held = marks.parse(data[begin:].partition(b"\0")[0].decode(errors="replace")) if begin >= 0 else {}
        mark = held.get(partuuid, marks.UNKNOWN)
        return mark.good and mark.image == image

    def _is_block(self, number: int) -> bool:
        entry = self.log.entries[number]
        return 0 < entry.sectors <= 8 and self.log.data(entry).startswith(BLOCK_BEGIN)

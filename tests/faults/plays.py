# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Faults around a node while a playbook moves it: what the run says and leaves, and that the same command goes on."""

from __future__ import annotations

import re
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml

from tests.e2e.fleet import Fleet, Playbook, lab
from tests.faults.seen import BOOT_TIMEOUT, PACKAGE, kernels_started, look
from tests.faults.story import STORIES, TASK, VARIABLES, fresh
from tests.lab import host
from tests.lab.vm import Machine

PLAYS = yaml.safe_load(Path(__file__).with_name("plays.yml").read_text())
STEP = "first move"
RELEASE, TARGET = "13.1", "debian-13-13.1"
SNAPSHOT = "staged"
# Everything before it is done while the node serves: each cell begins here.
STAGED = "Look ahead at the drains"
AWAY_FOR = 30


class Mover:
    """Who moves a node: the fleet, the node, and what brings its release."""

    def __init__(self, fleet: Fleet, backend: str) -> None:
        self.fleet, self.backend = fleet, backend
        self.node = STORIES[backend]["node"]
        self.machine = fleet.machines[self.node]

    def start(self, variables: dict[str, Any]) -> Playbook:
        told = {**VARIABLES, **self.fleet.release(RELEASE), "osmigrate_backend": self.backend, **variables}
        return self.fleet.start("migrate", limit=self.node, **told)


def prepare(backend: str) -> None:
    """Bring a fleet up whose node has the release staged, and keep it as a snapshot."""
    run = Mover(fresh(backend), backend).start({})
    run.wait(_at([STAGED], lambda _task: run.kill()))
    lab("snapshot", f"{SNAPSHOT}-{backend}")


def run(cell: dict[str, Any], backend: str) -> tuple[list[str], int]:
    """Let one node meet the fault while it is moved, mend it, and run the same command again.

    :returns: (what does not hold, how many kernels were started).
    """
    lab("restore", f"{SNAPSHOT}-{backend}")
    mover = Mover(Fleet(), backend)
    fleet, node, machine = mover.fleet, mover.node, mover.machine
    data, before = look(machine).data, kernels_started(machine)
    wrong = _killed(mover, cell) if "kill" in cell else _broken(mover, cell, data)
    again = mover.start({"osmigrate_retry": True}).wait()
    if again.rc != 0:
        wrong.append(f"the second run ended with {again.rc}")
    seen = look(machine)
    if (seen.entry, seen.verdict) != (TARGET, ""):
        wrong.append(f"in the end {seen.entry} runs, with the verdict {seen.verdict or 'empty'}")
    if seen.data != data:
        wrong.append("the node's data differ")
    wrong += _unserved(fleet, "in the end")
    if fleet.annotation(node, "cordoned-by") or fleet.node(node)["spec"].get("unschedulable"):
        wrong.append("the node is still cordoned")
    return wrong, kernels_started(machine) - before


def _at(tasks: list[str], do: Callable[[str], None]) -> Callable[[str], None]:
    """Return what reads a playbook's output line by line, and calls do(task) when each of the tasks begins first."""
    left = list(tasks)

    def line(text: str) -> None:
        title = TASK.match(text)
        if title and title.group(1) in left:
            left.remove(title.group(1))
            do(title.group(1))

    return line


def _killed(mover: Mover, cell: dict[str, Any]) -> list[str]:
    """Kill the controller at one task after the other, each time in a run of its own."""
    return [f"no run came to: {task}" for task in cell["at"] if not _killed_at(task, mover.start({}))]


def _killed_at(task: str, playbook: Playbook) -> bool:
    """Say whether the playbook came to the task, where it was killed."""
    killed: list[str] = []

    def kill(reached: str) -> None:
        killed.append(reached)
        playbook.kill()

    playbook.wait(_at([task], kill))
    return bool(killed)


def _broken(mover: Mover, cell: dict[str, Any], data: str) -> list[str]:
    """Let it happen in one run, look at what that says and leaves, and mend the cause."""
    fleet, machine = mover.fleet, mover.machine

    def happen(_task: str) -> None:
        if "api" in cell:
            _without_api(mover)
        elif "disk" in cell:
            machine.refuse_writes()
        else:
            machine.ssh(cell["break"])

    first = mover.start(cell.get("variables", {})).wait(_at(cell.get("at", []), happen))
    wrong = []
    if (first.rc != 0) is not ("says" in cell):
        wrong.append(f"the first run ended with {first.rc}")
    says = cell.get("says", "").format(node=mover.node)
    if not re.search(says, " ".join(first.output.split())):
        wrong.append(f"the first run did not say: {says}")
    # Where Ansible itself could not run a module, it shows what Python said; the last word is ours.
    if "Traceback" in first.output.rpartition("fatal: [")[2]:
        wrong.append("the first run ended with a traceback")
    if cell.get("mend") == "power":
        machine.power_off()
        machine.start()
        machine.wait_ssh(BOOT_TIMEOUT)
    elif "mend" in cell:
        machine.ssh(cell["mend"])
    left = look(machine)
    expected = PACKAGE if "says" in cell else TARGET
    if left.entry != expected:
        wrong.append(f"{left.entry} runs instead of {expected} after the first run")
    if left.data != data:
        wrong.append("the node's data differ after the first run")
    return wrong + _unserved(fleet, "after the first run")


def _unserved(fleet: Fleet, when: str) -> list[str]:
    """Say whether pods do not come to run on the node: those of a DaemonSet are there whether it is cordoned or not."""
    try:
        fleet.control_plane.kubectl(
            "rollout", "status", "daemonset/agent", "--namespace=demo", f"--timeout={BOOT_TIMEOUT}s"
        )
    except host.HostError as error:
        return [f"{when} the pods of the node do not run: {error}"]
    return []


def _without_api(mover: Mover) -> None:
    """Take the API server away until another boot of the node has answered for some time."""
    fleet, machine = mover.fleet, mover.machine
    before = look(machine).entry
    fleet.control_plane.pause()
    fleet.wait_for(lambda: _runs_another(machine, before), "another boot", BOOT_TIMEOUT)
    time.sleep(AWAY_FOR)
    fleet.control_plane.resume()


def _runs_another(machine: Machine, entry: str) -> bool:
    try:
        return look(machine).entry != entry
    except (host.HostError, subprocess.TimeoutExpired):  # down, or on its way
        return False

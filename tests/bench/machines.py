# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A clock that jumps from one event to the next, and simulated nodes that boot, fail and go away by it.

What a node does by itself (its trial, its deadman, a crash) goes on whether a run watches or was killed.
"""

from __future__ import annotations

import heapq
import itertools
import random
from collections.abc import Callable, Iterator
from typing import Any

from ansible_collections.osmigrate.fleet.plugins.module_utils._kube.client import NODES, node_path

from tests.bench.memory import Memory

OLD, NEW = "debian-13-13.1", "debian-13-13.2"
DEADMAN = 900
# Of a hundred trials: those that fall back, those that hang until a person comes. Of a hundred nodes: those that never
# boot the release.
FALL_BACK, HANG, NEVER = 1.5, 0.4, 0.4
Process = Iterator[float]


class Clock:
    """Runs processes: generators that yield how many seconds they wait."""

    def __init__(self, begin: float) -> None:
        self.time = begin
        self._due: list[tuple[float, int, Process, Callable[[], bool]]] = []
        self._numbers = itertools.count()

    def start(self, process: Process, alive: Callable[[], bool] = lambda: True, after: float = 0) -> None:
        """Run a process from then on for as long as alive() says so."""
        heapq.heappush(self._due, (self.time + after, next(self._numbers), process, alive))

    def run(self, until: float) -> None:
        while self._due and self._due[0][0] <= until:
            self.time, _number, process, alive = heapq.heappop(self._due)
            if not alive():
                continue
            for wait in process:
                self.start(process, alive, wait)
                break
        self.time = until


class Machine:
    """One node as its boot menu has it: what plugins/plugin_utils/_way.py decides by."""

    def __init__(self, name: str, clock: Clock, cluster: Memory, dice: random.Random) -> None:
        self.name, self._clock, self._cluster, self._dice = name, clock, cluster, dice
        self._never = dice.uniform(0, 100) < NEVER
        self.trials = self.confirmed = self._boots = 0
        self.hangs = False
        self.boot: dict[str, Any] = {
            "booted": {"entry": OLD},
            "default": OLD,
            "trial": None,
            "entries": {OLD: {}},
            "failures": {},
            "verdict": "",
            "reason": "",
            "called_off": False,
            "block": {"usable": True},
            "contradictions": [],
            "finalized": None,
        }

    def report(self, ready: bool) -> None:
        condition = {"conditions": [{"type": "Ready", "status": str(ready)}]}
        self._cluster.patch(node_path(self.name), {"status": condition})

    def stage(self) -> None:
        self.boot["entries"][NEW] = {}

    def arm(self) -> None:
        self.boot.update(trial={"entry": NEW, "purpose": "move"}, verdict="never_rebooted")

    def reboot(self) -> Process:
        """Boot what is armed, and go home from it unless somebody confirms it in time."""
        self.trials += 1
        self._boots += 1
        boot, fate = self._boots, self._dice.uniform(0, 100)
        self.report(False)
        yield self._dice.uniform(120, 420)
        if self._never or fate < FALL_BACK:
            yield self._dice.uniform(60, DEADMAN)
            self._home("the kernel panicked")
        elif fate < FALL_BACK + HANG:
            self.hangs = True
        else:
            self.boot.update(booted={"entry": NEW}, verdict="booted_candidate")
            self.report(True)
            yield DEADMAN
            if self.boot["verdict"] == "booted_candidate" and boot == self._boots:
                self.report(False)
                yield self._dice.uniform(120, 420)
                self._home("nobody confirmed it in time")

    def reset(self) -> None:
        """What a person does to one that hangs: the next boot is the old system."""
        self.hangs = False
        self._home("it hung and was reset")

    def _home(self, reason: str) -> None:
        self.boot.update(booted={"entry": OLD}, verdict="fell_back", reason=reason)
        self.report(True)

    def confirm(self) -> None:
        self.confirmed += 1
        self.boot.update(default=NEW, trial=None, verdict="")

    def revert(self) -> None:
        """Note how the trial ended, as boot_trial does."""
        if self.boot["verdict"] == "fell_back":
            before = self.boot["failures"].get(NEW, {}).get("attempts", 0)
            told = {"verdict": "fell_back", "reason": self.boot["reason"], "attempts": before + 1}
            self.boot["failures"] = {NEW: told}
        self.boot.update(trial=None, verdict="", reason="")


def outages(clock: Clock, machines: dict[str, Machine], cluster: Memory, dice: random.Random) -> Process:
    """Take nodes away that no run has asked for: two of a thousand in a day, for one to twelve hours."""
    names = sorted(machines)
    while True:
        yield dice.expovariate(len(names) * 0.002 / 86400)
        name = dice.choice(names)
        node = cluster.get(node_path(name))
        if machines[name].boot["trial"] is None and not node["spec"].get("unschedulable"):
            clock.start(_outage(machines[name], dice.uniform(3600, 12 * 3600)))


def _outage(machine: Machine, seconds: float) -> Process:
    machine.report(False)
    yield seconds
    if machine.boot["verdict"] != "fell_back" and not machine.hangs:
        machine.report(True)


def node(name: str, pool: str, zone: str) -> dict[str, Any]:
    """Return a Node object of one that serves."""
    labels = {"pool": pool, "topology.kubernetes.io/zone": zone}
    return {
        "metadata": {"name": name, "uid": name, "labels": labels, "annotations": {}},
        "spec": {},
        "status": {"conditions": [{"type": "Ready", "status": "True"}]},
    }


def make(count: int, pools: int, clock: Clock, cluster: Memory, dice: random.Random) -> dict[str, Machine]:
    """Make nodes, the pools as large as each other."""
    made = {}
    for number in range(count):
        name = f"n{number:05}"
        cluster.add(NODES, node(name, f"pool-{number % pools:02}", f"z{number % 3}"))
        made[name] = Machine(name, clock, cluster, dice)
    return made

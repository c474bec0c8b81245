# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""One job of a simulated month: the steps of roles/node in their order, each by the function that its module calls."""

from __future__ import annotations

from typing import Any

from ansible_collections.osmigrate.fleet.plugins.module_utils import _steps
from ansible_collections.osmigrate.fleet.plugins.module_utils._errors import FleetError
from ansible_collections.osmigrate.fleet.plugins.module_utils._kube import (
    claim,
    cordon_plan,
    lease,
    lease_plan,
    lease_watch,
    node_view,
    record_plan,
    wave_gate,
)
from ansible_collections.osmigrate.fleet.plugins.module_utils._kube.client import MANAGER, node_path, update_node
from ansible_collections.osmigrate.fleet.plugins.plugin_utils._way import next_steps

from tests.bench.machines import NEW, Process

# Forks beyond the budget: nodes that are staged while others are out of service.
AHEAD = 4
HALT_AFTER, ATTEMPTS_MAX = 3, 3
# How often who waits asks again; a wave is asked for more seldom, because each time all nodes are read.
PAUSE, WAVE_PAUSE = 300, 1800
# Of a hundred drains: those that a disruption budget does not let go. Seconds until a node that does not come back is
# given up.
HELD, PATIENCE = 1.0, 1200


class Closed(Exception):
    """Nothing more can begin in this job: the window is closed, or the pool is halted."""


class Job:
    """A run over one pool, wave after wave."""

    def __init__(self, fleet: Any, pool: str, run: str) -> None:
        self._fleet, self._pool, self.run = fleet, pool, run
        self._waves = [list(wave) for wave in fleet.waves[pool]]
        self._left = 0
        self._closed = self._killed = False
        self._watch = lease_watch.Watch(lambda: {}, now=lambda: fleet.clock.time)

    def start(self) -> None:
        self._fleet.clock.start(self._play(), self._alive)

    def kill(self) -> None:
        self._killed = True

    def has_work(self) -> bool:
        return not self._closed and (bool(self._left) or any(self._waves))

    def _alive(self) -> bool:
        return not self._killed

    def _play(self) -> Process:
        for wave in self._waves:
            names = [name for name in wave if not self._has_arrived(name)]
            while names and not self._closed and not self._may_begin(names[0]):
                yield WAVE_PAUSE
                self._closed = self._window_is_closed()
            wave.clear()
            forks = self._fleet.allowed[self._pool] + AHEAD
            self._left = min(forks, len(names))
            for _fork in range(self._left):
                self._fleet.clock.start(self._fork(names), self._alive)
            while self._left:
                yield 60
            if self._closed:
                return
        self._closed = True

    def _window_is_closed(self) -> bool:
        # A run whose window has closed waits for none: AWX launches another one in the evening.
        hour = int(self._fleet.clock.time) // 3600 % 24
        return 2 <= hour < 19

    def _may_begin(self, name: str) -> bool:
        cluster = self._fleet.cluster
        try:
            self._take(name)
            wave_gate.wait(cluster, wave_gate.Request(name, name, NEW, self._fleet.policy, 0, self.run))
        except FleetError:
            return False
        finally:
            lease.release(cluster, name, self.run)
        return True

    def _fork(self, names: list[str]) -> Process:
        while names and not self._closed:
            try:
                yield from self._way(names.pop(0))
            except Closed:
                self._closed = True
        self._left -= 1

    def _has_arrived(self, name: str) -> bool:
        return node_view.has_arrived(self._node(name), NEW)

    def _node(self, name: str) -> dict[str, Any]:
        return self._fleet.cluster.get(node_path(name))

    def _take(self, name: str) -> None:
        lease.acquire(self._fleet.cluster, name, self.run, watch=self._watch)

    def _way(self, name: str) -> Process:
        """Take one node its way, as roles/node does."""
        while True:
            try:
                self._take(name)
                break
            except FleetError:
                # A run that was killed holds it until its lease has been watched to its end.
                self._fleet.counts["waits for the lease of a killed run"] += 1
                yield lease.DURATION / 2
        try:
            yield from self._held(name)
        finally:
            if not self._killed:
                lease.release(self._fleet.cluster, name, self.run)

    def _held(self, name: str) -> Process:
        fleet, machine = self._fleet, self._fleet.machines[name]
        if not node_view.is_ready(self._node(name)):
            fleet.counts["nodes that did not answer"] += 1
            return
        way = next_steps(machine.boot, NEW, True, ATTEMPTS_MAX)
        if _steps.REVERT in way.steps:
            machine.revert()
        if way.refusal:
            fleet.counts["nodes that were refused"] += 1
            self._give_back(name)
            return
        if _steps.STAGE in way.steps:
            yield fleet.dice.uniform(60, 300)
            machine.stage()
        if _steps.DRAIN in way.steps:
            yield from self._drain(name)
            if not cordon_plan.is_ours(self._node(name)):
                return
        if _steps.TRIAL in way.steps:
            machine.arm()
            self._note(name, _steps.ON_TRIAL)
            fleet.clock.start(machine.reboot())
            waited = 0
            while waited < PATIENCE and machine.boot["verdict"] == "never_rebooted":
                yield 15
                waited += 15
        if machine.boot["verdict"] != "booted_candidate":
            self._fail(name)
            return
        yield fleet.dice.uniform(20, 90)  # it is verified
        if machine.boot["verdict"] == "booted_candidate":
            machine.confirm()
            self._note(name, _steps.DONE)
            self._uncordon(name)
            claim.release(fleet.cluster, name, "pool", run=self.run, confirmed=(NEW, "ostree", "c0ffee"))
        else:
            self._fail(name)

    def _drain(self, name: str) -> Process:
        fleet = self._fleet
        yield from self._claim(name)
        if not node_view.is_ready(self._node(name)):
            claim.release(fleet.cluster, name, "pool", failed=True, run=self.run)
            return
        self._update(name, lambda node, now: cordon_plan.plan_cordon(node, NEW, now, (), self._owner()))
        held = fleet.dice.uniform(0, 100) < HELD
        yield fleet.dice.choice((30, 60, 90, 120, 600)) if not held else 900
        try:
            if held:
                fleet.counts["drains that were held up"] += 1
                self._uncordon(name)
                claim.fail(fleet.cluster, fleet.request(name, self.run), HALT_AFTER, held_by="PDB shop/web")
                return
            yield from self._claim(name)
        except Closed:
            # Refused after its drain: it serves on, and is no failure.
            self._uncordon(name)
            raise

    def _claim(self, name: str) -> Process:
        while True:
            try:
                claim.claim(self._fleet.cluster, self._fleet.request(name, self.run))
                return
            except claim.ClaimError as error:
                if "got no place" not in str(error):
                    if not self._closed:
                        closed = "runs that a halt ended" if "is halted" in str(error) else "runs that a window ended"
                        opens = self._fleet.clock.time % 86400 < 20 * 3600 and "may not go now" in str(error)
                        if opens and not self._window_is_closed():
                            yield PAUSE
                            continue
                        self._fleet.counts[closed] += 1
                    raise Closed from error
            yield PAUSE

    def _owner(self) -> lease_plan.Owner:
        return lease_plan.Owner(self.run, self.run)

    def _update(self, name: str, decide: Any) -> None:
        update_node(self._fleet.cluster, name, decide)

    def _note(self, name: str, phase: str) -> None:
        wanted = {**dict.fromkeys(record_plan.FIELDS), "rollout": NEW, "release": NEW, "phase": phase}
        self._update(name, lambda node, now: record_plan.plan(node, wanted, now))

    def _uncordon(self, name: str) -> None:
        self._update(name, lambda node, now: cordon_plan.plan_uncordon(node, MANAGER, now, self._owner()))

    def _fail(self, name: str) -> None:
        """Bring it home if it answers, and count the failure."""
        fleet, machine = self._fleet, self._fleet.machines[name]
        fleet.counts["moves that failed"] += 1
        if node_view.is_ready(self._node(name)):
            machine.revert()
            self._uncordon(name)
        halted = claim.fail(fleet.cluster, fleet.request(name, self.run), HALT_AFTER).plan.pool.halt
        fleet.counts["failures in a halted pool"] += bool(halted)
        self._note(name, _steps.FAILED)

    def _give_back(self, name: str) -> None:
        """Give a node back that is not tried again."""
        if cordon_plan.is_ours(self._node(name)):
            self._uncordon(name)
            claim.release(self._fleet.cluster, name, "pool", failed=True, run=self.run)

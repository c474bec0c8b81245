# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A month of patching a large fleet, with windows, failures, halts, killed runs and people who resume, by a clock that
jumps: a table, and build/bench-month.json.

What decides is the collection's own: waves, leases, windows, claims, cordons, failures and halts as its modules take
them, and what is left to do on a node. What is simulated are API server, nodes and the order in which playbooks call
all this. Boots, drains and people take their time by a dice, the same in each run.

Usage: python -m tests.bench.month [--nodes N] [--days N]
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from collections import Counter
from datetime import datetime, timezone
from typing import Any, NamedTuple

from ansible_collections.osmigrate.fleet.plugins.module_utils._kube import (
    admission,
    claim,
    node_view,
    pool_object,
    pool_plan,
    wave_plan,
    wave_policy,
    windows,
)
from ansible_collections.osmigrate.fleet.plugins.module_utils._kube.client import (
    NODES,
    node_path,
    update_node,
)

from tests.bench.figures import keep
from tests.bench.machines import NEW, Clock, Machine, Process, make, outages
from tests.bench.memory import Memory
from tests.bench.shift import Job

BEGIN = datetime(2026, 12, 1, 12, tzinfo=timezone.utc).timestamp()
DAY, HOUR = 86400, 3600
POOLS, LIMIT, SEED = 12, "2%", 1
WINDOWS = [{"days": ["mon", "tue", "wed", "thu", "fri"], "start": "20:00", "duration": "6h"}]
BLACKOUTS = [{"from": "2026-12-24", "to": "2026-12-26"}]
EXPECTED = 1800
POLICY = {"canary": 12, "canary_soak": 4 * HOUR, "canary_max_failed": 2, "soak": HOUR, "factor": 4, "largest": "25%",
          "max_failed": 40}  # fmt: skip
# One job in five is killed on each night, and launched anew a quarter of an hour later.
KILLED, RELAUNCHED = 0.2, 900
# When people come to work: they reset what hangs, and resume what is halted once they have looked.
WORK = 8 * HOUR


class Seen(NamedTuple):
    """What somebody sees who only looks at Node objects, at each write."""

    most_of_a_pool: int
    most: int
    over: int
    outside: int
    again: int


class Observer:
    """Counts without help of what is tested: nodes that runs hold cordoned, when they were, and how often."""

    def __init__(self, clock: Clock, allowed: dict[str, int], schedule: windows.Schedule) -> None:
        self._clock, self._allowed, self._schedule = clock, allowed, schedule
        self._away: dict[str, set[str]] = {name: set() for name in allowed}
        self._down: dict[str, set[str]] = {name: set() for name in allowed}
        self.arrivals: dict[str, float] = {}
        self.begun = Counter[str]()
        self.most_of_a_pool = self.most = self.over = self.outside = self.again = 0

    def look(self, name: str, before: dict, after: dict) -> None:
        if "spec" not in after or "pool" not in after["metadata"].get("labels", {}):
            return
        pool = after["metadata"]["labels"]["pool"]
        was, cordoned = (bool(one.get("spec", {}).get("unschedulable")) for one in (before, after))
        here, down = self._away[pool], self._down[pool]
        (here.add if cordoned else here.discard)(name)
        (down.discard if node_view.is_ready(after) else down.add)(name)
        if cordoned and not was:
            self.begun[name] += 1
            self.again += name in self.arrivals
            # When a node leaves service, all that are away from any cause have to fit.
            self.over += len(here | down) > self._allowed[pool]
            self.outside += windows.closes(self._schedule, self._clock.time) is None
        self.over += len(here) > self._allowed[pool]
        self.most_of_a_pool = max(self.most_of_a_pool, len(here))
        self.most = max(self.most, sum(map(len, self._away.values())))
        if node_view.has_arrived(after, NEW):
            self.arrivals.setdefault(name, self._clock.time)

    def seen(self) -> Seen:
        return Seen(self.most_of_a_pool, self.most, self.over, self.outside, self.again)


class Fleet:
    """The fleet, its month, and what was done in it."""

    def __init__(self, count: int, days: int, seed: int = SEED) -> None:
        self.days = days
        self.dice, self.clock = random.Random(seed), Clock(BEGIN)
        self.schedule = windows.parse(WINDOWS, BLACKOUTS)
        self.pools = [f"pool-{number:02}" for number in range(POOLS)]
        self.allowed = {name: pool_plan.resolve(LIMIT, len(range(number, count, POOLS)))
                        for number, name in enumerate(self.pools)}  # fmt: skip
        self.observer = Observer(self.clock, self.allowed, self.schedule)
        self.cluster = Memory(lambda: self.clock.time, self.observer.look)
        self.machines: dict[str, Machine] = make(count, POOLS, self.clock, self.cluster, self.dice)
        self.counts = Counter[str]()
        self.arrived_by_day: list[int] = []
        self.policy = wave_policy.read(POLICY)
        accepted = {name: one["default"] for name, one in admission.ARGUMENT_SPEC.items()}
        given = {"windows": WINDOWS, "blackouts": BLACKOUTS, "expected_seconds": EXPECTED}
        self.terms = admission.read_terms({**accepted, **given})
        self.waves = self._part()

    def _part(self) -> dict[str, list[list[str]]]:
        """Part the fleet into waves, note them on the nodes, and return those of each pool, which is a job's shard."""
        nodes = self.cluster.list(NODES).items
        self.made = made = wave_plan.plan(
            self.policy, [wave_plan.candidate(one, self.policy, "pool", NEW) for one in nodes], NEW
        )
        parted: dict[str, list[list[str]]] = {name: [] for name in self.pools}
        for wave in made.waves:
            mark = wave_plan.mark(wave, len(made.waves), self.policy, NEW)
            for shard in parted.values():
                shard.append([])
            for name in wave.nodes:
                after = update_node(self.cluster, name, lambda one, _now, mark=mark: wave_plan.plan_mark(one, mark))[2]
                parted[after["metadata"]["labels"]["pool"]][-1].append(name)
        return parted

    def request(self, name: str, run: str) -> claim.Request:
        limits = pool_plan.Limits(LIMIT, None)
        return claim.Request(name, NEW, limits, 0, name, [], "pool", self.terms, run)

    def arrived(self) -> int:
        return sum(node_view.has_arrived(self.cluster.get(node_path(name)), NEW) for name in self.machines)

    def nights(self) -> Process:
        """Launch the jobs a quarter of an hour before each window, as a schedule of AWX does."""
        yield 8 * HOUR - 900
        for night in range(self.days):
            for pool in self.pools:
                self._launch(pool, f"awx-{night}-{pool}")
            yield DAY

    def _launch(self, pool: str, run: str) -> None:
        job = Job(self, pool, run)
        job.start()
        if self.dice.random() < KILLED:
            self.clock.start(self._kill(job, pool, run), after=self.dice.uniform(1800, 5 * HOUR))

    def _kill(self, job: Job, pool: str, run: str) -> Process:
        if not job.has_work():
            return
        job.kill()
        self.counts["jobs killed"] += 1
        yield RELAUNCHED
        Job(self, pool, run + "-again").start()

    def people(self) -> Process:
        """Reset what hangs and resume what is halted, on each morning of the week."""
        yield DAY - 12 * HOUR + WORK
        for _day in range(self.days):
            if datetime.fromtimestamp(self.clock.time, timezone.utc).weekday() < 5:
                for machine in self.machines.values():
                    if machine.hangs:
                        machine.reset()
                        self.counts["nodes reset by hand"] += 1
                for pool in self.pools:
                    if pool_object.read_pool(self.cluster, pool)[0].halt:
                        self.counts["halts that people ended"] += 1
                    pool_object.update_pool(self.cluster, pool, lambda one, _now: pool_plan.plan_resume(one))
            self.arrived_by_day.append(self.arrived())
            yield DAY

    def run(self) -> dict[str, Any]:
        """Let the month pass, and return what became of it."""
        for process in (self.nights(), self.people(), outages(self.clock, self.machines, self.cluster, self.dice)):
            self.clock.start(process)
        self.clock.run(BEGIN + self.days * DAY)
        seen, arrived = self.observer.seen(), self.arrived()
        tried = [machine.trials for machine in self.machines.values()]
        return {
            "nodes": len(self.machines),
            "pools": len(self.pools),
            "days": self.days,
            "arrived": arrived,
            "arrived_by_day": self.arrived_by_day,
            "confirmed_twice": sum(machine.confirmed > 1 for machine in self.machines.values()),
            "trials": sum(tried),
            "tried_more_than_once": sum(one > 1 for one in tried),
            "may_be_away_of_a_pool": max(self.allowed.values()),
            **seen._asdict(),
            **{name.replace(" ", "_"): count for name, count in sorted(self.counts.items())},
            "writes": self.cluster.writes,
        }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--nodes", type=int, default=6000)
    parser.add_argument("--days", type=int, default=30)
    options = parser.parse_args()
    begun = time.monotonic()
    found = Fleet(options.nodes, options.days).run()
    found["times_faster"] = int(options.days * DAY / (time.monotonic() - begun))
    keep("bench-month", [found])
    for name, value in found.items():
        print(f"{name:28}{value}")
    if found["over"] or found["outside"] or found["again"] or found["confirmed_twice"]:
        sys.exit("A budget, a window or a node that had arrived was not left alone.")
    if found["arrived"] * 10 <= 9 * found["nodes"]:
        sys.exit("Nine of ten nodes have not arrived.")


if __name__ == "__main__":
    main()

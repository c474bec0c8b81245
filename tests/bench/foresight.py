# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the plan says on each night of a simulated month, and what became of it (month.py).

Each night, before the window opens, the plan's own maker says when each wave that is not over will be. It is over when
as many of its nodes have arrived as its policy asks for: the plan does not know who will fail, or be killed, or hang
until somebody comes.
"""

from __future__ import annotations

import statistics
from collections.abc import Iterator
from typing import Any, NamedTuple

from ansible_collections.osmigrate.fleet.plugins.module_utils._kube import cordon_plan, node_view
from ansible_collections.osmigrate.fleet.plugins.module_utils._kube.client import NODES, node_path
from ansible_collections.osmigrate.fleet.plugins.module_utils._steps import MOVE
from ansible_collections.osmigrate.fleet.plugins.plugin_utils import _plan

from tests.bench import month
from tests.bench.figures import figure
from tests.bench.machines import NEW, Process

COUNT, DAYS = 1200, 30
# A quarter of an hour before the window opens, counted from noon.
ASKED_AFTER = 8 * month.HOUR - 900
GOAL = 15.0


class Said(NamedTuple):
    """Seconds from when it was asked until a wave is over: as the plan says, and as it was. last: of all waves."""

    plan: float
    truth: float
    last: bool

    def error(self) -> float:
        return 100 * abs(self.plan - self.truth) / self.truth


class Foresight:
    """Asks the plan on each night of a fleet's month."""

    def __init__(self, fleet: month.Fleet) -> None:
        self._fleet = fleet
        self._asked: list[tuple[float, list[float | None]]] = []
        fleet.clock.start(self._nights(), after=ASKED_AFTER)

    def _nights(self) -> Process:
        for _night in range(self._fleet.days):
            self._ask()
            yield month.DAY

    def _ask(self) -> None:
        fleet, now = self._fleet, self._fleet.clock.time
        objects = {one["metadata"]["name"]: one for one in fleet.cluster.list(NODES).items}
        nodes = [_node(objects[name]) for wave in fleet.made.waves for name in wave.nodes]
        sizes = {pool: sum(node["pool"] == pool for node in nodes) for pool in fleet.pools}
        waves = [dict(wave._asdict()) for wave in fleet.made.waves]
        terms = _plan.Terms(
            "1", month.LIMIT, month.EXPECTED, fleet.schedule, now, waves, released=len(waves), sliding=True
        )
        self._asked.append((now, [batch["end"] for batch in _plan.make(nodes, sizes, terms)["batches"]]))

    def said(self) -> Iterator[Said]:
        """Yield what was said of waves that were over later than then, and within the month."""
        overs = [self._over(wave) for wave in self._fleet.made.waves]
        for now, ends in self._asked:
            for number, (end, over) in enumerate(zip(ends, overs), 1):
                if end is not None and over is not None and over > now:
                    yield Said(end - now, over - now, number == len(overs))

    def _over(self, wave: Any) -> float | None:
        times = sorted(self._fleet.observer.arrivals.get(name, float("inf")) for name in wave.nodes)
        over = times[max(1, len(times) - wave.max_failed) - 1]
        return None if over == float("inf") else over


def _node(node: dict[str, Any]) -> dict[str, Any]:
    noted = node_view.osmigrate(node)
    steps = () if node_view.has_arrived(node, NEW) else MOVE
    pool = node["metadata"]["labels"]["pool"]
    seconds = noted.get("cordoned_seconds", "")
    return {"name": node["metadata"]["name"], "pool": pool, "seconds": seconds, "steps": steps, "refusal": ""}


def bench() -> list[dict[str, Any]]:
    """Let two months pass, the first without history, and return the figures."""
    took: dict[str, str] = {}
    figures = []
    for seed, named in ((1, "the first move of each node"), (2, "the month after")):
        fleet = month.Fleet(COUNT, DAYS, seed)
        for name, seconds in took.items():
            fleet.cluster.patch(node_path(name), {"metadata": {"annotations": {cordon_plan.SECONDS: seconds}}})
        foresight = Foresight(fleet)
        fleet.run()
        said = list(foresight.said())
        for which, chosen in (("a wave", said), ("the whole", [one for one in said if one.last])):
            error = statistics.median(one.error() for one in chosen)
            title = f"error of the plan about the end of {which}, {named}, median of {len(chosen)}, %"
            figures.append(figure(title, error, GOAL, "bound", 1.0))
        for one in fleet.cluster.list(NODES).items:
            seconds = node_view.osmigrate(one).get("cordoned_seconds")
            if seconds:
                took[one["metadata"]["name"]] = seconds
    return figures

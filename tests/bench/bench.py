# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a move costs, against a bound from the same machine in the same run: a table, and build/bench.json."""

from __future__ import annotations

import re
import resource
import sys
import time
from pathlib import Path
from typing import Any

from tests.bench.figures import figure, keep, table
from tests.bench.reboots import noticed
from tests.e2e.fleet import Fleet, Run, stage
from tests.lab import releases, webserver

EXECUTED = re.compile(r"^(?:ok|changed): \[", re.MULTILINE)


def cpu_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def bare_reboot(fleet: Fleet, name: str) -> float:
    """Reboot a node that runs its pods and return the seconds until it is Ready in another boot."""
    before = fleet.boot_id(name)
    started = time.monotonic()
    fleet.machines[name].ssh("systemctl reboot", check=False)
    fleet.wait_for(lambda: fleet.serves_again(name, before), f"the reboot of {name}", 900)
    return time.monotonic() - started


def measured(run: Run) -> Run:
    """Give up where a playbook failed: its figures would mean nothing."""
    if run.rc != 0:
        sys.exit("A playbook failed, so there are no figures.")
    return run


def bench() -> list[dict[str, Any]]:
    fleet = Fleet.fresh()
    nodes = list(fleet.machines)
    count = len(nodes)
    with stage("A bare reboot of each node, for the bound", "2 min"):
        reboots = [bare_reboot(fleet, name) for name in nodes]
    directory = Path(fleet.environment()["OSMIGRATE_LAB_RELEASES"])
    payloads = {version: releases.manifest(directory, version)["payloads"]["ostree"] for version in ("13.1", "13.2")}
    sizes = {version: payload["size"] for version, payload in payloads.items()}

    webserver.reset_stats()
    cpu = cpu_seconds()
    with stage("migrate", "8 min"):
        moved = measured(fleet.play("migrate", **fleet.release("13.1")))
    cpu = cpu_seconds() - cpu
    first_bytes = webserver.stats()["bytes"] / count
    cordoned = [float(fleet.annotation(name, "cordoned-seconds")) for name in nodes]
    with stage("migrate again", "30 s"):
        again = measured(fleet.play("migrate", **fleet.release("13.1")))
    webserver.reset_stats()
    with stage("upgrade", "8 min"):
        measured(fleet.play("upgrade", **fleet.release("13.2")))
    month_bytes = webserver.stats()["bytes"] / count
    with stage("Reboots by our step and by ansible.builtin.reboot, in turns", "6 min"):
        overshoots = noticed(fleet, nodes[0])

    executed = len(EXECUTED.findall(moved.output))
    changes = sum(counters["changed"] for counters in moved.recap().values())
    mean_reboot = sum(reboots) / count
    return [
        figure("seconds cordoned per node", sum(cordoned) / count, mean_reboot, "bare reboot until Ready", 1.25),
        figure("task executions per node", executed / count, changes / count, "those that change something"),
        figure("controller CPU seconds per node", cpu / count, moved.seconds / count, "seconds of the run per node"),
        figure("bytes pulled for the first move", first_bytes, sizes["13.1"], "bytes of the whole image"),
        figure("bytes pulled for the monthly upgrade", month_bytes, sizes["13.2"], "bytes of the whole image"),
        figure("seconds of a run that changes nothing", again.seconds / count, moved.seconds / count, "the move"),
        *overshoots,
    ]


if __name__ == "__main__":
    found = bench()
    keep("bench", found)
    print(table(found))

# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How long it goes unnoticed that a node is back from its reboot: our step against ansible.builtin.reboot."""

from __future__ import annotations

import statistics
import subprocess
import time
from typing import Any

from tests.bench.figures import figure
from tests.e2e.fleet import INVENTORY, Fleet
from tests.lab.vm import Machine

OURS, PEER = "osmigrate.fleet.node_reboot", "ansible.builtin.reboot"
BOOT_ID = "cat /proc/sys/kernel/random/boot_id"
# Seconds that may pass before a node that could serve is looked at again.
BOUND = 2.0


def overshoot(fleet: Fleet, name: str, module: str) -> float:
    """Reboot a node by a module.

    :returns: seconds from the first command that another boot took over ssh to the module's end.
    """
    machine = fleet.machines[name]
    before = machine.ssh(BOOT_ID).stdout
    playbook = subprocess.Popen(
        ["ansible", "-i", INVENTORY, name, "--become", "-m", module],
        env=fleet.environment(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    back = _back(machine, before, time.monotonic() + 900)
    output, _nothing = playbook.communicate()
    ended = time.monotonic()
    assert playbook.returncode == 0, output
    return ended - back


def _back(machine: Machine, before: str, deadline: float) -> float:
    while time.monotonic() < deadline:
        try:
            answer = machine.ssh(BOOT_ID, check=False, timeout=10)
        except subprocess.TimeoutExpired:
            continue
        if answer.returncode == 0 and answer.stdout != before:
            return time.monotonic()
        time.sleep(0.2)
    raise AssertionError(f"{machine.name} did not come back")


def noticed(fleet: Fleet, name: str, repetitions: int = 3) -> list[dict[str, Any]]:
    """Return the figures of interleaved reboots."""
    found: dict[str, list[float]] = {OURS: [], PEER: []}
    for _repetition in range(repetitions):
        for module, seconds in found.items():
            seconds.append(overshoot(fleet, name, module))
    ours, peer = (statistics.median(found[module]) for module in (OURS, PEER))
    title = "seconds until a node that is back is noticed"
    return [figure(title, ours, peer, PEER, 1.0), figure(title, ours, BOUND, "bound", 1.0)]

# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The main job, as a user runs it: two nodes become Debian 13 nodes in place, and one goes back.

Usage: python -m tests.e2e.demo <backend> [flavour]
"""

from __future__ import annotations

import os
import shutil
import sys
from typing import Any

from tests.e2e.fleet import ROOT, Fleet, Run, stage
from tests.lab import workloads
from tests.lab.flavours import DEFAULT, FLAVOURS

# Seconds. The callback speaks up after 25, and a machine without KVM may be slow to do so.
LONGEST_SILENCE = 30
TOLD = ROOT / "build/demo"
# By backend: the flavour of the nodes, unless another one is asked for.
BACKENDS = {"ostree": "bios", "slots": "slots"}


def _play(fleet: Fleet, name: str, **options: Any) -> Run:
    """Run a playbook that moves nodes, with a report of its own: each is a rollout."""
    os.environ["OSMIGRATE_PROGRESS_DIRECTORY"] = str(TOLD / name)
    return fleet.play(name, **options)


def demo(backend: str, flavour: str = "") -> int:
    """Run it; return the exit code.

    :param backend: a key of BACKENDS.
    :param flavour: a key of FLAVOURS, that of both nodes; "" for that of the backend.
    """
    for name, value, known in (("BACKEND", backend, BACKENDS), ("FLAVOUR", flavour or DEFAULT, FLAVOURS)):
        if value not in known:
            print(f"{name} is {value!r}, and the demo knows {', '.join(known)}. Nothing was started.")
            return 2
    shutil.rmtree(TOLD, ignore_errors=True)
    flavour = flavour or BACKENDS[backend]
    lab = f"The lab: control plane, two nodes of the flavour {flavour} with workloads, two signed releases"
    with stage(lab, "20 min cold, 1 warm"):
        fleet = Fleet.fresh(f"w1={flavour},w2={flavour}")
        print(fleet.control_plane.kubectl("get", "nodes,pods", "-A", "-o", "wide"))
    was = fleet.node("w1")["status"]["nodeInfo"]["osImage"]
    with stage(f"ansible-playbook osmigrate.fleet.migrate: {was} to Debian 13 by {backend}, node by node", "9 min"):
        moved = _play(fleet, "migrate", osmigrate_backend=backend, **fleet.release("13.1"))
    back = moved
    if moved.rc == 0:
        with stage(f"ansible-playbook osmigrate.fleet.rollback --limit w1: back to {was}", "2 min"):
            back = _play(fleet, "rollback", limit="w1")
    with stage("ansible-playbook osmigrate.fleet.status", "5 s"):
        shown = fleet.play("status")
    with stage("The workloads run again", "20 s"):
        workloads.wait_available(fleet.control_plane, 300)
        print(fleet.control_plane.kubectl("get", "pods", "-A", "-o", "wide"))
    print("The lab runs on: 'python -m tests.lab --help' says how to look around, 'make clean-lab' ends it.")
    silence = max(moved.silence, back.silence)
    print(f"The longest silence of a playbook: {silence:.0f} s, of {LONGEST_SILENCE} that nobody has to wonder about.")
    # That of the move comes last, where nobody has to look for it.
    for report in sorted(TOLD.glob("*/report.html"), reverse=True):
        print(f"The report of {report.parent.name}: {report}")
    return moved.rc or back.rc or shown.rc or int(silence > LONGEST_SILENCE)


if __name__ == "__main__":
    sys.exit(demo(*sys.argv[1:]))

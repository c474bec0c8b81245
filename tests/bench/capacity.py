# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What one job takes of the machine that runs it, by how many hosts its inventory has: inventory, memory, CPU, events.

The job is a slice as AWX gives it to ansible-runner: its inventory is a file of all its hosts, of which it moves a few.
Boots are played and take no time.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.bench.figures import ROOT, measure
from tests.bench.nodes import Server
from tests.bench.plane import Plane
from tests.cluster.fleet_of_nodes import Fleet
from tests.cluster.playing import make_collection
from tests.lab import controlplane

SIZES = (600, 6_000)
MOVED, FORKS = 8, 20


def inventory(count: int, directory: Path, kubeconfig: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """List so many nodes of full size, and return what that cost and what it printed."""
    source = directory / f"of-{count}.k8s_nodes.yml"
    source.write_text(f"plugin: osmigrate.fleet.k8s_nodes\nkubeconfig: {kubeconfig}\n")
    environment = {"ANSIBLE_COLLECTIONS_PATH": str(ROOT / "build/collections"), "HOME": str(directory)}
    listed = directory / f"of-{count}.json"
    program = str(Path(sys.executable).parent / "ansible-inventory")
    cost = measure([program, "-i", source, "--list", "--output", listed], environment)
    figures = {"inventory_seconds": cost.wall, "inventory_cpu_seconds": cost.cpu, "inventory_mib": cost.memory}
    return figures, json.loads(listed.read_text())


def shared(session: int) -> Iterator[int]:
    """Yield KiB of memory for each process of a session; what several share counts once for all of them together."""
    for process in Path("/proc").iterdir():
        if not process.name.isdigit():
            continue
        try:
            if os.getsid(int(process.name)) == session:
                rollup = (process / "smaps_rollup").read_text()
                yield next(int(line.split()[1]) for line in rollup.splitlines() if line.startswith("Pss:"))
        except (OSError, StopIteration):
            continue  # it has ended


def job(robot: Path, directory: Path, names: list[str], hosts: dict[str, Any]) -> dict[str, Any]:
    """Move nodes by ansible-runner, and return what it took."""
    for name in ("env", "inventory", "project", "played"):
        (directory / name).mkdir(parents=True)
    local = {"ansible_connection": "local", "ansible_python_interpreter": sys.executable}
    known = hosts["_meta"]["hostvars"]
    of_all = {**{name: known[name] for name in known}, **{name: local for name in names}}
    (directory / "inventory/hosts.json").write_text(json.dumps({"k8s_nodes": {"hosts": of_all}}))
    given = {"osmigrate_become": False, "osmigrate_rollout": "bench", "osmigrate_serial": "100%",
             "osmigrate_max_unavailable": "100%"}  # fmt: skip
    (directory / "env/extravars").write_text(json.dumps(given))
    environment = {
        **os.environ,
        "ANSIBLE_COLLECTIONS_PATH": str(directory.parent / "collections"),
        "ANSIBLE_PIPELINING": "1",
        "ANSIBLE_FORKS": str(FORKS),
        "K8S_AUTH_KUBECONFIG": str(robot),
        "OSMIGRATE_PLAYED": str(directory / "played"),
    }
    argv = [sys.executable, "-m", "ansible_runner", "run", str(directory), "--playbook", "osmigrate.fleet.rollback"]
    argv += ["--limit", ",".join(names), "--ident", "job"]
    before = os.times()
    process = subprocess.Popen(argv, env=environment, stdout=subprocess.PIPE, text=True, start_new_session=True)
    most, ended = 0, threading.Event()

    def look() -> None:
        nonlocal most
        # ansible-runner gives the job a session of its own, below this one.
        while not ended.wait(0.5):
            sessions = {os.getsid(pid) for pid in _below(process.pid)}
            most = max(most, sum(sum(shared(session)) for session in sessions))

    watcher = threading.Thread(target=look)
    watcher.start()
    output = process.communicate()[0]
    ended.set()
    watcher.join()
    if process.returncode:
        sys.exit(f"The job failed, so there are no figures:\n{output[-3000:]}")
    after = os.times()
    cpu = after.children_user + after.children_system - before.children_user - before.children_system
    events = [path for path in (directory / "artifacts/job/job_events").glob("*.json") if "partial" not in path.name]
    return {
        "moved": len(names),
        "job_mib": most / 1024,
        "cpu_seconds_a_node": cpu / len(names),
        "events_a_node": len(events) / len(names),
        "kib_of_events_a_node": sum(path.stat().st_size for path in events) / 1024 / len(names),
        "seconds": after.elapsed - before.elapsed,
    }


def _below(pid: int) -> set[int]:
    """The process and all that it has started."""
    parents = {}
    for process in Path("/proc").iterdir():
        if process.name.isdigit():
            try:
                parents[int(process.name)] = int((process / "stat").read_text().rpartition(")")[2].split()[1])
            except OSError:
                continue  # it has ended
    found = {pid} & set(parents)
    while more := {child for child, parent in parents.items() if parent in found} - found:
        found |= more
    return found


def bench(plane: Plane, admin: Any, robot: Path, directory: Path) -> list[dict[str, Any]]:
    """Measure each size once."""
    make_collection(directory / "collections")
    found = []
    for count in SIZES:
        server = Server(count)
        kubeconfig = directory / f"of-{count}.kubeconfig"
        kubeconfig.write_text(controlplane.kubeconfig(server.url, b"", {}))
        try:
            figures, hosts = inventory(count, directory, str(kubeconfig))
        finally:
            server.close()
        fleet = Fleet(plane, admin, MOVED)
        try:
            figures.update(job(robot, directory / f"job-{count}", fleet.nodes, hosts))
        finally:
            fleet.close()
        found.append({"nodes": count, **{name: round(value, 2) for name, value in figures.items()}})
        print(found[-1], file=sys.stderr, flush=True)
    return found

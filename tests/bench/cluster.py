# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the cluster side costs, on a real API server and without machines: a table, and build/bench-cluster.json."""

from __future__ import annotations

import argparse
import contextlib
import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

from tests.lab import ports

ports.take_free()

from tests.bench import (  # noqa: E402
    callback,
    capacity,
    drain,
    foresight,
    held as held_drains,  # noqa: E402
    inventory,
    nodes,
    planning,
    release,
    rollout,
    tasks,
    visible,
    window,
)
from tests.bench.figures import keep, table  # noqa: E402
from tests.bench.plane import Plane, connect, make_nodes  # noqa: E402
from tests.lab import config, controlplane, kubebin, simulated  # noqa: E402

ROOT = Path(__file__).resolve().parents[2]
DIRECTORY = ROOT / "build/bench-cluster"


@contextlib.contextmanager
def control_plane(name: str, kubelets: bool = True) -> Iterator[Plane]:
    shutil.rmtree(DIRECTORY / name, ignore_errors=True)
    plane = Plane(config.Paths(DIRECTORY / name), print)
    simulator = simulated.Simulator(plane)
    plane.start()
    try:
        plane.wait_ready()
        for name in ("rbac.yml", "admission-policy.yml"):
            plane.kubectl("apply", "--filename", str(ROOT / "playbooks/files" / name))
        plane.serviceaccount_kubeconfig("osmigrate-system", "osmigrate", plane.directory / "robot.kubeconfig")
        if kubelets:
            simulator.start(kubebin.kwok(config.paths(), print))
        yield plane
    finally:
        simulator.stop()
        plane.stop()


def drains(options: argparse.Namespace) -> list[dict]:
    with control_plane("drain") as plane:
        robot = plane.directory / "robot.kubeconfig"
        return drain.bench(plane, connect(plane.admin_kubeconfig), robot, DIRECTORY, options.repetitions)


def held(_options: argparse.Namespace) -> list[dict]:
    with control_plane("held") as plane:
        robot = plane.directory / "robot.kubeconfig"
        return held_drains.bench(plane, connect(plane.admin_kubeconfig), robot, DIRECTORY)


def rollouts(options: argparse.Namespace) -> list[dict]:
    with control_plane("rollout") as plane:
        admin, robot = connect(plane.admin_kubeconfig), plane.directory / "robot.kubeconfig"
        figures = rollout.claims(plane, admin, robot)
        return figures + rollout.makespan(plane, admin, robot, plane.directory, options.nodes)


def windows(_options: argparse.Namespace) -> list[dict]:
    with control_plane("window", kubelets=False) as plane:
        return window.bench(plane, connect(plane.admin_kubeconfig), plane.directory / "robot.kubeconfig")


def plans(_options: argparse.Namespace) -> list[dict]:
    with control_plane("plan") as plane:
        robot, admin = plane.directory / "robot.kubeconfig", connect(plane.admin_kubeconfig)
        return planning.bench(plane, admin, connect(robot), robot, plane.directory)


def inventories(options: argparse.Namespace) -> list[dict]:
    figures = []
    for count in (1_000, 10_000):
        with control_plane("inventory", kubelets=False) as plane:
            # They would look after nodes whose kubelets never report.
            plane.rest("kube-scheduler", "kube-controller-manager")
            seconds = make_nodes(connect(plane.admin_kubeconfig), count)
            print(f"{count} nodes were made in {seconds:.0f} s", file=sys.stderr)
            made = inventory.Inventories(
                plane.directory / "inventories", plane.directory / "robot.kubeconfig", plane.programs / "kubectl", count
            )
            figures += inventory.bench(made, count, options.repetitions)
            if count > 1_000:
                figures += inventory.shard(made, count, options.repetitions)
                figures += inventory.fork_tax(made, count, options.repetitions)
    return figures


def large(options: argparse.Namespace) -> list[dict]:
    count = 100_000
    server = nodes.Server(count)
    directory = DIRECTORY / "large"
    directory.mkdir(exist_ok=True)
    (directory / "kubeconfig").write_text(controlplane.kubeconfig(server.url, b"", {}))
    made = inventory.Inventories(
        directory, directory / "kubeconfig", kubebin.build(config.paths(), print) / "kubectl", count
    )
    try:
        # The other peers take a quarter of an hour, or 19 GiB.
        return inventory.bench(made, count, 1, ["floor"])
    finally:
        server.close()


def seen(_options: argparse.Namespace) -> list[dict]:
    return visible.bench()


def foreseen(_options: argparse.Namespace) -> list[dict]:
    return foresight.bench()


def releases(_options: argparse.Namespace) -> list[dict]:
    with control_plane("release") as plane:
        robot = plane.directory / "robot.kubeconfig"
        return release.bench(plane, connect(plane.admin_kubeconfig), robot, plane.directory / "plays")


def ways(options: argparse.Namespace) -> list[dict]:
    with control_plane("tasks") as plane:
        robot, admin = plane.directory / "robot.kubeconfig", connect(plane.admin_kubeconfig)
        return tasks.bench(plane, admin, robot, plane.directory, options.repetitions)


def shown(options: argparse.Namespace) -> list[dict]:
    with control_plane("callback") as plane:
        robot, admin = plane.directory / "robot.kubeconfig", connect(plane.admin_kubeconfig)
        return callback.bench(plane, admin, robot, plane.directory, options.repetitions)


def jobs(_options: argparse.Namespace) -> list[dict]:
    with control_plane("capacity") as plane:
        shutil.rmtree(DIRECTORY / "jobs", ignore_errors=True)
        (DIRECTORY / "jobs").mkdir()
        robot = plane.directory / "robot.kubeconfig"
        found = capacity.bench(plane, connect(plane.admin_kubeconfig), robot, DIRECTORY / "jobs")
    keep("bench-capacity", found)
    # It compares with nothing: scale-out.md has what it means.
    return []


PARTS = {"visible": seen, "callback": shown, "estimate": foreseen, "drain": drains, "held": held, "rollout": rollouts,
         "window": windows, "plan": plans, "release": releases, "tasks": ways, "inventory": inventories, "large": large,
         "capacity": jobs}  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    default = [name for name in PARTS if name not in ("large", "capacity")]
    parser.add_argument("--only", choices=PARTS, nargs="+", default=default, help="unset, all but large and capacity")
    parser.add_argument("--repetitions", type=int, default=3, help="of which the median is taken")
    parser.add_argument("--nodes", type=int, default=60, help="of the rollout")
    options = parser.parse_args()
    DIRECTORY.mkdir(parents=True, exist_ok=True)
    os.environ["OSMIGRATE_KUBE_BIN"] = str(kubebin.build(config.paths(), print))
    figures = []
    for name in options.only:
        figures += PARTS[name](options)
        keep("bench-cluster", figures)
    print(table(figures))


if __name__ == "__main__":
    main()

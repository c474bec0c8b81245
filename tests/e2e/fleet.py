# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lab's fleet as its user sees it: playbooks, nodes, workloads. Demo, end-to-end tests and benchmarks share it."""

from __future__ import annotations

import json
import os
import re
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from queue import SimpleQueue
from threading import Thread
from typing import Any

from tests.lab import config
from tests.lab.controlplane import ControlPlane
from tests.lab.vm import all_machines

ROOT = Path(__file__).resolve().parents[2]
INVENTORY = ROOT / "inventories/lab"
PREFIX = "osmigrate.fleet/"
# What no move, no way back and no power cut may change.
DATA = ("/home/ops", "/var/lib/lab-data", "/var/lib/lab-volumes")


@contextmanager
def stage(title: str, usually: str) -> Iterator[None]:
    """Print what begins, how long it usually takes, and how long it took."""
    print(f"\n=== {title} (usually {usually})", flush=True)
    started = time.monotonic()
    yield
    print(f"--- {title}: {time.monotonic() - started:.0f} s", flush=True)


def kubelet_is_ready(node: dict[str, Any]) -> bool:
    """Say whether the kubelet of a Node object is Ready."""
    conditions = {condition["type"]: condition["status"] for condition in node["status"]["conditions"]}
    return conditions["Ready"] == "True"


def lab(*arguments: str) -> None:
    """Call the lab's command line."""
    subprocess.run([sys.executable, "-m", "tests.lab", *arguments], cwd=ROOT, check=True)


class Run:
    """One playbook run that has ended.

    rc: exit code; output: all that it printed; seconds: how long it took; silence: seconds of its longest one.
    """

    def __init__(self, rc: int, output: str, seconds: float, silence: float) -> None:
        self.rc, self.output, self.seconds, self.silence = rc, output, seconds, silence

    def recap(self) -> dict[str, dict[str, int]]:
        """Return the counters of the play recap by host."""
        return {
            host: {name: int(count) for name, count in re.findall(r"(\w+)=(\d+)", counters)}
            for host, counters in re.findall(r"^(\S+)\s+: (ok=.*)$", self.output, re.MULTILINE)
        }


class Fleet:
    """The running lab."""

    def __init__(self) -> None:
        self.paths = config.paths()
        self.control_plane = ControlPlane(self.paths, print)
        self.machines = {machine.name: machine for machine in all_machines(self.paths)}

    @classmethod
    def fresh(cls, nodes: str = "") -> Fleet:
        """Return the fleet as it was before anything was moved: two Debian 12 nodes with workloads.

        nodes: others than those two, as the lab's --nodes takes them: w5=lvm,...
        """
        lab("fresh", *(["--nodes", nodes] if nodes else []))
        return cls()

    @classmethod
    def alone(cls, name: str, flavour: str) -> Fleet:
        """Return a fleet of one node of a flavour of the lab's, with workloads."""
        fleet = cls.fresh(f"{name}={flavour}")
        # A second replica would be one that the budget protects and that has nowhere to go.
        fleet.control_plane.kubectl("scale", "deployment/web", "--namespace=demo", "--replicas=1")
        fleet.control_plane.kubectl("rollout", "status", "deployment/web", "--namespace=demo", "--timeout=120s")
        return fleet

    def environment(self) -> dict[str, str]:
        """What a user exports before the first playbook; the lab writes it down."""
        text = (self.paths.run / "env").read_text()
        exported = dict(word.split("=", 1) for word in shlex.split(text, comments=True) if "=" in word)
        told = {"ANSIBLE_CALLBACKS_ENABLED": "osmigrate.fleet.progress"}
        return {**os.environ, "ANSIBLE_COLLECTIONS_PATH": str(ROOT / "build/installed"), **told, **exported}

    def release(self, version: str) -> dict[str, Any]:
        """Return the variables that name a release of the lab."""
        directory = Path(self.environment()["OSMIGRATE_LAB_RELEASES"])
        return {
            "osmigrate_release": str(directory / version / "release.yml"),
            "osmigrate_trusted_keys": [str(directory / "trusted.pem")],
        }

    def start(self, playbook: str, limit: str = "", arguments: list[str] | None = None, **variables: Any) -> Playbook:
        """Start a playbook of the collection."""
        argv = ["ansible-playbook", f"osmigrate.fleet.{playbook}", "-i", str(INVENTORY), "-e", json.dumps(variables)]
        return Playbook(argv + (["--limit", limit] if limit else []) + (arguments or []), self.environment())

    def play(self, playbook: str, limit: str = "", arguments: list[str] | None = None, **variables: Any) -> Run:
        """Run a playbook of the collection to its end."""
        return self.start(playbook, limit, arguments, **variables).wait()

    def get(self, *what: str) -> dict[str, Any]:
        """Return objects of the cluster, as kubectl get shows them in JSON."""
        return json.loads(self.control_plane.kubectl("get", *what, "-o", "json"))

    def node(self, name: str) -> dict[str, Any]:
        return self.get("node", name)

    def boot_id(self, name: str) -> str:
        """Return which boot the kubelet of a node reports."""
        return self.node(name)["status"]["nodeInfo"]["bootID"]

    def serves_again(self, name: str, before: str) -> bool:
        """Say whether a node is Ready in another boot than the one with that id."""
        node = self.node(name)
        return node["status"]["nodeInfo"]["bootID"] != before and kubelet_is_ready(node)

    def annotation(self, name: str, key: str) -> str:
        """Return one of the collection's annotations of a node, empty if there is none."""
        return self.node(name)["metadata"].get("annotations", {}).get(PREFIX + key, "")

    def wait_for(self, condition: Callable[[], bool], what: str, seconds: float = 300) -> None:
        """Wait until the condition holds; a step needs that to begin, it is no measure of speed."""
        deadline = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < deadline, f"{what} did not happen within {seconds:.0f} s"
            time.sleep(1)

    def shell(self, name: str, script: str) -> str:
        """Run a shell script on a node as root and return what it prints."""
        return self.machines[name].ssh(script).stdout


class Playbook:
    """A playbook that runs; its output goes to the terminal at once, whoever waits for it, and is kept.

    As a context it does not outlive the block.
    """

    def __init__(self, argv: list[str], environment: dict[str, str]) -> None:
        self.started = time.monotonic()
        self._silence = 0.0
        self.process = subprocess.Popen(
            argv, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            text=True, start_new_session=True, cwd=ROOT,
        )  # fmt: skip
        self._lines: SimpleQueue[str] = SimpleQueue()
        self._reader = Thread(target=self._read, daemon=True)
        self._reader.start()

    def __enter__(self) -> Playbook:
        return self

    def __exit__(self, *_error: object) -> None:
        if self.process.poll() is None:
            self.kill()

    def _read(self) -> None:
        # Nobody may have to wait for it before it goes on: a pipe that is full stops who writes.
        assert self.process.stdout is not None
        spoke = self.started
        for line in self.process.stdout:
            self._silence, spoke = max(self._silence, time.monotonic() - spoke), time.monotonic()
            print(line, end="", flush=True)
            self._lines.put(line)
        self._lines.put("")

    def wait(self, each_line: Callable[[str], None] = lambda _line: None) -> Run:
        """Wait for its end; each_line is called with every line that it prints."""
        lines = []
        while line := self._lines.get():
            lines.append(line)
            each_line(line)
        return Run(self.process.wait(), "".join(lines), time.monotonic() - self.started, self._silence)

    def kill(self) -> None:
        """Kill it and every fork of it, as a lost controller would be."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        self._reader.join()

# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The whole lab: what it takes to bring it up, take it down, save it and go back."""

from __future__ import annotations

import os
import shlex
import shutil
import sys
import time
from collections.abc import Callable, Collection, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime, timezone
from pathlib import Path

from . import config, flavours, host, kubebin, networks, nodefiles, releases, simulated, vm, webserver, workloads
from .cache import Log, digest, locked, pin
from .config import Paths
from .controlplane import ControlPlane
from .ports import Endpoint
from .process import Daemon
from .vm import Machine, all_machines, ssh_options

SERVICE_ACCOUNT = ("osmigrate-system", "osmigrate")
RBAC = config.REPOSITORY / "playbooks/files/rbac.yml"
POLICIES = config.REPOSITORY / "playbooks/files/admission-policy.yml"
POOL_LABELS = {"pool": "workers", "topology.kubernetes.io/zone": "lab"}
RELEASES_URL = f"http://127.0.0.1:{config.RELEASES_PORT}"
# Generous, because a machine without KVM shares two processors with everything else.
BOOT_TIMEOUT = 420


class Lab:
    def __init__(self, paths: Paths, log: Log) -> None:
        self.paths = paths
        self.log = log
        self.control_plane = ControlPlane(paths, log)
        self.simulator = simulated.Simulator(self.control_plane)
        self.webserver = Daemon("webserver", paths.run)

    @property
    def machines(self) -> list[Machine]:
        return all_machines(self.paths)

    def build(self, wanted: Collection[str] = (flavours.DEFAULT,)) -> None:
        """Make everything that can be made before anything runs, with the disks of these flavours."""
        with self._stage("building what is not in the cache", "up to 25 minutes the first time"):
            if not wanted:
                kubebin.build(self.paths, self.log)
                return
            with ThreadPoolExecutor() as pool:
                kubernetes = pool.submit(kubebin.build, self.paths, self.log)
                released = pool.submit(releases.build, self.paths, self.log)
                kubernetes.result()
                for flavour in sorted(set(wanted)):
                    flavours.build(self.paths, flavour, self.log)
                released.result()

    def up(self, nodes: dict[str, str], simulated_nodes: int | None = None) -> None:
        """Bring the lab up, or what of it is not up.

        nodes: name -> flavour; machines that exist keep theirs. Without any, only the control plane is started.
        simulated_nodes: how many there are to be; None leaves them as they are.
        """
        started = time.monotonic()
        self._look(nodes)
        self.build(nodes.values())
        with self._stage("starting the control plane", "10 s"):
            self.control_plane.start()
            self.control_plane.wait_ready(180)
            self._simulate(wanted=bool(simulated_nodes))
        if nodes:
            self._start_machines(nodes)
        if simulated_nodes is not None:
            with self._stage(f"simulating {simulated_nodes} nodes", f"{10 + simulated_nodes // 20} s"):
                self.simulator.scale(simulated_nodes)
                self.simulator.wait_ready(simulated_nodes, 120 + simulated_nodes)
        with self._stage("handing out the keys", "a second"):
            self.write_credentials()
        self.log(f"the lab is up after {time.monotonic() - started:.0f} s; `. {self.paths.run}/env` to use it")

    def _look(self, nodes: Collection[str]) -> None:
        with self._stage("looking at this machine", "a second"):
            machines = [machine for name in nodes if not (machine := Machine(self.paths, name)).running()]
            endpoints = self.control_plane.endpoints()
            if nodes and not self.webserver.running():
                endpoints.append(
                    Endpoint("the releases", "127.0.0.1", config.RELEASES_PORT, "OSMIGRATE_LAB_RELEASES_PORT")
                )
            for machine in machines:
                endpoints += machine.endpoints()
            host.check(self.paths, [machine.name for machine in machines], endpoints, self.log)

    def _start_machines(self, nodes: dict[str, str]) -> None:
        self._serve_releases()
        with self._stage(f"starting {len(nodes)} Debian 12 machines", f"{len(nodes) * 45} s without KVM"):
            for name, flavour in nodes.items():
                self._start_node(Machine(self.paths, name), flavour)
        with self._stage("waiting until the nodes are Ready", "10 s"):
            self.wait_nodes_ready(list(nodes))
        with self._stage("deploying the workloads", "20 s"):
            workloads.deploy(self.control_plane)
            workloads.wait_available(self.control_plane, 300)

    def fresh(self, nodes: dict[str, str]) -> None:
        """Bring a lab up in which nothing has been moved yet; whatever there is now is forgotten."""
        self._look(nodes)
        self.build(nodes.values())
        # A snapshot is only as good as what it was made of.
        disks = {name: flavours.build(self.paths, flavour, self.log).name for name, flavour in nodes.items()}
        made_of = {
            "manifests": workloads.MANIFESTS,
            "rights": RBAC,
            "policies": POLICIES,
            "nodes": repr((nodes, disks)),
            "kubernetes": kubebin.build(self.paths, self.log).name,
            "files": Path(nodefiles.__file__),
            "machine": Path(vm.__file__),
            "devices": Path(networks.__file__),
            "size": Path(config.__file__),
            "where": repr((config.API_PORT, config.SSH_PORT, config.LOOPBACK_NETWORK)),
        }
        name = f"fresh-{digest(made_of)}"
        if not self._snapshot_directory(name).exists():
            self.clean(with_cache=False)
            self.up(nodes)
            self.snapshot(name)
        else:
            self.restore(name)

    def _start_node(self, machine: Machine, flavour: str) -> None:
        machine.create(flavour, flavours.build(self.paths, flavour, self.log))
        self.control_plane.register_node(machine.name, machine.address, POOL_LABELS)
        if not machine.running():
            machine.start()
        # One at a time: two machines that boot at once on two processors both take more than twice as long.
        machine.wait_ssh(BOOT_TIMEOUT)

    def _simulate(self, wanted: bool = False) -> None:
        """Have kubelets for the simulated nodes, if there are any, or will be."""
        if wanted or self.simulator.names():
            self.simulator.start(kubebin.kwok(self.paths, self.log))

    def _serve_releases(self) -> None:
        directory = releases.build(self.paths, self.log)
        # A server of older releases has to make way.
        if self.webserver.running() and self.webserver.argv[-1] != str(directory):
            self.webserver.stop()
        self.webserver.start(
            [sys.executable, "-m", "tests.lab.webserver", str(directory)],
            env={**os.environ, "PYTHONPATH": str(config.REPOSITORY)},
        )
        webserver.wait_serving(str(directory))

    def wait_nodes_ready(self, names: tuple[str, ...] | list[str], timeout: int = BOOT_TIMEOUT) -> None:
        self.control_plane.kubectl(
            "wait", "--for=condition=Ready", f"--timeout={timeout}s", *(f"node/{name}" for name in names)
        )

    def write_credentials(self) -> None:
        """What a user of the lab needs: a kubeconfig of the collection's own account, an ssh key, settings."""
        self.control_plane.kubectl("apply", "--filename", str(RBAC), "--filename", str(POLICIES))
        self.control_plane.serviceaccount_kubeconfig(*SERVICE_ACCOUNT, self.paths.run / "kubeconfig")
        settings = {"K8S_AUTH_KUBECONFIG": self.paths.run / "kubeconfig"}
        if self.machines:
            settings |= self._machine_settings()
        lines = [f"export {name}={shlex.quote(str(value))}\n" for name, value in settings.items()]
        (self.paths.run / "env").write_text("".join(lines))

    def _machine_settings(self) -> dict[str, object]:
        options = [option for option in ssh_options(self.paths) if option not in ("-F", "none")]
        return {
            "ANSIBLE_PRIVATE_KEY_FILE": self.paths.ssh_key,
            "ANSIBLE_REMOTE_USER": "ops",
            "ANSIBLE_REMOTE_PORT": config.SSH_PORT,
            # A connection waits longer than by default for a machine without KVM that is busy.
            "ANSIBLE_TIMEOUT": 60,
            # One connection a task instead of four.
            "ANSIBLE_PIPELINING": True,
            "ANSIBLE_SSH_COMMON_ARGS": " ".join(options[2:4]),
            "OSMIGRATE_LAB_RELEASES": releases.build(self.paths, self.log),
            "OSMIGRATE_LAB_RELEASES_URL": RELEASES_URL,
        }

    def down(self) -> None:
        """Stop everything. Disks, cluster data and the cache stay."""
        for machine in self.machines:
            with self._stage(f"shutting {machine.name} down", "15 s"):
                machine.shut_down()
        self.simulator.stop()
        self.control_plane.stop()
        self.webserver.stop()

    def clean(self, with_cache: bool) -> None:
        """Stop everything at once and delete the machines, the cluster and their data."""
        for machine in self.machines:
            machine.delete()
        self.simulator.stop()
        self.control_plane.stop()
        self.webserver.stop()
        shutil.rmtree(self.paths.run, ignore_errors=True)
        if with_cache:
            host.remove(self.paths.cache)

    def power_cut(self, machine: Machine) -> None:
        machine.power_off()
        machine.start()

    def status(self) -> list[tuple[str, str, str]]:
        """(part, state, detail) of everything."""
        rows = [
            ("control plane", _word(self.control_plane.running()), self.control_plane.api_url),
            ("releases", _word(self.webserver.running()), RELEASES_URL),
            ("simulated nodes", _word(self.simulator.running()), f"by kwok, label {simulated.SELECTOR}"),
        ]
        conditions = {}
        if self.control_plane.running():
            template_ = (
                "jsonpath={range .items[*]}{.metadata.name}{'\\t'}"
                "{.status.conditions[?(@.type=='Ready')].status}{'\\t'}{.status.nodeInfo.osImage}{'\\t'}"
                "{.spec.unschedulable}{'\\n'}{end}"
            )
            for line in self.control_plane.kubectl("get", "nodes", "--output", template_).splitlines():
                name, ready, system, cordoned = line.split("\t")
                conditions[name] = (
                    f"{'Ready' if ready == 'True' else 'not Ready'}, {system or 'OS not known yet'}"
                    f"{', cordoned' if cordoned else ''}"
                )
        for machine in self.machines:
            detail = f"{machine.address}, {machine.settings['flavour']}, {conditions.get(machine.name, 'no Node')}"
            rows.append((machine.name, _word(machine.running()), detail))
        return rows

    def snapshot(self, name: str) -> None:
        """Save all running machines, memory included, with the cluster's data. The lab goes on afterwards."""
        machines = [machine for machine in self.machines if machine.running()]
        if not machines or not self.control_plane.running():
            raise host.HostError("only a lab that is up can be saved: run `up` first.")
        target = self._snapshot_directory(name)
        part = target.with_name(target.name + ".part")
        shutil.rmtree(part, ignore_errors=True)
        with self._stage(f"saving {len(machines)} machines and the cluster as {name}", f"{4 * len(machines)} s"):
            with self._paused(machines):
                for machine in machines:
                    machine.save(part / machine.name)
                self.control_plane.stop()
                self.control_plane.backup(part / "control-plane")
                self.control_plane.start()
            shutil.rmtree(target, ignore_errors=True)
            part.rename(target)
            pin(self.paths, f"snapshot-{name}", *(machine.template for machine in machines))
            self.control_plane.wait_ready()

    def restore(self, name: str) -> None:
        """Go back to a saved lab; what happened since is forgotten."""
        source = self._snapshot_directory(name)
        if not source.is_dir():
            known = sorted(path.name for path in source.parent.glob("*") if path.suffix != ".part")
            raise host.HostError(f"there is no snapshot {name}; there are: {', '.join(known) or 'none'}.")
        saved = sorted(path.name for path in source.glob("w*"))
        with self._stage(f"going back to {name}", f"{6 + 5 * len(saved)} s"):
            for machine in self.machines:
                machine.power_off()
                if machine.name not in saved:
                    machine.delete()
            self.simulator.stop()
            self.control_plane.stop()
            self.control_plane.restore(source / "control-plane")
            self.control_plane.start()
            self._simulate()
            self._serve_releases()
            machines = [Machine(self.paths, machine) for machine in saved]
            for machine in machines:
                machine.restore(source / machine.name)
                machine.start(saved=True)
            self.control_plane.wait_ready()
            for machine in machines:
                machine.wait_ssh(BOOT_TIMEOUT)
                machine.set_clock()
            self._wait_heard_from(saved)
            self.wait_nodes_ready(saved, 120)
            self.write_credentials()

    def _wait_heard_from(self, names: list[str], timeout: int = 120) -> None:
        """Wait until these nodes reported anew: that they are Ready is at first only a memory."""
        now = datetime.now(timezone.utc)
        deadline = time.monotonic() + timeout
        for name in names:
            while True:
                renewed = self.control_plane.kubectl(
                    "get", "lease", name, "--namespace", "kube-node-lease", "--output", "jsonpath={.spec.renewTime}"
                )
                if renewed and datetime.fromisoformat(renewed.replace("Z", "+00:00")) > now:
                    break
                if time.monotonic() > deadline:
                    raise host.HostError(
                        f"{name} has not reported to the restored cluster for {timeout} s; see "
                        f"`ssh {name} sudo journalctl -u kubelet`."
                    )
                time.sleep(0.5)

    def _snapshot_directory(self, name: str) -> Path:
        return self.paths.run / "snapshots" / name

    @contextmanager
    def _paused(self, machines: list[Machine]) -> Iterator[None]:
        """All stand still at about the same moment, and go on whatever happens."""
        try:
            for machine in machines:
                with machine.monitor() as monitor:
                    monitor.execute("stop")
            yield
        finally:
            for machine in machines:
                with machine.monitor() as monitor:
                    monitor.execute("cont")
            for machine in machines:
                machine.set_clock()

    @contextmanager
    def _stage(self, what: str, expected: str) -> Iterator[None]:
        self.log(f"{what} ({expected})")
        started = time.monotonic()
        yield
        self.log(f"{what}: done in {time.monotonic() - started:.1f} s")


def _word(running: bool) -> str:
    return "running" if running else "stopped"


@contextmanager
def exclusive(paths: Paths) -> Iterator[None]:
    """One command at a time changes the lab."""
    with locked(paths.root / "lock"):
        yield


def printer() -> Callable[[str], None]:
    """Write lines with the time since the start of the command."""
    started = time.monotonic()
    return lambda message: print(f"[{time.monotonic() - started:6.1f} s] {message}", flush=True)

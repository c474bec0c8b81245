# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The worker machines: one QEMU each, on a disk of its own on top of the template."""

from __future__ import annotations

import json
import resource
import shutil
import subprocess
import time
from functools import cached_property
from pathlib import Path

from . import accel, cache, host, layouts, networks, nodefiles, seed
from .config import KUBELET_PORT, SSH_PORT, Paths, node_address, node_index
from .flavours import FLAVOURS
from .ports import Endpoint
from .process import Daemon
from .qmp import Monitor
from .template import machine_arguments

OVMF = Path("/usr/share/OVMF")
# Name of a saved machine inside its disk.
SAVED = "lab"


class Machine:
    """One node's machine. What it is lies in its directory; deleting that makes the next start a new machine."""

    def __init__(self, paths: Paths, name: str) -> None:
        self.paths = paths
        self.name = name
        self.index = node_index(name)
        self.address = node_address(self.index)
        self.directory = paths.run / "nodes" / name
        self.disk = self.directory / "disk.qcow2"
        self.console = self.directory / "console.log"
        self._settings = self.directory / "settings.json"
        self._daemon = Daemon("qemu", self.directory)

    @property
    def exists(self) -> bool:
        return self._settings.exists()

    @property
    def settings(self) -> dict[str, str]:
        """`flavour`, `firmware`, bios or uefi, and `template`, the directory of the disk below this one's."""
        return json.loads(self._settings.read_text())

    @property
    def network(self) -> networks.Network:
        return networks.NETWORKS[FLAVOURS[self.settings["flavour"]].network]

    @property
    def template(self) -> Path:
        return Path(self.settings["template"])

    def running(self) -> bool:
        return self._daemon.running()

    def endpoints(self) -> list[Endpoint]:
        """Return where the machine is going to listen, if it does not run yet."""
        if self.running():
            return []
        return [
            Endpoint(f"ssh of {self.name}", self.address, SSH_PORT, "OSMIGRATE_LAB_SSH_PORT"),
            Endpoint(f"kubelet of {self.name}", self.address, KUBELET_PORT, "OSMIGRATE_LAB_LOOPBACK_NETWORK"),
        ]

    def create(self, flavour: str, template: Path) -> None:
        """Make disk and identity. A machine that exists stays as it is.

        template: what flavours.build made for the flavour.
        """
        if self.exists:
            return
        shutil.rmtree(self.directory, ignore_errors=True)
        self.directory.mkdir(parents=True)
        cache.pin(self.paths, self.name, template)
        host.run(["qemu-img", "create", "-q", "-f", "qcow2", "-b", template / "disk", "-F", "raw", self.disk])
        firmware = FLAVOURS[flavour].firmware
        if firmware == "uefi":
            # qcow2, because a machine can only be saved if all that it writes to can keep snapshots.
            host.run(["qemu-img", "convert", "-O", "qcow2", OVMF / "OVMF_VARS_4M.fd", self.directory / "vars.qcow2"])
        host_key = self.directory / "ssh_host_ed25519_key"
        seed.make_ssh_key(host_key, f"root@{self.name}")
        authorized = seed.make_ssh_key(self.paths.ssh_key, "lab")
        place = layouts.LAYOUTS[FLAVOURS[flavour].layout].settings
        files = nodefiles.node_files(self.paths, self.name, self.address, settings=place)
        if not networks.NETWORKS[FLAVOURS[flavour].network].files:
            files |= seed.network_files(self.index)
        seed.write(self.directory / "seed.tar", self.name, host_key, authorized, files)
        self._remember_host_key(host_key.with_name(host_key.name + ".pub").read_text())
        settings = {"flavour": flavour, "firmware": firmware, "template": str(template)}
        self._settings.write_text(json.dumps(settings) + "\n")

    def start(self, saved: bool = False, write_log: Path | None = None) -> None:
        """Switch on; with `saved`, continue where save() was called.

        :param write_log: where to record all writes and flushes in their order; the disk's cache is volatile then.
        """
        argv = self._arguments(write_log) + (["-loadvm", SAVED] if saved else [])
        self._daemon.start(argv)
        try:
            with self.monitor() as monitor:
                if saved:
                    monitor.execute("cont")
        except Exception as error:
            self._daemon.kill()
            raise host.HostError(f"the machine {self.name} does not start: {error}\n{self._daemon.tail()}") from error

    def power_off(self) -> None:
        """Take the power away at once; what the guest had written stays written."""
        self._daemon.kill()

    def refuse_writes(self) -> None:
        """Let each write to its disk fail until the power is taken away; the guest sees I/O errors."""
        resource.prlimit(self._daemon.pid, resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))

    def shut_down(self, timeout: float = 60) -> None:
        """Ask the guest to shut down, take the power away if it does not."""
        if self.running():
            with self.monitor() as monitor:
                monitor.execute("system_powerdown")
            deadline = time.monotonic() + timeout
            while self.running() and time.monotonic() < deadline:
                time.sleep(0.3)
        self._daemon.kill()

    def delete(self) -> None:
        self.power_off()
        shutil.rmtree(self.directory, ignore_errors=True)
        cache.unpin(self.paths, self.name)

    def monitor(self) -> Monitor:
        return Monitor(self.directory / "monitor")

    def ssh_command(self, *command: str, user: str = "ops") -> list[str]:
        return ["ssh", *ssh_options(self.paths), f"{user}@{self.address}", *command]

    def ssh(self, *command: str, check: bool = True, timeout: float = 300) -> subprocess.CompletedProcess:
        """Run a command on the node as root."""
        return host.run(self.ssh_command(*command, user="root"), check=check, timeout=timeout)

    def answers(self) -> bool:
        """Say whether the node takes a command now."""
        try:
            return self.ssh("true", check=False, timeout=20).returncode == 0
        except subprocess.TimeoutExpired:
            return False

    def wait_ssh(self, timeout: float) -> None:
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline:
            if self.answers():
                return
            if not self.running():
                raise host.HostError(f"the machine {self.name} ended by itself; see {self._daemon.log}")
            time.sleep(0.5)
        raise host.HostError(f"{self.name} does not answer ssh after {timeout:.0f} s; its console is in {self.console}")

    def set_clock(self) -> None:
        """A machine that continues believes that no time has passed."""
        self.ssh("date", "--utc", "--set", f"@{time.time():.3f}")

    @cached_property
    def _files_to_save(self) -> list[Path]:
        names = (
            "disk.qcow2",
            "vars.qcow2",
            "settings.json",
            "seed.tar",
            "ssh_host_ed25519_key",
            "ssh_host_ed25519_key.pub",
        )
        return [self.directory / name for name in names if (self.directory / name).exists()]

    def save(self, directory: Path) -> None:
        """Write memory and devices into the disk and copy all that the machine is. It must be paused."""
        directory.mkdir(parents=True)
        with self.monitor() as monitor:
            monitor.human(f"savevm {SAVED}")
        try:
            for file in self._files_to_save:
                host.run(["cp", "--sparse=always", "--reflink=auto", "--preserve=mode", file, directory])
        finally:
            with self.monitor() as monitor:
                monitor.human(f"delvm {SAVED}")

    def restore(self, directory: Path) -> None:
        """Put back what save() copied. The machine must be off."""
        self.directory.mkdir(parents=True, exist_ok=True)
        for file in directory.iterdir():
            host.run(["cp", "--sparse=always", "--reflink=auto", "--preserve=mode", file, self.directory])
        cache.pin(self.paths, self.name, self.template)
        self._remember_host_key((self.directory / "ssh_host_ed25519_key.pub").read_text())

    def _remember_host_key(self, public: str) -> None:
        known = self.paths.run / "known_hosts"
        lines = known.read_text().splitlines() if known.exists() else []
        name = self.address if SSH_PORT == 22 else f"[{self.address}]:{SSH_PORT}"
        lines = [line for line in lines if line.split()[0] != name]
        lines.append(f"{name} {' '.join(public.split()[:2])}")
        known.write_text("\n".join(lines) + "\n")

    def _arguments(self, write_log: Path | None) -> list[str]:
        ends = ((SSH_PORT, 22), (KUBELET_PORT, KUBELET_PORT))
        forwards = "".join(f",hostfwd=tcp:{self.address}:{here}-:{there}" for here, there in ends)
        accelerator = accel.choose(self.paths, self.template / "kernel", print)
        argv = [
            "qemu-system-x86_64",
            *machine_arguments(accelerator),
            "-name",
            f"lab-{self.name}",
            "-qmp",
            f"unix:{self.directory}/monitor,server=on,wait=off",
            "-chardev",
            f"socket,id=console,path={self.directory}/console,server=on,wait=off,logfile={self.console},logappend=on",
            "-serial",
            "chardev:console",
            *(_recorded_drive(self.disk, write_log) if write_log else _drive(self.disk)),
            "-device",
            "virtio-blk-pci,drive=root,serial=root,bootindex=1",
            "-drive",
            f"file={self.directory}/seed.tar,format=raw,if=none,id=seed,readonly=on",
            "-device",
            "virtio-blk-pci,drive=seed,serial=seed",
            *networks.arguments(self.network, self.name, self.index, forwards),
            # Does nothing until an OS opens it; then a machine that hangs is reset.
            "-device",
            "i6300esb",
            "-action",
            "watchdog=reset",
        ]
        if self.settings["firmware"] == "uefi":
            argv += [
                "-drive",
                f"if=pflash,unit=0,format=raw,readonly=on,file={OVMF}/OVMF_CODE_4M.fd",
                "-drive",
                f"if=pflash,unit=1,format=qcow2,file={self.directory}/vars.qcow2",
            ]
        return argv


def _drive(disk: Path) -> list[str]:
    return ["-drive", f"file={disk},format=qcow2,if=none,id=root,cache=unsafe,discard=unmap,detect-zeroes=unmap"]


def _recorded_drive(disk: Path, write_log: Path) -> list[str]:
    """The guest's flushes are recorded; that QEMU itself does not wait for the host's disk changes nothing there."""
    write_log.write_bytes(b"")
    volatile = {"no-flush": True}
    return [
        "-blockdev",
        json.dumps(
            {
                "driver": "blklogwrites",
                "node-name": "root",
                "log-sector-size": 512,
                "log-super-update-interval": 1,
                "file": {"driver": "qcow2", "cache": volatile, "file": {"driver": "file", "filename": str(disk)}},
                "log": {"driver": "file", "filename": str(write_log), "cache": volatile},
            }
        ),
    ]


def ssh_options(paths: Paths) -> list[str]:
    return [
        "-i",
        str(paths.ssh_key),
        "-o",
        f"UserKnownHostsFile={paths.run}/known_hosts",
        "-o",
        "StrictHostKeyChecking=yes",
        "-o",
        "IdentitiesOnly=yes",
        "-o",
        "ConnectTimeout=10",
        "-o",
        "BatchMode=yes",
        "-o",
        "LogLevel=ERROR",
        "-p",
        str(SSH_PORT),
        "-F",
        "none",
    ]


def all_machines(paths: Paths) -> list[Machine]:
    """Every machine that exists, running or not."""
    names = [directory.name for directory in (paths.run / "nodes").glob("w*")]
    machines = [Machine(paths, name) for name in sorted(names, key=node_index)]
    return [machine for machine in machines if machine.exists]

# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Jobs as AWX starts them, without an AWX: its files around a job, and a receptor that carries and runs them.

What stands in for AWX is this file alone: it writes what AWX 24 writes (awx/main/tasks/jobs.py of its source). The
receptor is Debian's. A job runs in no container, because none can be started everywhere where tests run.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import ansible_runner
import yaml

from tests.lab import host

REPOSITORY = Path(__file__).resolve().parents[2]
SUITE = "trixie"
# A key on whose values AWX lets Jinja work: what a job template says itself.
Variables = Mapping[str, Any]


class Unsafe(str):
    """What AWX writes with !unsafe: all but what the job template says itself."""


class _Dumper(yaml.SafeDumper):
    pass


_Dumper.add_representer(Unsafe, lambda dumper, value: dumper.represent_scalar("!unsafe", str(value)))


def program(directory: Path) -> Path:
    """Return the receptor that there is, or that of Debian 13, unpacked below `directory`.

    :raises host.HostError: it can be had from nowhere.
    """
    there = shutil.which("receptor")
    if there:
        return Path(there)
    (directory / "lists/partial").mkdir(parents=True)
    (directory / "archives/partial").mkdir(parents=True)
    (directory / "sources.list").write_text(f"deb {host.debian_mirror()[0]} {SUITE} main\n")
    options = {
        "Dir::Etc::sourcelist": directory / "sources.list",
        "Dir::Etc::sourceparts": "-",
        "Dir::State::lists": directory / "lists",
        "Dir::Cache": directory,
        "APT::Sandbox::User": "root",
    }
    apt = ["apt-get", "--quiet=2", *(f"--option={name}={value}" for name, value in options.items())]
    for argv in ([*apt, "update"], [*apt, "download", "receptor"]):
        ended = subprocess.run(argv, cwd=directory, capture_output=True, text=True, check=False, timeout=300)
        if ended.returncode:
            raise host.HostError(f"receptor is not installed and cannot be had from Debian {SUITE}: {ended.stderr}")
    (package,) = directory.glob("receptor_*.deb")
    subprocess.run(["dpkg-deb", "--extract", package, directory / "unpacked"], check=True, timeout=300)
    return directory / "unpacked/usr/bin/receptor"


class Receptor:
    """One node of a mesh of one, spoken to by its control socket as AWX does."""

    def __init__(self, executable: Path, environment: Mapping[str, str]) -> None:
        # Names of sockets are short.
        self.directory = Path(tempfile.mkdtemp(prefix="receptor-"))
        self._socket = self.directory / "control"
        work = {"worktype": "ansible-runner", "command": sys.executable, "allowruntimeparams": True}
        settings = [
            {"node": {"id": "execution", "datadir": str(self.directory / "data")}},
            {"log-level": {"level": "error"}},
            {"local-only": None},
            {"control-service": {"service": "control", "filename": str(self._socket)}},
            {"work-command": {**work, "params": "-m ansible_runner"}},
        ]
        (self.directory / "receptor.conf").write_text(yaml.safe_dump(settings))
        self._process = subprocess.Popen(
            [executable, "--config", self.directory / "receptor.conf"],
            env={**os.environ, **environment},
            start_new_session=True,
        )

    def wait(self) -> None:
        deadline = time.monotonic() + 60
        while True:
            with contextlib.suppress(OSError), self._asked("status") as (_connection, file):
                json.loads(file.readline())
                return
            assert time.monotonic() < deadline, "receptor did not open its socket"
            time.sleep(0.2)

    @contextlib.contextmanager
    def _asked(self, command: str) -> Iterator[tuple[socket.socket, io.BufferedRWPair]]:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.connect(str(self._socket))
            with connection.makefile("rwb") as file:
                file.readline()  # its greeting
                file.write(f"{command}\n".encode())
                file.flush()
                yield connection, file

    def submit(self, parameters: str, payload: bytes) -> str:
        """Begin a work unit; return its id."""
        work = {"command": "work", "subcommand": "submit", "node": "execution", "worktype": "ansible-runner"}
        with self._asked(json.dumps({**work, "params": parameters})) as (connection, file):
            file.readline()
            file.write(payload)
            file.flush()
            connection.shutdown(socket.SHUT_WR)
            return json.loads(file.readline())["unitid"]

    @contextlib.contextmanager
    def results(self, unit: str) -> Iterator[io.BufferedRWPair]:
        with self._asked(f"work results {unit}") as (_connection, file):
            file.readline()
            yield file

    def ask(self, command: str) -> dict[str, Any]:
        with self._asked(command) as (_connection, file):
            return json.loads(file.readline())

    def close(self) -> None:
        self._process.terminate()
        self._process.wait(60)
        shutil.rmtree(self.directory)


class Ended(NamedTuple):
    """What AWX knows of a job that has ended."""

    status: str
    hosts: set[str]
    artifacts: dict[str, Any]
    output: str
    events: int


class Job:
    """A job with a number, in a work unit of its own from start() on."""

    def __init__(self, receptor: Receptor, directory: Path, number: int) -> None:
        self._receptor = receptor
        self._private = directory / f"awx_{number}"
        self._number = number
        self._thread: threading.Thread | None = None
        self._result: Any = None
        self._events: list[dict[str, Any]] = []
        self.unit = ""

    def start(
        self,
        playbook: str,
        nodes: Iterable[str],
        template: Variables,
        given: Variables,
        kubeconfig: str,
        workflow_job: int,
        arguments: str = "",
    ) -> None:
        """Hand the job to receptor.

        :param template: the extra variables of the job template.
        :param given: those of its launch: of the form, and the artifacts of what ran before.
        """
        shutil.copytree(REPOSITORY / "awx/project", self._private / "project")
        # The inventory is AWX's own: a program that prints the hosts of this slice.
        shutil.rmtree(self._private / "project/inventory")
        for name in ("inventory", "env"):
            (self._private / name).mkdir()
        inventory = self._private / "inventory/hosts"
        inventory.write_text(f"#! /usr/bin/env python3\nprint({json.dumps(_inventory(nodes))!r})\n")
        inventory.chmod(0o700)
        # A credential's file, as the type of credentials in objects.yml has AWX make it.
        credential = self._private / "env/tmp_kubeconfig"
        credential.write_text(kubeconfig)
        credential.chmod(0o600)
        meta = {"job_id": self._number, "job_launch_type": "workflow", "workflow_job_id": workflow_job}
        known = {f"{prefix}_{name}": value for prefix in ("awx", "tower") for name, value in meta.items()}
        launched = {name: Unsafe(value) if isinstance(value, str) else value for name, value in given.items()}
        extra = yaml.dump({**template, **launched, **known}, Dumper=_Dumper, allow_unicode=True)
        (self._private / "env/extravars").write_text(extra)
        (self._private / "env/cmdline").write_text(f"-u root {arguments}")
        (self._private / "env/settings").write_text(json.dumps({"suppress_ansible_output": True}))
        work = self._receptor.directory / f"job-{self._number}"
        kubeconfig_there = work / "env/tmp_kubeconfig"
        # ansible-runner asks for the name of the file that it writes to.
        with tempfile.NamedTemporaryFile() as sent:
            ansible_runner.interface.run(
                streamer="transmit",
                _output=sent,
                private_data_dir=str(self._private),
                ident=str(self._number),
                playbook=playbook,
                envvars={
                    "K8S_AUTH_KUBECONFIG": str(kubeconfig_there),
                    "AWX_PRIVATE_DATA_DIR": str(work),
                    "JOB_ID": str(self._number),
                    "ANSIBLE_INVENTORY_UNPARSED_FAILED": "True",
                    "ANSIBLE_HOST_KEY_CHECKING": "False",
                    "ANSIBLE_RETRY_FILES_ENABLED": "False",
                    "ANSIBLE_FORCE_COLOR": "True",
                },
            )
            sent.seek(0)
            self.unit = self._receptor.submit(f"worker --private-data-dir={work} --delete", sent.read())
        self._thread = threading.Thread(target=self._process)
        self._thread.start()

    def _process(self) -> None:
        with self._receptor.results(self.unit) as file:
            self._result = ansible_runner.interface.run(
                streamer="process",
                quiet=True,
                _input=file,
                private_data_dir=str(self._private),
                ident=str(self._number),
                event_handler=lambda event: self._events.append(event) or True,
            )

    def cancel(self) -> None:
        """As Cancel in AWX does it: what runs is killed."""
        self._receptor.ask(f"work cancel {self.unit}")

    def has_ended(self) -> bool:
        return self._thread is not None and not self._thread.is_alive()

    def end(self, seconds: float = 900) -> Ended:
        assert self._thread
        self._thread.join(seconds)
        assert not self._thread.is_alive(), f"job {self._number} has not ended"
        self._receptor.ask(f"work release {self.unit}")
        data = [event.get("event_data", {}) for event in self._events]
        artifacts = [one["artifact_data"] for one in data if one.get("artifact_data")]
        output = "\n".join(event.get("stdout", "") for event in self._events)
        print(output)
        hosts = {one["host"] for one in data if one.get("host")}
        return Ended(
            self._result.status, hosts, artifacts[-1] if artifacts else {}, " ".join(output.split()), len(self._events)
        )


def _inventory(nodes: Iterable[str]) -> dict[str, Any]:
    """What AWX's script prints: nodes that are all this machine."""
    variables = {"ansible_connection": "local", "ansible_python_interpreter": sys.executable}
    listed = list(nodes)
    return {
        "_meta": {"hostvars": {name: variables for name in listed}},
        "all": {"children": ["k8s_nodes"], "hosts": []},
        "k8s_nodes": {"hosts": listed},
    }

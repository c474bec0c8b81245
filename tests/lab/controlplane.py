# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The Kubernetes control plane of the lab: four processes on the loopback interface."""

from __future__ import annotations

import base64
import json
import os
import shutil
import signal
import ssl
import time
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from pathlib import Path

import yaml

from . import config, host, kubebin
from .cache import Log
from .config import Paths
from .pki import cluster_pki
from .ports import Endpoint
from .process import Daemon

# Who listens where, on 127.0.0.1.
_PORTS = (
    ("etcd", config.ETCD_PORT, "ETCD"),
    ("etcd", config.ETCD_PEER_PORT, "ETCD_PEER"),
    ("kube-apiserver", config.API_PORT, "API"),
    ("kube-controller-manager", config.CONTROLLER_MANAGER_PORT, "CONTROLLER_MANAGER"),
    ("kube-scheduler", config.SCHEDULER_PORT, "SCHEDULER"),
)
# In the order they are started.
_FIRST = ("etcd", "kube-apiserver")
_SECOND = ("kube-controller-manager", "kube-scheduler")

# What has ended is told at once; on a machine with much else to do the rest takes minutes.
READY_SECONDS = 600

_ISSUER = "https://kubernetes.default.svc.cluster.local"


class ClusterError(host.HostError):
    """The control plane does not do what was asked; the message says what is wrong and where to look."""


def kubeconfig(api_url: str, ca: bytes, credentials: Mapping[str, str]) -> str:
    """A kubeconfig with one context, `lab`. All strings are quoted: YAML readers disagree about bare `n` and `y`."""
    document = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [
            {
                "name": "lab",
                "cluster": {"server": api_url, "certificate-authority-data": base64.b64encode(ca).decode()},
            }
        ],
        "users": [{"name": "lab", "user": dict(credentials)}],
        "contexts": [{"name": "lab", "context": {"cluster": "lab", "user": "lab"}}],
        "current-context": "lab",
    }
    return yaml.safe_dump(document, default_style='"', sort_keys=False)


class ControlPlane:
    """Everything it writes lies below run/control-plane; a second object for the same paths is the same cluster."""

    api_url = f"https://127.0.0.1:{config.API_PORT}"

    def __init__(self, paths: Paths, log: Log) -> None:
        self.paths = paths
        self.log = log
        self.directory = paths.run / "control-plane"
        self.pki = cluster_pki(paths)
        self.admin_kubeconfig = self.directory / "admin.kubeconfig"
        self._etcd_data = self.directory / "etcd-data"
        self._daemons = {name: Daemon(name, self.directory) for name in _FIRST + _SECOND}
        self._api = self._daemons["kube-apiserver"]

    @cached_property
    def programs(self) -> Path:
        """The directory of the Kubernetes programs, built if need be."""
        return kubebin.build(self.paths, self.log)

    def start(self) -> None:
        """Start what does not run yet. The cluster's data is kept over stop and start."""
        self._write_kubeconfigs()
        self._start(*_FIRST)
        # The others give up if they find no API server within ten seconds.
        self._wait(self._api_problem, _FIRST, READY_SECONDS)
        self._start(*_SECOND)

    def stop(self) -> None:
        self._signal_api(signal.SIGCONT)
        for daemon in reversed(self._daemons.values()):
            daemon.stop(timeout=5)

    def running(self) -> bool:
        return all(daemon.running() for daemon in self._daemons.values())

    def endpoints(self) -> list[Endpoint]:
        """Return where what does not run yet is going to listen."""
        return [
            Endpoint(part, "127.0.0.1", port, f"OSMIGRATE_LAB_{name}_PORT")
            for part, port, name in _PORTS
            if not self._daemons[part].running()
        ]

    def pause(self, hang: bool = False) -> None:
        """Take the API server away: connections are refused, or (hang) accepted and never answered."""
        if hang:
            self._signal_api(signal.SIGSTOP)
        else:
            # Asked to end, it would first wait for all watches to end.
            self._api.kill()

    def resume(self) -> None:
        """Bring the API server back after pause()."""
        self._signal_api(signal.SIGCONT)
        self.start()

    def wait_ready(self, timeout: float = READY_SECONDS) -> None:
        """Wait until all parts are healthy and pods could be made."""
        self._wait(lambda: self._api_problem() or self._others_problem(), _FIRST + _SECOND, timeout)

    def kubectl(self, *arguments: str, input: str | None = None, check: bool = True) -> str:
        """Run kubectl as the administrator and return its standard output."""
        argv = [self.programs / "kubectl", "--kubeconfig", self.admin_kubeconfig, *arguments]
        environment = {"KUBECACHEDIR": str(self.directory / "kubectl-cache"), "KUBERC": "off"}
        options = {} if input is None else {"input": input}
        return host.run(argv, check=check, env=environment, **options).stdout

    def register_node(self, name: str, address: str, labels: Mapping[str, str]) -> None:
        """Make the Node object, with its address, before its kubelet does.

        A kubelet that finds its Node keeps the addresses, and sets no taint that waits for a cloud controller.
        """
        labels = {"kubernetes.io/hostname": name, **labels}
        if not self.kubectl("get", "node", name, "--ignore-not-found", "--output", "name"):
            node = {"apiVersion": "v1", "kind": "Node", "metadata": {"name": name, "labels": labels}}
            self.kubectl("create", "--filename", "-", input=json.dumps(node))
        addresses = [{"type": "InternalIP", "address": address}, {"type": "Hostname", "address": name}]
        for patch, options in (
            ({"metadata": {"labels": labels}}, ()),
            ({"status": {"addresses": addresses}}, ("--subresource", "status")),
        ):
            self.kubectl("patch", "node", name, "--type", "merge", "--patch", json.dumps(patch), *options)

    def serviceaccount_kubeconfig(self, namespace: str, name: str, path: Path, hours: int = 24) -> None:
        """Write a kubeconfig with a new token of that ServiceAccount."""
        token = self.kubectl("create", "token", name, "--namespace", namespace, "--duration", f"{hours}h").strip()
        _write_private(path, kubeconfig(self.api_url, self.pki.ca.certificate.read_bytes(), {"token": token}))

    def backup(self, directory: Path) -> None:
        """Copy the cluster's data; only while it is stopped."""
        self._copy_data(self._etcd_data, directory / "etcd-data")

    def restore(self, directory: Path) -> None:
        """Go back to the cluster's data as backup() copied it; only while it is stopped."""
        self._copy_data(directory / "etcd-data", self._etcd_data)

    def _signal_api(self, number: int) -> None:
        pid = self._api.pid
        if pid is not None:
            os.kill(pid, number)

    def _copy_data(self, source: Path, target: Path) -> None:
        up = [daemon.name for daemon in self._daemons.values() if daemon.running()]
        if up:
            raise ClusterError(f"the control plane's data cannot be copied while {', '.join(up)} runs; stop it first.")
        if not source.is_dir():
            raise ClusterError(f"there is no control plane data in {source}.")
        part = target.with_name(target.name + ".part")
        shutil.rmtree(part, ignore_errors=True)
        target.parent.mkdir(parents=True, exist_ok=True)
        # etcd allocates its log in large pieces that are mostly empty.
        host.run(["cp", "--archive", "--sparse=always", source, part])
        shutil.rmtree(target, ignore_errors=True)
        part.rename(target)

    def _write_kubeconfigs(self) -> None:
        ca = self.pki.ca.certificate.read_bytes()
        for name, path in (
            ("admin", self.admin_kubeconfig),
            ("controller-manager", self.directory / "controller-manager.kubeconfig"),
            ("scheduler", self.directory / "scheduler.kubeconfig"),
        ):
            pair = self.pki.client(name)
            credentials = {
                "client-certificate-data": base64.b64encode(pair.certificate.read_bytes()).decode(),
                "client-key-data": base64.b64encode(pair.key.read_bytes()).decode(),
            }
            _write_private(path, kubeconfig(self.api_url, ca, credentials))

    def _arguments(self, name: str) -> list[str]:
        etcd, peer = (f"http://127.0.0.1:{port}" for port in (config.ETCD_PORT, config.ETCD_PEER_PORT))
        ca = self.pki.ca.certificate
        if name == "etcd":
            return [
                "--name=lab",
                f"--data-dir={self._etcd_data}",
                f"--listen-client-urls={etcd}",
                f"--advertise-client-urls={etcd}",
                f"--listen-peer-urls={peer}",
                f"--initial-advertise-peer-urls={peer}",
                f"--initial-cluster=lab={peer}",
                # A test cluster need not survive a power cut of the host.
                "--unsafe-no-fsync",
                "--log-level=warn",
            ]
        if name == "kube-apiserver":
            serving, kubelet_client = self.pki.api_server, self.pki.client("apiserver-kubelet-client")
            return [
                "--bind-address=127.0.0.1",
                f"--secure-port={config.API_PORT}",
                # What nodes see; a loopback address is not accepted here.
                f"--advertise-address={config.GUEST_GATEWAY}",
                f"--etcd-servers={etcd}",
                "--service-cluster-ip-range=10.96.0.0/16",
                f"--tls-cert-file={serving.certificate}",
                f"--tls-private-key-file={serving.key}",
                f"--client-ca-file={ca}",
                f"--kubelet-certificate-authority={ca}",
                f"--kubelet-client-certificate={kubelet_client.certificate}",
                f"--kubelet-client-key={kubelet_client.key}",
                # Names of nodes mean nothing on the host.
                "--kubelet-preferred-address-types=InternalIP",
                f"--service-account-issuer={_ISSUER}",
                f"--service-account-signing-key-file={self.pki.service_account}",
                f"--service-account-key-file={self.pki.service_account}",
                "--authorization-mode=Node,RBAC",
                "--enable-admission-plugins=NodeRestriction",
                "--allow-privileged=true",
                "--profiling=false",
            ]
        options = {
            "kube-controller-manager": [
                f"--kubeconfig={self.directory}/controller-manager.kubeconfig",
                f"--secure-port={config.CONTROLLER_MANAGER_PORT}",
                f"--service-account-private-key-file={self.pki.service_account}",
                f"--root-ca-file={ca}",
                "--use-service-account-credentials=true",
            ],
            "kube-scheduler": [
                f"--kubeconfig={self.directory}/scheduler.kubeconfig",
                f"--secure-port={config.SCHEDULER_PORT}",
            ],
        }
        # What they may ask for by default is meant for clusters in which nobody waits for thousands of pods.
        limits = ["--kube-api-qps=200", "--kube-api-burst=400"]
        return [*options[name], *limits, "--bind-address=127.0.0.1", "--leader-elect=false", "--profiling=false"]

    def _start(self, *names: str) -> None:
        for name in names:
            self._daemons[name].start([str(self.programs / name), *self._arguments(name)])

    def _wait(self, find_problem: Callable[[], str | None], needed: Sequence[str], timeout: float) -> None:
        deadline = time.monotonic() + timeout
        while (problem := find_problem()) is not None:
            for daemon in (self._daemons[name] for name in needed):
                if not daemon.running():
                    raise ClusterError(f"{daemon.name} does not run; the end of {daemon.log}:\n{daemon.tail()}")
            if time.monotonic() > deadline:
                raise ClusterError(
                    f"the control plane is not ready after {timeout:.0f} seconds ({problem}); look at the logs in "
                    f"{self.directory}."
                )
            time.sleep(0.25)

    def _api_problem(self) -> str | None:
        return self._unhealthy("API server", f"{self.api_url}/readyz", self._tls(verify=True))

    def _others_problem(self) -> str | None:
        # These two make up a certificate at every start.
        unverified = self._tls(verify=False)
        manager = f"https://127.0.0.1:{config.CONTROLLER_MANAGER_PORT}/healthz"
        scheduler = f"https://127.0.0.1:{config.SCHEDULER_PORT}/healthz"
        # Made by a controller; no pod is admitted to a namespace before it exists.
        account = f"{self.api_url}/api/v1/namespaces/default/serviceaccounts/default"
        return (
            self._unhealthy("controller manager", manager, unverified)
            or self._unhealthy("scheduler", scheduler, unverified)
            or self._unhealthy("default ServiceAccount", account, self._tls(verify=True))
        )

    def _tls(self, verify: bool) -> ssl.SSLContext:
        context = ssl.create_default_context(cafile=str(self.pki.ca.certificate))
        if verify:
            context.load_cert_chain(*self.pki.client("admin"))
        else:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        return context

    @staticmethod
    def _unhealthy(what: str, url: str, tls: ssl.SSLContext) -> str | None:
        # A proxy of the environment has no business here.
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=tls))
        try:
            with opener.open(url, timeout=2):
                return None
        except OSError as error:
            return f"{what}: {error}"


def _write_private(path: Path, content: str) -> None:
    part = path.with_name(path.name + ".part")
    with open(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as stream:
        stream.write(content)
    part.rename(path)

# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A control plane of its own, with nodes whose kubelets are played by kwok: no virtual machine is needed.

The collection's side comes in with the ServiceAccount of playbooks/files/rbac.yml and nothing else, and the policies of
playbooks/files/admission-policy.yml are in force for everybody.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import os
from pathlib import Path

import pytest

from tests.lab import ports

# The shared cache of programs is only read.
ports.take_free()

from ansible_collections.osmigrate.fleet.plugins.module_utils._kube import auth_options  # noqa: E402
from ansible_collections.osmigrate.fleet.plugins.module_utils._kube.client import Cluster  # noqa: E402

from tests.cluster.drain_tally import DrainTally  # noqa: E402
from tests.cluster.fault_table import FaultTable  # noqa: E402
from tests.cluster.fleet_of_nodes import Fleet, Nodes, wait_for  # noqa: E402
from tests.cluster.playing import Player, make_collection  # noqa: E402
from tests.cluster.webhook import Webhook  # noqa: E402
from tests.lab import config, controlplane, host, kubebin, simulated  # noqa: E402

REPOSITORY = Path(__file__).resolve().parents[2]


def pytest_addoption(parser):
    parser.addoption("--faults", metavar="PATH", help="only the fault matrix, at its full size; PATH gets it as JSON")
    parser.addoption("--peer", action="store_true", help="kubectl drain does the drains of drains.yml, too")
    parser.addoption("--fleet", type=int, default=60, metavar="N", help="nodes of its rollouts (default: 60)")


def pytest_configure(config):
    config.pluginmanager.register(FaultTable(config.getoption("--faults")))
    config.drains = DrainTally()
    config.pluginmanager.register(config.drains)


@pytest.fixture(scope="session")
def full(request):
    """How many nodes a rollout is to have if faults are to be met at their full size, else 0."""
    return request.config.getoption("--fleet") if request.config.getoption("--faults") else 0


@pytest.fixture
def webhook(control_plane):
    """Asked by the API server about evictions; see webhook.asked_about."""
    made = Webhook(control_plane)
    yield made
    made.shutdown()
    made.server_close()


@pytest.fixture(scope="session")
def repository():
    return REPOSITORY


@pytest.fixture(scope="session")
def control_plane(tmp_path_factory):
    kwok = kubebin.kwok(config.paths(), print)
    os.environ["OSMIGRATE_KUBE_BIN"] = str(kubebin.build(config.paths(), print))
    made = controlplane.ControlPlane(config.Paths(tmp_path_factory.mktemp("lab")), print)
    made.start()
    made.wait_ready()
    apply_rights(made)
    simulator = simulated.Simulator(made)
    simulator.start(kwok)
    yield made
    simulator.stop()
    made.stop()


def apply_rights(control_plane):
    """Apply what is shipped, and wait until the API server keeps to all of it."""
    for name in ("rbac.yml", "admission-policy.yml"):
        control_plane.kubectl("apply", "--filename", str(REPOSITORY / "playbooks/files" / name))
    foreign = ("create", "configmap", "foreign", "--namespace", "osmigrate-system", "--dry-run=server")
    account = "--as=system:serviceaccount:osmigrate-system:osmigrate"

    def in_force():
        try:
            control_plane.kubectl(*foreign, account)
        except host.HostError as refusal:
            return "osmigrate-objects" in str(refusal)
        return False

    wait_for(in_force)


def connect(kubeconfig, api_timeout=60):
    options = dict.fromkeys(auth_options.Auth._fields)
    options.update(kubeconfig=str(kubeconfig), api_timeout=api_timeout)
    return Cluster.connect(auth_options.Auth(**options))


@pytest.fixture(scope="session")
def admin(control_plane):
    return connect(control_plane.admin_kubeconfig)


@pytest.fixture
def kubelet(control_plane, tmp_path):
    """Connect with the certificate of a node's kubelet, which whoever is root on the node has."""

    def kubelet_of(node):
        path = tmp_path / f"{node}.kubeconfig"
        pair = control_plane.pki.node_client(node)
        credentials = {"client-certificate": str(pair.certificate), "client-key": str(pair.key)}
        ca = control_plane.pki.ca.certificate.read_bytes()
        path.write_text(controlplane.kubeconfig(control_plane.api_url, ca, credentials))
        return connect(path)

    return kubelet_of


@pytest.fixture
def unguarded(control_plane, repository, kubelet):
    """Kubelets that no policy of ours holds back, as in clusters before 1.30."""
    control_plane.kubectl("delete", "validatingadmissionpolicybinding", "osmigrate-kubelets")
    yield kubelet
    control_plane.kubectl("apply", "--filename", str(repository / "playbooks/files/admission-policy.yml"))


@pytest.fixture(scope="session")
def robot_kubeconfig(control_plane, tmp_path_factory):
    path = tmp_path_factory.mktemp("robot") / "kubeconfig"
    control_plane.serviceaccount_kubeconfig("osmigrate-system", "osmigrate", path)
    return path


@pytest.fixture
def robot(robot_kubeconfig):
    """What the collection may do, as the shipped manifest says."""
    return connect(robot_kubeconfig)


_numbers = itertools.count(1)
# How pods start is not what tests are about.
AT_ONCE = {"lab/start-seconds": "0"}


class Scene:
    """One namespace and two nodes of its own, so that tests do not meet."""

    def __init__(self, control_plane, admin):
        number = next(_numbers)
        self.namespace = f"scene-{number}"
        self.node, self.other = f"a{number}", f"b{number}"
        self._control_plane = control_plane
        self.nodes = Nodes(admin, [self.node, self.other], {"scene": self.namespace})
        self.kubectl("create", "namespace", self.namespace)
        # After an API server that went away, controllers take their time to come back to it.
        self.kubectl("wait", "--for=create", "serviceaccount/default", "--timeout=120s", namespaced=True)

    def kubectl(self, *arguments, namespaced=False, **options):
        arguments = [*arguments, "--namespace", self.namespace] if namespaced else arguments
        return self._control_plane.kubectl(*arguments, **options)

    def apply(self, *objects):
        for one in objects:
            one["metadata"]["namespace"] = self.namespace
        everything = {"apiVersion": "v1", "kind": "List", "items": objects}
        self.kubectl("apply", "--filename", "-", input=json.dumps(everything))

    def deploy(self, name, replicas, annotations=None, **pod_spec):
        """Run replicas, all of them on the first node; replacements may go to both."""
        self.kubectl("cordon", self.other)
        labels = {"app": name}
        spec = {
            "containers": [{"name": "app", "image": "none"}],
            "terminationGracePeriodSeconds": 5,
            "nodeSelector": {"scene": self.namespace},
            **pod_spec,
        }
        template = {"metadata": {"labels": labels, "annotations": {**AT_ONCE, **(annotations or {})}}, "spec": spec}
        self.apply(
            {
                "apiVersion": "apps/v1",
                "kind": "Deployment",
                "metadata": {"name": name},
                "spec": {"replicas": replicas, "selector": {"matchLabels": labels}, "template": template},
            }
        )
        self.kubectl("rollout", "status", f"deployment/{name}", "--timeout=60s", namespaced=True)
        self.kubectl("uncordon", self.other)

    def daemons(self, name):
        """Run a pod of a DaemonSet on each of the two nodes."""
        labels = {"app": name}
        spec = {
            "containers": [{"name": "app", "image": "none"}],
            "terminationGracePeriodSeconds": 1,
            "nodeSelector": {"scene": self.namespace},
        }
        template = {"metadata": {"labels": labels, "annotations": AT_ONCE}, "spec": spec}
        self.apply(
            {
                "apiVersion": "apps/v1",
                "kind": "DaemonSet",
                "metadata": {"name": name},
                "spec": {"selector": {"matchLabels": labels}, "template": template},
            }
        )
        self.kubectl("rollout", "status", f"daemonset/{name}", "--timeout=60s", namespaced=True)

    def budget(self, name, **spec):
        selector = {"matchLabels": {"app": name}}
        self.apply(
            {
                "apiVersion": "policy/v1",
                "kind": "PodDisruptionBudget",
                "metadata": {"name": name},
                "spec": {"selector": selector, **spec},
            }
        )
        done = "jsonpath={.status.observedGeneration}"
        self.kubectl("wait", f"--for={done}", f"pdb/{name}", "--timeout=30s", namespaced=True)

    def pod(self, name, annotations=None, **spec):
        """Start a pod of nobody's on the first node."""
        spec = {"nodeName": self.node, "containers": [{"name": "app", "image": "none"}], **spec}
        annotations = {**AT_ONCE, **(annotations or {})}
        metadata = {"name": name, "annotations": annotations}
        self.apply({"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec})
        phase = f"jsonpath={{.status.phase}}={annotations.get('lab/phase', 'Running')}"
        self.kubectl("wait", f"--for={phase}", f"pod/{name}", "--timeout=30s", namespaced=True)

    def warn(self, pod, when, message):
        """Say what a kubelet would say of a pod."""
        uid = self.kubectl("get", "pod", pod, "--output", "jsonpath={.metadata.uid}", namespaced=True)
        event = {"apiVersion": "v1", "kind": "Event", "metadata": {"name": f"{pod}.{message.split()[0]}"}}
        involved = {"apiVersion": "v1", "kind": "Pod", "name": pod, "namespace": self.namespace, "uid": uid}
        self.apply({**event, "type": "Warning", "lastTimestamp": when, "message": message, "involvedObject": involved})

    def pods(self):
        listing = json.loads(self.kubectl("get", "pods", "--output", "json", namespaced=True))
        return {pod["metadata"]["name"] for pod in listing["items"] if pod["spec"].get("nodeName") == self.node}

    def close(self):
        self.kubectl("delete", "namespace", self.namespace, "--wait=false", "--ignore-not-found")
        self.nodes.delete()


@pytest.fixture
def scene(control_plane, admin):
    made = Scene(control_plane, admin)
    yield made
    made.close()


@pytest.fixture
def make_fleet(control_plane, admin):
    with contextlib.ExitStack() as stack:

        def make(count):
            fleet = Fleet(control_plane, admin, count)
            stack.callback(fleet.close)
            return fleet

        yield make


@pytest.fixture(scope="session")
def collections(tmp_path_factory):
    """The collection, with boots that are played."""
    path = tmp_path_factory.mktemp("collections")
    make_collection(path)
    return path


@pytest.fixture
def play(collections, robot_kubeconfig, tmp_path):
    """Start a playbook on nodes; its output comes with its end."""
    return Player(collections, robot_kubeconfig, tmp_path)

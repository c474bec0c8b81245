# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The drains of drains.yml, each ended right and told truly; with --peer, kubectl drain does them, too, and is
counted."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
import yaml
from ansible_collections.osmigrate.fleet.plugins.module_utils._errors import FleetError
from ansible_collections.osmigrate.fleet.plugins.module_utils._kube import auth_options, drain
from ansible_collections.osmigrate.fleet.plugins.module_utils._kube.client import Cluster
from ansible_collections.osmigrate.fleet.plugins.module_utils._kube.drain_plan import Policy

from tests.cluster.drain_stage import Said, Stage, untrue, wrong
from tests.cluster.proxy import Proxy
from tests.cluster.test_drain import cordon
from tests.lab import controlplane

CASES = yaml.safe_load(Path(__file__).with_name("drains.yml").read_text())
OURS, PEER = "k8s_node_drain", "kubectl drain"
# How long a drain that ends takes at most, and one whose pods are held.
SECONDS = {"held": 8}
LONGEST = 90
PEER_RIGHTS = [
    {"apiGroups": [""], "resources": ["nodes"], "verbs": ["get", "list", "patch"]},
    {"apiGroups": [""], "resources": ["pods"], "verbs": ["get", "list"]},
    {"apiGroups": [""], "resources": ["pods/eviction"], "verbs": ["create"]},
    {"apiGroups": ["apps"], "resources": ["daemonsets"], "verbs": ["get"]},
]


def pytest_generate_tests(metafunc):
    peers = [PEER] if metafunc.config.getoption("--peer") else []
    metafunc.parametrize("who", [OURS, *peers])


@pytest.fixture
def proxy(control_plane):
    with Proxy(control_plane) as made:
        yield made


@pytest.fixture(scope="session")
def peer_token(control_plane):
    """What kubectl drain may: what it needs."""
    place = {"namespace": "osmigrate-system", "name": "drain-peer"}
    rights = "rbac.authorization.k8s.io"
    subject = {"kind": "ServiceAccount", **place}
    bound = {"apiGroup": rights, "kind": "ClusterRole", "name": "drain-peer"}
    objects = [
        {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": place},
        {
            "apiVersion": f"{rights}/v1",
            "kind": "ClusterRole",
            "metadata": {"name": "drain-peer"},
            "rules": PEER_RIGHTS,
        },
        {
            "apiVersion": f"{rights}/v1",
            "kind": "ClusterRoleBinding",
            "metadata": {"name": "drain-peer"},
            "roleRef": bound,
            "subjects": [subject],
        },
    ]
    listed = json.dumps({"apiVersion": "v1", "kind": "List", "items": objects})
    control_plane.kubectl("apply", "--filename", "-", input=listed)
    return control_plane.kubectl(
        "create", "token", "drain-peer", "--namespace", "osmigrate-system", "--duration=12h"
    ).strip()


def run_ours(stage, kubeconfig, proxy):
    given = {"delete_emptydir_data": False, "delete_unmanaged": False, **stage.case.get("options", {})}
    options = dict.fromkeys(auth_options.Auth._fields)
    options.update(kubeconfig=str(kubeconfig), host=proxy.url, api_timeout=30)
    cluster = Cluster.connect(auth_options.Auth(**options))
    policy = Policy(given["delete_emptydir_data"], given["delete_unmanaged"])
    timeout = given.get("timeout", SECONDS.get(stage.case["right"], LONGEST))
    request = drain.Request(stage.drains, policy, timeout, given.get("grace_period"), 110)
    try:
        cordon(cluster, stage.drains)
        result = drain.NodeDrain(cluster, request).run()
    except FleetError as error:
        return Said(False, str(error), error.result.get("pods", ()))
    return Said(True, "", result["pods"])


def run_peer(stage, programs, token, proxy, ca, directory):
    given = stage.case.get("options", {})
    timeout = given.get("timeout", SECONDS.get(stage.case["right"], LONGEST))
    kubeconfig = directory / "kubeconfig"
    kubeconfig.write_text(controlplane.kubeconfig(proxy.url, ca.read_bytes(), {"token": token}))
    argv = [programs / "kubectl", f"--kubeconfig={kubeconfig}", f"--cache-dir={directory}", "drain", stage.drains]
    argv += ["--ignore-daemonsets", f"--timeout={timeout}s"]
    argv += ["--force"] if given.get("delete_unmanaged") else []
    argv += ["--delete-emptydir-data"] if given.get("delete_emptydir_data") else []
    argv += [f"--grace-period={given['grace_period']}"] if "grace_period" in given else []
    try:
        done = subprocess.run(argv, capture_output=True, text=True, timeout=timeout + LONGEST, check=False)
    except subprocess.TimeoutExpired as error:
        return Said(False, f"no end after {error.timeout} seconds")
    return Said(done.returncode == 0, done.stdout + done.stderr)


@pytest.mark.parametrize(
    "case",
    [pytest.param(one, id=one["case"], marks=() if one.get("core") else pytest.mark.long) for one in CASES],
)
def test_a_drain_ends_right_and_tells_the_truth(case, who, scene, control_plane, proxy, webhook, request, tmp_path):
    stage = Stage(scene, control_plane, proxy, webhook, case)
    token = request.getfixturevalue("peer_token")
    with stage.set():
        with stage.played():
            if who == OURS:
                said = run_ours(stage, request.getfixturevalue("robot_kubeconfig"), proxy)
            else:
                ca = control_plane.pki.ca.certificate
                said = run_peer(stage, control_plane.programs, token, proxy, ca, tmp_path)
        mistakes, lies = wrong(stage, said, who == OURS), untrue(stage, said)
    request.config.drains.count(who, case["case"], mistakes, lies, said.text)
    if who == OURS:
        assert not (mistakes or lies), f"{said.text}\n{said.records}"

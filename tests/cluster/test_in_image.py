# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every playbook in the execution environment, by its own ansible-runner, against a real API server, in check mode.

The node is the container itself, which no release is for: playbooks that ask nodes have to say so. `make image-debian`
builds the image and runs this.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

pytestmark = pytest.mark.long
IMAGE = "osmigrate-fleet:debian"
REPOSITORY = Path(__file__).resolve().parents[2]
MANIFEST = REPOSITORY / "tests/unit/fixtures/release/release.yml"
# The first play of all others, and what works on trees and repositories of those who build.
NO_JOB = {"validate_input"} | {path.stem for path in REPOSITORY.glob("playbooks/release_*.yml")}
PLAYBOOKS = sorted({path.stem for path in REPOSITORY.glob("playbooks/*.yml")} - NO_JOB)
OF_A_RELEASE = {"plan", "migrate", "upgrade", "drill"}
# What asks no node ends well.
WITHOUT_NODES = {"access", "halt", "recover", "remediate", "resume", "status"}


def buildah(*arguments, **options):
    argv = ["buildah", *map(str, arguments)]
    environment = {**os.environ, "BUILDAH_ISOLATION": "chroot"}
    return subprocess.run(argv, env=environment, capture_output=True, text=True, check=False, timeout=600, **options)


@pytest.fixture(scope="module")
def container():
    if not shutil.which("buildah") or buildah("inspect", "--type", "image", IMAGE).returncode:
        pytest.skip(f"there is no image {IMAGE}: make image-debian builds it")
    name = buildah("from", "--pull-never", IMAGE).stdout.strip()
    yield name
    buildah("rm", name)


@pytest.fixture
def run(container, control_plane, robot_kubeconfig, make_fleet, tmp_path):
    fleet = make_fleet(1)

    def start(playbook):
        for name in ("env", "inventory", "project"):
            (tmp_path / name).mkdir()
        kubeconfig = control_plane.admin_kubeconfig if playbook == "access" else robot_kubeconfig
        shutil.copy(kubeconfig, tmp_path / "env/kubeconfig")
        shutil.copy(MANIFEST, tmp_path / "project")
        hosts = {name: {"ansible_connection": "local", "ansible_become": False} for name in fleet.nodes}
        (tmp_path / "inventory/hosts.json").write_text(json.dumps({"k8s_nodes": {"hosts": hosts}}))
        (tmp_path / "env/envvars").write_text(json.dumps({"K8S_AUTH_KUBECONFIG": "/runner/env/kubeconfig"}))
        (tmp_path / "env/cmdline").write_text("--check")
        release = {
            "osmigrate_release": f"/runner/project/{MANIFEST.name}",
            "osmigrate_require_signature": False,
            "osmigrate_check_payload": False,
        }
        given = release if playbook in OF_A_RELEASE else {}
        (tmp_path / "env/extravars").write_text(json.dumps(given))
        command = ["ansible-runner", "run", "/runner", "--playbook", f"osmigrate.fleet.{playbook}"]
        as_awx = ("--user", "root", "--env", "HOME=/root")  # whatever user the image has
        mounted = ("--network", "host", "--volume", f"{tmp_path}:/runner")
        ended = buildah("run", *as_awx, *mounted, container, "--", *command)
        return ended.returncode, " ".join((ended.stdout + ended.stderr).split())

    return start, fleet


@pytest.mark.parametrize("playbook", PLAYBOOKS)
def test_a_playbook_finds_all_that_it_needs_in_the_image(run, playbook):
    start, fleet = run
    code, output = start(playbook)
    print(output)
    for broken in ("Traceback", "MODULE FAILURE", "couldn't resolve", "No module named", "is missing. No"):
        assert broken not in output
    assert "PLAY RECAP" in output
    if playbook in WITHOUT_NODES:
        assert code == 0
    else:
        assert code == 0 or "Nothing was changed" in output or "no grub.cfg" in output
    assert fleet.unavailable() == [] and not fleet.state().claims

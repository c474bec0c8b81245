# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The program that an incumbent runs at its boot, as it is built, against a real API server, with a kubelet's rights.

It runs in a mount namespace, in which directories of the test's are /boot, /etc and /run.
"""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from ansible_collections.osmigrate.fleet.plugins.module_utils._errors import FleetError
from ansible_collections.osmigrate.fleet.plugins.module_utils._kube import node_view
from ansible_collections.osmigrate.fleet.plugins.module_utils._kube.client import get_node
from ansible_collections.osmigrate.fleet.plugins.module_utils._trial import (
    evidence,
    node_object,
    record as trial_record,
    reporter,
)

from tests.lab.controlplane import kubeconfig

# A name space of mounts needs root, or the permission to be root in one of its own.
UNSHARE = ["unshare", "--mount", *(["--map-root-user"] if os.geteuid() else [])]
PLACES = {"boot": "/boot", "etc": "/etc", "run": "/run", "kmsg": "/dev/kmsg"}
pytestmark = pytest.mark.skipif(
    subprocess.run([*UNSHARE, "true"], stderr=subprocess.DEVNULL, check=False).returncode != 0,
    reason="needs the permission to make a mount namespace",
)


class Incumbent:
    """A package-managed root whose trial of d-1 is over."""

    def __init__(self, root, control_plane, node):
        self.root = root
        for name in ("boot/grub", "boot/osmigrate", "etc/kubernetes", "run"):
            (root / name).mkdir(parents=True)
        (root / "kmsg").touch()
        (root / "boot/grub/grub.cfg").write_text("source $prefix/custom.cfg\n")
        (root / "boot/osmigrate/report.pyz").write_bytes(reporter.build())
        self.record(node)
        self._control_plane = control_plane
        self.become(node)

    def record(self, node, **trial):
        boot_id = open("/proc/sys/kernel/random/boot_id").read().strip()
        trial = {"entry": "d-1", "incumbent": "package", "armed_boot_id": "before", "tries": 1, "node": node, **trial}
        state = {**trial_record.empty(), "trial": {"armed_at": 1, "rollout": "r1", **trial}}
        state["trial"]["armed_boot_id"] = state["trial"]["armed_boot_id"] or boot_id
        state["failed"] = {"d-1": {"verdict": "fell_back", "reason": "before"}}
        (self.root / "boot/osmigrate/state.json").write_text(trial_record.render(state))

    def become(self, node):
        """Have the credentials of a node's kubelet, as files beside the kubeconfig."""
        pair = self._control_plane.pki.node_client(node)
        ca = self._control_plane.pki.ca.certificate.read_bytes()
        (self.root / "etc/kubernetes/own.pem").write_bytes(pair.certificate.read_bytes() + pair.key.read_bytes())
        text = kubeconfig(self._control_plane.api_url, ca, {"client-certificate": "own.pem", "client-key": "own.pem"})
        (self.root / "etc/kubernetes/kubelet.conf").write_text(text)

    def boot(self):
        """Run the program to its end; return what it printed and what the kernel's log got."""
        printed = self.begin_boot().communicate(timeout=30)[0]
        return printed, (self.root / "kmsg").read_text()

    def begin_boot(self):
        mounts = [f"mount --bind {self.root / name} {place}" for name, place in PLACES.items()]
        command = " && ".join([*mounts, f"exec {sys.executable} -I {reporter.PROGRAM}"])
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
        return subprocess.Popen([*UNSHARE, "sh", "-c", command], **pipes)


@pytest.fixture
def incumbent(tmp_path, control_plane, scene):
    return Incumbent(tmp_path, control_plane, scene.node)


def test_a_fall_back_is_on_the_node_object_without_any_controller(incumbent, scene, robot):
    note = "entry=d-1\nboot_id=trial\ncause=health\ndetail=the required health check 10-dns failed: exit status 3\n"
    (incumbent.root / "boot/osmigrate/ended").write_text(note)
    before = (incumbent.root / "boot/osmigrate/state.json").read_text()
    printed, log = incumbent.boot()
    assert log == "<4>osmigrate: d-1 fell back: the required health check 10-dns failed: exit status 3\n"
    assert printed == f"Node {scene.node} says so, too.\n"
    assert node_view.osmigrate(get_node(robot, scene.node)) == {
        "phase": "failed",
        "verdict": "fell_back",
        "reason": "the required health check 10-dns failed: exit status 3",
        "attempts": "2",
    }
    assert (incumbent.root / "boot/osmigrate/state.json").read_text() == before
    assert sorted(path.name for path in (incumbent.root / "boot/osmigrate").iterdir()) == [
        os.path.basename(evidence.ENDED),
        "report.pyz",
        "state.json",
    ]


def test_a_boot_without_a_fall_back_says_nothing(incumbent, scene, robot):
    incumbent.record(scene.node, armed_boot_id="")
    assert incumbent.boot() == ("", "")
    (incumbent.root / "boot/osmigrate/state.json").write_text(trial_record.render(trial_record.empty()))
    assert incumbent.boot() == ("", "")
    assert node_view.osmigrate(get_node(robot, scene.node)) == {}


def test_the_api_server_comes_later(incumbent, scene, robot, control_plane):
    control_plane.pause()
    try:
        program = incumbent.begin_boot()
        first = program.stdout.readline()
    finally:
        control_plane.resume()
    assert "cannot be reached: [Errno 111] Connection refused" in first
    assert program.communicate(timeout=90)[0].endswith(f"Node {scene.node} says so, too.\n")
    assert node_view.osmigrate(get_node(robot, scene.node))["phase"] == "failed"


def test_another_nodes_kubelet_may_not(incumbent, scene):
    incumbent.become(scene.other)
    access = node_object.read_kubeconfig(str(incumbent.root / "etc/kubernetes/kubelet.conf"))
    with pytest.raises(FleetError, match=f"refuses to annotate node {scene.node}: 403"):
        node_object.annotate(access, scene.node, {"osmigrate.fleet/phase": "failed"})


def test_a_token_of_a_service_account(robot_kubeconfig, scene, robot):
    access = node_object.read_kubeconfig(str(robot_kubeconfig))
    assert access.token and not access.certificate
    node_object.annotate(access, scene.node, {"osmigrate.fleet/phase": "failed"})
    assert node_view.osmigrate(get_node(robot, scene.node)) == {"phase": "failed"}


def test_a_server_that_nobody_vouches_for_is_not_talked_to(incumbent, scene):
    access = node_object.read_kubeconfig(str(incumbent.root / "etc/kubernetes/kubelet.conf"))
    for wrong in (access._replace(ca=""), access._replace(name="other.example")):
        with pytest.raises(FleetError, match="cannot be reached: .*certificate"):
            node_object.annotate(wrong, scene.node, {})


def test_the_program_can_be_built_from_an_archive_as_ansible_sends_modules(incumbent):
    program = incumbent.root / "boot/osmigrate/report.pyz"
    build = f"from {reporter.PACKAGE}._trial import control, reporter; sys.stdout.buffer.write(reporter.build())"
    argv = [sys.executable, "-I", "-c", f"import sys; sys.path.insert(0, sys.argv[1]); {build}", str(program)]
    assert subprocess.run(argv, stdout=subprocess.PIPE, check=True).stdout == program.read_bytes()

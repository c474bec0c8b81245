# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a booted machine says of itself. Its programs are fakes: `make release` boots a real one."""

import os
import subprocess
from pathlib import Path

import pytest
from ansible_collections.osmigrate.fleet.plugins.module_utils._build import smoke, smoke_disks

# Each is a program's text; what is told of services is so at the first look, and at the second.
WELL = {
    "systemctl": "case $1 in is-enabled) [ $3 = ssh.service ] ;; show) cat $HERE/services ;; esac",
    "touch": "exit 1",
    "ssh-keyscan": "echo 127.0.0.1 ssh-ed25519 AAAA",
    "kubelet": "grep -q KubeletConfiguration ${1#--config=} && echo '\"Kubelet version\" v1' >&2; exit 1",
    "journalctl": "echo 'a.service: Failed with result exit-code.'",
    "sleep": "[ ! -e $HERE/later ] || mv $HERE/later $HERE/services",
    "timeout": 'shift; exec "$@"',
}
UP = "Id=a.service\nNRestarts=0\nSubState=running\n\nId=b.service\nNRestarts=0\nSubState=exited\n"
WAITING, ONCE, TWICE = (
    UP.replace("NRestarts=0\nSubState=running", state)
    for state in (
        "NRestarts=0\nSubState=auto-restart",
        "NRestarts=1\nSubState=running",
        "NRestarts=2\nSubState=running",
    )
)
# Each: programs that are others, services at both looks, and what is judged.
CASES = {
    "all is well": ({}, UP, UP, ("", [])),
    "waits to be started again": ({}, WAITING, WAITING, ("", ["a.service"])),
    "started again and again": ({}, ONCE, TWICE, ("", ["a.service"])),
    "recovered": ({}, ONCE, ONCE, ("", [])),
    "ends well each time": ({"journalctl": "echo Started a"}, ONCE, TWICE, ("", [])),
    "a unit that failed": (
        {"systemctl": "[ $1 != list-units ] || echo x.service loaded failed; [ $1 = is-enabled ]"}, UP, UP,
        ("", ["x.service"]),
    ),
    "/usr can be written": ({"touch": ""}, UP, UP, ("lets /usr be written, which belongs to the release", [])),
    "an sshd that is silent": ({"ssh-keyscan": ""}, UP, UP, ("has ssh.service, which does not answer", [])),
    "a socket of one": (
        {"systemctl": "case $1 in is-enabled) [ $3 = ssh.socket ] ;; esac", "ssh-keyscan": ""}, UP, UP,
        ("has ssh.socket, which does not answer", []),
    ),
    "no sshd": (
        {"systemctl": "[ $1 != is-enabled ]", "ssh-keyscan": ""}, UP, UP,
        ("has nothing that answers on port 22, by which nodes are reached", []),
    ),
    "something else on its port": ({"systemctl": "[ $1 != is-enabled ]"}, UP, UP, ("", [])),
    "a kubelet that takes no configuration": (
        {"kubelet": "echo failed to load; exit 1"}, UP, UP, ("has /usr/bin/kubelet, which does not run", []),
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_what_a_machine_says_of_itself(tmp_path: Path, case: str) -> None:
    others, services, later, judged = CASES[case]
    programs = tmp_path / "bin"
    programs.mkdir()
    for name, text in {**WELL, **others}.items():
        (programs / name).write_text(f"#!/bin/sh\n{text}\n")
        (programs / name).chmod(0o755)
    (tmp_path / "services").write_text(services)
    (tmp_path / "later").write_text(later)
    look = smoke_disks.LOOK.replace("/dev/ttyS0", '"$HERE/said"')
    look = look.replace('>"$HERE/said"', '>>"$HERE/said"').replace("/run/", f"{tmp_path}/")
    look = look.replace("[ -e /usr/bin/kubelet ]", "true").replace(" /usr/bin/kubelet --", f" {programs}/kubelet --")
    environment = {**os.environ, "PATH": f"{programs}:{os.environ['PATH']}", "HERE": str(tmp_path)}
    subprocess.run(["/bin/sh", "-c", look], env=environment, check=True)
    said = smoke.judge((tmp_path / "said").read_text())
    assert said.is_up and (said.problem, said.failed) == judged

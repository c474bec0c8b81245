# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
import os
import subprocess
import time
import types

import pytest
from ansible_collections.osmigrate.fleet.plugins.action import node_reboot
from ansible_collections.osmigrate.fleet.plugins.module_utils._boot import kexec, soft

# systemctl is a fake: the real one would reboot this machine. systemd-run runs at once what it is given.
SYSTEMCTL = """#!/bin/sh
echo "$1 kexec=${SYSTEMCTL_SKIP_AUTO_KEXEC:-0} soft=${SYSTEMCTL_SKIP_AUTO_SOFT_REBOOT:-0}" >> "$SAID"
[ "$1" != "$REFUSES" ] || { echo "Operation denied due to active block inhibitor" >&2; exit 1; }
"""
SYSTEMD_RUN = """#!/bin/sh
while [ "${1#--}" != "$1" ]; do shift; done
exec "$@"
"""


@pytest.fixture
def ask(tmp_path):
    """Return what asks for the reboot, in the shell of a node."""
    for name, text in (("systemctl", SYSTEMCTL), ("systemd-run", SYSTEMD_RUN)):
        (tmp_path / name).write_text(text)
        (tmp_path / name).chmod(0o755)
    said = tmp_path / "said"

    def run(before="", mark=False, soft_mark=False, mounted=False, refuses=""):
        here = subprocess.run(["sh", "-c", node_reboot.BOOT], check=True, stdout=subprocess.PIPE, text=True).stdout
        for name, there in (("mark", mark), ("soft", soft_mark), ("next/usr", mounted)):
            if there:
                (tmp_path / name).parent.mkdir(exist_ok=True)
                (tmp_path / name).touch()
        command = node_reboot.REBOOT % (before or here.strip())
        for path, name in (
            (kexec.MARK, "mark"),
            (soft.MARK, "soft"),
            (soft.NEXTROOT, "next"),
            (node_reboot.REFUSED, "no"),
        ):
            command = command.replace(path, str(tmp_path / name))
        environment = {**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}", "SAID": str(said), "REFUSES": refuses}
        subprocess.run(["sh", "-c", command], env=environment, check=True)
        return said.read_text().splitlines() if said.exists() else []

    return run


def test_a_reboot_goes_through_the_firmware_whatever_others_have_prepared(ask):
    assert ask() == ["reboot kexec=1 soft=1"]


def test_a_trial_that_is_armed_by_kexec_starts_what_is_loaded(ask):
    assert ask(mark=True) == ["kexec kexec=0 soft=0"]


def test_a_command_that_ssh_sends_again_reboots_no_other_boot(ask):
    with open("/proc/sys/kernel/random/boot_id", encoding="ascii") as stream:
        here = stream.read().strip()
    assert ask("4711 1:2") == []
    # Nor another root of this one, after a soft-reboot.
    assert ask(here + " 1:2") == []


def test_a_root_that_is_prepared_is_started_with_its_guard(ask):
    assert ask(soft_mark=True, mounted=True) == ["start kexec=0 soft=0", "soft-reboot kexec=0 soft=0"]


def test_the_way_home_from_it_goes_through_the_firmware(ask):
    assert ask(soft_mark=True) == ["reboot kexec=1 soft=1"]


@pytest.mark.parametrize(
    ("how", "refuses"),
    [({}, "reboot"), ({"mark": True}, "kexec"), ({"soft_mark": True, "mounted": True}, "soft-reboot")],
    ids=["reboot", "kexec", "soft-reboot"],
)
def test_what_refuses_is_noted_until_it_is_asked_again(ask, tmp_path, how, refuses):
    ask(**how, refuses=refuses)
    assert (tmp_path / "no").read_text() == "Operation denied due to active block inhibitor\n"
    ask(**how)
    assert not (tmp_path / "no").exists()


def test_a_root_is_not_started_without_its_guard(ask, tmp_path):
    assert ask(soft_mark=True, mounted=True, refuses="start") == ["start kexec=0 soft=0"]
    assert (tmp_path / "no").exists()


@pytest.mark.parametrize(("asked", "found"), [(True, ("", "Denied by dpkg")), (False, ("b2 1:2", ""))])
def test_a_node_that_refuses_is_not_waited_for(monkeypatch, asked, found):
    looks = iter(["b1 1:2\n", "b1 1:2\nDenied by\ndpkg.\n", "b2 1:2\n"])

    class Node(node_reboot.ActionModule):
        def __init__(self):
            self._connection = types.SimpleNamespace(reset=lambda: None)

        def _look_briefly(self):
            pass

        def _low_level_execute_command(self, command, sudoable):
            assert command == node_reboot.LOOK
            return {"rc": 0, "stdout": next(looks)}

    monkeypatch.setattr(node_reboot, "LOOK_EVERY", 0)
    assert Node()._wait("b1 1:2", time.monotonic() + 60, "", asked) == found

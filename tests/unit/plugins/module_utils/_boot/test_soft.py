# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is mounted and written for a soft-reboot; that it starts a root is seen on machines (tests/flavours)."""

import os

import pytest
from ansible_collections.osmigrate.fleet.plugins.module_utils._boot import soft
from ansible_collections.osmigrate.fleet.plugins.module_utils._errors import FleetError

MOUNTS = [("/deploy/x.0", "", False), ("/sysroot", "sysroot", False), ("/deploy/x.0/usr", "usr", True)]


@pytest.fixture
def machine(tmp_path, monkeypatch):
    """Everything of /run elsewhere. Replaced, for want of a machine: programs, and what is mounted."""
    ran = []
    for name in ("DIRECTORY", "MARK", "THEN", "NOW", "PROGRAM", "NEXTROOT", "UNIT_PATH"):
        monkeypatch.setattr(soft, name, str(tmp_path) + getattr(soft, name))
    monkeypatch.setattr(soft, "run", lambda argv, **_how: ran.append(" ".join(argv).replace(str(tmp_path), "")))
    mounted = []
    monkeypatch.setattr(os.path, "ismount", lambda path: path in mounted)
    return tmp_path, ran, mounted


def test_a_root_is_mounted_in_order_and_shared_with_nothing():
    assert [" ".join(argv) for argv in soft.commands(MOUNTS)] == [
        "mount --bind /deploy/x.0 /run/nextroot",
        "mount --make-private /run/nextroot",
        "mount --bind /sysroot /run/nextroot/sysroot",
        "mount --make-private /run/nextroot/sysroot",
        "mount --bind /deploy/x.0/usr /run/nextroot/usr",
        "mount --make-private /run/nextroot/usr",
        "mount -o remount,bind,ro /run/nextroot/usr",
    ]


def prepared(machine):
    """Prepare a root; return a file in /run that says now what is so, and has to say then once it runs."""
    root, _ran, mounted = machine
    flag = root / "flag"
    flag.write_text("now")
    soft.prepare("d-2", MOUNTS, {str(flag): b"then"}, "sleep 5\n")
    mounted.append(soft.NEXTROOT)
    return flag


def test_what_is_prepared_is_a_trial_once_it_runs_and_nothing_before(machine):
    root, ran, mounted = machine
    flag = prepared(machine)
    assert (soft.is_prepared(), soft.started()) == (True, "")
    program = (root / "run/osmigrate-soft/guard").read_text()
    assert program == f"cp {soft.THEN}{flag} {flag}\nsleep 5\n"
    assert "SurviveFinalKillSignal=yes" in (root / "run/systemd/system" / soft.GUARD).read_text()
    mounted.clear()  # the switch: nothing that is mounted below /run comes along
    assert (soft.is_prepared(), soft.started()) == (False, "d-2")
    flag.write_text("then")
    soft.forget()
    assert flag.read_text() == "then"
    assert soft.started() == ""
    assert not (root / "run/nextroot").exists() and not (root / "run/systemd/system" / soft.GUARD).exists()
    assert f"systemctl stop {soft.GUARD}" in ran


def test_called_off_before_it_began_all_is_as_before(machine):
    _root, ran, _mounted = machine
    flag = prepared(machine)
    flag.write_text("then")  # its guard had started, and the soft-reboot was refused
    soft.forget()
    assert flag.read_text() == "now"
    assert "umount --recursive /run/nextroot" in ran


def test_what_cannot_be_mounted_leaves_nothing(machine, monkeypatch):
    def fail(argv, **_how):
        if argv[0] == "mount":
            raise FleetError("mount: permission denied")

    monkeypatch.setattr(soft, "run", fail)
    with pytest.raises(FleetError, match="permission denied"):
        soft.prepare("d-2", MOUNTS, {}, "")
    assert not os.path.exists(soft.DIRECTORY) and not os.path.exists(soft.NEXTROOT)


@pytest.mark.parametrize(
    "path, version",
    [
        ("usr/lib/x86_64-linux-gnu/systemd/libsystemd-shared-257.so", 257),
        ("usr/lib/systemd/libsystemd-shared-252.so", 252),
        ("usr/lib64/systemd/libsystemd-shared-257-13.el10.so", 257),
        ("usr/lib/systemd/systemd", 0),
    ],
)
def test_the_version_of_systemd_is_that_of_its_library(tmp_path, path, version):
    (tmp_path / path).parent.mkdir(parents=True)
    (tmp_path / path).touch()
    assert soft.systemd_version(str(tmp_path)) == version

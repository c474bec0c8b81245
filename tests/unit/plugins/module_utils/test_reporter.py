# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The report's program and unit on the incumbent. The program itself runs in tests/cluster."""

import os
import shutil
import subprocess

import pytest
from ansible_collections.osmigrate.fleet.plugins.module_utils import _bootcontrol, _reporter
from ansible_collections.osmigrate.fleet.plugins.module_utils._errors import FleetError


@pytest.fixture
def system(tmp_path, monkeypatch):
    """A root with nothing in it."""
    monkeypatch.setattr(_reporter, "PROGRAM", str(tmp_path / "boot/osmigrate/report.pyz"))
    monkeypatch.setattr(_reporter, "DIRECTORY", str(tmp_path / "etc/systemd/system"))
    monkeypatch.setattr(_reporter.kubelet, "PATH", str(tmp_path / "etc/tmpfiles.d/osmigrate-kubelet.conf"))
    return tmp_path


def test_install(system):
    foretold = _reporter.install(check_mode=True)
    assert os.listdir(str(system)) == []
    assert _reporter.install(check_mode=False) == foretold
    assert [action.split(" ")[0] for action in foretold] == ["write", "write", "write", "enable"]
    assert _reporter.install(check_mode=False) == []
    link = system / "etc/systemd/system/multi-user.target.wants" / _reporter.SERVICE
    assert link.resolve() == system / "etc/systemd/system" / _reporter.SERVICE
    link.unlink()
    link.symlink_to("/dev/null")
    assert _reporter.install(check_mode=False) == ["enable osmigrate-report.service"]


def test_install_fail_where_nothing_can_be_written(system):
    (system / "boot").write_text("")
    with pytest.raises(FleetError, match="boot/osmigrate cannot be written: .*No trial was armed"):
        _reporter.install(check_mode=False)


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="needs systemd")
def test_systemd_reads_the_unit(system):
    _reporter.install(check_mode=False)
    unit = str(system / "etc/systemd/system" / _reporter.SERVICE)
    done = subprocess.run(["systemd-analyze", "verify", unit], stderr=subprocess.PIPE, text=True, check=False)
    assert "osmigrate" not in done.stderr


def test_the_program_has_all_that_it_imports():
    """One that misses a module is noticed only on a node that fell back."""
    assert _bootcontrol.__name__ in _reporter._imports(_reporter.MAIN % {"package": _reporter.PACKAGE})
    found = _reporter._imports("from %s import (\n    _grub,\n    _bootenv,\n)\n" % _reporter.PACKAGE)
    found += _reporter._imports("from %s._carry import deadman, health\n" % _reporter.PACKAGE)
    found += _reporter._imports("from %s._command import run\nimport os\n" % _reporter.PACKAGE)
    names = "_grub _bootenv _carry.deadman _carry.health _command"
    assert found == ["%s.%s" % (_reporter.PACKAGE, name) for name in names.split()]

# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The report's program and unit on the incumbent. The program itself runs in tests/cluster."""

import os
import shutil
import subprocess

import pytest
from ansible_collections.osmigrate.fleet.plugins.module_utils._errors import FleetError
from ansible_collections.osmigrate.fleet.plugins.module_utils._node import boot
from ansible_collections.osmigrate.fleet.plugins.module_utils._trial import reporter


@pytest.fixture
def system(tmp_path, monkeypatch):
    """A root with nothing in it."""
    monkeypatch.setattr(reporter, "PROGRAM", str(tmp_path / "boot/osmigrate/report.pyz"))
    monkeypatch.setattr(reporter, "DIRECTORY", str(tmp_path / "etc/systemd/system"))
    monkeypatch.setattr(reporter.tmpfiles, "PATH", str(tmp_path / "etc/tmpfiles.d/osmigrate-kubelet.conf"))
    return tmp_path


def test_install(system):
    foretold = reporter.install(check_mode=True)
    assert os.listdir(str(system)) == []
    assert reporter.install(check_mode=False) == foretold
    assert [action.split(" ")[0] for action in foretold] == ["write", "write", "write", "enable"]
    assert reporter.install(check_mode=False) == []
    link = system / "etc/systemd/system/multi-user.target.wants" / reporter.SERVICE
    assert link.resolve() == system / "etc/systemd/system" / reporter.SERVICE
    link.unlink()
    link.symlink_to("/dev/null")
    assert reporter.install(check_mode=False) == ["enable osmigrate-report.service"]


def test_install_fail_where_nothing_can_be_written(system):
    (system / "boot").write_text("")
    with pytest.raises(FleetError, match="boot/osmigrate cannot be written: .*No trial was armed"):
        reporter.install(check_mode=False)


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="needs systemd")
def test_systemd_reads_the_unit(system):
    reporter.install(check_mode=False)
    unit = str(system / "etc/systemd/system" / reporter.SERVICE)
    done = subprocess.run(["systemd-analyze", "verify", unit], stderr=subprocess.PIPE, text=True, check=False)
    assert "osmigrate" not in done.stderr


def test_the_unit_is_confined(system):
    """By systemd's own measure: 0 for the most confined, 10 for a service that may do everything."""
    if shutil.which("systemd-analyze") is None:
        pytest.skip("needs systemd")
    reporter.install(check_mode=False)
    unit = str(system / "etc/systemd/system" / reporter.SERVICE)
    argv = ["systemd-analyze", "security", "--offline=true", "--no-pager", "--threshold=40", unit]
    done = subprocess.run(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    if "unrecognized option" in done.stdout:
        pytest.skip("needs systemd 250")
    assert done.returncode == 0, done.stdout


def test_the_program_has_all_that_it_imports():
    """One that misses a module is noticed only on a node that fell back."""
    assert boot.__name__ in reporter._imports(reporter.MAIN % {"package": reporter.PACKAGE})
    found = reporter._imports(f"from {reporter.PACKAGE}._boot import (\n    grub,\n    env as boot_env,\n)\n")
    found += reporter._imports(f"from {reporter.PACKAGE}._trial import deadman, health\n")
    found += reporter._imports(f"from {reporter.PACKAGE}._command import run\nimport os\n")
    names = "_boot.grub _boot.env _trial.deadman _trial.health _command"
    assert found == [f"{reporter.PACKAGE}.{name}" for name in names.split()]

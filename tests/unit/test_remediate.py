# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the playbook remediate mends are findings of preflight, and it does nothing that nobody has named."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from ansible_collections.osmigrate.fleet.plugins.module_utils._backends import registry
from ansible_collections.osmigrate.fleet.plugins.module_utils._node.findings import of_nodes

ROOT = Path(__file__).resolve().parents[2]
ROLE = ROOT / "roles/remediate"
MENDED = {path.stem for path in ROLE.glob("tasks/*.yml")} - {"main"}


def test_each_is_a_finding_an_option_and_a_row_of_the_guide():
    options = yaml.safe_load((ROLE / "meta/argument_specs.yml").read_text())["argument_specs"]["main"]["options"]
    assert MENDED <= {check.key for check in of_nodes(registry.backends())}
    assert MENDED == set(options["remediate_findings"]["choices"])
    guide = (ROOT / "docs/findings.md").read_text()
    assert all(f"\n| `{key}` |" in guide for key in MENDED)


def play(tmp_path, *more):
    (tmp_path / "hosts.yml").write_text(
        yaml.safe_dump({"k8s_nodes": {"hosts": {"w-1": {"ansible_connection": "local"}}}})
    )
    argv = [sys.executable, "-m", "ansible", "playbook", "osmigrate.fleet.remediate", "-i", str(tmp_path / "hosts.yml")]
    environment = {**os.environ, "HOME": str(tmp_path), "ANSIBLE_COLLECTIONS_PATH": str(ROOT.parents[2])}
    argv += ["-e", "osmigrate_become=false", "-e", f"ansible_python_interpreter={sys.executable}", *more]
    run = subprocess.run(argv, env=environment, capture_output=True, text=True, timeout=300, check=False)
    return run.returncode, " ".join((run.stdout + run.stderr).split())


def test_nothing_is_done_that_nobody_has_named(tmp_path):
    code, output = play(tmp_path)
    assert code == 0
    assert "names no finding, so nothing is changed" in output
    assert "changed=0" in output


@pytest.mark.parametrize("keys", ["cgroup-version", "ostree-tool,nonsense"])
def test_what_is_not_mechanical_is_refused(tmp_path, keys):
    code, output = play(tmp_path, "--check", "-e", f"osmigrate_remediate={keys}")
    assert code == 2
    assert "value of remediate_findings must be one or more of: boot-control" in output
    assert "changed=0" in output


def test_a_rehearsal_looks_and_a_valid_machine_id_stays(tmp_path):
    code, output = play(tmp_path, "--check", "-e", "osmigrate_remediate=machine-id")
    there = Path("/etc/machine-id").read_text().strip() if Path("/etc/machine-id").is_file() else ""
    assert code == 0
    assert f"changed={0 if len(there) == 32 else 1}" in output

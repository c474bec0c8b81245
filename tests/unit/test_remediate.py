# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the playbook remediate mends are findings of preflight, and it does nothing that nobody has named."""

from __future__ import annotations

import json
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
MENDED = {path.stem for path in ROLE.glob("tasks/*.yml")} - {"main", "install"}


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


GOOD, BAD = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWYK", "dW5pbml0aWFsaXplZAo="
MISSING = {"remediate_script": {"stat": {"exists": False}}, "remediate_sources": {"stdout": ""}}


@pytest.mark.parametrize(
    "key, seen, told",
    [
        ("machine-id", {"remediate_machine_id": {"content": GOOD}}, []),
        ("machine-id", {"remediate_machine_id": {"content": BAD}}, ["systemd-machine-id-setup would make one"]),
        (
            "boot-loader",
            MISSING,
            ["would install grub-common anew", "grub.cfg does not source custom.cfg; update-grub"],
        ),
    ],
)
def test_a_rehearsal_tells_what_would_be_done(tmp_path, key, seen, told):
    # What was given by -e stands for what a task has looked at, whatever this machine has.
    given = {**seen, "ansible_facts": {"os_family": "Debian"}}
    code, output = play(tmp_path, "--check", "-e", f"osmigrate_remediate={key}", "-e", json.dumps(given))
    assert code == 0, output
    assert f"changed={len(told)}" in output
    assert [one for one in told if one not in output] == []
    assert not told or "would" in output


@pytest.mark.parametrize("family, by", [("Debian", "apt"), ("RedHat", "package")])
def test_a_package_comes_from_lists_that_are_fresh(family, by):
    tasks = yaml.safe_load((ROLE / "tasks/install.yml").read_text())
    (task,) = [task for task in tasks if f"ansible.builtin.{by}" in task]
    assert (task["when"] == "ansible_facts.os_family == 'Debian'") == (family == "Debian")
    assert bool(task[f"ansible.builtin.{by}"].get("update_cache")) == (family == "Debian")

# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Wrong input never ends green: every row of cases.yml, by whole playbooks, before any host is touched.

The hosts have addresses that lead nowhere, so a playbook that went on would not get far.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

CASES = yaml.safe_load(Path(__file__).with_name("cases.yml").read_text())
HOSTS = {
    "k8s_nodes": {
        "hosts": {name: {"ansible_host": f"192.0.2.{last}"} for last, name in enumerate(("w-1", "w-2", "cp-1"))}
    },
    "pool_general": {"hosts": {"w-1": None, "w-2": None}},
    "role_control_plane": {"hosts": {"cp-1": None}},
}
KUBECONFIG = {
    "current-context": "prod",
    "contexts": [{"name": "prod", "context": {"cluster": "prod", "user": "me"}}],
    "clusters": [{"name": "prod", "cluster": {"server": "https://api.prod.example:6443"}}],
    "users": [{"name": "me", "user": {"token": "s3cret"}}],
}
FIRST = "Validate hosts and variables"


def job(case: dict, directory: Path) -> tuple[str, list[str]]:
    """Write what a case needs, and return where it runs and its arguments."""
    directory.mkdir()
    hosts = {**HOSTS, "more": {"hosts": case.get("hosts", {})}}
    (directory / "hosts.yml").write_text(json.dumps(hosts))
    (directory / "empty.yml").write_text(json.dumps({"k8s_nodes": {"hosts": {}}}))
    (directory / "nodes.yml").write_text("plugin: osmigrate.fleet.k8s_nodes\n")
    (directory / "kubeconfig").write_text(json.dumps(KUBECONFIG))
    (directory / "no_tasks.yml").write_text("name: one\n")
    (directory / "broken.yml").write_text("- name: [\n")
    if "group_vars" in case:
        (directory / "group_vars").mkdir()
        (directory / "group_vars/k8s_nodes.yml").write_text(yaml.safe_dump(case["group_vars"]))
    playbook, *arguments = shlex.split(case["run"])
    inventory = case.get("inventory", "hosts.yml")
    variables = dict(case.get("vars", {}))
    if playbook in ("migrate", "upgrade", "drill", "plan") and case.get("release", True):
        variables["osmigrate_release"] = "/no/such/release.yml"
    given = ["-i", str(directory / inventory)] if inventory else []
    return str(directory), [f"osmigrate.fleet.{playbook}", *given, "-e", json.dumps(variables), *arguments]


@pytest.fixture(scope="module")
def ends(tmp_path_factory, request) -> dict[int, tuple[int, str]]:
    """Exit code and output of all cases that were chosen, by their numbers."""
    path = tmp_path_factory.mktemp("input")
    chosen = sorted({item.callspec.params["number"] for item in request.session.items if item.module is request.module})
    jobs = [job(CASES[number], path / str(number)) for number in chosen]
    environment = {**os.environ, "HOME": str(path), "ANSIBLE_LOCALHOST_WARNING": "0", "NO_COLOR": "1"}
    for name in [name for name in environment if name.startswith(("K8S_AUTH_", "OSMIGRATE_", "ANSIBLE_INVENTORY"))]:
        del environment[name]
    program = [sys.executable, str(Path(__file__).with_name("many_plays.py"))]
    subprocess.run(program, input=json.dumps(jobs), env=environment, text=True, check=True)
    return {
        number: (int((path / str(number) / "rc").read_text()), (path / str(number) / "output").read_text())
        for number in chosen
    }


@pytest.mark.parametrize("number", range(len(CASES)), ids=lambda number: CASES[number]["run"])
def test_the_sentence_comes_first(ends: dict[int, tuple[int, str]], number: int):
    case, (code, output) = CASES[number], ends[number]
    print(output)
    told = " ".join(output.split())
    assert code == case.get("rc", 2)
    assert re.search(case["says"], told)
    assert "Traceback" not in told
    tasks = re.findall(r"(?m)^TASK \[(.*?)\]", output)
    assert tasks == ([FIRST] if case.get("by", "input") == "input" and code == 2 else [])

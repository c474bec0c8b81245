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
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest
import yaml

CASES = yaml.safe_load(Path(__file__).with_name("cases.yml").read_text())
HOSTS = {
    "k8s_nodes": {"hosts": {name: {"ansible_host": "192.0.2.1"} for name in ("w-1", "w-2", "cp-1")}},
    "pool_general": {"hosts": {"w-1": None, "w-2": None}},
    "role_control_plane": {"hosts": {"cp-1": None}},
}
FIRST = "Validate hosts and variables"


def start(case: dict, directory: Path) -> subprocess.CompletedProcess[str]:
    directory.mkdir()
    (directory / "hosts.yml").write_text(json.dumps(HOSTS))
    (directory / "empty.yml").write_text(json.dumps({"k8s_nodes": {"hosts": {}}}))
    (directory / "nodes.yml").write_text("plugin: osmigrate.fleet.k8s_nodes\n")
    (directory / "no_tasks.yml").write_text("name: one\n")
    (directory / "broken.yml").write_text("- name: [\n")
    if "group_vars" in case:
        (directory / "group_vars").mkdir()
        (directory / "group_vars/k8s_nodes.yml").write_text(yaml.safe_dump(case["group_vars"]))
    playbook, *arguments = shlex.split(case["run"])
    inventory = case.get("inventory", "hosts.yml")
    variables = {"osmigrate_release": "/no/such/release.yml"} if case.get("release", True) else {}
    argv = [sys.executable, "-m", "ansible", "playbook", f"osmigrate.fleet.{playbook}"]
    argv += ["-i", str(directory / inventory)] if inventory else []
    argv += [
        "-e",
        json.dumps({**(variables if playbook in ("migrate", "upgrade", "drill") else {}), **case.get("vars", {})}),
    ]
    environment = {**os.environ, "HOME": str(directory), "ANSIBLE_LOCALHOST_WARNING": "0", "NO_COLOR": "1"}
    for name in [name for name in environment if name.startswith(("K8S_AUTH_", "OSMIGRATE_", "ANSIBLE_INVENTORY"))]:
        del environment[name]
    return subprocess.run(
        [*argv, *arguments], env=environment, cwd=directory, text=True, timeout=300,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip


@pytest.fixture(scope="module")
def ends(tmp_path_factory, request):
    """The ends of all cases that were chosen, by their numbers; several run at once."""
    path = tmp_path_factory.mktemp("input")
    chosen = {item.callspec.params["number"] for item in request.session.items if item.module is request.module}
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        yield {number: pool.submit(start, CASES[number], path / str(number)) for number in sorted(chosen)}


@pytest.mark.parametrize("number", range(len(CASES)), ids=lambda number: CASES[number]["run"])
def test_the_sentence_comes_first(ends: dict[int, Future], number: int):
    case, end = CASES[number], ends[number].result()
    print(end.stdout)
    told = " ".join(end.stdout.split())
    assert end.returncode == case.get("rc", 2)
    assert re.search(case["says"], told)
    assert "Traceback" not in told
    tasks = re.findall(r"(?m)^TASK \[(.*?)\]", end.stdout)
    assert tasks == ([FIRST] if case.get("by", "input") == "input" and end.returncode == 2 else [])

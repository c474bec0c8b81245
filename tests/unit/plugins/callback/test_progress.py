# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The callback in real runs: of modules of ours that need no cluster, by ansible-playbook and by ansible-runner."""

from __future__ import annotations

import json
import os
import re
import socket
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from ansible_collections.osmigrate.fleet.plugins.filter.rollout_report import rollout_report_filter
from ansible_collections.osmigrate.fleet.plugins.plugin_utils import _job_events as job_events
from ansible_collections.osmigrate.fleet.plugins.plugin_utils._events import read_all
from ansible_collections.osmigrate.fleet.plugins.plugin_utils._rollout import missing, reduce

# What begins a step fails in a rescue's sight, as in roles/node, and out of it; w0 has nothing to do.
PLAY = """
- name: Move the nodes
  hosts: nodes
  gather_facts: false
  serial: 2
  max_fail_percentage: 100
  tasks:
    - name: Go its way
      when: inventory_hostname not in ['w0', 'w3']
      block:
        - name: Take it out of service
          osmigrate.fleet.k8s_node_cordon:
            name: "{{ inventory_hostname }}"
            state: cordoned
            rollout: r1
            kubeconfig: /nowhere/kubeconfig
      rescue:
        - name: Say what became of it
          ansible.builtin.fail:
            msg: "{{ inventory_hostname }} could not be cordoned at http://me:s3cr3t@api.example."
    - name: Ask for a place
      osmigrate.fleet.k8s_node_claim:
        name: "{{ inventory_hostname }}"
        state: claimed
        rollout: r1
        kubeconfig: /nowhere/kubeconfig
      when: inventory_hostname != 'w0'
"""
HOSTS = {
    "all": {"vars": {"ansible_connection": "local", "ansible_python_interpreter": sys.executable}},
    "nodes": {"hosts": dict.fromkeys(("w0", "w1", "w2", "w3"), {})},
}


@pytest.fixture
def run(tmp_path):
    """Return a function that runs the play in tmp_path, and returns what it printed."""

    def run(by_runner: bool = False, play: str = PLAY, **environment: str) -> str:
        for part in ("project", "inventory", "env"):
            (tmp_path / part).mkdir(exist_ok=True)
        (tmp_path / "project/play.yml").write_text(play)
        (tmp_path / "inventory/hosts.json").write_text(json.dumps(HOSTS))
        argv = [sys.executable, "-m", "ansible", "playbook", "-i", "../inventory/hosts.json", "play.yml"]
        if by_runner:
            argv = [sys.executable, "-m", "ansible_runner", "run", str(tmp_path), "--playbook", "play.yml"]
        wanted = {"ANSIBLE_CALLBACKS_ENABLED": "osmigrate.fleet.progress", "ANSIBLE_NOCOLOR": "1"}
        ended = subprocess.run(
            argv, cwd=tmp_path / "project", env={**os.environ, **wanted, **environment}, check=False,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip
        assert ended.returncode == 2, ended.stdout
        return ended.stdout

    return run


@pytest.mark.parametrize("by_runner", [False, True])
def test_a_run_is_followed_to_its_end(run, tmp_path, by_runner):
    printed = run(by_runner, OSMIGRATE_PROGRESS_DIRECTORY=str(tmp_path / "told"))
    lines = [line for line in printed.splitlines() if " to go" in line]
    for name, step in (("w1", "cordon"), ("w2", "cordon"), ("w3", "claim")):
        (told,) = (line for line in lines if f"{name} is HELD UP" in line)
        assert f"in {step}: " in told
    assert "batch 2 of 2, 0 done, 0 failed, 1 held up, 3 to go" in printed

    log = tmp_path / "told/events.jsonl"
    files = {path.name: stat.S_IMODE(path.stat().st_mode) for path in log.parent.iterdir()}
    assert files == dict.fromkeys(("events.jsonl", "report.html", "report.json", "report.md", "report.xml"), 0o600)
    assert "4 nodes" in printed and f"The report is {log.with_name('report.html')}" in printed
    state = reduce(read_all(log.open()))
    outcomes = {name: node.outcome for name, node in state.nodes.items()}
    assert outcomes == {"w0": "unreached", "w1": "held", "w2": "held", "w3": "held"}
    assert list(missing(state)) == []
    assert state.nodes["w1"].why.startswith("w1 could not be cordoned")
    assert "s3cr3t" not in log.read_text()
    if by_runner:
        anew_from_the_job(tmp_path, state)


def anew_from_the_job(directory, live):
    """What ansible-runner has kept of the run says the same, and so does what AWX answers with these events."""
    files = [path.read_text() for path in directory.glob("artifacts/*/job_events/*.json")]
    # No AWX runs here. Its API lists the events that its runner has handed it, with numbers of its own.
    listed = [{"id": number, "type": "job_event", "job": 7, **json.loads(text)} for number, text in enumerate(files)]
    pages = [json.dumps({"count": len(listed), "next": None, "results": part}) for part in (listed[:9], listed[9:])]
    for texts, name in ((files, "job "), (pages, "job 7"), (["\n".join(files)], "job ")):
        state = reduce(job_events.read_texts(texts))
        [run] = list(state.runs.values())
        assert list(missing(state)) == [] and run.id.startswith(name) and run.playbook == "play" and not run.check
        assert state.outcomes == live.outcomes and state.nodes.keys() == live.nodes.keys()
        assert abs(state.last - live.last) < 1 and state.batch.of == live.batch.of and state.batch.total == 4
        for node in live.nodes.values():
            again = state.nodes[node.name]
            assert (again.outcome, again.why, again.failed_in) == (node.outcome, node.why, node.failed_in)
            # What was skipped left no word of what it was; the callback has seen it begin.
            steps = {"w0": ["wait"], "w3": ["wait", "claim"]}.get(node.name, [span.step for span in node.spans])
            assert [span.step for span in again.spans] == steps
    # AWX says its times in another way.
    told = json.loads(rollout_report_filter([page.replace("+00:00", "Z") for page in pages], "json"))
    assert (told["end"], told["runs"][0]["id"]) == (state.last, "job 7")


LOOKS = """
- name: Look at the cluster
  hosts: localhost
  gather_facts: false
  tasks:
    - name: Say what it is like
      ansible.builtin.fail:
        msg: It is like that.
"""


def test_a_run_that_moves_no_node_is_no_part_of_a_rollout(run, tmp_path):
    told = tmp_path / "told"
    run(OSMIGRATE_PROGRESS_DIRECTORY=str(told))
    before = {path.name: path.read_bytes() for path in told.iterdir()}
    assert "The report is" not in run(play=LOOKS, OSMIGRATE_PROGRESS_DIRECTORY=str(told))
    assert before == {path.name: path.read_bytes() for path in told.iterdir()}


def test_where_nothing_can_be_written_the_run_goes_on_with_one_warning(run, tmp_path):
    (tmp_path / "file").write_text("")
    printed = " ".join(run(OSMIGRATE_PROGRESS_DIRECTORY=str(tmp_path / "file/below")).split())
    assert printed.count("osmigrate.fleet.progress has ended, the run goes on") == 1
    assert "PLAY RECAP" in printed


def test_nothing_is_printed_or_written_unless_wanted(run, tmp_path):
    assert " to go" not in run(OSMIGRATE_PROGRESS_LINES="false")
    assert " to go" not in run(
        ANSIBLE_CALLBACKS_ENABLED="ansible.builtin.junit", JUNIT_OUTPUT_DIR=str(tmp_path / "junit")
    )
    assert not list(Path(tmp_path).rglob("events.jsonl"))


SILENT = """
- name: Ask for a place
  hosts: w0
  gather_facts: false
  tasks:
    - name: Ask an API server that does not answer
      osmigrate.fleet.k8s_node_claim:
        name: "{{ inventory_hostname }}"
        state: claimed
        rollout: r1
        host: "http://127.0.0.1:%d"
        api_key: k
      timeout: 6
"""


@pytest.mark.parametrize("by_runner", [False, True])
def test_a_long_wait_is_told_again_and_again(run, by_runner):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        printed = run(by_runner, play=SILENT % silent.getsockname()[1], OSMIGRATE_PROGRESS_EVERY="1")
    told = re.findall(r"Waiting: w0 waits for those who have to agree.* since ([0-9]+) s \|", printed)
    assert len(told) >= 3 and told == sorted(told)
    assert "has ended, the run goes on" not in printed


def test_metrics_are_written_and_a_failure_of_theirs_ends_nothing_else(run, tmp_path):
    run(OSMIGRATE_PROGRESS_METRICS_FILE=str(tmp_path / "told.prom"))
    assert 'osmigrate_rollout_nodes{outcome="held",release=""} 3.0' in (tmp_path / "told.prom").read_text()
    # What moves no node, and a rehearsal, say nothing of the rollout that an alert is about.
    for play in (LOOKS, PLAY.replace("gather_facts: false", "gather_facts: false\n  check_mode: true")):
        (tmp_path / "told.prom").write_text("as it was")
        run(play=play, OSMIGRATE_PROGRESS_METRICS_FILE=str(tmp_path / "told.prom"))
        assert (tmp_path / "told.prom").read_text() == "as it was"
    printed = " ".join(run(OSMIGRATE_PROGRESS_METRICS_FILE="/nowhere/told.prom").split())
    assert printed.count("writes no metrics any more") == 1 and "3 held up" in printed

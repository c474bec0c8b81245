# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The project's playbooks as AWX's jobs, several at once, through a real receptor, on a real API server.

Boots are played on the controller, as in the other tests here. `make awx` runs these.
"""

from __future__ import annotations

import json
import resource
from pathlib import Path

import pytest
import yaml

from tests.cluster.awx_job import REPOSITORY, Job, Receptor, program
from tests.cluster.fleet_of_nodes import wait_for, watched
from tests.cluster.playing import end
from tests.lab import host

pytestmark = pytest.mark.long
MANIFEST = Path(__file__).resolve().parents[1] / "unit/fixtures/release/release.yml"
WORKFLOW, SLICED = 41, 44


def template(name):
    """The extra variables of a job template, as objects.yml has them."""
    text = (REPOSITORY / "awx/objects.yml").read_text().replace("!unsafe ", "")
    (found,) = [one for one in yaml.safe_load(text)["controller_templates"] if one["name"] == f"osmigrate_{name}"]
    # The cluster tier's nodes are this machine, where tests need not become root.
    return {**found.get("extra_vars", {}), "osmigrate_become": False, "node_lease_duration": 30}


@pytest.fixture(scope="module")
def receptor_program(tmp_path_factory):
    try:
        return program(tmp_path_factory.mktemp("receptor"))
    except host.HostError as missing:
        pytest.skip(str(missing))


@pytest.fixture
def receptor(receptor_program, collections, tmp_path):
    made = Receptor(
        receptor_program,
        {
            "ANSIBLE_COLLECTIONS_PATH": str(collections),
            "ANSIBLE_PIPELINING": "1",
            "OSMIGRATE_PLAYED": str(tmp_path),
        },
    )
    try:
        made.wait()
        yield made
    finally:
        made.close()


@pytest.fixture
def launch(receptor, robot_kubeconfig, tmp_path):
    """Start a job of a template, with the number that it has in AWX."""

    def start(number, name, nodes, workflow_job, arguments="", **given):
        job = Job(receptor, tmp_path, number)
        kubeconfig = robot_kubeconfig.read_text()
        job.start(f"{name}.yml", nodes, template(name), given, kubeconfig, workflow_job, arguments)
        return job

    return start


def test_a_plan_names_the_rollout_and_its_page_has_the_plan(make_fleet, launch):
    fleet = make_fleet(2)
    given = {"osmigrate_release": str(MANIFEST), "osmigrate_require_signature": False, "osmigrate_check_payload": False}
    ended = launch(42, "plan", fleet.nodes, WORKFLOW, **given).end()
    # The nodes are this machine, which no release is for: that stops the workflow, and is told.
    assert ended.status == "failed"
    assert "Nothing was changed" in ended.output
    assert set(fleet.nodes) <= ended.hosts
    assert ended.artifacts["osmigrate_rollout"] == f"awx-{WORKFLOW}"
    assert any(fleet.nodes[0] in line for line in ended.artifacts["fleet_plan"])
    assert fleet.notes() == [{}, {}]


def test_slices_that_run_at_once_share_the_name_and_the_budget_and_one_that_was_cancelled_goes_on(
    make_fleet, launch, record_property
):
    fleet = make_fleet(6)
    slices = [fleet.nodes[number::3] for number in range(3)]
    # What the plan of the workflow has noted; each slice says that it is of a workflow job of its own.
    noted = {"osmigrate_rollout": f"awx-{WORKFLOW}", "fleet_plan": ["Batch 1 of 2"]}
    given = {**noted, "osmigrate_max_unavailable": "2"}
    with watched(fleet) as seen:
        jobs = [launch(50 + number, "rollback", share, SLICED, **given) for number, share in enumerate(slices)]
        wait_for(lambda: set(fleet.unavailable()) & set(slices[1]) or jobs[1].has_ended(), 600)
        jobs[1].cancel()
        jobs[1].end()
        again = launch(60, "rollback", slices[1], SLICED, **given)
        ended = [job.end() for job in (jobs[0], jobs[2], again)]
    assert [one.status for one in ended] == ["successful"] * 3
    assert {note["rollout"] for note in fleet.notes()} == {f"awx-{WORKFLOW}"}
    assert {note["phase"] for note in fleet.notes()} == {"done"}
    # The project's settings turn on what the page shows on the way.
    assert all("batch 2 of 2" in one.output for one in ended[:2])
    # Each node belongs to one slice, by the events from which AWX makes its pages.
    for one, share in zip(ended, (slices[0], slices[2], slices[1])):
        assert set(share) <= one.hosts and not (set(fleet.nodes) - set(share)) & one.hosts
    most = max(unavailable for unavailable, claims in seen)
    record_property("unavailable", (most, 2))
    assert 1 <= most <= 2
    print(f"events of a slice of 2 nodes: {[one.events for one in ended]}")
    assert fleet.unavailable() == [] and not fleet.state().claims


def test_what_a_node_costs_the_controller(make_fleet, play, record_property):
    fleet = make_fleet(6)
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    code, output = end(
        play("rollback", fleet.nodes, by_runner=True, osmigrate_serial="100%", osmigrate_max_unavailable="100%")
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert code == 0
    seconds = (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime) / len(fleet.nodes)
    print(f"CPU seconds a node: {seconds:.1f}")
    record_property("cpu_seconds", seconds)
    # An order of magnitude above what was measured: it is to be noticed, not to be precise.
    assert seconds < 100


def test_jobs_without_a_workflow_and_the_rest_of_the_templates_run(make_fleet, launch):
    fleet = make_fleet(1)
    halted = launch(70, "halt", fleet.nodes, 71, osmigrate_reason="Alert KubeNodeNotReady").end()
    assert halted.status == "successful"
    assert "Alert KubeNodeNotReady" in json.dumps(fleet.state()._asdict())
    refused = launch(72, "rollback", fleet.nodes, 73).end()
    assert refused.status == "failed" and "is halted since" in refused.output
    assert fleet.unavailable() == []
    resumed = launch(74, "resume", fleet.nodes, 75).end()
    assert resumed.status == "successful" and not fleet.state().halt
    shown = launch(76, "status", fleet.nodes, 77).end()
    assert shown.status == "successful"
    assert shown.artifacts["fleet_status"]
    recovered = launch(78, "recover", fleet.nodes, 79).end()
    assert recovered.status == "successful"
    # AWX fails a workflow that has stopped by this last step.
    assert launch(80, "stopped", fleet.nodes, 81).end().status == "failed"

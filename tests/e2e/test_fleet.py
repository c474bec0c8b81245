# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The demo with assertions, from a fresh fleet to the way back, one story in order.

On the way: a candidate that panics, a controller that is killed, an API server that goes away.
"""

from __future__ import annotations

import json
import subprocess
import time
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
import yaml

from tests.e2e.fleet import DATA, Fleet, kubelet_is_ready, lab
from tests.faults.image import Image
from tests.faults.powercuts import Expectations, choose
from tests.faults.story import STORIES, Files, Recording, Story
from tests.faults.writelog import RebuiltDisk
from tests.lab import config, workloads
from tests.lab.process import Daemon

BLOBS = "/var/lib/containerd/io.containerd.content.v1.content/blobs"


@pytest.fixture(scope="module")
def fleet() -> Fleet:
    """One node that gets its releases by OSTree, and one with two root partitions."""
    return Fleet.fresh("w1=slots,w2=bios")


def state(fleet: Fleet, name: str) -> dict[str, Any]:
    """What must be the same before and after: the Node object, the identity, the data, the images."""
    node = fleet.node(name)
    checksums = fleet.shell(name, f"find {' '.join(DATA)} -xdev -type f -exec sha256sum {{}} + | sort")
    return {
        "uid": node["metadata"]["uid"],
        "machine_id": node["status"]["nodeInfo"]["machineID"],
        "host_key": fleet.shell(name, "cat /etc/ssh/ssh_host_ed25519_key.pub"),
        "data": checksums,
        "images": fleet.shell(name, f"cd {BLOBS} && find . -type f -printf '%p %i %s\n' | sort"),
        "users": fleet.shell(name, "getent passwd ops; id ops"),
    }


def is_ready(fleet: Fleet, name: str) -> bool:
    node = fleet.node(name)
    return kubelet_is_ready(node) and not node["spec"].get("unschedulable")


def os_image(fleet: Fleet, name: str) -> str:
    return fleet.node(name)["status"]["nodeInfo"]["osImage"]


@pytest.fixture(scope="module")
def before(fleet: Fleet) -> dict[str, dict[str, Any]]:
    return {name: state(fleet, name) for name in config.NODES}


@pytest.mark.minutes(6)
def test_a_wrong_signature_is_refused_before_anything_is_touched(fleet, before, tmp_path):
    variables = fleet.release("13.1")
    with open(variables["osmigrate_release"]) as text:
        (tmp_path / "release.yml").write_text(text.read().replace("13.1", "13.9"))
    with open(variables["osmigrate_release"] + ".sig") as text:
        (tmp_path / "release.yml.sig").write_text(text.read())
    run = fleet.play("migrate", **{**variables, "osmigrate_release": str(tmp_path / "release.yml")})
    assert run.rc != 0
    assert "signature" in run.output
    assert "Traceback" not in run.output
    assert not any(fleet.shell(name, "ls /ostree 2>/dev/null || true") for name in config.NODES)
    assert all(is_ready(fleet, name) for name in config.NODES)


@pytest.mark.long
def test_a_release_that_cannot_be_fetched_leaves_the_node_as_it_was(fleet, before):
    Daemon("webserver", fleet.paths.run).stop()
    try:
        run = fleet.play("migrate", limit="w1", **fleet.release("13.1"))
    finally:
        lab("up")
    assert run.rc != 0
    assert "cannot be fetched: [Errno 111] Connection refused. Nothing was changed" in " ".join(run.output.split())
    assert is_ready(fleet, "w1")
    assert not fleet.annotation("w1", "cordoned-by")
    assert state(fleet, "w1") == before["w1"]


def assert_moved(fleet: Fleet, name: str, before: dict[str, dict[str, Any]]) -> None:
    """The node runs Debian 13 and serves, and is the node that it was."""
    assert "trixie" in os_image(fleet, name)
    assert is_ready(fleet, name)
    assert state(fleet, name) == before[name]
    assert fleet.annotation(name, "verdict") == "booted_candidate"
    assert not fleet.annotation(name, "cordoned-by")
    assert fleet.shell(name, "systemctl --failed --no-legend --plain") == ""


@pytest.mark.minutes(31, after=test_a_wrong_signature_is_refused_before_anything_is_touched)
def test_one_node_moves_in_place_and_the_other_whose_candidate_panics_comes_home(fleet, before):
    panics = "{{ ['rdinit=/nonexistent', 'init=/nonexistent'] if inventory_hostname == 'w2' else [] }}"
    run = fleet.play("migrate", osmigrate_kernel_arguments=panics, **fleet.release("13.1"))
    assert run.rc != 0
    assert_moved(fleet, "w1", before)
    assert "w2 runs its default package and no cordon of ours is left on it" in run.output.replace("\n", " ")
    assert "bookworm" in os_image(fleet, "w2")
    assert is_ready(fleet, "w2")
    assert fleet.annotation("w2", "verdict") == "fell_back"
    assert state(fleet, "w2") == before["w2"]


@pytest.mark.minutes(4, after=test_one_node_moves_in_place_and_the_other_whose_candidate_panics_comes_home)
def test_a_second_run_changes_nothing_and_does_not_try_a_failed_release_again(fleet, before):
    run = fleet.play("migrate", **fleet.release("13.1"))
    assert run.rc != 0
    assert run.recap()["w1"]["changed"] == run.recap()["w1"]["failed"] == 0
    assert "was tried here before and the verdict was fell_back" in run.output
    assert is_ready(fleet, "w2")
    assert state(fleet, "w2") == before["w2"]


@pytest.mark.minutes(9, after=test_one_node_moves_in_place_and_the_other_whose_candidate_panics_comes_home)
def test_a_controller_that_is_killed_finds_the_node_again_and_takes_it_back(fleet, before):
    with fleet.start("rollback", limit="w1") as killed:
        fleet.wait_for(lambda: fleet.annotation("w1", "phase") == "trial", "the trial of w1", 900)
        fleet.wait_for(lambda: not fleet.machines["w1"].answers(), "the reboot of w1")
        killed.kill()
    assert fleet.annotation("w1", "cordoned-by")
    assert fleet.play("rollback", limit="w1").rc == 0
    assert "bookworm" in os_image(fleet, "w1")
    assert is_ready(fleet, "w1")
    assert not fleet.annotation("w1", "cordoned-by")
    assert state(fleet, "w1") == before["w1"]
    workloads.wait_available(fleet.control_plane, 300)


@pytest.mark.long
def test_a_drill_comes_home_by_itself_and_counts_as_no_failure(fleet, before):
    run = fleet.play("drill", limit="w1", osmigrate_drill_deadman_seconds=240, **fleet.release("13.2"))
    assert run.rc == 0
    assert "bookworm" in os_image(fleet, "w1")
    assert is_ready(fleet, "w1")
    assert fleet.annotation("w1", "drilled-at")
    assert state(fleet, "w1") == before["w1"]
    record = json.loads(fleet.shell("w1", "cat /boot/osmigrate/state.json"))
    assert record["drills"]["debian-13-13.2"]["seconds_away"] > 0
    assert (record["trial"], record["failed"]) == (None, {})
    # The candidate said why it ended, and its word survived the reboot.
    assert "cause=deadman" in fleet.shell("w1", "cat /boot/osmigrate/ended")


@pytest.mark.minutes(2, after=test_a_controller_that_is_killed_finds_the_node_again_and_takes_it_back)
def test_a_foreign_cordon_stays(fleet):
    fleet.control_plane.kubectl("cordon", "w1")
    try:
        assert fleet.play("rollback", limit="w1").rc == 0
        assert fleet.node("w1")["spec"].get("unschedulable") is True
    finally:
        fleet.control_plane.kubectl("uncordon", "w1")


@pytest.fixture(scope="module")
def recording(fleet, tmp_path_factory) -> Recording:
    """All writes of w2's disk, from its second move on."""
    return Recording(fleet, "w2", Files(tmp_path_factory.mktemp("recorded")))


def step(name: str) -> dict[str, Any]:
    return next(step for step in STORIES["ostree"]["steps"] if step["name"] == name)


@pytest.mark.minutes(13, after=test_one_node_moves_in_place_and_the_other_whose_candidate_panics_comes_home)
def test_it_tries_again_when_asked_to(fleet, before, recording):
    recording.play(step("first move"))
    assert_moved(fleet, "w2", before)
    workloads.wait_available(fleet.control_plane, 300)


@pytest.mark.minutes(16, after=test_it_tries_again_when_asked_to)
def test_an_upgrade_survives_an_api_server_that_goes_away(fleet, before, recording):
    def come_back() -> None:
        time.sleep(60)
        fleet.control_plane.resume()

    back = Thread(target=come_back)

    def go_away() -> None:
        fleet.control_plane.pause()
        back.start()

    recording.play(step("upgrade"), at={"Reboot into the trial": go_away})
    back.join()
    workloads.wait_available(fleet.control_plane, 300)
    assert os_image(fleet, "w2").endswith("13.2")
    assert is_ready(fleet, "w2")
    assert state(fleet, "w2") == before["w2"]
    assert fleet.shell("w2", "jq --version").startswith("jq")


@pytest.mark.minutes(9, after=test_an_upgrade_survives_an_api_server_that_goes_away)
def test_the_package_managed_system_is_given_up_only_when_asked_and_the_release_boots_without_it(
    fleet, before, recording
):
    listed = fleet.play("finalize", limit="w2", osmigrate_finalize_soak=0)
    assert listed.rc == 0
    assert "With osmigrate_finalize=true this would be deleted" in listed.output
    assert fleet.shell("w2", "ls /sysroot/usr/bin | wc -l") != "0\n"
    recording.play(step("finalize"))
    recording.end()
    assert fleet.shell("w2", "ls /sysroot/usr; find /boot -maxdepth 1 -name 'vmlinuz-*'").split() == ["local"]
    # Whatever GRUB could use before is gone: it has to boot the release by itself.
    fleet.shell("w2", "rm /boot/grub/osmigrate.env; sync")
    was = fleet.shell("w2", "cat /proc/sys/kernel/random/boot_id")
    fleet.shell("w2", "systemd-run --on-active=1 systemctl reboot")
    fleet.wait_for(lambda: not fleet.machines["w2"].answers(), "the reboot of w2")
    fleet.wait_for(fleet.machines["w2"].answers, "the boot of w2", 900)
    assert fleet.shell("w2", "cat /proc/sys/kernel/random/boot_id") != was
    fleet.wait_for(lambda: is_ready(fleet, "w2"), "w2 Ready")
    assert os_image(fleet, "w2").endswith("13.2")
    assert state(fleet, "w2") == before["w2"]
    refused = fleet.play("rollback", limit="w2")
    assert refused.rc != 0
    assert "was given up and cannot be booted any more" in " ".join(refused.output.split())


@pytest.mark.minutes(
    5, after=test_the_package_managed_system_is_given_up_only_when_asked_and_the_release_boots_without_it
)
@pytest.mark.skipif(not Path("/dev/fuse").exists(), reason="disks are looked at through FUSE")
def test_a_power_cut_at_any_moment_of_that_leaves_a_disk_that_boots_what_it_may(recording):
    """The same as `make faults-node` does, with fewer power cuts."""
    story = Story(recording.files)
    image = Image(recording.files.base, story.layout)
    expectations = Expectations(story, image)
    disk = RebuiltDisk(image.disk, story.log)
    wrong = {}
    for cut in choose(story.log, story.phases, each=4, seed=1):
        with disk.cut(cut.at, cut.lost):
            wrong[cut.name] = expectations.examine(cut, image)
    assert len(wrong) >= 50
    assert not {name: problems for name, problems in wrong.items() if problems}


@pytest.mark.minutes(1)
def test_status_shows_every_node(fleet):
    run = fleet.play("status")
    assert run.rc == 0
    assert all(name in run.output for name in config.NODES)


@pytest.mark.minutes(1)
@pytest.mark.parametrize("way", ["run", "transmit, worker, process"])
def test_ansible_runner(fleet, tmp_path, way):
    """What AWX and its execution nodes do with a playbook."""
    (tmp_path / "env").mkdir()
    environment = fleet.environment()
    kept = {key: value for key, value in environment.items() if key.startswith(("ANSIBLE_", "K8S_AUTH_"))}
    (tmp_path / "env/envvars").write_text(json.dumps(kept))
    (tmp_path / "project").mkdir()
    (tmp_path / "project/status.yml").write_text("- import_playbook: osmigrate.fleet.status\n")
    run = ["ansible-runner", "run", str(tmp_path), "-p", "status.yml", "--ident", "1"]
    if way == "run":
        subprocess.run(run, env=environment, check=True)
    else:
        pipe = (
            f"ansible-runner transmit {tmp_path} -p status.yml"
            f" | ansible-runner worker --private-data-dir {tmp_path}/worker"
            f" | ansible-runner process {tmp_path} --ident 1"
        )
        subprocess.run(["bash", "-o", "pipefail", "-c", pipe], env=environment, check=True)
    events = [json.loads(path.read_text()) for path in (tmp_path / "artifacts/1/job_events").glob("*.json")]
    assert any("w1" in json.dumps(event) for event in events)
    assert not any(event["event"] == "runner_on_failed" for event in events)
    token = yaml.safe_load(Path(environment["K8S_AUTH_KUBECONFIG"]).read_text())["users"][0]["user"]["token"]
    assert token not in "".join(json.dumps(event) for event in events)

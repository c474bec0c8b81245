# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

import os
import subprocess

import pytest
from ansible_collections.osmigrate.fleet.plugins.module_utils._errors import FleetError
from ansible_collections.osmigrate.fleet.plugins.module_utils._kube import probe

NOTHING = {"image": "busybox", "dns": "", "url": "", "subpath": False}


def terminated(phase, message):
    return {"phase": phase, "containerStatuses": [{"state": {"terminated": {"message": message, "reason": "Error"}}}]}


@pytest.mark.parametrize(
    "status, expected",
    [
        ({}, (False, False, "is Pending")),
        ({"phase": "Running"}, (False, False, "is Running")),
        (
            {
                "phase": "Pending",
                "containerStatuses": [{"state": {"waiting": {"reason": "ErrImagePull", "message": "no such image"}}}],
            },
            (False, False, "is Pending ErrImagePull no such image"),
        ),
        (terminated("Succeeded", "dns ok\nurl ok\n"), (True, True, "dns ok, url ok")),
        ({"phase": "Succeeded"}, (True, True, "all checks passed")),
        (terminated("Failed", "dns failed: timed out"), (True, False, "dns failed: timed out")),
        (terminated("Failed", ""), (True, False, "Error")),
        ({"phase": "Failed", "reason": "DeadlineExceeded"}, (True, False, "DeadlineExceeded")),
    ],
)
def test_what_the_pod_says(status, expected):
    assert probe.judge({"status": status}) == expected


def test_a_probe_that_checks_nothing_is_refused():
    with pytest.raises(FleetError, match="The probe checks nothing"):
        probe.parse(NOTHING)


def test_a_long_name_of_a_node_is_one_of_a_pod():
    assert len(probe.name_of("n" * 253)) <= 253


def run(tmp_path, server=None, **checks):
    """Run the script as the container would, with the mounts of the pod played by one directory and a link into it."""
    (tmp_path / "whole/part").mkdir(parents=True, exist_ok=True)
    if not (tmp_path / "part").exists():
        (tmp_path / "part").symlink_to(tmp_path / "whole/part")
    said = tmp_path / "said"
    environment = {**os.environ, **probe.environment("w1", probe.Probe(**{**NOTHING, **checks}))}
    environment.update(PROBE_MOUNTS=str(tmp_path), PROBE_SAID=str(said))
    code = subprocess.run(["sh", "-c", probe.SCRIPT], env=environment, stdout=subprocess.PIPE, check=False).returncode
    return code, said.read_text().splitlines()


def test_the_script_sees_what_works(tmp_path, server):
    server.will(body={})
    said = run(tmp_path, dns="localhost", url=server.url, subpath=True)
    assert said == (0, ["dns ok", "url ok", "subpath ok"])
    assert len(server.requests) == 1


def test_the_script_sees_what_does_not_work(tmp_path):
    code, said = run(tmp_path, dns="no-such-name.invalid", url="http://127.0.0.1:1/", subpath=True)
    assert code == 1
    assert [line.split(":")[0] for line in said] == ["dns failed", "url failed", "subpath ok"]


def test_the_script_sees_a_mount_that_leads_elsewhere(tmp_path):
    (tmp_path / "part").mkdir()
    assert run(tmp_path, subpath=True)[1][0].startswith("subpath failed")


def test_values_are_no_shell(tmp_path):
    run(tmp_path, dns=f"$(touch {tmp_path / 'made'})")
    assert not (tmp_path / "made").exists()

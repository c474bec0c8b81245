# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""All objects on an AWX that somebody has, twice, and away again. `make awx` with AWX_HOST runs it.

AWX_HOST is its address, CONTROLLER_OAUTH_TOKEN a token of an administrator, AWX_SETTINGS a file with the settings of
awx/settings.yml, of an organization that is there for tests. The collection awx.awx has to be installed.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

CONFIGURE = Path(__file__).resolve().parents[2] / "awx/configure.yml"
ENVIRONMENT = {**os.environ, "CONTROLLER_HOST": os.environ.get("AWX_HOST", "")}
pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(
        not {"AWX_HOST", "AWX_SETTINGS", "CONTROLLER_OAUTH_TOKEN"} <= set(os.environ),
        reason="AWX_HOST, AWX_SETTINGS and CONTROLLER_OAUTH_TOKEN are not set: no real AWX is asked",
    ),
]


def ansible(*arguments):
    ended = subprocess.run(
        [sys.executable, "-m", "ansible", *arguments],
        env=ENVIRONMENT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=1800,
    )
    print(ended.stdout)
    return ended.returncode, ended.stdout


def configure(state):
    return ansible("playbook", str(CONFIGURE), "-e", f"@{os.environ.get('AWX_SETTINGS')}", "-e", f"fleet_state={state}")


@pytest.fixture(scope="module")
def configured():
    code, _output = configure("present")
    assert code == 0
    yield
    assert configure("absent")[0] == 0


def test_a_second_time_changes_nothing(configured):
    code, output = configure("present")
    assert code == 0
    assert "changed=0" in output


def test_a_job_and_the_workflow_are_launched(configured):
    status = ("adhoc", "localhost", "-m", "awx.awx.job_launch", "-a", "name=osmigrate_status wait=true")
    assert ansible(*status)[0] == 0
    release = os.environ.get("AWX_RELEASE", "https://images.example/release.yml")
    asked = f"{{name: osmigrate_rollout, wait: false, extra_vars: {{osmigrate_release: {release}}}}}"
    assert ansible("adhoc", "localhost", "-m", "awx.awx.workflow_launch", "-a", asked)[0] == 0

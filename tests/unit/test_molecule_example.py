# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The Molecule scenario for others, copied to where they would have it, with this machine as the node.

No release is for a machine of tests, so what it shows here is that it says so.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
MANIFEST = ROOT / "tests/unit/fixtures/release/release.yml"


@pytest.fixture
def molecule(tmp_path):
    pytest.importorskip("molecule")
    shutil.copytree(ROOT / "docs/examples/molecule/preflight", tmp_path / "molecule/preflight")
    shutil.copy(MANIFEST, tmp_path)
    private, public = tmp_path / "release.pem", tmp_path / "release.pub"
    subprocess.run(["openssl", "genpkey", "-algorithm", "ed25519", "-out", private], check=True)
    subprocess.run(["openssl", "pkey", "-in", private, "-pubout", "-out", public], check=True)

    def run(argv):
        environment = {
            **os.environ,
            "HOME": str(tmp_path),
            "ANSIBLE_COLLECTIONS_PATH": str(ROOT.parents[2]),
            "ANSIBLE_PYTHON_INTERPRETER": sys.executable,
            "ANSIBLE_TRANSPORT": "local",
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "FLEET_BECOME": "false",
            "FLEET_RELEASE": str(tmp_path / MANIFEST.name),
            "FLEET_KEY": str(public),
        }
        ended = subprocess.run(
            argv, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=300, check=False
        )
        return ended.returncode, " ".join((ended.stdout + ended.stderr).split())

    def molecule_does(command):
        return run([sys.executable, "-m", "molecule", command, "--scenario-name", "preflight"])

    signing = f"manifest={tmp_path / MANIFEST.name} private_key={private}"
    signed = run(
        [sys.executable, "-m", "ansible", "adhoc", "localhost", "-m", "osmigrate.fleet.release_sign", "-a", signing]
    )
    assert signed[0] == 0, signed[1]
    return molecule_does


def test_it_says_why_a_machine_could_not_be_moved_and_that_nothing_was_changed(molecule):
    code, output = molecule("converge")
    assert code != 0
    assert "Look for what speaks against moving this node" in output
    code, output = molecule("verify")
    assert (code, "See that none of it is there" in output) == (0, True)

# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A newcomer's first hour, by the commands of the quickstart: from the artifact, in an environment with nothing else.

The nodes are simulated, so none answers ssh, and the plan has to say that. What commands print is recorded in
docs/quickstart.md; OSMIGRATE_RECORD=<path> writes the page with what is printed now.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import venv
from pathlib import Path

import pytest

pytestmark = pytest.mark.long
REPOSITORY = Path(__file__).resolve().parents[2]
MANIFEST = REPOSITORY / "tests/unit/fixtures/release/release.yml"
INVENTORY = "plugin: osmigrate.fleet.k8s_nodes\nlabel_selector: pool={pool}\n"
# What differs from run to run, and what a reader may read instead.
DIFFERS = (
    (r"https://127\.0\.0\.1:\d+", "https://api.example:6443"),
    (r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ", "2026-11-21T20:00:00Z"),
    (r"fleet-\d+-(\d)", r"worker-0\1"),
    (r"pool_fleet_\d+", "pool_general"),
    (r"\bfleet-\d+\b", "general"),
)


def recorded(page: str, name: str) -> str:
    found = re.search(rf"(?s)<!-- recorded: {name} -->\n```\n(.*?)```", page)
    assert found, f"docs/quickstart.md has no place for {name}"
    return found[1]


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """A directory of a user who has Python, the artifact and what its README says to install, and nothing else."""
    place = tmp_path_factory.mktemp("home")
    environment = {
        key: value for key, value in os.environ.items() if not key.startswith(("ANSIBLE_", "K8S_", "PYTHON"))
    }
    environment.update(HOME=str(place), PATH=f"{place}/venv/bin:/usr/bin:/bin:/usr/sbin:/sbin", ANSIBLE_NOCOLOR="1")

    def do(*argv, code=0, **more):
        ended = subprocess.run(
            argv,
            cwd=place,
            env={**environment, **more},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            timeout=1200,
        )
        print(ended.stdout)
        assert ended.returncode in ((code,) if isinstance(code, int) else code), ended.stdout
        return ended.stdout

    venv.create(place / "venv", with_pip=True)
    built = [sys.executable, "-m", "ansible", "galaxy", "collection", "build", "--output-path", str(place)]
    do(*built, str(REPOSITORY))
    do("pip", "install", "--quiet", "ansible-core>=2.18.1")
    (artifact,) = place.glob("osmigrate-fleet-*.tar.gz")
    do("ansible-galaxy", "collection", "install", str(artifact))
    there = place / ".ansible/collections/ansible_collections/osmigrate/fleet"
    do("pip", "install", "--quiet", "-r", str(there / "requirements.txt"))
    return place, do


def test_from_the_artifact_to_a_plan(home, control_plane, make_fleet):
    place, do = home
    fleet = make_fleet(3)
    admin = {"K8S_AUTH_KUBECONFIG": str(control_plane.admin_kubeconfig)}
    seen = {}
    do("ansible-playbook", "osmigrate.fleet.access", "--check", **admin)
    seen["access"] = do("ansible-playbook", "osmigrate.fleet.access", **admin)
    robot = {"K8S_AUTH_KUBECONFIG": str(place / "osmigrate.kubeconfig")}
    (place / "inventory/group_vars").mkdir(parents=True)
    (place / "inventory/nodes.k8s_nodes.yml").write_text(INVENTORY.format(pool=fleet.pool))
    do("openssl", "genpkey", "-algorithm", "ed25519", "-out", "release.pem")
    do("openssl", "pkey", "-in", "release.pem", "-pubout", "-out", "release.pub")
    (place / "release.yml").write_text(MANIFEST.read_text())
    do(
        "ansible",
        "localhost",
        "-m",
        "osmigrate.fleet.release_sign",
        "-a",
        "manifest=release.yml private_key=release.pem",
    )
    (place / "inventory/group_vars/all.yml").write_text(
        f"osmigrate_release: {place}/release.yml\nosmigrate_trusted_keys: [{place}/release.pub]\n"
        "osmigrate_check_payload: false\n"
    )
    seen["graph"] = do("ansible-inventory", "-i", "inventory", "--graph", **robot)
    seen["status"] = do("ansible-playbook", "-i", "inventory", "osmigrate.fleet.status", **robot)
    plan = do("ansible-playbook", "-i", "inventory", "osmigrate.fleet.plan", code=(2, 4), **robot)
    assert all(f"Refused: {name}: The node does not answer" in " ".join(plan.split()) for name in fleet.nodes)
    assert "Nothing was changed" in " ".join(plan.split())
    assert fleet.unavailable() == [] and fleet.notes() == [{}, {}, {}]
    keep(place, seen)


def keep(place, seen):
    """Compare what was seen with what the guide shows, or write it there."""
    path = REPOSITORY / "docs/quickstart.md"
    page = path.read_text()
    for name, output in seen.items():
        # Simulated nodes have no addresses, which is said on the way.
        output = re.sub(r"(?m)^\[WARNING\]: .*\n", "", output.replace(str(place), "~"))
        for differs, instead in DIFFERS:
            output = re.sub(differs, instead, output)
        # Of a playbook its last message: what comes before says that a task ran.
        shown = re.findall(r'(?s)"msg": \[\n(.*?)\n    \]', output)
        text = re.sub(r'(?m)^ +"|",?$', "", "\n".join(shown)) if shown else output.strip()
        text = "\n".join(line.rstrip() for line in text.replace('\\"', '"').splitlines()) + "\n"
        if os.environ.get("OSMIGRATE_RECORD"):
            block = recorded(page, name)
            page = page.replace(f"<!-- recorded: {name} -->\n```\n{block}", f"<!-- recorded: {name} -->\n```\n{text}")
        else:
            assert recorded(page, name) == text
    if os.environ.get("OSMIGRATE_RECORD"):
        Path(os.environ["OSMIGRATE_RECORD"]).write_text(page)

# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The definition of the execution environment works where users have it: in the artifact."""

from __future__ import annotations

import fnmatch
import subprocess
import sys
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[2]
GALAXY = yaml.safe_load((ROOT / "galaxy.yml").read_text())
DEFINITION = yaml.safe_load((ROOT / "execution-environment.yml").read_text())


def in_the_artifact(name: str) -> bool:
    parents = [str(parent) for parent in [Path(name), *Path(name).parents]]
    return not any(fnmatch.fnmatch(one, pattern) for one in parents for pattern in GALAXY["build_ignore"] if one != ".")


def test_it_names_what_galaxy_has_of_this_version():
    assert DEFINITION["dependencies"]["galaxy"]["collections"] == [
        {"name": f"{GALAXY['namespace']}.{GALAXY['name']}", "version": GALAXY["version"]}
    ]


def test_the_files_that_it_copies_are_in_the_artifact():
    for copied in DEFINITION["additional_build_files"]:
        assert (ROOT / copied["src"]).is_file()
        assert in_the_artifact(copied["src"])


def test_in_a_clone_it_has_the_artifact_of_the_clone(tmp_path):
    (tmp_path / "osmigrate-fleet-9.9.9.tar.gz").write_text("")
    subprocess.run([sys.executable, ROOT / "tests/gate/image.py", tmp_path], check=True)
    made = yaml.safe_load((tmp_path / "execution-environment.yml").read_text())
    assert made["dependencies"]["galaxy"]["collections"][0]["type"] == "file"
    sources = [Path(copied["src"]) for copied in made["additional_build_files"]]
    assert all(source.is_absolute() and source.is_file() for source in sources)
    assert sources[-1].name == "osmigrate-fleet-9.9.9.tar.gz"


def test_on_debian_it_asks_for_debians_tools_and_for_the_same_versions(tmp_path):
    (tmp_path / "osmigrate-fleet-9.9.9.tar.gz").write_text("")
    subprocess.run([sys.executable, ROOT / "tests/gate/image.py", tmp_path, "localhost/debian"], check=True)
    made = yaml.safe_load((tmp_path / "execution-environment.yml").read_text())
    assert made["images"] == {"base_image": {"name": "localhost/debian"}}
    assert made["options"]["package_manager_path"] == "/usr/bin/apt-get"
    steps = made["additional_build_steps"]["prepend_base"]
    assert steps[1:] == DEFINITION["additional_build_steps"]["prepend_base"]
    assert made["dependencies"]["ansible_core"] == DEFINITION["dependencies"]["ansible_core"]

# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the Ansible community package and Automation Hub ask of a collection, as far as a program can see it."""

from __future__ import annotations

import fnmatch
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
GALAXY = yaml.safe_load((ROOT / "galaxy.yml").read_text())
README = (ROOT / "README.md").read_text()
PLUGINS = sorted(path for path in ROOT.glob("plugins/*/*.py") if path.name != "__init__.py")
DOCUMENTED = [path for path in PLUGINS if path.parent.name in ("modules", "inventory", "callback")]
# They only look, and fail if what they see speaks against going on, which no _info module does.
JUDGES = {"k8s_drain_forecast", "k8s_preflight", "node_preflight", "release_boot"}


def words(path: Path) -> set[str]:
    return set(re.findall(r"(?m)^([A-Za-z0-9._-]+)", re.sub(r"(?m)^-r .*$|#.*$", "", path.read_text())))


def test_the_metadata_is_whole():
    needed = ("namespace", "name", "version", "readme", "authors", "description", "tags", "repository", "issues")
    assert all(GALAXY.get(field) for field in (*needed, "documentation", "homepage", "license_file"))
    assert re.fullmatch(r"\d+\.\d+\.\d+(-\w+)?", GALAXY["version"])
    assert len(GALAXY["tags"]) <= 20
    assert {"infrastructure", "linux", "cloud", "tools"} & set(GALAXY["tags"])
    assert yaml.safe_load((ROOT / "meta/runtime.yml").read_text())["requires_ansible"].startswith(">=")


def test_whatever_names_the_version_names_that_of_galaxy():
    argv = [sys.executable, str(ROOT / "tests/gate/version.py"), "--check"]
    assert subprocess.run(argv, check=False).returncode == 0
    (newest, *_older) = re.findall(r"(?m)^## v(\S+)", (ROOT / "CHANGELOG.md").read_text().replace("\\", ""))
    assert newest == GALAXY["version"]


@pytest.mark.parametrize(
    "said",
    [
        "## Description",
        "## Requirements",
        "## Installation",
        "## Use Cases",
        "## Testing",
        "## Contributing",
        "## Communication",
        "## Support",
        "## Release Notes and Roadmap",
        "## License Information",
        "https://forum.ansible.com",
        "https://docs.ansible.com/ansible/latest/community/code_of_conduct.html",
        "https://semver.org",
        "Supported connections",
        "Tested with Ansible",
    ],
)
def test_the_readme_says_what_it_has_to(said):
    assert said in README


def test_plugins_are_of_kinds_that_ansible_knows():
    known = {"action", "callback", "doc_fragments", "filter", "inventory", "module_utils", "modules", "plugin_utils"}
    assert {path.name for path in (ROOT / "plugins").iterdir() if path.is_dir()} - {"__pycache__"} <= known


def test_what_is_private_says_so_by_its_name():
    utils = [*ROOT.glob("plugins/plugin_utils/*.py"), *ROOT.glob("plugins/module_utils/*")]
    assert [path.stem for path in utils if not path.stem.startswith("_")] == []


@pytest.mark.parametrize("path", DOCUMENTED, ids=lambda path: path.stem)
def test_a_plugin_is_documented_and_licensed(path):
    text = path.read_text()
    assert "GNU General Public License v3.0+" in text
    documented = yaml.safe_load(re.search(r'(?s)DOCUMENTATION = r?"""(.*?)"""', text).group(1))
    assert documented["version_added"]
    assert documented["author"]
    if path.parent.name == "modules":
        assert "EXAMPLES = r" in text and "RETURN = r" in text
    if path.stem.endswith(("_info", "_facts")):
        # The fragment says that check mode is fully supported.
        assert "osmigrate.fleet.attributes.info" in documented["extends_documentation_fragment"]


def test_what_only_looks_is_called_info_unless_it_judges():
    looks = {path.stem for path in DOCUMENTED if "attributes.info" in path.read_text()}
    assert {name for name in looks if not name.endswith(("_info", "_facts"))} == JUDGES


@pytest.mark.parametrize(
    "path, is_for_users",
    [
        ("tests/unit", False),
        ("Makefile", False),
        ("mypy.ini", False),
        ("extensions/molecule", False),
        ("docs/pictures/plan.png", False),
        (".venv", False),
        ("README.md", True),
        ("requirements.txt", True),
        ("playbooks", True),
        ("awx/configure.yml", True),
        ("extensions/eda/rulebooks/fleet.yml", True),
        ("docs/examples/molecule", True),
        ("constraints/image.txt", True),
    ],
)
def test_the_artifact_has_what_users_need_and_nothing_of_developers(path, is_for_users):
    # Globs, of the path or of a directory that it is in, as ansible-galaxy has them.
    places = [str(one) for one in (Path(path), *Path(path).parents) if one != Path()]
    left_out = any(fnmatch.fnmatch(one, pattern) for one in places for pattern in GALAXY["build_ignore"])
    assert left_out != is_for_users
    assert not is_for_users or (ROOT / path).exists()


def test_requirements_leave_ansible_to_whoever_runs_it():
    for name in ("requirements.txt", "meta/ee-requirements.txt"):
        assert not {"ansible", "ansible-core", "ansible-runner"} & words(ROOT / name)
    declared = yaml.safe_load((ROOT / "meta/execution-environment.yml").read_text())["dependencies"]
    assert declared["python"] == "meta/ee-requirements.txt"
    # Lower bounds only: whoever builds an image has others to please.
    assert not re.search(r"(?m)^[^#]*(==|<|~=)", (ROOT / "meta/ee-requirements.txt").read_text())


def test_sanity_is_asked_of_everything_and_of_every_change():
    assert not list(ROOT.glob("tests/sanity/ignore*"))
    if (ROOT / ".github/workflows/ci.yml").is_file():
        runs = yaml.safe_load((ROOT / ".github/workflows/ci.yml").read_text())["on"]
        assert {"push", "pull_request", "schedule"} <= set(runs)

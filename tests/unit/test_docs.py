# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The guides keep to the code: docs/variables.md names every variable with its default, and links lead somewhere."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml
from ansible_collections.osmigrate.fleet.plugins.plugin_utils import _variables

ROOT = Path(__file__).resolve().parents[2]
GUIDES = [ROOT / "README.md", *sorted(ROOT.glob("docs/*.md"))]
OURS = "https://github.com/osmigrate/fleet/blob/main/"


def code(*patterns: str) -> str:
    """Return the text of the files without the lines that are only comments."""
    files = [path for pattern in patterns for path in sorted(ROOT.glob(pattern))]
    return "\n".join(re.sub(r"(?m)^\s*#.*$", "", path.read_text()) for path in files)


def table(prefix: str) -> dict[str, str]:
    """Return first and second cell of the rows of docs/variables.md whose first one begins with the prefix."""
    rows = re.findall(r"(?m)^\| `(\S+?)` \| (.*?) \|", (ROOT / "docs/variables.md").read_text())
    return {name: second.strip("`") for name, second in rows if name.startswith(prefix)}


PLAYS = code("playbooks/**/*.yml", "roles/*/defaults/*.yml", "roles/*/tasks/*.yml")
PLUGINS = code("plugins/**/*.py", "plugins/**/*.yml")
DOCUMENTED = table("osmigrate_")
# The part in capitals stands for a value.
GROUPS = {re.sub("[A-Z]+$", "", name) for name, meaning in DOCUMENTED.items() if meaning == "group"}
VARIABLES = {name: default for name, default in DOCUMENTED.items() if default != "group"}
# Kept by the playbooks themselves, by name in plugins/plugin_utils/_variables.py.
MADE = set(_variables.MADE)


def names(text: str) -> set[str]:
    return set(re.findall(r"\bosmigrate_[a-z_]*[a-z_]\b|\bosmigrate_[a-z_]+_(?=[A-Z{])", text))


def test_every_variable_that_roles_and_playbooks_read_is_documented_and_no_other():
    made = set(re.findall(r"register: (osmigrate_\w+)", PLAYS))
    assert made <= MADE
    read = names(PLAYS) - made - GROUPS
    assert read <= set(VARIABLES)
    assert set(VARIABLES) <= read


def test_the_page_has_what_the_registry_has():
    listed = {name: one.default for name, one in _variables.registry().items()}
    assert {name: default if default != "required" else None for name, default in VARIABLES.items()} == listed


def test_every_name_in_plugins_is_a_documented_variable_or_group():
    assert names(PLUGINS) - GROUPS - MADE <= set(VARIABLES)
    assert GROUPS <= names(PLUGINS)


@pytest.mark.parametrize("name", VARIABLES)
def test_the_default_is_what_the_code_says(name):
    literals = re.findall(rf"{name} \| default\((\d+|true|false|\[.*?\]|'[^']+')\)", PLAYS)
    assert {literal.strip("'") for literal in literals} <= {VARIABLES[name]}


def test_every_environment_variable_is_documented_and_no_other():
    read = re.findall(r'"((?:K8S_AUTH|OSMIGRATE)_[A-Z_]+)"', code("plugins/module_utils/_kube/auth_options.py"))
    assert set(read) == set(table("K8S_AUTH_") | table("OSMIGRATE_"))


def anchors(guide: Path) -> set[str]:
    """Return the anchors that GitHub gives the headings of a guide."""
    headings = re.findall(r"(?m)^#+ (.*)$", guide.read_text())
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("guide", GUIDES, ids=lambda path: path.name)
def test_links_lead_somewhere(guide):
    for link in re.findall(r"\]\(([^)\s]+)\)", guide.read_text()):
        path, _hash, anchor = link.partition("#")
        if path.startswith("http") and not path.startswith(OURS):
            continue
        target = ROOT / path[len(OURS) :] if path.startswith(OURS) else guide.parent / path if path else guide
        assert target.exists(), link
        assert not anchor or anchor in anchors(target), link


def test_the_page_of_faults_has_the_matrix():
    page = (ROOT / "docs/faults-cluster.md").read_text()
    for row in yaml.safe_load((ROOT / "tests/cluster/faults.yml").read_text()):
        for column, happens in row["during"].items():
            assert f"| {row['fault']} | {column} | {happens} |" in page

# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sphinx's configuration of the documentation site: the guides of docs/, and the reference beside them."""

from __future__ import annotations

import re
from pathlib import Path

import yaml
from docutils import nodes
from sphinx.addnodes import pending_xref
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment

LINKS = yaml.safe_load((Path(__file__).parent / "links.yml").read_text())["edit_on_github"]
SOURCE = f"https://github.com/{LINKS['repository']}/blob/{LINKS['branch']}/"
# Links of the guides to files that are no guides.
TO_SOURCE = re.compile(r"\]\((?:\.\./|(?=examples/))([^)\s]+)\)")
# Pages of Ansible's own documentation that the reference names by a label.
ANSIBLE = "https://docs.ansible.com/ansible/latest/"
PAGES = {
    "action_plugins": "plugins/action.html",
    "ansible_collections.ansible.builtin.constructed_inventory": (
        "collections/ansible/builtin/constructed_inventory.html"
    ),
    "ansible_configuration_settings": "reference_appendices/config.html",
    "callback_plugins": "plugins/callback.html",
    "common_return_values": "reference_appendices/common_return_values.html",
}

project = "osmigrate.fleet"
author = "osmigrate.fleet contributors"
copyright = author  # Sphinx calls it so
extensions = ["myst_parser", "sphinx_antsibull_ext", "sphinxcontrib.mermaid"]
source_suffix = {".rst": "restructuredtext", ".md": "markdown"}
root_doc = "index"
exclude_patterns = ["examples"]
html_theme = "sphinx_ansible_theme"
html_theme_options = {"vcs_pageview_mode": "blob", "documentation_home_url": "index.html"}
html_show_sphinx = False
html_copy_source = False
# As GitHub makes them, so that one link is right in both places.
myst_heading_anchors = 4
myst_fence_as_directive = ["mermaid"]


def _to_source(_app: Sphinx, name: str, content: list[str]) -> None:
    """Let links that leave the guides lead to the repository."""
    if not name.startswith("reference/"):
        content[0] = TO_SOURCE.sub(
            lambda found: f"]({SOURCE}{'docs/' if found[1].startswith('examples/') else ''}{found[1]})", content[0]
        )


def _to_ansible(
    _app: Sphinx, _environment: BuildEnvironment, wanted: pending_xref, content: nodes.Element
) -> nodes.reference | None:
    """Let a label that Ansible's documentation has lead there; any other one stays an error."""
    page = PAGES.get(wanted["reftarget"])
    return nodes.reference("", "", content, refuri=ANSIBLE + page, internal=False) if page else None


def setup(app: Sphinx) -> None:
    app.connect("source-read", _to_source)
    app.connect("missing-reference", _to_ansible)

# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a node is, and whether its packages' database answers: that of rpm is made, and read, by the real one."""

import shutil
from pathlib import Path

import pytest
import yaml
from ansible_collections.osmigrate.fleet.plugins.module_utils._carry import databases, dpkg
from ansible_collections.osmigrate.fleet.plugins.module_utils._carry.packages import Packages
from ansible_collections.osmigrate.fleet.plugins.module_utils._files.tree import Tree

from tests.trees import make_rpm_database, write_tree

SYSTEMS = yaml.safe_load((Path(__file__).parent / "systems.yml").read_text())
SHORT = {
    "dpkg": {f"{dpkg.INFO}/base-files.list": "", dpkg.STATUS: "Package: base-files\nStatus: install ok installed\n"},
    "snap": {"/snap/core/current": ""},
    "bdb": {"/var/lib/rpm/Packages": ""},
    "sqlite": {"/var/lib/rpm/rpmdb.sqlite": ""},
    "sysimage": {"/usr/lib/sysimage/rpm/rpmdb.sqlite": "", "/var/lib/rpm": "-> ../../usr/lib/sysimage/rpm"},
}
ROCKY = {"/etc/os-release": "ID=rocky\nID_LIKE=rhel\n"}


@pytest.mark.parametrize("system", SYSTEMS, ids=lambda system: system["name"])
def test_a_system_is_what_lies_on_it(tmp_path, system):
    files = {"/etc/os-release": system["os"]} if system["os"] else {}
    for name in system["files"]:
        files.update(SHORT.get(name, {name: ""}))
    tree = Tree(str(write_tree(tmp_path, files)))
    assert databases.family(tree) == system["family"]
    assert databases.main(tree) == system["database"]


@pytest.fixture
def node(tmp_path):
    """An EL system of one package, with dpkg as a tool; its administrator changed one of two files."""
    if not shutil.which("rpmbuild"):
        pytest.skip("needs rpmbuild (Debian's package rpm)")
    shipped = {"/etc/chrony.conf": "pool a\n", "/etc/other.conf": "as it was\n", "/usr/lib/deep/bin/cat": ""}
    root = write_tree(tmp_path / "root", {**ROCKY, **shipped, dpkg.STATUS: ""})
    make_rpm_database(root, shipped, tmp_path / "made")
    (root / "etc/chrony.conf").write_text("server ntp.site\n")
    return root


def test_dpkg_as_a_tool_hides_nothing_that_rpm_knows(node):
    packages = Packages(Tree(str(node)))
    assert packages.verdict("/etc/chrony.conf") == "modified"
    assert packages.verdict("/etc/other.conf") == ""
    assert databases.problem(Tree(str(node))) == ""


def test_a_broken_database_is_told(node):
    (node / "var/lib/rpm/rpmdb.sqlite").write_bytes(b"SQLite format 3\0" + b"rotten" * 4000)
    assert databases.problem(Tree(str(node))).startswith("rpm cannot read its database")


def test_an_empty_database_is_told(tmp_path):
    root = write_tree(tmp_path, {**ROCKY, "/var/lib/rpm/rpmdb.sqlite": ""})
    assert databases.problem(Tree(str(root)))


def test_a_missing_rpm_is_told(node, monkeypatch):
    monkeypatch.setattr("ansible_collections.osmigrate.fleet.plugins.module_utils._command.SEARCH_PATH", "/nowhere")
    assert "no program rpm" in databases.problem(Tree(str(node)))


def test_a_status_without_packages_is_told(tmp_path):
    root = write_tree(tmp_path, {f"{dpkg.INFO}/dpkg.list": "", dpkg.STATUS: "\0" * 100})
    assert "names no installed package" in databases.problem(Tree(str(root)))
    assert databases.problem(Tree(str(tmp_path / "nowhere"))) == "Neither dpkg nor rpm has a database here"


def test_a_directory_between_is_held_though_no_package_owns_it(node):
    """Packages of rpm own what they name, and not each directory that leads there."""
    packages = Packages(Tree(str(node)))
    assert packages.hold("/usr/lib/deep") and packages.hold("/usr/lib/deep/bin")
    assert not packages.hold("/usr/lib/own")

# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

import os

import pytest
from ansible_collections.osmigrate.fleet.plugins.module_utils._carry import dpkg, packages, rpm
from ansible_collections.osmigrate.fleet.plugins.module_utils._files.tree import NOWHERE, Tree


@pytest.fixture
def tree(tmp_path):
    (tmp_path / "etc/a/b").mkdir(parents=True)
    (tmp_path / "var/home").mkdir(parents=True)
    (tmp_path / "etc/a/b/file").write_text("x")
    (tmp_path / "etc/a/other.conf").write_text("y")
    (tmp_path / "home").symlink_to("var/home")
    (tmp_path / "etc/absolute").symlink_to("/etc/a/b")
    (tmp_path / "etc/out").symlink_to("../../../../../../etc/a")
    (tmp_path / "loop").symlink_to("/loop")
    return Tree(str(tmp_path))


@pytest.mark.parametrize(
    ("name", "resolved"),
    [
        ("/home/ops/x", "/var/home/ops/x"),
        ("/etc/absolute/file", "/etc/a/b/file"),
        ("/etc/out/other.conf", "/etc/a/other.conf"),
        ("/not/there", "/not/there"),
        ("/", "/"),
    ],
)
def test_links_never_lead_out(tree, name, resolved):
    assert tree.resolve(name) == resolved


def test_the_last_link_is_followed_only_when_asked(tree):
    assert tree.resolve("/etc/absolute", last=False) == "/etc/absolute"
    assert tree.is_link("/etc/absolute") and tree.is_directory("/etc/absolute")
    assert tree.text("/etc/absolute/file") == "x"


def test_a_loop_leads_nowhere(tree):
    """And so not out of the tree, as its links would for the kernel."""
    for name in ("/loop", "/loop/x"):
        assert tree.resolve(name) == NOWHERE
        assert not tree.exists(name) and not tree.is_directory(name)
        assert (tree.read(name), tree.names(name), tree.size(name), list(tree.pieces(name))) == (None, [], -1, [])
    assert tree.is_link("/loop") and tree.lstat("/loop/x") is None


@pytest.mark.parametrize(
    ("pattern", "names"),
    [
        ("/etc/a/*.conf", ["/etc/a/other.conf"]),
        ("/etc/a/**", ["/etc/a/b", "/etc/a/b/file", "/etc/a/other.conf"]),
        ("/etc/?/b/file", ["/etc/a/b/file"]),
        ("/etc/a/b", ["/etc/a/b"]),
        ("/etc/none/*", []),
        ("/none/**", []),
    ],
)
def test_glob(tree, pattern, names):
    assert tree.glob(pattern) == names


def test_parse_conffiles():
    status = (
        "Package: a\nConffiles:\n /etc/a 0123\n /etc/gone 4567 obsolete\nDescription: x\n /etc/no 89\n\nPackage: b\n"
    )
    assert dpkg.parse_conffiles(status) == {"/etc/a": "0123", "/etc/gone": "4567"}


def test_installed_packages_of_dpkg():
    status = (
        "Package: a\nStatus: install ok installed\nInstalled-Size: 3\nArchitecture: amd64\nMulti-Arch: same\n"
        "Version: 1:2-3\nDescription: x\n Version: 9\n\n"
        "Package: held\nStatus: hold ok installed\nInstalled-Size: x\nVersion: 1\n\n"
        "Package: gone\nStatus: deinstall ok config-files\nVersion: 1\n\n"
        "Package: half\nStatus: install ok half-installed\nVersion: 1\n"
    )
    assert dpkg.parse_installed(status) == {"a:amd64": ("1:2-3", 3072), "held": ("1", 0)}


def test_installed_packages_of_rpm():
    text = "kernel\t5-2\t20\nbash\t1:5-1\t7\nkernel\t5-1\t10\n"
    assert rpm.parse_installed(text) == {"bash": ("1:5-1", 7), "kernel": ("5-1, 5-2", 30)}


def test_what_ucf_made_is_its_packages(tmp_path):
    (tmp_path / "var/lib/ucf").mkdir(parents=True)
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc/a").write_text("shipped\n")
    (tmp_path / "etc/b").write_text("changed\n")
    import hashlib

    digest = hashlib.md5(b"shipped\n").hexdigest()
    (tmp_path / "var/lib/ucf/hashfile").write_text(f"{digest}  /etc/a\n{digest}  /etc/b\n")
    found = packages.Packages(Tree(str(tmp_path)))
    assert [found.verdict(name) for name in ("/etc/a", "/etc/b", "/etc/c")] == ["", "modified", "unowned"]


def test_what_is_no_file_is_not_waited_for(tree, tmp_path):
    os.mkfifo(str(tmp_path / "etc/pipe"))
    (tmp_path / "etc/endless").symlink_to("/dev/zero")
    assert tree.read("/etc/pipe") is None and tree.read("/etc/endless") is None and tree.text("/etc/pipe") == ""

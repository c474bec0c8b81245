# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a cut leaves of a set-up is finished by the same command; nothing rotten gets into a release. Real ostree."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
from ansible_collections.osmigrate.fleet.plugins.module_utils._backends.ostree import program
from ansible_collections.osmigrate.fleet.plugins.module_utils._command import run
from ansible_collections.osmigrate.fleet.plugins.module_utils._errors import FleetError

from tests.ostree.releases import REF, Boot, Node

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="ostree deploys as root only")


@pytest.fixture
def node(tmp_path):
    return Node(tmp_path)


def init_fs(root: Path) -> None:
    run(["ostree", "admin", "init-fs", "--modern", str(root)])


def empty_config(root: Path) -> None:
    init_fs(root)
    (root / "ostree/repo/config").write_text("")


def os_init(*parts: str):
    def cut(root: Path) -> None:
        program.Ostree(str(root)).initialize()
        for part in parts:
            (root / "ostree/deploy/debian" / part).mkdir(parents=True)

    return cut


CUTS = {
    "before anything": lambda root: None,
    "after the directory of the repository": lambda root: (root / "ostree/repo").mkdir(parents=True),
    "after the objects' directory": lambda root: (root / "ostree/repo/objects").mkdir(parents=True),
    "after init-fs": init_fs,
    "with a configuration that is empty": empty_config,
    "inside os-init": os_init("."),
    "inside os-init, with a directory of deployments": os_init("deploy"),
    "inside os-init, after var": os_init("var"),
}


@pytest.mark.parametrize("cut", CUTS.values(), ids=CUTS)
def test_an_interrupted_set_up_is_finished(node, cut):
    commit = node.release()
    shutil.rmtree(node.root / "ostree")
    cut(node.root)
    node.stage(commit)
    assert [one.commit for one in node.ostree.deployments()] == [commit]
    assert node.ostree.bootloader_is_ours()
    assert node.stage(commit) == []


def test_a_repository_that_somebody_deploys_from_stays_theirs(node):
    commit = node.release()
    node.stage(commit)
    run(["ostree", "config", f"--repo={node.root}/ostree/repo", "unset", "sysroot.bootloader"])
    with pytest.raises(FleetError, match="managed by another tool"):
        node.stage(commit)


def keep(node: Node, commit: str) -> None:
    """Let a release that is staged be the default."""
    (found,) = (one for one in node.ostree.deployments() if one.commit == commit)
    node.boot = Boot(kept={"root": found.path, "kernel": found.kernel, "backend": "ostree"})


def rot(node: Node, commit: str, path: str) -> str:
    """Change what an object of a file holds on the node's disk, and return its name."""
    name = node.said("ls", "--checksum", commit, path).split()[4]
    target = node.root / f"ostree/repo/objects/{name[:2]}/{name[2:]}.file"
    target.write_bytes(b"rotten")
    return name


def test_a_rotten_object_is_fetched_again_before_it_gets_into_a_release(node):
    first = node.release()
    node.stage(first)
    keep(node, first)
    rot(node, first, "/usr/lib/shared")
    second = node.release(b"2")
    node.stage(second)
    (deployed,) = (one for one in node.ostree.deployments() if one.commit == second)
    assert (node.root / deployed.path.lstrip("/") / "usr/lib/shared").read_text() == "what all releases have\n"


def test_a_rotten_object_that_cannot_be_had_is_deployed_nowhere(node, monkeypatch):
    first = node.release()
    node.stage(first)
    keep(node, first)
    monkeypatch.setattr(program.Ostree, "discard_rotten", lambda self, commit, timeout: True)  # a disk that is broken
    with pytest.raises(FleetError, match="are not what their names say.*Look at the disk"):
        node.stage(node.release(b"2"))
    assert [one.commit for one in node.ostree.deployments()] == [first]


def test_what_ostree_leaves_free_is_what_preflight_counts(node):
    size = 500 * 10**9
    assert program.minimum_free("", size) == 500 << 20
    assert node.ostree.minimum_free(size) == 500 << 20
    assert program.minimum_free("[core]\nmode=bare\n", size) == size * 3 // 100
    assert program.minimum_free("[core]\nmin-free-space-percent=5\n", size) == size * 5 // 100
    assert program.minimum_free("[core]\nmin-free-space-size=2GB\n", size) == 2 << 30


SAID = {
    "min-free-space-percent '3%' would be exceeded, at least 1 GB requested": "Make room where /ostree lies",
    "Writing content object: No space left on device": "df -i",
    "Server returned HTTP 403": "Publish the whole repository",
    "Server returned HTTP 500": "Run the same command again",
    "GPG signatures found, but none are in trusted keyring": "gpg_keys",
    "No such branch 'x' in repository summary": "payloads.ostree.ref",
    "Parsing 6f73.file: File header size 1008813135 exceeds size 63": "no login page, proxy or cache",
    "Corrupted dirtree object; checksum expected='a' actual='b'": "no login page, proxy or cache",
    "Commit has no requested ref in ref binding metadata": "payloads.ostree.ref",
}


def with_both(tree: Path) -> None:
    (tree / "etc").mkdir()


def with_a_plain_one(tree: Path) -> None:
    (tree / "usr/etc").rename(tree / "etc")


def without_os_release(tree: Path) -> None:
    (tree / "usr/lib/os-release").unlink()


def without_a_kernel(tree: Path) -> None:
    shutil.rmtree(tree / "usr/lib/modules")


@pytest.mark.parametrize("change", [with_both, with_a_plain_one, without_os_release, without_a_kernel])
def test_what_ostree_deploys_from_nothing_is_to_be_built_anew(node, change):
    node.release()
    change(node.directory / "tree")
    run(["ostree", "commit", f"--repo={node.source}", f"--branch={REF}", f"--tree=dir={node.directory}/tree"])
    commit = run(["ostree", "rev-parse", f"--repo={node.source}", REF]).stdout.strip()
    with pytest.raises(FleetError, match="cannot be deployed: .*publish it under another version"):
        node.stage(commit)


@pytest.mark.parametrize(("said", "todo"), SAID.items())
def test_the_advice_fits_the_cause(said, todo):
    assert todo in program.advice(said)


def without_initramfs(tree: Path) -> None:
    (tree / "usr/lib/modules/6.1/initramfs.img").unlink()


def two_kernels(tree: Path) -> None:
    shutil.copytree(tree / "usr/lib/modules/6.1", tree / "usr/lib/modules/6.2")
    (tree / "usr/lib/modules/6.2/vmlinuz").write_bytes(b"another")


BUILT_WRONG = {
    "no initramfs": (without_initramfs, {}, "has no initramfs.img in /usr/lib/modules"),
    "another kernel than the manifest says": (lambda tree: None, {"kernel": "6.9"}, "names kernel 6.9, and ostree"),
    "two kernels, and another one boots": (two_kernels, {"kernel": "6.9"}, r"of those in it \(6.1, 6.2\)"),
}


@pytest.mark.parametrize("case", BUILT_WRONG.values(), ids=BUILT_WRONG)
def test_a_release_that_was_built_wrong_is_named(node, case):
    change, system, told = case
    node.release()
    tree = node.directory / "tree"
    change(tree)
    run(["ostree", "commit", f"--repo={node.source}", f"--branch={REF}", f"--tree=dir={tree}"])
    commit = run(["ostree", "rev-parse", f"--repo={node.source}", REF]).stdout.strip()
    node.stage(commit)
    (deployed,) = node.ostree.deployments()
    shown = deployed._replace(
        path=str(node.root) + deployed.path,
        kernel=str(node.root) + deployed.kernel,
        initrd=str(node.root) + deployed.initrd,
    )
    candidate = node.wanted(commit)
    candidate.release = dict(candidate.release, os=system)
    with pytest.raises(FleetError, match=told):
        candidate.check(shown)


def test_a_device_tree_of_the_release_is_known(node):
    node.release()
    (node.directory / "tree/usr/lib/modules/6.1/devicetree").write_bytes(b"tree")
    node.stage(node.release(b"2"))
    (deployed,) = node.ostree.deployments()
    assert (node.root / deployed.devicetree.lstrip("/")).read_bytes() == b"tree"

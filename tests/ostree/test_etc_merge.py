# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is told of the merge of /etc, held against what the installed ostree does in a sysroot of the test's own."""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path

import pytest
from ansible_collections.osmigrate.fleet.plugins.module_utils._backends.ostree.candidate import Candidate
from ansible_collections.osmigrate.fleet.plugins.module_utils._backends.ostree.program import Ostree, Source
from ansible_collections.osmigrate.fleet.plugins.module_utils._command import run
from ansible_collections.osmigrate.fleet.plugins.module_utils._errors import FleetError
from ansible_collections.osmigrate.fleet.plugins.module_utils._files import etc_merge

from tests.backends.etc_trees import CASES, hold, trees_of, write
from tests.ostree.releases import Boot

SIZE = 1000 * 1000
pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="ostree deploys as root only")


class Sysroot:
    """A root with one deployment; releases that follow differ only in /usr/etc."""

    def __init__(self, directory: Path):
        self.directory, self.root = directory, directory / "root"
        self.source = directory / "source"
        run(["ostree", "init", f"--repo={self.source}", "--mode=archive"])
        self.ostree = Ostree(str(self.root))
        (self.root / "run").mkdir(parents=True)
        (self.root / "run/ostree-booted").touch()
        self.ostree.initialize()
        self.ostree.create_stateroot("debian")

    def release(self, etc: dict) -> str:
        tree = self.directory / "tree"
        shutil.rmtree(tree, ignore_errors=True)
        modules = "usr/lib/modules/6.1"
        write(tree, {"usr": {"etc": etc, "lib": {"os-release": "ID=debian\nPRETTY_NAME=Debian\n"}}, "boot": {}})
        write(tree / modules, {"vmlinuz": "kernel", "initramfs.img": "initramfs"})
        options = ["--branch=x", f"--tree=dir={tree}", "--canonical-permissions"]
        run(["ostree", "commit", f"--repo={self.source}", *options])
        return run(["ostree", "rev-parse", f"--repo={self.source}", "x"]).stdout.strip()

    def pull(self, commit: str) -> None:
        self.ostree.pull("osmigrate-d", Source(f"file://{self.source}", "x", commit, SIZE), [], 60)

    def deploy(self, commit: str) -> Path:
        self.pull(commit)
        self.ostree.deploy("debian", commit)
        (found,) = (one for one in self.ostree.deployments() if one.commit == commit)
        return self.root / found.path.lstrip("/")

    def prepare(self, old: dict, here: dict, new: dict):
        """Deploy a release, change /etc, make another release; return the deployment's root and the new commit."""
        for deployment in self.ostree.deployments():
            self.ostree.undeploy(deployment)
        running = self.deploy(self.release({**old, "seed": "1"}))
        etc = running / "etc"
        # The directory itself cannot go: ostree makes a deployment immutable.
        run(["find", str(etc), "-mindepth", "1", "-delete"])
        write(etc, {**here, "seed": "1"})
        return running, self.release({**new, "seed": "2"})

    def merge(self, old: dict, here: dict, new: dict):
        """Return what was told, /etc of the new deployment or None where ostree failed, and the three trees."""
        running, commit = self.prepare(old, here, new)
        self.pull(commit)
        default = self.directory / "default"
        shutil.rmtree(default, ignore_errors=True)
        self.ostree.check_out_etc(commit, str(default))
        trees = [etc_merge.scan(str(path)) for path in (running / "usr/etc", running / "etc", default)]
        told = etc_merge.compare(*trees)
        try:
            merged = etc_merge.scan(str(self.deploy(commit) / "etc"))
        except FleetError:
            merged = None
        return told, merged, trees


@pytest.fixture(scope="module")
def sysroot(tmp_path_factory):
    return Sysroot(tmp_path_factory.mktemp("sysroot"))


@pytest.mark.parametrize("name", CASES)
def test_ostree_does_what_was_told(sysroot, name):
    told, merged, trees = sysroot.merge(*CASES[name])
    found = [one.outcome for one in told if one.path != "seed"]
    assert set(found) == ({name.partition(",")[0]} if name else set())
    hold(told, merged, trees)


@pytest.mark.parametrize("seed", range(25))
def test_ostree_does_what_was_told_of_any_tree(sysroot, seed):
    hold(*sysroot.merge(*trees_of(seed)))


def candidate(sysroot, commit, policy, boot=None):
    payload = {"url": f"file://{sysroot.source}", "ref": "x", "commit": commit, "size": SIZE, "gpg_keys": []}
    release = {"name": "d", "version": "2", "payloads": {"ostree": payload}}
    return Candidate(release, sysroot.ostree, boot or Boot(), "debian", 60, policy)


BOTH = ({"a": "1", "b": {"c": "1"}}, {"a": "x"}, {"a": "2", "b": {"c": "2"}})


def test_a_rehearsal_tells_the_same_and_leaves_nothing(sysroot):
    commit = sysroot.prepare(*BOTH)[1]
    found = candidate(sysroot, commit, "keep").rehearse_merge()
    assert [(one.outcome, one.path) for one in found] == [("conflict", "a"), ("conflict", "b"), ("taken", "seed")]
    repository = f"--repo={sysroot.root}/ostree/repo"
    assert run(["ostree", "show", repository, commit], check=False).rc != 0


@pytest.mark.parametrize(("policy", "expected"), [("keep", {"a": "x"}), ("take", {"a": "2", "b": {"c": "2"}})])
def test_the_policy_says_whose_file_counts(sysroot, tmp_path, policy, expected):
    commit = sysroot.prepare(*BOTH)[1]
    sysroot.pull(commit)
    wanted = candidate(sysroot, commit, policy)
    wanted._deploy()
    deployed = wanted.deployment()
    assert sysroot.ostree.is_linked(deployed)
    write(tmp_path / "expected", {**expected, "seed": "2"})
    assert etc_merge.scan(sysroot.ostree.etc(deployed)[1]) == etc_merge.scan(str(tmp_path / "expected"))


@pytest.mark.parametrize(
    ("policy", "trees", "told"),
    [
        ("fail", BOTH, "Both the node and the release changed files of /etc: conflict /etc/a: changed here, and"),
        ("keep", ({"a": "1"}, {"a": "x"}, {"a": {"b": "1"}}), "/etc of the node cannot be merged with that of"),
    ],
)
def test_a_merge_that_is_refused_deploys_nothing(sysroot, policy, trees, told):
    commit = sysroot.prepare(*trees)[1]
    sysroot.pull(commit)
    wanted = candidate(sysroot, commit, policy)
    with pytest.raises(FleetError, match=told):
        wanted._deploy()
    with pytest.raises(FleetError, match=told):
        wanted.rehearse_merge()
    assert wanted.deployment() is None


def test_where_nothing_runs_from_ostree_nothing_is_merged(sysroot, tmp_path):
    commit = sysroot.prepare(*BOTH)[1]
    (sysroot.root / "run/ostree-booted").unlink()
    try:
        assert candidate(sysroot, commit, "fail").rehearse_merge() == []
    finally:
        (sysroot.root / "run/ostree-booted").touch()


def entry_of(deployed):
    paths = {"kernel": deployed.kernel[len("/boot") :], "initrd": deployed.initrd[len("/boot") :]}
    return {"root": deployed.path, "backend": "ostree", **paths}


@pytest.fixture
def staged(sysroot, monkeypatch):
    """A release that was staged beside the one that runs, and the menu entries of both."""
    running, commit = sysroot.prepare({"a": "1", "b": "1"}, {"a": "x", "b": "1"}, {"a": "1", "b": "2"})
    runs = sysroot.ostree.deployments()[0]
    monkeypatch.setattr(Ostree, "booted", lambda _self: runs)
    deploys = Ostree.deploy

    def deploy(self, *given):
        """ostree merges from what it sees run; here nothing does, and it takes the first."""
        for conf in Path(self.root, "boot/loader/entries").iterdir():
            found = re.search("ostree=(\\S+)", conf.read_text()).group(1)
            first = os.path.realpath(self.root + found) == os.path.realpath(self.root + runs.path)
            conf.write_text(re.sub("(?m)^version .*", f"version {9 if first else 1}", conf.read_text()))
        deploys(self, *given)

    monkeypatch.setattr(Ostree, "deploy", deploy)
    sysroot.pull(commit)
    boot = Boot(r=entry_of(runs))
    candidate(sysroot, commit, "keep", boot)._deploy()
    return running / "etc", lambda policy="keep": candidate(sysroot, commit, policy, boot), boot


def in_menu(one, boot):
    """Put it into the menu, where it is not needed."""
    boot.state["entries"]["d-2"] = entry_of(one.deployment())
    boot.needed_entries = lambda: {"r"}


def carry_out(one):
    steps = one.plan()
    for step in steps:
        step.do()
    return [step.action for step in steps]


def etc_of(sysroot, one):
    etc = Path(sysroot.ostree.etc(one.deployment())[1])
    return {path.name: path.read_text() for path in etc.iterdir() if path.name in ("a", "b", "own")}


ANEW = ["deploy d-2 anew, with /etc as it is now"]


def test_a_release_that_is_staged_again_gets_what_was_changed_since(sysroot, staged):
    etc, wanted, boot = staged
    in_menu(wanted(), boot)
    assert wanted().plan() == []
    first = wanted().deployment()
    (etc / "a").write_text("y")
    assert carry_out(wanted()) == ANEW
    assert etc_of(sysroot, wanted()) == {"a": "y", "b": "2"}
    again = wanted().deployment()
    assert again.path != first.path and sysroot.ostree.is_linked(again) and not sysroot.ostree.is_linked(first)
    assert [one.commit for one in sysroot.ostree.deployments()].count(first.commit) == 1
    assert set(boot.state["entries"]) == {"r"}, "an entry must not outlive what it boots"
    in_menu(wanted(), boot)
    assert wanted().plan() == []
    assert carry_out(wanted("take")) == ANEW, "the policy says whose file counts"


@pytest.mark.parametrize("left", [{"failed": {"d-2": {"attempts": 1}}}, {"drills": {"d-2": {"at": 1764547200}}}])
@pytest.mark.parametrize("runs", ["release", "packages"])
def test_what_a_trial_wrote_is_not_staged_again(sysroot, staged, monkeypatch, left, runs):
    _etc, wanted, boot = staged
    if runs == "packages":
        monkeypatch.setattr(Ostree, "booted", lambda _self: None)
        monkeypatch.setattr(Ostree, "merge_base", lambda _self, _stateroot: None)
        assert carry_out(wanted()) == ANEW
    in_menu(wanted(), boot)
    Path(sysroot.ostree.etc(wanted().deployment())[1], "own").write_text("of the trial")
    assert wanted().plan() == []
    boot.state.update(left)
    assert carry_out(wanted()) == ANEW
    assert "own" not in etc_of(sysroot, wanted())
    in_menu(wanted(), boot)
    assert wanted().plan() == []


def test_the_default_keeps_its_own_etc(sysroot, staged):
    etc, wanted, boot = staged
    in_menu(wanted(), boot)
    boot.needed_entries = lambda: {"r", "d-2"}
    (etc / "a").write_text("y")
    assert wanted().plan() == [] and etc_of(sysroot, wanted())["a"] == "x"


def test_what_is_refused_leaves_what_was_staged(sysroot, staged):
    etc, wanted, boot = staged
    in_menu(wanted(), boot)
    (etc / "b").write_text("y")
    with pytest.raises(FleetError, match="conflict /etc/b"):
        carry_out(wanted("fail"))
    assert set(boot.state["entries"]) == {"r", "d-2"} and etc_of(sysroot, wanted()) == {"a": "x", "b": "2"}


@pytest.mark.parametrize("cut", ["note_merged", "link", "undeploy"])
def test_a_merge_that_is_cut_off_is_made_anew(sysroot, staged, monkeypatch, cut):
    etc, wanted, boot = staged
    in_menu(wanted(), boot)
    (etc / "a").write_text("y")

    def killed(*_all):
        raise InterruptedError

    with monkeypatch.context() as patched:
        patched.setattr(Ostree, cut, killed)
        with pytest.raises(InterruptedError):
            carry_out(wanted())
    assert set(boot.state["entries"]) == {"r"}
    assert carry_out(wanted()) and wanted().plan() == []
    assert etc_of(sysroot, wanted())["a"] == "y" and sysroot.ostree.is_linked(wanted().deployment())
    assert len(sysroot.ostree.deployments()) == 2

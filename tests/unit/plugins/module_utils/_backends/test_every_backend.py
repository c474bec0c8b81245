# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What every backend has to do, for every backend that there is, and for a toy that has nothing but the contract.

Boot control, menu, record and finalize are real, on a directory; what tests/backends replaces it says.
"""

import json
import time
from importlib import import_module
from pathlib import Path

import pytest
import yaml
from ansible_collections.osmigrate.fleet.plugins.action import node_candidate
from ansible_collections.osmigrate.fleet.plugins.module_utils._backends import contract, registry
from ansible_collections.osmigrate.fleet.plugins.module_utils._boot import files, grub, grubfiles, initrd, menu
from ansible_collections.osmigrate.fleet.plugins.module_utils._errors import FleetError
from ansible_collections.osmigrate.fleet.plugins.module_utils._node import finalize, staging
from ansible_collections.osmigrate.fleet.plugins.module_utils._release import schema
from ansible_collections.osmigrate.fleet.plugins.module_utils._trial import control, evidence, record, reporter
from ansible_collections.osmigrate.fleet.plugins.module_utils._trial.control import BootControl
from ansible_collections.osmigrate.fleet.plugins.modules import boot_trial, node_carry

from tests.backends import etc_trees, toy
from tests.backends.benches import BENCHES

# What node_carry is asked where nobody says anything else.
ASKED = {
    "extra_paths": [],
    "kernel_arguments": [],
    "deadman_seconds": 0,
    "deadman_most": 0,
    "health_timeout": 60,
    "health_deadline": 0,
    "accepted": [],
}


class Node:
    """A node on which one backend has written d-1, which is confirmed, and d-2."""

    def __init__(self, root: Path, kind: str, monkeypatch):
        self.root, self.kind, self.monkeypatch = root, kind, monkeypatch
        self.benches = {name: bench(root, monkeypatch) for name, bench in BENCHES.items()}
        self.bench, self.backend = self.benches[kind], self.benches[kind].backend
        self.entries = {name: self.stage(name) for name in ("d-1", "d-2")}
        self.run("d-1")
        self.open().confirm("d-1")

    def open(self, backends=None) -> BootControl:
        every = [bench.backend for bench in self.benches.values()] if backends is None else backends
        return BootControl(every)

    def stage(self, name: str, kind: str = "") -> dict:
        bench = self.benches[kind or self.kind]
        written = {
            **bench.write(name),
            "id": name,
            "title": name,
            "options": "root=UUID=1-2",
            "root_uuid": "1-2",
            "boot_uuid": "1-2",
            "backend": bench.backend.name,
        }
        self.open().stage(written)
        return self.open().state["entries"][name]

    def run(self, name: str) -> None:
        for bench in self.benches.values():
            bench.boot(None)
        if name != "package":
            self.bench.boot(self.entries[name])

    def reboot(self, name: str) -> None:
        """Let another boot run an entry; it is a trial where that is not the default."""
        path = self.root / "boot/osmigrate/state.json"
        state = json.loads(path.read_text())
        state["trial"]["armed_boot_id"] = "another"
        path.write_text(json.dumps(state))
        self.run(name)
        on_trial = name != self.open().default_entry()
        self.monkeypatch.setattr(BootControl, "is_trial", lambda _self: on_trial)


@pytest.fixture(params=sorted(BENCHES))
def node(request, tmp_path, monkeypatch):
    """A node of each backend. Replaced, for want of a machine: freeze, systemctl, the report's unit, who booted."""
    (tmp_path / "boot/grub").mkdir(parents=True)
    (tmp_path / "boot/grub/grub.cfg").write_text("set timeout=3\nsource $prefix/custom.cfg\n")
    found = grubfiles.find
    monkeypatch.setattr(grubfiles, "find", lambda: found(str(tmp_path)))
    monkeypatch.setattr(record, "PATH", str(tmp_path / "boot/osmigrate/state.json"))
    monkeypatch.setattr(initrd, "PATH", str(tmp_path / "boot/osmigrate/trial.img"))
    monkeypatch.setattr(files, "commit", lambda path: "")
    for module in (control, menu):
        monkeypatch.setattr(module, "run", lambda argv, **how: None)
    monkeypatch.setattr(reporter, "install", lambda check_mode: [])
    monkeypatch.setattr(evidence, "forget", lambda: None)
    monkeypatch.setattr(BootControl, "not_by_grub", lambda self: "")
    return Node(tmp_path, request.param, monkeypatch)


def documented(module):
    path = "ansible_collections.osmigrate.fleet.plugins.modules." + module.rpartition(".")[2]
    return yaml.safe_load(import_module(path).DOCUMENTATION)


def test_every_backend_has_a_module_that_takes_what_every_one_takes():
    assert set(node_candidate.MODULES) == {backend.name for backend in registry.backends()}
    every = documented("node_candidate")
    assert set(every["options"].pop("backend")["choices"]) == set(node_candidate.MODULES)
    for name in node_candidate.MODULES.values():
        own = documented(name)
        assert own["extends_documentation_fragment"] == every["extends_documentation_fragment"]
        for option, meant in every["options"].items():
            assert {**own["options"][option], "description": ""} == {**meant, "description": ""}


def test_every_backend_has_a_bench():
    assert {backend.name for backend in registry.backends()} | {toy.NAME} == set(BENCHES)


def test_every_backend_says_all_that_the_contract_asks():
    methods = {name for name, value in vars(contract.Backend).items() if callable(value)}
    for backend in registry.backends():
        assert backend.name in schema.PAYLOADS
        assert backend.keeps
        assert methods <= set(vars(type(backend)))


def test_what_runs(node):
    entries = contract.entries_of(node.open().state["entries"], node.kind)
    assert node.backend.running(entries) == "d-1"
    node.bench.boot_stranger()
    assert node.backend.running(entries) == ""
    assert node.open().booted_entry() == ""
    node.run("package")
    assert node.backend.running(entries) is None
    assert node.open().booted_entry() == "package"


def test_the_root_of_another_backend_is_not_the_package_managed_system(node):
    others = [bench for name, bench in node.benches.items() if name != node.kind]
    node.run("package")
    for other in others:
        other.boot_stranger()
        assert node.open().booted_entry() == ""
        other.boot(None)
    # Nor is one of a backend that this version does not know, by what the command line claims.
    node.monkeypatch.setattr(grub, "parse_command_line", lambda _text: [("osmigrate.entry", "d-1")])
    assert node.open([other.backend for other in others]).booted_entry() == ""
    assert node.open().booted_entry() == "package"


@pytest.mark.parametrize(
    ("runs", "verdict"), [("d-2", "booted_candidate"), ("d-1", "fell_back"), ("package", "unknown")]
)
def test_verdict(node, runs, verdict):
    node.open().arm("d-2", 1, "r")
    assert node.open().verdict().verdict == "never_rebooted"
    node.open()._block.flip({"osm_default": "d-1", "osm_trial": "d-2", "osm_tries": "0"})
    node.reboot(runs)
    assert node.open().verdict().verdict == verdict
    if verdict == "booted_candidate":
        node.open().confirm("d-2")
        assert node.open().default_entry() == "d-2"


def test_a_root_is_where_its_entry_boots(node):
    boot = node.open()
    root = boot.root("d-2")
    assert (root.backend, root.path) == (node.kind, boot.state["entries"]["d-2"]["root"])
    assert root.kernel.endswith(boot.state["entries"]["d-2"]["kernel"])
    assert root.pristine.startswith("/") and root.incumbent_at.startswith("/")
    assert all(len(line.split()) == 6 for line in [*root.mounts, root.var_mount] if line)
    for step in node.backend.forget(boot.state["entries"]["d-2"]):
        step.do()
    assert node.open().root("d-2") is None
    assert not node.bench.lies_there(node.entries["d-2"])
    with pytest.raises(FleetError, match="root that d-2 boots is gone"):
        node.open().arm("d-2", 1, "r")


def test_nothing_is_complete_that_was_not_looked_at(node):
    boot = node.open()
    assert contract.incomplete(boot.backends, boot.state["entries"]["d-2"]) == ""
    node.bench.damage(node.entries["d-2"])
    assert contract.incomplete(boot.backends, boot.state["entries"]["d-2"]) != ""
    others = [bench.backend for name, bench in node.benches.items() if name != node.kind]
    assert "does not know the backend" in contract.incomplete(others, boot.state["entries"]["d-1"])


def test_what_is_damaged_is_told_before_anybody_goes_back_to_it(node):
    boot = node.open()
    for name in ("d-2", grub.PACKAGE, "gone-1"):
        boot.require_whole(name)
    node.bench.damage(node.entries["d-2"])
    with pytest.raises(FleetError, match="d-2 cannot be gone back to: .*Nothing was changed, and the node serves on"):
        boot.require_whole("d-2")


def test_what_was_begun_and_is_no_release_is_named(node):
    assert node.open().facts()["not_whole"] == []
    cut = node.bench.cut_off()
    assert node.open().facts()["not_whole"] == cut == node.backend.not_whole()


def test_prune_leaves_what_is_needed_and_what_others_wrote(node):
    other = next(name for name in node.benches if name != node.kind)
    for name, kind in (("d-3", node.kind), ("o-1", other), ("o-2", other)):
        node.entries[name] = node.stage(name, kind)
    for name in ("d-1", "d-3"):
        node.bench.damage(node.entries[name])
    node.benches[other].damage(node.entries["o-2"])
    for step in node.backend.prune(node.open()):
        step.do()
    # What runs stays in the menu, broken as it is; others are looked at by those who wrote them.
    assert set(node.open().state["entries"]) == {"d-1", "d-2", "o-1", "o-2"}
    assert node.bench.lies_there(node.entries["d-2"])
    assert all(node.benches[other].lies_there(node.entries[name]) for name in ("o-1", "o-2"))
    assert node.backend.prune(node.open()) == []


def test_finalize(node):
    now = int(time.time())
    finalize.refuse(node.open(), 0, now)
    root = node.open().root("d-1")
    place = root.path.replace(str(node.root), "")
    assert any(place.startswith(kept + "/") for kept in node.backend.keeps)
    kept = [bench.backend for name, bench in node.benches.items() if name != node.kind]
    with pytest.raises(FleetError, match="This node runs "):
        finalize.refuse(node.open(kept), 0, now)
    node.bench.damage(node.entries["d-1"])
    with pytest.raises(FleetError, match="not all there"):
        finalize.refuse(node.open(), 0, now)


def test_finalize_waits_for_a_version_that_knows_every_backend(node):
    other = next(name for name in node.benches if name != node.kind)
    node.stage("o-1", other)
    with pytest.raises(FleetError, match="does not know what o-1 needs"):
        finalize.refuse(node.open([node.backend]), 0, int(time.time()))


def test_a_release_is_staged_by_nothing_but_the_contract(tmp_path, node, monkeypatch):
    if node.kind != toy.NAME:
        pytest.skip("tests/ostree stages real commits")
    tree = tmp_path / "release"
    for part in ("factory", "etc", "var", "usr/lib"):
        (tree / part).mkdir(parents=True)
    (tree / "usr/lib/os-release").write_text('ID=toy\nPRETTY_NAME="Toy 3"\n')
    for part in ("vmlinuz", "initrd.img"):
        (tree / part).write_text("3")
    release = {"name": "toy", "version": "3", "payloads": {"toy": {"directory": str(tree), "digest": "ab"}}}

    def control_of(check_mode):
        boot = node.open()
        boot.arguments = [("console", "ttyS0")]
        return boot

    def bring(state="present", check_mode=False):
        params = {"state": state, "kernel_arguments": ["a=b"]}
        return staging.bring(params, check_mode, lambda *made: toy.ToyCandidate(made[0], node.root, made[1]))[1]

    # No manifest can have a payload that no version knows.
    monkeypatch.setattr(staging.admission, "verified", lambda params: (release, ["f" * 64]))
    monkeypatch.setattr(staging.open_boot, "control", control_of)
    planned = {"changed": True, "actions": ["copy toy-3"], "entry": {}, "root": {}}
    assert bring(check_mode=True) == planned == bring(check_mode=True)
    done = bring()
    assert done == {**planned, "entry": done["entry"], "root": done["root"]}
    assert bring() == {**done, "changed": False, "actions": []}
    staged = done["entry"]
    assert staged["title"] == "Toy 3 (toy-3)" and staged["release"]["signed_by"] == ["f" * 64]
    assert set(staged) | {"devicetree"} == set(boot_trial.ENTRY)
    assert set(contract.Root._fields) == set(node_carry.ROOT) == set(done["root"])
    assert staged["options"].startswith("root=UUID=1-2 toy=toy-3 systemd.machine_id=")
    assert staged["options"].endswith(" console=ttyS0 a=b")
    assert (staged["commit"], staged["root"]) == ("ab", str(node.root / "toy/toy-3"))
    node.open().stage(staged)
    node.open().arm("toy-3", 1, "r")
    node.open().revert("")
    removal = ["take toy-3 out of the menu", f"remove {node.root / 'toy/toy-3'}"]
    assert bring("absent") == {"changed": True, "actions": removal, "entry": {}, "root": {}}
    assert "toy-3" not in node.open().state["entries"] and bring(check_mode=True) == planned


def seen_by_the_test(node, root: contract.Root) -> contract.Root:
    """A backend names its places as the node sees them; here that is below the bench."""
    path, var = (str(node.root / place.removeprefix(f"{node.root}/").lstrip("/")) for place in (root.path, root.var))
    for place in (path + root.pristine, path + "/etc", path + "/home", var):
        Path(place).mkdir(parents=True, exist_ok=True)
    return root._replace(path=path, var=var)


def test_a_node_is_carried_into_it(node, tmp_path):
    node.run("package")
    incumbent = tmp_path / "packages"
    for name in ("etc", "home/ada"):
        (incumbent / name).mkdir(parents=True)
    (incumbent / "etc/hostname").write_text("w1\n")
    root = seen_by_the_test(node, node.open().root("d-2"))
    done = node_carry.carry(str(incumbent), root, [], ASKED, False)
    assert done["changed"] and not root.etc_merged
    assert Path(root.path, "etc/hostname").read_text() == "w1\n"
    mounted = Path(root.path, "etc/fstab").read_text().splitlines()
    assert [line for line in [*root.mounts, root.var_mount] if line and line not in mounted] == []
    assert [line for line in mounted if line.split()[0] == f"{root.incumbent_at}/home"]
    assert not node_carry.carry(str(incumbent), root, [], ASKED, False)["changed"]


def test_from_one_release_to_the_next_the_same_is_told(node, tmp_path):
    """How /etc is merged tests/ostree and test_etc_merge.py hold against the same trees."""
    if node.kind == toy.NAME:
        pytest.skip("it merges nothing")
    root = seen_by_the_test(node, node.open().root("d-2"))
    assert root.etc_merged
    people = {"passwd": "ada:x:1000:1000::/home/ada:/bin/sh\n", "group": "ada:x:1000:\n"}
    changed = {**people, "cron.d": {"own": "* * * * * root /usr/bin/mine\n"}}
    running = tmp_path / "running"
    etc_trees.write(running, {"etc": changed, "usr": {"bin": {"mine": ""}}})
    etc_trees.write(Path(root.path, "etc"), changed)
    brought = {name: text.replace("ada", "web").replace("1000", "33") for name, text in people.items()}
    etc_trees.write(Path(root.path + root.pristine), brought)
    done = node_carry.carry(str(running), root, [], ASKED, False)
    assert "web:x:33:33::/home/web:/bin/sh" in Path(root.path, "etc/passwd").read_text().splitlines()
    lost = "/etc/cron.d/own: the release has no /usr/bin/mine"
    assert [(one["key"], one["detail"]) for one in done["findings"]] == [("carry-lost", lost)]
    assert not node_carry.carry(str(running), root, [], ASKED, False)["changed"]

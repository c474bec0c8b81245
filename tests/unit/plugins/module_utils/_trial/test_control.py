# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Decisions on a directory that stands for /boot: arming, drills, giving up the package-managed system."""

import contextlib
import json
import shutil
import time

import pytest
from ansible_collections.osmigrate.fleet.plugins.module_utils import _storage
from ansible_collections.osmigrate.fleet.plugins.module_utils._backends.ostree import program, prune
from ansible_collections.osmigrate.fleet.plugins.module_utils._boot import (
    env,
    files,
    grub,
    grubfiles,
    initrd as trial_initrd,
    menu,
)
from ansible_collections.osmigrate.fleet.plugins.module_utils._errors import FleetError
from ansible_collections.osmigrate.fleet.plugins.module_utils._node import boot as open_boot, finalize, network
from ansible_collections.osmigrate.fleet.plugins.module_utils._trial import (
    control,
    evidence,
    need,
    record as trial_record,
    reporter,
)
from ansible_collections.osmigrate.fleet.plugins.module_utils._trial.control import BootControl
from ansible_collections.osmigrate.fleet.plugins.modules import boot_trial

OLD = "serial --unit=0\nset timeout=3\nsource $prefix/custom.cfg\n"
DAY = 86400


def entry(name):
    return {
        "id": name,
        "title": "Debian 13",
        "kernel": f"/boot/ostree/{name}/vmlinuz",
        "initrd": f"/boot/ostree/{name}/initramfs.img",
        "options": "root=UUID=1 rw",
        "boot_uuid": "1-2",
        "backend": "ostree",
        "root": f"/ostree/deploy/debian/deploy/{name}.0",
    }


def deployment(name, kernel="", initrd=""):
    return program.Deployment("debian", name, 0, entry(name)["root"], "", kernel, initrd)


@pytest.fixture
def node(tmp_path, monkeypatch):
    """A node that runs d-1; d-2 is staged. Replaced, for want of a machine: what runs, freeze, systemctl, report."""
    (tmp_path / "boot/grub").mkdir(parents=True)
    found = grubfiles.find
    monkeypatch.setattr(grubfiles, "find", lambda: found(str(tmp_path)))
    monkeypatch.setattr(trial_record, "PATH", str(tmp_path / "boot/osmigrate/state.json"))
    monkeypatch.setattr(files, "commit", lambda path: "")
    monkeypatch.setattr(trial_initrd, "PATH", str(tmp_path / "boot/osmigrate/trial.img"))
    really = menu.run

    def run(argv, **how):
        if argv[0] == "grub-script-check" and shutil.which(argv[0]):
            really(argv, **how)

    for module in (control, menu):
        monkeypatch.setattr(module, "run", run)
    monkeypatch.setattr(prune, "missing", lambda root, entry: "")
    monkeypatch.setattr(program.Ostree, "deployments", lambda self: [deployment("d-1"), deployment("d-2")])
    monkeypatch.setattr(reporter, "install", lambda check_mode: [])  # it writes below /etc
    monkeypatch.setattr(evidence, "forget", lambda: None)
    monkeypatch.setattr(BootControl, "not_by_grub", lambda self: "")
    node = Node(tmp_path / "boot", monkeypatch)
    (node.boot / "grub/grub.cfg").write_text(OLD)
    for name in ("d-1", "d-2"):
        open_boot.control().stage(entry(name))
    node.runs("d-1")
    open_boot.control().confirm("d-1")
    return node


class Node:
    def __init__(self, boot, monkeypatch):
        self.boot, self.monkeypatch = boot, monkeypatch

    def runs(self, name):
        self.monkeypatch.setattr(BootControl, "booted_entry", lambda self: name)

    def block(self, **variables):
        values = {"osm_default": "d-1", "osm_trial": "", "osm_tries": "", **variables}
        (self.boot / "grub/osmigrate.env").write_bytes(env.render(values))

    def reboots(self):
        """Another boot id from now on, as after a reboot."""
        path = self.boot / "osmigrate/state.json"
        state = json.loads(path.read_text())
        state["trial"]["armed_boot_id"] = "another"
        path.write_text(json.dumps(state))

    def grub_cfg(self):
        return (self.boot / "grub/grub.cfg").read_text()


def boots(text):
    """Return the entry that grub.cfg boots by itself."""
    return text.partition("--id 'osmigrate-fallback' {")[2].partition("osmigrate.entry=")[2].split()[0]


def test_finalize_makes_the_default_what_grub_boots_by_itself_and_keeps_the_old_file(node):
    before = int(time.time())
    assert open_boot.control().finalize() == [
        "write the boot menu with d-1, d-2",
        f"let {node.boot}/grub/grub.cfg boot d-1 by itself",
        "record the boot entries",
    ]
    assert boots(node.grub_cfg()) == "d-1"
    assert "set timeout=3" in node.grub_cfg()
    assert (node.boot / "grub/grub.cfg.osmigrate-before").read_text() == OLD
    finalized = open_boot.control().facts()["finalized"]
    assert finalized["entry"] == "d-1"
    assert finalized["at"] >= before
    assert open_boot.control().finalize() == []


def test_check_mode_only_says_so(node):
    assert len(open_boot.control(check_mode=True).finalize()) == 3
    assert node.grub_cfg() == OLD
    assert open_boot.control().facts()["finalized"] is None


def test_cut_off_before_the_record_it_is_given_up_all_the_same_and_recorded_by_the_next_run(node):
    record = (node.boot / "osmigrate/state.json").read_text()
    open_boot.control().finalize()
    (node.boot / "osmigrate/state.json").write_text(record)
    with pytest.raises(FleetError, match="given up"):
        open_boot.control().arm("package", 1, "")
    assert open_boot.control().finalize() == ["record the boot entries"]
    assert json.loads((node.boot / "osmigrate/state.json").read_text())["finalized"]["entry"] == "d-1"


def test_a_confirmed_release_becomes_what_grub_boots_by_itself(node):
    open_boot.control().finalize()
    open_boot.control().arm("d-2", 1, "")
    assert boots(node.grub_cfg()) == "d-1"
    node.runs("d-2")
    open_boot.control().confirm("d-2")
    assert boots(node.grub_cfg()) == "d-2"


def test_before_a_release_is_forgotten_grub_boots_another_one_by_itself(node):
    open_boot.control().finalize()
    node.runs("d-2")
    node.block(osm_default="d-2")  # confirmed, and the controller died before it was recorded
    open_boot.control().forget(["d-1"])
    assert boots(node.grub_cfg()) == "d-2"


def test_a_lost_record_changes_nothing_of_what_grub_boots_by_itself(node):
    open_boot.control().finalize()
    (node.boot / "osmigrate/state.json").unlink()
    open_boot.control().stage(entry("d-3"))
    assert boots(node.grub_cfg()) == "d-1"


def test_a_grub_cfg_that_somebody_made_anew_is_replaced_and_the_first_is_kept(node):
    open_boot.control().finalize()
    (node.boot / "grub/grub.cfg").write_text("set timeout=9\nsource $prefix/custom.cfg\n")
    open_boot.control().stage(entry("d-3"))
    assert boots(node.grub_cfg()) == "d-1"
    assert "set timeout=9" in node.grub_cfg()
    assert (node.boot / "grub/grub.cfg.osmigrate-before").read_text() == OLD


def test_without_a_block_the_default_is_what_grub_boots_by_itself(node):
    open_boot.control().finalize()
    (node.boot / "grub/osmigrate.env").write_bytes(b"garbage")
    assert open_boot.control().default_entry() == "d-1"


def test_until_then_grub_cfg_is_never_touched(node):
    open_boot.control().stage(entry("d-3"))
    open_boot.control().forget(["d-2"])
    assert node.grub_cfg() == OLD


@pytest.fixture
def by_kexec(node, monkeypatch):
    """The node with a kexec that works; replaced, for want of a machine: the program, and what it would load."""
    loaded = []
    monkeypatch.setattr(control.tier, "kexec_problem", lambda: "")
    monkeypatch.setattr(control.tier, "kexec_doubt", lambda: "")
    monkeypatch.setattr(control.start, "verify", lambda *_what: None)
    monkeypatch.setattr(control.start, "load", lambda name, *_what: loaded.append(name))
    monkeypatch.setattr(control.start.kexec, "is_loaded", lambda: bool(loaded))
    monkeypatch.setattr(control.start.kexec, "unload", loaded.clear)
    return loaded


def arm(method, name="d-2"):
    return open_boot.control().arm(name, 1, "", wanted_method=method)


def test_a_trial_by_kexec_is_spent_for_grub_before_it_begins(node, by_kexec):
    assert arm("kexec")[-1] == "arm one boot of d-2 by kexec; d-1 stays the default"
    assert by_kexec == ["d-2"]
    assert open_boot.control().block == {"osm_default": "d-1", "osm_trial": "d-2", "osm_tries": "0"}
    assert arm("kexec") == []
    node.reboots()
    verdict = open_boot.control().verdict()
    assert (verdict.verdict, "by kexec" in verdict.reason) == ("fell_back", True)


def test_armed_again_for_the_firmware_no_kernel_stays_loaded(node, by_kexec):
    arm("kexec")
    assert arm("firmware")[-1] == "arm 1 boot of d-2; d-1 stays the default"
    assert by_kexec == []
    assert open_boot.control().block["osm_tries"] == "x"


@pytest.mark.parametrize("method, says", [("kexec", "cannot be started by kexec: there is none"), ("auto", "")])
def test_where_kexec_cannot_be_it_is_refused_or_left_to_the_firmware(node, by_kexec, monkeypatch, method, says):
    monkeypatch.setattr(control.tier, "kexec_problem", lambda: "there is none")
    with pytest.raises(FleetError, match=says) if says else contextlib.nullcontext():
        arm(method)
    assert open_boot.control().block["osm_tries"] == ("" if says else "x")


def test_grub_has_to_boot_what_came_by_kexec(node, by_kexec, monkeypatch):
    arm("auto")
    node.reboots()
    node.runs("d-2")
    monkeypatch.setattr(BootControl, "not_by_grub", lambda self: "There is no BOOT_IMAGE")
    open_boot.control().confirm("d-2")
    due = open_boot.control().facts()["firmware_due"]
    assert due["entry"] == "d-2"
    # Until then the next trial goes through the firmware.
    by_kexec.clear()
    arm("auto", "d-1")
    assert by_kexec == []
    open_boot.control().revert("")
    monkeypatch.setattr(BootControl, "not_by_grub", lambda self: "")
    assert open_boot.control().facts()["firmware_due"] is None
    # The next write keeps that.
    open_boot.control().stage(entry("d-3"))
    assert json.loads((node.boot / "osmigrate/state.json").read_text())["firmware_due"] is None


def test_after_a_time_the_next_trial_goes_through_the_firmware_by_itself(node, by_kexec, monkeypatch):
    def arms(name, **more):
        asked = {"state": "armed", "name": name, "node": "", "boot_id": "", "addresses": [], "revoked": []}
        asked.update(tries=1, rollout="", purpose="move", method="kexec", **more)
        by_kexec.clear()
        boot_trial.apply(open_boot.control(), asked)
        return bool(by_kexec)

    monkeypatch.setattr(network, "keep", lambda addresses, check_mode: [])
    monkeypatch.setattr(BootControl, "not_by_grub", lambda self: "There is no BOOT_IMAGE")
    monkeypatch.setattr(time, "time", lambda: 1000)
    assert arms("d-2", firmware_within=DAY)
    node.reboots()
    node.runs("d-2")
    open_boot.control().confirm("d-2")
    monkeypatch.setattr(time, "time", lambda: DAY)
    assert arms("d-1", firmware_within=DAY)
    node.reboots()
    node.runs("d-1")
    open_boot.control().confirm("d-1")
    # It is GRUB's absence that counts, and not how old the last release is.
    assert open_boot.control().firmware_due() == {"entry": "d-1", "since": 1000}
    monkeypatch.setattr(time, "time", lambda: DAY + 1001)
    assert not arms("d-2", firmware_within=DAY)
    open_boot.control().revert("")
    assert arms("d-2", firmware_within=0)


def test_it_has_to_also_where_the_record_was_cut_off(node, by_kexec, monkeypatch):
    arm("kexec")
    node.reboots()
    node.runs("d-2")
    monkeypatch.setattr(BootControl, "not_by_grub", lambda self: "There is no BOOT_IMAGE")
    record = (node.boot / "osmigrate/state.json").read_text()
    open_boot.control().confirm("d-2")
    (node.boot / "osmigrate/state.json").write_text(record)
    open_boot.control().repair()
    assert open_boot.control().facts()["firmware_due"]["entry"] == "d-2"
    assert open_boot.control().repair() == []


def fail(*_what):
    raise FleetError("It fails")


def test_a_kernel_that_cannot_be_loaded_leaves_no_trial_that_was_armed_for_the_firmware(node, by_kexec, monkeypatch):
    arm("firmware")
    monkeypatch.setattr(control.start, "load", fail)
    with pytest.raises(FleetError):
        arm("kexec")
    assert open_boot.control().block["osm_trial"] == ""
    assert open_boot.control().facts()["trial"] is None


def test_a_kernel_that_cannot_be_loaded_leaves_none_of_another_release(node, by_kexec, monkeypatch):
    open_boot.control().stage(entry("d-3"))
    arm("kexec")
    monkeypatch.setattr(control.start, "load", fail)
    with pytest.raises(FleetError):
        arm("kexec", "d-3")
    assert by_kexec == []


def test_cut_off_between_kexec_and_firmware_nothing_fell_back(node, by_kexec, monkeypatch):
    arm("kexec")
    monkeypatch.setattr(control.start.kexec, "unload", fail)
    with pytest.raises(FleetError):
        arm("firmware")
    node.reboots()
    assert open_boot.control().verdict().verdict == ""


def test_what_cannot_be_armed_stays_loaded_for_nobody(node, by_kexec, monkeypatch):
    monkeypatch.setattr(control.BootBlock, "flip", fail)
    with pytest.raises(FleetError, match="It fails"):
        arm("kexec")
    assert by_kexec == []


@pytest.mark.parametrize("name, says", [("block", "Set osmigrate_reboot_method"), ("kexec", "Mend that")])
def test_where_nothing_else_could_count_a_trial_no_other_method_is_advised(node, by_kexec, monkeypatch, name, says):
    monkeypatch.setattr(control.tier, "kexec_problem", lambda: "there is none")
    boot = open_boot.control()
    boot.tier = boot.tier._replace(name=name)
    with pytest.raises(FleetError, match=says):
        boot.arm("d-2", 1, "", wanted_method="kexec")


REFUSED = {
    "a trial": (lambda node: open_boot.control().arm("d-2", 1, ""), "A trial of d-2 is under way"),
    "the package-managed system runs": (lambda node: node.runs("package"), "runs package, and its default is d-1"),
    "it is the default": (lambda node: node.block(osm_default="package"), "its default is package"),
    "another release is the default": (lambda node: node.block(osm_default="d-2"), "its default is d-2"),
    "a block of garbage": (lambda node: (node.boot / "grub/osmigrate.env").write_bytes(b""), "cannot be used"),
    "kexec has started it": (
        lambda node: node.monkeypatch.setattr(BootControl, "not_by_grub", lambda self: "There is no BOOT_IMAGE"),
        "GRUB has not shown yet that it boots d-1. There is no BOOT_IMAGE. Nothing was given up. Reboot the node once",
    ),
}


@pytest.mark.parametrize("case", REFUSED.values(), ids=REFUSED)
def test_refuse(node, case):
    case[0](node)
    with pytest.raises(FleetError, match=case[1]):
        finalize.refuse(open_boot.control(), 0, int(time.time()))


def test_refuse_until_it_has_been_confirmed_for_long_enough(node):
    now = int(time.time())
    with pytest.raises(FleetError, match="d-1 was confirmed .* has to be for 86400"):
        finalize.refuse(open_boot.control(), DAY, now)
    finalize.refuse(open_boot.control(), DAY, now + DAY + 60)


def test_refuse_goes_by_the_block_where_the_record_does_not_say(node):
    path = node.boot / "osmigrate/state.json"
    state = json.loads(path.read_text())
    del state["confirmed_at"]
    path.write_text(json.dumps(state))
    test_refuse_until_it_has_been_confirmed_for_long_enough(node)


def test_refuse_goes_by_the_block_where_the_record_is_older(node):
    path = node.boot / "osmigrate/state.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "default": "package", "confirmed_at": 1}))
    with pytest.raises(FleetError, match="d-1 was confirmed"):
        finalize.refuse(open_boot.control(), DAY, int(time.time()))


def test_what_was_begun_is_not_refused_for_the_soak(node):
    open_boot.control().finalize()
    finalize.refuse(open_boot.control(), DAY, int(time.time()))


@pytest.mark.parametrize("damage", ["another byte", "gone"])
def test_a_kernel_that_was_damaged_after_staging_is_not_armed(node, monkeypatch, damage):
    kernel, initrd = node.boot / "vmlinuz", node.boot / "initramfs"
    kernel.write_bytes(b"kernel")
    initrd.write_bytes(b"initramfs")
    found = deployment("d-2", str(kernel), str(initrd))
    monkeypatch.setattr(program.Ostree, "deployments", lambda self: [found])
    digests = {"kernel": _storage.digest(str(kernel)), "initrd": _storage.digest(str(initrd))}
    open_boot.control().stage({**entry("d-2"), "digests": digests})
    assert open_boot.control().arm("d-2", 1, "r") != []
    open_boot.control().revert("")

    if damage == "gone":
        initrd.unlink()
    else:
        kernel.write_bytes(b"kernel.")
    with pytest.raises(FleetError, match="is not what was staged for d-2 any more. No trial was armed"):
        open_boot.control().arm("d-2", 1, "r")
    assert open_boot.control().facts()["trial"] is None


def test_a_run_that_comes_later_knows_how_long_the_trial_may_last(node):
    open_boot.control().stage(entry("d-2"), deadman_seconds=1800)
    assert open_boot.control().facts()["deadman_seconds"] == 0
    open_boot.control().arm("d-2", 1, "r")
    assert open_boot.control().facts()["deadman_seconds"] == 1800
    open_boot.control().revert("")
    assert open_boot.control().facts()["deadman_seconds"] == 0


def test_a_release_whose_deployment_is_gone_is_not_armed(node, monkeypatch):
    monkeypatch.setattr(program.Ostree, "deployments", lambda self: [deployment("d-1")])
    with pytest.raises(FleetError, match="root that d-2 boots is gone"):
        open_boot.control().arm("d-2", 1, "")


def garbage(node):
    (node.boot / "grub/osmigrate.env").write_bytes(b"garbage")


def test_a_menu_without_the_default_is_not_written_when_the_record_was_lost(node):
    (node.boot / "osmigrate/state.json").unlink()
    for use in (lambda: open_boot.control().stage(entry("d-2")), lambda: open_boot.control().check_default(["d-2"])):
        with pytest.raises(FleetError, match="does not know its default d-1"):
            use()
    open_boot.control().stage(entry("d-1"))
    open_boot.control().stage(entry("d-2"))


@pytest.mark.parametrize("content", [b"", b"\0\0"])
def test_an_empty_record_is_not_that_of_a_node_which_was_never_touched(node, content):
    (node.boot / "osmigrate/state.json").write_bytes(content)
    with pytest.raises(FleetError, match="is not a record"):
        open_boot.control()


def test_what_was_confirmed_is_kept_while_the_block_is_unusable(node):
    garbage(node)
    node.runs("package")
    boot = open_boot.control()
    assert boot.needed_entries() == {"package", "d-1"}
    with pytest.raises(FleetError, match="d-1 is in use"):
        boot.forget(["d-1"])


def test_a_trial_falls_back_to_what_was_confirmed_where_the_block_was_unusable(node):
    garbage(node)
    node.runs("package")
    open_boot.control().arm("d-2", 1, "")
    boot = open_boot.control()
    assert boot.block == {"osm_default": "d-1", "osm_trial": "d-2", "osm_tries": "x", "osm_started": ""}
    assert boot.facts()["trial"]["incumbent"] == "d-1"


def test_the_way_back_is_a_trial_where_the_block_is_unusable(node):
    garbage(node)
    assert open_boot.control().arm("package", 1, "") != []
    assert open_boot.control().block == {
        "osm_default": "d-1",
        "osm_trial": "package",
        "osm_tries": "x",
        "osm_started": "",
    }


def test_a_confirmation_is_recorded_where_the_block_is_unusable(node):
    garbage(node)
    node.runs("package")
    assert open_boot.control().confirm("package") != []
    assert open_boot.control().block["osm_default"] == "package"
    assert open_boot.control().confirm("package") == []
    assert open_boot.control().state["default"] == "package"


def test_what_the_administrator_has_closed_stays_closed(node):
    custom = node.boot / "grub/custom.cfg"
    custom.write_text("password_pbkdf2 root grub.pbkdf2.sha512.1\n")
    custom.chmod(0o600)
    open_boot.control().stage(entry("d-3"))
    assert custom.stat().st_mode & 0o777 == 0o600
    assert custom.read_text().endswith(grub.managed_block())


def test_a_custom_cfg_that_leads_elsewhere_still_does(node):
    custom, managed = node.boot / "grub/custom.cfg", node.boot / "managed.cfg"
    custom.unlink()
    managed.write_text("set color_normal=white/black\n")
    custom.symlink_to("../managed.cfg")
    open_boot.control().stage(entry("d-3"))
    assert custom.is_symlink()
    assert managed.read_text() == "set color_normal=white/black\n" + grub.managed_block()


def test_a_trial_that_was_called_off_has_to_go_home_until_the_next_boot(node):
    node.runs("package")  # booted by hand, and never sent anywhere
    open_boot.control().arm("d-2", 1, "")
    open_boot.control().revert("because")
    assert not open_boot.control().facts()["called_off"]
    open_boot.control().arm("d-2", 1, "")
    node.reboots()
    node.runs("d-2")
    assert not open_boot.control().facts()["called_off"]
    open_boot.control().revert("because")
    assert open_boot.control().facts()["called_off"]
    node.runs("d-1")
    assert not open_boot.control().facts()["called_off"]


def test_what_runs_by_hand_has_no_way_home(node):
    node.runs("d-2")
    assert open_boot.control().revert("because") == []
    assert not open_boot.control().facts()["called_off"]


def drill(node):
    open_boot.control().arm("d-2", 1, "r", purpose="drill")
    node.reboots()
    node.block(osm_trial="d-2", osm_tries="0")


def test_a_drill_that_came_home_is_noted_and_not_counted_as_failed(node):
    drill(node)
    open_boot.control().drilled("d-2")
    facts = open_boot.control().facts()
    assert set(facts["drills"]["d-2"]) == {"at", "seconds_away"}
    assert (facts["trial"], facts["failures"], facts["default"]) == (None, {}, "d-1")


def test_a_drill_that_nobody_watched_is_settled_and_not_counted_as_failed(node):
    drill(node)
    open_boot.control().revert("")
    facts = open_boot.control().facts()
    assert (facts["trial"], facts["failures"], facts["drills"]) == (None, {}, {})


def test_a_drill_that_a_run_saw_fail_counts(node):
    drill(node)
    open_boot.control().revert("It runs d-1 instead of d-2.")
    assert open_boot.control().facts()["failures"]["d-2"]["verdict"] == "fell_back"


def test_a_move_after_a_drill_is_armed_as_one(node):
    open_boot.control().arm("d-2", 1, "r", purpose="drill")
    assert open_boot.control().arm("d-2", 1, "r") != []
    assert open_boot.control().facts()["trial"]["purpose"] == "move"


NOT_DRILLED = {
    "no trial": (lambda node: None, "No drill of d-2 is under way"),
    "a move": (lambda node: open_boot.control().arm("d-2", 1, ""), "No drill of d-2 is under way"),
    "not rebooted": (lambda node: open_boot.control().arm("d-2", 1, "", purpose="drill"), "has not rebooted"),
    "still away": (lambda node: (drill(node), node.runs("d-2")), "d-2 is running"),
}


@pytest.mark.parametrize("case", NOT_DRILLED.values(), ids=NOT_DRILLED)
def test_drilled_fail(node, case):
    case[0](node)
    with pytest.raises(FleetError, match=case[1]):
        open_boot.control().drilled("d-2")


def recorded(name, version, serial, signer="5e" * 32):
    release = {"name": "d", "version": version, "serial": serial, "created": "2026-11-01T00:00:00Z"}
    return dict(entry(name), commit="aa" * 32, release=dict(release, signed_by=[signer]))


def test_the_newest_release_that_was_confirmed_stays_known(node):
    assert open_boot.control().newest() == {}
    for name, serial in (("d-1", 1), ("d-2", 2)):
        open_boot.control().stage(recorded(name, str(serial), serial))
    node.runs("d-2")
    open_boot.control().arm("d-2", 1, "r")
    assert open_boot.control().newest()["d"]["serial"] == 1
    open_boot.control().confirm("d-2")
    node.runs("d-1")
    open_boot.control().arm("d-1", 1, "r")
    open_boot.control().confirm("d-1")
    open_boot.control().forget(["d-2"])
    assert open_boot.control().newest()["d"]["serial"] == 2


@pytest.mark.parametrize("revoked", [["d-2"], ["aa" * 32], ["5e" * 32]])
def test_what_is_revoked_is_neither_armed_nor_confirmed(node, revoked):
    open_boot.control().stage(recorded("d-2", "2", 2))
    for state in ("armed", "confirmed"):
        given = {"state": state, "name": "d-2", "revoked": revoked, "tries": 1, "rollout": "r", "node": "n"}
        before = open_boot.control().state
        with pytest.raises(FleetError, match="revoked by osmigrate_revoked"):
            boot_trial.apply(open_boot.control(), dict(given, purpose="move"))
        assert open_boot.control().state == before
        node.runs("d-2")
    assert open_boot.control().default_entry() == "d-1"


class Cut(Exception):
    """The power goes."""


FULL = FleetError("state.json cannot be written: No space left on device", "That file is what it was")
# Which of the writes of a verb is the first that does not happen, and why.
STOPS = {
    "the disk is full": ("record", FULL),
    "cut before the record": ("record", Cut()),
    "cut before the block": ("block", Cut()),
    "cut before the last write of the block": ("last", Cut()),
}
VERBS = {
    "arm": (lambda: open_boot.control().arm("d-2", 1, "r"), "never begun"),
    "confirm": (lambda: open_boot.control().confirm("d-2"), "on trial"),
    "revert at home": (lambda: open_boot.control().revert("no network"), "at home"),
    "revert on the candidate": (lambda: open_boot.control().revert("no network"), "on trial"),
    "revert what never began": (lambda: open_boot.control().revert("no network"), "armed"),
    "drilled": (lambda: open_boot.control().drilled("d-2"), "drilled"),
}


def bring(node, state):
    if state == "never begun":
        return
    open_boot.control().arm("d-2", 1, "r", purpose="drill" if state == "drilled" else "move")
    if state != "armed":
        node.reboots()
        node.block(osm_trial="d-2", osm_tries="0")
        node.runs("d-2" if state == "on trial" else "d-1")


def interrupt(monkeypatch, where, error):
    flip, flips = control.BootBlock.flip, []

    def stop(*arguments):
        raise error

    def flip_or_stop(self, variables):
        flips.append(variables)
        if where == "block" or len(flips) == 2:
            stop()
        flip(self, variables)

    if where == "record":
        monkeypatch.setattr(control.fence, "write", stop)
    else:
        monkeypatch.setattr(control.BootBlock, "flip", flip_or_stop)


@pytest.mark.parametrize("stop", STOPS.values(), ids=STOPS)
@pytest.mark.parametrize("verb", VERBS.values(), ids=VERBS)
def test_wherever_a_verb_stops_the_next_run_settles_it_and_no_failure_is_lost(node, monkeypatch, verb, stop):
    do, state = verb
    bring(node, state)
    with monkeypatch.context() as patched:
        interrupt(patched, *stop)
        with contextlib.suppress(FleetError, Cut):
            do()
    shown = open_boot.control().facts()
    failed = state in ("at home", "on trial") and do is not VERBS["confirm"][0]
    # Either it is remembered, or the trial is still there to be judged.
    assert not failed or "d-2" in shown["failures"] or shown["verdict"] in ("fell_back", "booted_candidate")
    open_boot.control().repair()
    facts = open_boot.control().facts()
    assert facts["contradictions"] == []
    # What was settled is what was told before.
    assert {name: shown[name] for name in ("default", "trial", "verdict", "failures", "called_off")} == {
        name: facts[name] for name in ("default", "trial", "verdict", "failures", "called_off")
    }
    on_disk = json.loads((node.boot / "osmigrate/state.json").read_text())
    block = env.parse((node.boot / "grub/osmigrate.env").read_bytes())
    assert on_disk["default"] == block["osm_default"]
    assert (on_disk["trial"] or {"entry": ""})["entry"] == block["osm_trial"]


def test_a_confirmation_that_the_disk_has_no_room_for_says_what_is_so(node, monkeypatch):
    bring(node, "on trial")
    with monkeypatch.context() as patched:
        interrupt(patched, "record", FULL)
        with pytest.raises(FleetError, match="No space left on device. d-2 is the default all the same"):
            open_boot.control().confirm("d-2")
    assert open_boot.control().facts()["contradictions"] != []
    assert open_boot.control().confirm("d-2") != []
    assert open_boot.control().facts()["contradictions"] == []


def test_what_a_person_has_made_the_default_is_the_default(node):
    path = node.boot / "grub/osmigrate.env"
    path.write_bytes(env.HEADER + b"# WARNING: Do not edit\nosm_default=d-2\n" + b"#" * 400)
    boot = open_boot.control()
    assert boot.default_entry() == "d-2"
    assert len(boot.contradictions) == 2
    boot.repair()
    assert path.read_bytes() == env.render({"osm_default": "d-2"})
    assert open_boot.control().state["default"] == "d-2"


def test_a_trial_that_the_record_does_not_know_is_cleared(node):
    node.block(osm_trial="d-2", osm_tries="xx")
    assert open_boot.control().facts()["contradictions"] == [
        "The boot menu has a trial of d-2, and the record has none of it"
    ]
    open_boot.control().repair()
    assert open_boot.control().block == {"osm_default": "d-1", "osm_trial": "", "osm_tries": ""}


@pytest.mark.parametrize("finalized", [False, True])
def test_a_default_that_names_nothing_is_what_grub_boots_instead(node, finalized):
    if finalized:
        open_boot.control().finalize()
    boots_instead = "d-1" if finalized else "package"
    node.block(osm_default="d-131")
    boot = open_boot.control()
    assert boot.facts()["default"] == boots_instead
    assert boot.contradictions[0] == (
        f"The environment block has d-131 as the default, which no menu has, so that GRUB boots {boots_instead}"
    )
    boot.stage(entry("d-2"))
    boot.repair()
    assert open_boot.control().contradictions == []
    assert open_boot.control().block == {"osm_default": boots_instead, "osm_trial": "", "osm_tries": ""}


def test_a_trial_stays_armed_while_a_default_that_names_nothing_is_settled(node):
    open_boot.control().arm("d-2", 1, "r")
    armed = open_boot.control().block
    node.block(**{**armed, "osm_default": "d-131"})
    open_boot.control().repair()
    assert open_boot.control().block == {**armed, "osm_default": "package"}
    assert open_boot.control().facts()["trial"]["entry"] == "d-2"


def test_a_menu_that_a_cut_has_left_behind_the_record_is_made_whole_before_a_trial(node):
    (node.boot / "grub/osmigrate.cfg").write_text("")
    assert "write the boot menu with d-1, d-2" in open_boot.control().arm("d-2", 1, "r")


def test_what_grub_boots_by_itself_is_settled_too(node):
    open_boot.control().finalize()
    text = node.grub_cfg()
    node.runs("d-2")
    open_boot.control().arm("d-2", 1, "")
    open_boot.control().confirm("d-2")
    (node.boot / "grub/grub.cfg").write_text(text)  # cut before the last write
    assert open_boot.control().facts()["contradictions"] == [f"{node.boot}/grub/grub.cfg does not boot d-2 by itself"]
    open_boot.control().repair()
    assert boots(node.grub_cfg()) == "d-2"
    assert open_boot.control().facts()["contradictions"] == []


def lines(node, name, trial):
    """Return the kernel line of an entry in the menu: that of its trial, or that of the default."""
    text = (node.boot / "grub/osmigrate.cfg").read_text()
    found = [line for line in text.splitlines() if f"osmigrate.entry={name}" in line]
    return next(line for line in found if ("osmigrate.trial=1" in line) is trial)


def on_trial(node, monkeypatch, yes=True):
    monkeypatch.setattr(BootControl, "is_trial", lambda self: yes)


def change(node):
    """Stage the default with another argument while the package-managed system runs, and arm it."""
    node.runs("package")
    open_boot.control().stage({**entry("d-1"), "options": "root=UUID=1 rw quiet"})
    assert "quiet" not in lines(node, "d-1", trial=False)
    assert "quiet" in lines(node, "d-1", trial=True)
    open_boot.control().arm("d-1", 1, "r")
    assert open_boot.control().block == {"osm_default": "d-1", "osm_trial": "d-1", "osm_tries": "x", "osm_started": ""}
    node.reboots()
    node.block(osm_trial="d-1", osm_tries="0")
    node.runs("d-1")


def test_a_changed_argument_of_the_default_is_a_trial(node, monkeypatch):
    change(node)
    on_trial(node, monkeypatch)
    assert open_boot.control().facts()["verdict"] == "booted_candidate"
    assert not open_boot.control().called_off()
    open_boot.control().confirm("d-1")
    assert "quiet" in lines(node, "d-1", trial=False)
    assert "changed" not in open_boot.control().state["entries"]["d-1"]
    assert open_boot.control().facts()["contradictions"] == []
    assert open_boot.control().confirm("d-1") == []


def test_a_changed_argument_that_does_not_work_is_dropped(node, monkeypatch):
    change(node)
    on_trial(node, monkeypatch)
    open_boot.control().revert("no network")
    assert open_boot.control().called_off()
    on_trial(node, monkeypatch, yes=False)
    assert not open_boot.control().called_off()
    assert "changed" not in open_boot.control().state["entries"]["d-1"]
    assert open_boot.control().facts()["failures"]["d-1"]["reason"] == "no network"
    assert "quiet" not in lines(node, "d-1", trial=False)


def test_a_changed_argument_that_fell_back_is_judged_as_that(node, monkeypatch):
    change(node)
    on_trial(node, monkeypatch, yes=False)
    assert open_boot.control().facts()["verdict"] == "fell_back"


def test_the_default_is_never_another_build(node):
    node.runs("package")
    before = (node.boot / "grub/osmigrate.cfg").read_text()
    for rebuilt in ({"root": "/ostree/deploy/debian/deploy/other.0"}, {"commit": "bb" * 32}):
        open_boot.control().stage(recorded("d-1", "1", 1))
        with pytest.raises(FleetError, match="Give what was built anew another version"):
            open_boot.control().stage({**recorded("d-1", "1", 1), **rebuilt})
    assert lines(node, "d-1", trial=False) in before


def test_staging_the_default_again_as_it_is_changes_nothing(node):
    assert open_boot.control().stage(entry("d-1")) == []


@pytest.mark.parametrize(
    ("line", "started"), [("BOOT_IMAGE=/boot/vmlinuz root=x", True), ("root=x osmigrate.entry=d-1", False)]
)
def test_whether_grub_has_started_what_runs(node, monkeypatch, line, started):
    monkeypatch.undo()
    monkeypatch.setattr(control, "read_bytes", lambda path: b"")
    boot = BootControl.__new__(BootControl)
    boot.arguments = grub.parse_command_line(line)
    claimed = dict(boot.arguments).get("osmigrate.entry") or "package"
    monkeypatch.setattr(BootControl, "booted_entry", lambda self: claimed)
    assert (boot.not_by_grub() == "") is started


def test_after_a_soft_reboot_the_command_line_is_that_of_another_release(node, monkeypatch):
    monkeypatch.undo()
    boot = BootControl.__new__(BootControl)
    boot.arguments = grub.parse_command_line("BOOT_IMAGE=/boot/vmlinuz root=x osmigrate.entry=d-1")
    monkeypatch.setattr(BootControl, "booted_entry", lambda self: "d-2")
    assert boot.not_by_grub().startswith("What runs was started by a soft-reboot")


@pytest.fixture
def by_soft(by_kexec, monkeypatch):
    """The node with a release that keeps the kernel; replaced, for want of a machine: what would be mounted."""
    prepared, started = [], []
    monkeypatch.setattr(BootControl, "need", lambda self, name: need.Need("soft", ""))
    monkeypatch.setattr(BootControl, "soft_problem", lambda self, name: "")
    monkeypatch.setattr(BootControl, "_prepare_soft", lambda self, name: prepared.append(name))
    monkeypatch.setattr(control.soft, "is_prepared", lambda: bool(prepared))
    monkeypatch.setattr(control.soft, "started", lambda: "".join(started))
    monkeypatch.setattr(control.soft, "forget", lambda: (prepared.clear(), started.clear()))
    return prepared, started


def test_a_trial_by_soft_reboot_is_spent_for_grub_and_told_by_the_root_that_runs(node, by_soft, monkeypatch):
    prepared, started = by_soft
    assert arm("soft")[-1] == "arm one boot of d-2 by a soft-reboot; d-1 stays the default"
    assert open_boot.control().block == {"osm_default": "d-1", "osm_trial": "d-2", "osm_tries": "0"}
    assert arm("soft") == []
    assert open_boot.control().verdict().verdict == "never_rebooted"
    prepared.clear()
    started.append("d-2")
    node.runs("d-2")
    monkeypatch.setattr(BootControl, "not_by_grub", lambda self: "It was a soft-reboot")
    boot = open_boot.control()
    assert (boot.verdict().verdict, boot.is_trial()) == ("booted_candidate", True)
    boot.confirm("d-2")
    boot = open_boot.control()
    assert (boot.default_entry(), boot.is_trial(), boot.firmware_due()["entry"]) == ("d-2", False, "d-2")
    # Until GRUB has booted it, nothing else is built on it unasked.
    arm("auto", "d-1")
    assert open_boot.control().state["trial"]["method"] == "firmware"


def test_a_trial_by_soft_reboot_that_is_called_off_keeps_its_guard(node, by_soft):
    prepared, started = by_soft
    arm("soft")
    prepared.clear()
    started.append("d-2")
    node.runs("d-2")
    open_boot.control().revert("kubelet is dead")
    assert started == ["d-2"]
    boot = open_boot.control()
    assert (boot.called_off(), boot.state["failed"]["d-2"]["reason"]) == (True, "kubelet is dead")


def test_a_trial_by_soft_reboot_that_was_reset_fell_back(node, by_soft):
    arm("soft")
    by_soft[0].clear()
    node.reboots()
    verdict = open_boot.control().verdict()
    assert (verdict.verdict, "by a soft-reboot" in verdict.reason) == ("fell_back", True)


def test_where_a_soft_reboot_cannot_be_it_is_refused(node, by_soft, monkeypatch):
    monkeypatch.setattr(BootControl, "soft_problem", lambda self, name: "the release has another kernel")
    with pytest.raises(FleetError, match="soft-reboot: the release has another kernel"):
        arm("soft")
    assert open_boot.control().state["trial"] is None

# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A release brought into a slot: real ext4 images on loop devices, a real server. The boot control is a stand-in with
what a candidate asks it, because a node's own lies below /boot of the machine that tests."""

import contextlib
import errno
import multiprocessing
import os
import shutil
import signal
import subprocess
import time

import pytest
from ansible_collections.osmigrate.fleet.plugins.module_utils import _storage
from ansible_collections.osmigrate.fleet.plugins.module_utils._backends.slots import (
    backend,
    candidate,
    device,
    fetch,
    kernel,
    layer,
    layout,
    marks,
    persist,
    publish,
    shown,
    stream,
)
from ansible_collections.osmigrate.fleet.plugins.module_utils._errors import FleetError
from ansible_collections.osmigrate.fleet.plugins.module_utils._files import etc_merge
from ansible_collections.osmigrate.fleet.plugins.module_utils._release import schema

from tests.backends import etc_trees

KERNEL, INITRD = "/usr/lib/modules/6/vmlinuz", "/usr/lib/modules/6/initramfs.img"
SIZE = 4 << 20
NAME = "debian-13-13.1"


class Boot:
    def __init__(self, entries=None, needed=()):
        self.state = {"entries": entries or {}, "failed": {}, "drills": {}}
        self.needed, self.forgotten = set(needed), []

    def needed_entries(self):
        return self.needed

    def check_default(self, names):
        pass

    def forget(self, names):
        self.forgotten += names


def entry_of(partuuid, name="older-1"):
    return {"id": name, "backend": "slots", "root": shown.place(partuuid)}


def image_of(tree, path):
    path.touch()
    os.truncate(path, SIZE)
    options = ["-q", "-t", "ext4", "-O", "^has_journal", "-E", "root_owner=0:0", "-d", tree]
    subprocess.run(["mke2fs", *options, path], check=True)


@pytest.fixture
def payload(tmp_path, faults, url):
    tree = tmp_path / "tree"
    (tree / "usr/lib/modules/6").mkdir(parents=True)
    (tree / KERNEL[1:]).write_bytes(os.urandom(300000))
    (tree / INITRD[1:]).write_bytes(os.urandom(200001))
    for name in shown.DIRECTORIES:
        (tree / name).mkdir(parents=True, exist_ok=True)
    etc_trees.write(tree / "usr/etc", {"issue": "of the release", "gone": "1"})
    image_of(tree, tmp_path / "image")
    served = tmp_path / "served"
    served.mkdir()
    wish = publish.Wish(str(tmp_path / "image"), str(tree), KERNEL, INITRD, "ext4", str(served), "13.1", url)
    made = publish.payload(wish)
    faults.files = {f"/{one.name}": one.read_bytes() for one in served.iterdir()}
    return made


@pytest.fixture
def release(payload):
    return schema.validate(
        {
            "schema": 1,
            "name": "debian-13",
            "version": "13.1",
            "created": "2026-11-21T00:00:00Z",
            "os": {"id": "debian", "version_id": "13", "architecture": "x86_64", "kernel": "6"},
            "payloads": {"slots": payload},
        }
    )


def number_of(device):
    status = os.stat(device)
    return f"{os.major(status.st_rdev)}:{os.minor(status.st_rdev)}"


@pytest.fixture
def node(tmp_path, monkeypatch):
    """A node whose slots are loop devices; what runs is an older image. Its partitions have no table to look at."""
    if os.getuid() or not (shutil.which("losetup") and os.path.exists("/dev/loop-control")):
        pytest.skip("needs root and loop devices")
    monkeypatch.setattr(layout, "check_table", lambda name, slot: None)
    monkeypatch.setattr(shown, "PLACE", str(tmp_path / "run/slots"))
    monkeypatch.setattr(kernel, "PLACE", str(tmp_path / "boot"))
    monkeypatch.setattr(marks, "PATH", str(tmp_path / "slots.json"))
    for name, place in (("RUNNING", "running"), ("_HERE", "run/etc"), ("_NEW", "run/etc.new")):
        monkeypatch.setattr(layer, name, str(tmp_path / place))
    for name, below in (("MOUNT", ""), ("VAR", "/osmigrate/var"), ("ETC", "/osmigrate/etc")):
        monkeypatch.setattr(persist, name, str(tmp_path / "run/persist") + below)
    etc_trees.write(tmp_path / "running", {"etc": {}, "usr": {"etc": {}}})
    (tmp_path / "p").touch()
    os.truncate(tmp_path / "p", 128 << 20)
    subprocess.run(["mke2fs", "-q", "-t", "ext4", tmp_path / "p"], check=True)
    devices = []
    for name in ("a", "b", "p"):
        if name != "p":
            (tmp_path / name).write_bytes(os.urandom(SIZE + (1 << 20)))
        done = subprocess.run(
            ["losetup", "-f", "--show", tmp_path / name], check=False, stdout=subprocess.PIPE, encoding="ascii"
        )
        if done.returncode:
            pytest.skip("needs a free loop device")
        devices.append(done.stdout.strip())
    partitions = {
        name: layout.Partition(device, number_of(device), SIZE, f"uuid-{name}", fstype="ext4")
        for name, device in zip((*layout.SLOTS, "PERSIST"), devices)
    }
    yield layout.Layout(partitions, "ROOT-A")
    for mount in reversed(_storage.mounts()):
        if mount.target.startswith(str(tmp_path)):
            subprocess.run(["umount", mount.target], check=True)
    for one in devices:
        subprocess.run(["losetup", "-d", one], check=True)


@pytest.fixture
def candidate_of(release, node, tmp_path):
    def make(boot=None, found=node, **wish):
        place, marked = str(tmp_path / "boot"), str(tmp_path / "slots.json")
        return candidate.Candidate(release, found, boot or Boot(), candidate.Wish(**wish), place, marked)

    return make


def carry_out(one):
    for step in one.plan():
        step.do()
    return one


def state(tmp_path):
    return {name: marks.state(mark) for name, mark in marks.read(str(tmp_path / "slots.json")).items()}


def test_a_release_is_brought_whole_once(candidate_of, tmp_path, payload, node):
    one = candidate_of()
    assert [step.action.split()[0] for step in one.plan()] == ["write", "copy", "show"]
    assert one.root() is None
    carry_out(one)
    assert state(tmp_path) == {"uuid-ROOT-B": "good"}
    assert (tmp_path / "b").read_bytes()[:SIZE] == (tmp_path / "image").read_bytes()
    added = persist.archive(node.partitions["PERSIST"], NAME)
    assert kernel.differing(payload, "uuid-ROOT-B", added, str(tmp_path / "boot")) == []
    assert kernel.differing(payload, "uuid-ROOT-B", added + b"more", str(tmp_path / "boot")) == ["initrd"]
    again = candidate_of()
    assert again.plan() == [] and again.slot_name == "ROOT-B"
    assert again.digests() == {
        part: _storage.digest(path) for part, path in kernel.paths("uuid-ROOT-B", str(tmp_path / "boot")).items()
    }


def test_what_is_carried_into_etc_lies_on_persist_and_the_image_stays_what_it_is(candidate_of, tmp_path):
    one = carry_out(candidate_of())
    root = one.root()
    assert (root.path, root.etc_merged) == (str(tmp_path / "run/slots/uuid-ROOT-B"), False)
    assert root.arguments == ["root=PARTUUID=uuid-ROOT-B", "ro", "rootfstype=ext4", "rootflags=noload"]
    etc = tmp_path / "run/slots/uuid-ROOT-B/etc"
    assert (etc / "issue").read_text() == "of the release"
    (etc / "hostname").write_text("node-1")
    (etc / "issue").unlink()
    assert (tmp_path / "run/persist/osmigrate/etc" / NAME / "upper/hostname").read_text() == "node-1"
    assert os.path.isdir(root.var)
    # As after a reboot: shown once more, with what was carried.
    shown.hide("uuid-ROOT-B")
    assert candidate_of().root() is None
    assert [step.action.split()[0] for step in candidate_of().plan()] == ["show"]
    carry_out(candidate_of())
    assert (etc / "hostname").read_text() == "node-1" and not (etc / "issue").exists()
    assert (tmp_path / "b").read_bytes()[:SIZE] == (tmp_path / "image").read_bytes()


@pytest.fixture
def slot_runs(node, tmp_path):
    """What a node has whose ROOT-A runs older-1, in a directory instead of its root: an administrator worked there."""
    etc_trees.write(tmp_path / "running/usr/etc", {"issue": "older", "motd": "older", "tool": {"a": "1"}, "gone": "1"})
    here = {"hostname": "node-1", "issue": "mine", "motd": "older", "tool": {"a": "2", "mode": 0o700}, "own": {}}
    etc_trees.write(tmp_path / "running/etc", here)
    return Boot({"older-1": entry_of("uuid-ROOT-A")}, needed={"older-1"})


def test_the_next_release_gets_what_the_node_has_changed(candidate_of, slot_runs, tmp_path):
    one = carry_out(candidate_of(slot_runs))
    assert one.root().etc_merged and one.root().mounts == []
    etc = tmp_path / "run/slots/uuid-ROOT-B/etc"
    assert sorted(path.name for path in etc.iterdir()) == ["hostname", "issue", "own", "tool"]
    assert ((etc / "hostname").read_text(), (etc / "issue").read_text()) == ("node-1", "mine")
    assert [etc_merge.tell(record) for record in one.merge()] == [
        "removed /etc/gone: removed here",
        "kept /etc/hostname: made here",
        "conflict /etc/issue: changed here, and changed by the release",
        "taken /etc/motd: removed",
        "conflict /etc/tool/a: changed here, and removed by the release",
    ]
    assert (etc / "tool").stat().st_mode & 0o777 == 0o700 and (etc / "tool/a").read_text() == "2"
    (etc / "hostname").write_text("node-2")
    assert (tmp_path / "running/etc/hostname").read_text() == "node-1"
    assert (tmp_path / "b").read_bytes()[:SIZE] == (tmp_path / "image").read_bytes()
    assert candidate_of(slot_runs).plan() == []
    assert not [one for one in _storage.mounts() if "etc." in one.target or one.target.endswith("run/etc")]


def rot(node, tmp_path):
    with open(tmp_path / "b", "r+b") as disk:
        disk.seek(SIZE // 2)
        disk.write(b"rotten")


def lose(node, tmp_path):
    os.truncate(tmp_path / "b", SIZE // 2)


@pytest.mark.parametrize("becomes", [rot, lose])
def test_what_is_not_the_image_any_more_is_written_again(candidate_of, node, tmp_path, becomes):
    """A mark says what was read back when it was written. What lies there is seen while the node serves."""
    carry_out(candidate_of())
    shown.hide("uuid-ROOT-B")
    becomes(node, tmp_path)
    one = candidate_of()
    disowned, written, *_rest = steps = one.plan()
    assert disowned.action.startswith("note that ROOT-B (") and written.action == f"write {NAME} into ROOT-B"
    assert one.root() is None and state(tmp_path) == {"uuid-ROOT-B": "good"}
    disowned.do()
    assert state(tmp_path) == {"uuid-ROOT-B": "partial"}, "nothing boots it, whatever becomes of this run"
    for step in steps[1:]:
        step.do()
    assert (tmp_path / "b").read_bytes()[:SIZE] == (tmp_path / "image").read_bytes()
    assert state(tmp_path) == {"uuid-ROOT-B": "good"} and candidate_of().plan() == []
    assert 0 < one.written.written < SIZE


@pytest.mark.parametrize("becomes", [rot, lose])
def test_a_slot_is_read_before_a_node_goes_back_to_it(candidate_of, node, tmp_path, monkeypatch, becomes):
    carry_out(candidate_of())
    monkeypatch.setattr(layout, "partitions", lambda: list(node.partitions.values()))
    entry = entry_of("uuid-ROOT-B", NAME)
    assert backend.SlotsBackend().verify(entry) == ""
    becomes(node, tmp_path)
    assert backend.SlotsBackend().verify(entry).endswith(f") does not hold {NAME} any more, bit for bit")
    monkeypatch.setattr(layout, "partitions", list)
    assert backend.SlotsBackend().verify(entry) == "The slot uuid-ROOT-B is not there"


def test_the_default_is_not_written_again_where_it_is_not_the_image_any_more_fail(candidate_of, node, tmp_path):
    carry_out(candidate_of())
    rot(node, tmp_path)
    before = (tmp_path / "b").read_bytes()
    with pytest.raises(FleetError, match=f"does not hold {NAME} any more, bit for bit, and is what this node boots"):
        candidate_of(Boot(needed={NAME})).plan()
    assert (tmp_path / "b").read_bytes() == before


ANEW = [f"make /etc of {NAME} anew, as it is now"]


def actions(one):
    return [step.action for step in one.plan()]


def test_a_release_that_is_staged_again_gets_what_was_changed_since(candidate_of, slot_runs, tmp_path):
    carry_out(candidate_of(slot_runs))
    etc = tmp_path / "run/slots/uuid-ROOT-B/etc"
    (tmp_path / "running/etc/hostname").write_text("node-2")
    slot_runs.state["entries"][NAME] = dict(entry_of("uuid-ROOT-B", NAME), commit=candidate_of().commit())
    assert actions(candidate_of(slot_runs)) == ANEW
    carry_out(candidate_of(slot_runs))
    assert (etc / "hostname").read_text() == "node-2"
    assert slot_runs.forgotten == [NAME], "cut off in between, there is no /etc to boot with"
    assert actions(candidate_of(slot_runs)) == []
    assert actions(candidate_of(slot_runs, etc_conflicts="take")) == ANEW, "the policy says whose file counts"


@pytest.mark.parametrize("left", [{"failed": {NAME: {"attempts": 1}}}, {"drills": {NAME: {"at": 1764547200}}}])
@pytest.mark.parametrize("runs", ["slot", "packages"])
def test_what_a_trial_wrote_is_not_staged_again(candidate_of, slot_runs, tmp_path, left, runs):
    boot = slot_runs if runs == "slot" else Boot()
    carry_out(candidate_of(boot))
    etc = tmp_path / "run/slots/uuid-ROOT-B/etc"
    (etc / "trial").write_text("")
    assert actions(candidate_of(boot)) == []
    boot.state.update(left)
    assert actions(candidate_of(boot)) == ANEW
    carry_out(candidate_of(boot))
    assert not (etc / "trial").exists() and boot.forgotten == [NAME]
    assert actions(candidate_of(boot)) == []


def test_it_gets_that_after_a_reboot_too_and_of_an_older_version(candidate_of, slot_runs, tmp_path):
    carry_out(candidate_of(slot_runs))
    shown.hide("uuid-ROOT-B")
    (tmp_path / "run/persist/osmigrate/etc" / NAME / "merged").unlink()
    assert actions(candidate_of(slot_runs)) == ANEW
    carry_out(candidate_of(slot_runs))
    assert actions(candidate_of(slot_runs)) == [] and candidate_of(slot_runs).root() is not None


def test_the_default_keeps_its_own_etc(candidate_of, slot_runs, tmp_path):
    carry_out(candidate_of(slot_runs))
    (tmp_path / "running/etc/hostname").write_text("node-2")
    slot_runs.needed.add(NAME)
    assert actions(candidate_of(slot_runs)) == []
    shown.hide("uuid-ROOT-B")
    carry_out(candidate_of(slot_runs))
    assert (tmp_path / "run/slots/uuid-ROOT-B/etc/hostname").read_text() == "node-1"


def test_what_both_changed_may_be_the_release_s(candidate_of, slot_runs, tmp_path):
    carry_out(candidate_of(slot_runs, etc_conflicts="take"))
    assert (tmp_path / "run/slots/uuid-ROOT-B/etc/issue").read_text() == "of the release"


def test_a_merge_that_is_refused_shows_nothing_fail(candidate_of, slot_runs, tmp_path):
    with pytest.raises(FleetError, match="Both the node and the release changed files of /etc: conflict /etc/issue"):
        carry_out(candidate_of(slot_runs, etc_conflicts="fail"))
    assert candidate_of(slot_runs).root() is None and not (tmp_path / "run/persist/osmigrate/etc" / NAME).exists()
    carry_out(candidate_of(slot_runs))
    assert (tmp_path / "run/slots/uuid-ROOT-B/etc/issue").read_text() == "mine"


def damaged(node, tmp_path):
    with open(tmp_path / "p", "r+b") as disk:
        disk.write(bytes(1 << 20))


def full(node, tmp_path):
    subprocess.run(["mke2fs", "-q", "-F", "-t", "ext4", tmp_path / "p", "32M"], check=True)


def read_only(node, tmp_path):
    """As the kernel leaves a file system that it has found to be broken."""
    place = tmp_path / "run/persist"
    place.mkdir(parents=True)
    subprocess.run(["mount", node.partitions["PERSIST"].device, place], check=True)
    for name in ("var", "etc"):
        (place / "osmigrate" / name).mkdir(parents=True)
    subprocess.run(["mount", "-o", "remount,ro", place], check=True)


def mounted_elsewhere(node, tmp_path):
    place = tmp_path / "run/persist"
    place.mkdir(parents=True)
    subprocess.run(["mount", "-t", "tmpfs", "other", place], check=True)


BROKEN = {
    "read-only": (read_only, r"PERSIST \(/dev/loop[0-9]+\) cannot be written: Read-only file system"),
    "another one there": (mounted_elsewhere, "persist shows other, and not PERSIST"),
    "damaged": (damaged, r"PERSIST \(/dev/loop[0-9]+\) cannot be mounted: "),
    "full": (full, r"PERSIST \(/dev/loop[0-9]+\) has [0-9]+ MB free, and a release needs 67 there"),
}


@pytest.mark.parametrize("case", BROKEN.values(), ids=BROKEN)
def test_persist_that_cannot_be_used_is_told_before_anything_is_written_fail(candidate_of, node, tmp_path, case):
    breaks, problem = case
    breaks(node, tmp_path)
    with pytest.raises(FleetError, match=problem):
        carry_out(candidate_of())
    assert state(tmp_path) == {}


def test_persist_that_fills_up_meanwhile_fail(candidate_of, slot_runs, monkeypatch, tmp_path):
    """What is in the way of its directories stands for it: no inode is left, or the disk fails."""
    one = candidate_of(slot_runs)
    for step in one.plan()[:-1]:
        step.do()
    make = os.makedirs

    def makedirs(path, *given, **more):
        if str(path).endswith(".new/work"):
            raise OSError(errno.ENOSPC, "No space left on device", path)
        make(path, *given, **more)

    monkeypatch.setattr(os, "makedirs", makedirs)
    with pytest.raises(FleetError, match=r"persist/osmigrate/etc/.*new/work cannot be written: No space left") as told:
        one.plan()[-1].do()
    assert "serves on" in str(told.value) and candidate_of(slot_runs).root() is None
    monkeypatch.setattr(os, "makedirs", make)
    carry_out(candidate_of(slot_runs))


def test_a_boot_that_is_full_fail(candidate_of, tmp_path):
    (tmp_path / "boot").mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=400k", "boot", tmp_path / "boot"], check=True)
    one = candidate_of()
    with pytest.raises(
        FleetError, match="Kernel and initramfs of the release have [0-9]+ bytes, and .* has [0-9]+ free"
    ):
        one.plan()
    one.payload["boot_size"] = 1  # as of a manifest that says too little
    with pytest.raises(
        FleetError, match=r"Kernel and initramfs of ROOT-B .*cannot be copied to .*: No space left"
    ) as told:
        carry_out(one)
    assert "\n" not in str(told.value) and "is in no boot menu" in str(told.value)
    assert state(tmp_path) == {"uuid-ROOT-B": "good"}


def test_what_ext4_keeps_for_itself_is_no_room_fail(candidate_of, tmp_path):
    """More than kernel and initramfs have is free, and nobody may use it."""
    boot, image = tmp_path / "boot", tmp_path / "boot.ext4"
    boot.mkdir()
    subprocess.run(["mke2fs", "-q", "-t", "ext4", image, "64M"], check=True)
    subprocess.run(["mount", "-o", "loop", image, boot], check=True)
    with open(boot / "fill", "wb", buffering=0) as fill, contextlib.suppress(OSError):
        while True:
            fill.write(bytes(1 << 16))
            os.fdatasync(fill.fileno())
    with pytest.raises(
        FleetError, match="Kernel and initramfs of the release have [0-9]+ bytes, and .* has [0-9]+ free"
    ):
        candidate_of().plan()


def test_a_third_release_goes_where_the_first_one_is(candidate_of, node, tmp_path):
    """ROOT-B runs the second one; of the first, in ROOT-A, only a few blocks are others."""
    image = bytearray((tmp_path / "image").read_bytes())
    for at in range(40, 50):
        image[at * 4096 : at * 4096 + 4096] = os.urandom(4096)
    (tmp_path / "a").write_bytes(image)
    second = (tmp_path / "b").read_bytes()
    held = {
        "uuid-ROOT-A": marks.Mark("first-1", "11" * 32, SIZE, True),
        "uuid-ROOT-B": marks.Mark("second-1", "22" * 32, SIZE, True),
    }
    for partuuid, mark in held.items():
        marks.put(partuuid, mark, str(tmp_path / "slots.json"))
    etc_trees.write(tmp_path / "running", {"usr": {"etc": {"issue": "2"}}, "etc": {"issue": "2", "hostname": "node-1"}})
    entries = {name: entry_of(f"uuid-ROOT-{slot}", name) for name, slot in (("first-1", "A"), ("second-1", "B"))}
    boot = Boot(entries, needed={"second-1"})
    one = carry_out(candidate_of(boot, found=node._replace(running="ROOT-B")))
    assert one.slot_name == "ROOT-A" and set(boot.forgotten) == {"first-1"}
    assert 0 < one.written.written <= 1 << 20 and one.written.kept + one.written.empty > SIZE - (1 << 20)
    assert (tmp_path / "a").read_bytes()[:SIZE] == (tmp_path / "image").read_bytes()
    assert (tmp_path / "b").read_bytes() == second
    assert marks.read(str(tmp_path / "slots.json"))["uuid-ROOT-B"] == held["uuid-ROOT-B"]._replace(
        at=marks.read(str(tmp_path / "slots.json"))["uuid-ROOT-B"].at
    )
    assert (tmp_path / "run/slots/uuid-ROOT-A/etc/hostname").read_text() == "node-1"


def test_an_image_that_is_no_root_for_a_slot_fail(candidate_of, monkeypatch):
    monkeypatch.setattr(shown, "DIRECTORIES", (*shown.DIRECTORIES, "absent"))
    with pytest.raises(FleetError, match="The image has no directory /absent, so it cannot run from a slot"):
        carry_out(candidate_of())


def test_what_an_interrupted_removal_has_left_goes_first(candidate_of, tmp_path):
    carry_out(candidate_of())
    (tmp_path / "boot/uuid-gone").mkdir()
    (tmp_path / "run/persist/osmigrate/etc/gone-1").mkdir()
    assert [step.action.split()[0] for step in candidate_of().plan()] == ["remove", "remove"]
    carry_out(candidate_of())
    assert candidate_of().plan() == []


def test_a_release_is_removed_whole(candidate_of, tmp_path):
    carry_out(candidate_of())
    boot = Boot({NAME: dict(entry_of("uuid-ROOT-B"), commit=candidate_of().commit())})
    for step in candidate_of(boot).plan_removal():
        step.do()
    assert boot.forgotten == [NAME]
    assert state(tmp_path) == {"uuid-ROOT-B": "unknown"}
    assert os.listdir(tmp_path / "boot") == [] and os.listdir(tmp_path / "run/persist/osmigrate/etc") == []
    assert candidate_of().plan_removal() == []


def test_a_kernel_that_is_damaged_is_copied_once_more(candidate_of, tmp_path):
    carry_out(candidate_of())
    (tmp_path / "boot/uuid-ROOT-B/vmlinuz").write_bytes(b"half")
    assert [step.action.split()[0] for step in candidate_of().plan()] == ["copy"]
    carry_out(candidate_of())
    assert candidate_of().plan() == []


def test_what_is_cut_off_is_not_good_and_goes_on(candidate_of, tmp_path, faults, url):
    stored = faults.files.pop("/13.1.gz")
    with pytest.raises(FleetError, match="the server answered 404"):
        carry_out(candidate_of())
    assert state(tmp_path) == {"uuid-ROOT-B": "partial"}
    faults.files["/13.1.gz"] = stored
    carry_out(candidate_of())
    assert state(tmp_path) == {"uuid-ROOT-B": "good"}


def test_a_slot_that_was_good_is_not_while_it_is_written(candidate_of, tmp_path, monkeypatch, payload):
    marks.put("uuid-ROOT-B", marks.Mark("older-1", "00" * 32, SIZE, True), str(tmp_path / "slots.json"))
    seen = []

    def bring(*_args):
        seen.append(state(tmp_path)["uuid-ROOT-B"])
        raise FleetError("cut")

    monkeypatch.setattr(stream, "bring", bring)
    with pytest.raises(FleetError, match="cut"):
        carry_out(candidate_of())
    assert seen == ["partial"] and state(tmp_path)["uuid-ROOT-B"] == "partial"


@pytest.mark.parametrize("file", ["/13.1.index", "nothing"])
def test_what_is_refused_before_leaves_a_good_slot_good_fail(candidate_of, tmp_path, faults, file):
    marks.put("uuid-ROOT-B", marks.Mark("older-1", "00" * 32, SIZE, True), str(tmp_path / "slots.json"))
    before = (tmp_path / "b").read_bytes()
    if file in faults.files:
        faults.files[file] = b"another index"
        problem = "is not the index that the manifest names"
    else:
        # The layout says otherwise, as after a change of the table that nobody noticed.
        os.truncate(tmp_path / "b", SIZE - 4096)
        subprocess.run(["losetup", "-c", candidate_of().slot.device], check=True)
        before, problem = before[: SIZE - 4096], "The image has 4194304 bytes, and ROOT-B"
    with pytest.raises(FleetError, match=problem):
        carry_out(candidate_of())
    assert state(tmp_path) == {"uuid-ROOT-B": "good"}
    assert (tmp_path / "b").read_bytes() == before


def test_a_table_that_is_changed_while_a_slot_is_written_fail(candidate_of, monkeypatch, tmp_path):
    """That the kernel says so stands in for a table: the loop devices have none."""
    looked, runs = [], (tmp_path / "a").read_bytes()

    def check_table(name, slot):
        looked.append(name)
        if len(looked) == 2:
            raise FleetError("The partition table of the disk of ROOT-B is not what the kernel goes by")

    monkeypatch.setattr(layout, "check_table", check_table)
    with pytest.raises(FleetError, match="is not what the kernel goes by"):
        carry_out(candidate_of())
    assert (state(tmp_path), candidate_of().root()) == ({"uuid-ROOT-B": "partial"}, None)
    assert (tmp_path / "a").read_bytes() == runs


def test_what_does_not_fit_is_refused_at_once_fail(candidate_of, node, tmp_path, faults):
    slot = node.slot("ROOT-B")._replace(size_bytes=SIZE - 1)
    with pytest.raises(FleetError, match="The image has 4194304 bytes, and ROOT-B .* only 4194303"):
        candidate_of(found=node._replace(partitions={**node.partitions, "ROOT-B": slot})).plan()
    one = candidate_of()
    one.payload["boot_size"] = 1 << 60
    with pytest.raises(FleetError, match="Kernel and initramfs of the release have .* has .* free"):
        one.plan()
    assert faults.asked == []


def test_the_order_that_a_power_cut_can_end_anywhere(candidate_of, monkeypatch):
    """The disk has after a cut what was flushed, and any part of the rest. So the mark has to be there before the first
    write, and all writes before the mark says good."""
    seen = []

    def noted(owner, name, tell):
        real = getattr(owner, name)
        monkeypatch.setattr(owner, name, lambda *given: (seen.append(tell(*given)), real(*given))[1])

    noted(marks, "put", lambda _partuuid, mark, _path: marks.state(mark))
    noted(device.Device, "write", lambda *_given: "write")
    noted(device.Device, "flush", lambda *_given: "flush")
    noted(device.Device, "digest", lambda *_given: "read back")
    carry_out(candidate_of())
    assert [one for number, one in enumerate(seen) if seen[:number][-1:] != [one]] == [
        "partial",
        "write",
        "flush",
        "read back",
        "good",
    ]


def test_a_kill_while_the_kernel_is_copied_leaves_nothing_mounted(candidate_of, node, monkeypatch, tmp_path):
    one = candidate_of()
    write, copy, _show = one.plan()
    write.do()
    script = kernel._COPY
    monkeypatch.setattr(kernel, "_COPY", script.replace("cp", "sleep 1 && cp", 1))
    child = multiprocessing.get_context("fork").Process(target=copy.do)
    child.start()
    time.sleep(0.5)
    os.kill(child.pid, signal.SIGKILL)
    child.join()
    ends = time.monotonic() + 60
    while True:  # the script ends by itself, on a busy machine later
        try:
            device.Device("ROOT-B", node.slot("ROOT-B").device, write=True).close()
            break
        except FleetError:
            assert time.monotonic() < ends
            time.sleep(0.5)
    monkeypatch.setattr(kernel, "_COPY", script)
    carry_out(candidate_of())
    assert {shown.place("uuid-ROOT-B"), persist.MOUNT} <= {mount.target for mount in _storage.mounts()}


def stage_older(tmp_path):
    """Let ROOT-B hold older-1 as far as marks and /boot say."""
    marks.put("uuid-ROOT-B", marks.Mark("older-1", "00" * 32, SIZE, True), str(tmp_path / "slots.json"))
    for path in kernel.paths("uuid-ROOT-B", str(tmp_path / "boot")).values():
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(b"older")


def test_entries_that_boot_the_slot_go_first(candidate_of, tmp_path):
    boot = Boot({"older-1": entry_of("uuid-ROOT-B"), "this-1": entry_of("uuid-ROOT-A", "this-1")}, needed={"this-1"})
    stage_older(tmp_path)
    one = candidate_of(boot)
    assert actions(one)[0] == f"write {NAME} into ROOT-B in the place of older-1"
    carry_out(one)
    assert set(one.boot.forgotten) == {"older-1"}


@pytest.fixture
def held_elsewhere(node, tmp_path):
    """A process that has kept ROOT-B, as a pod that sees all of the node and was started while the slot was shown."""
    place = tmp_path / "run/slots/uuid-ROOT-B"
    place.mkdir(parents=True)
    device = node.slot("ROOT-B").device
    subprocess.run(["mke2fs", "-q", "-F", "-t", "ext4", "-O", "^has_journal", device], check=True)
    subprocess.run(["mount", "-o", "ro", device, place], check=True)
    argv = ["unshare", "--mount", "--propagation", "private", "sh", "-c", "echo ready; exec sleep 60"]
    with subprocess.Popen(argv, stdout=subprocess.PIPE) as pod:
        if pod.stdout.readline() != b"ready\n":
            pytest.skip("needs mount namespaces")
        subprocess.run(["umount", place], check=True)
        yield pod
        pod.kill()


@pytest.mark.parametrize("why", ["held", "index"])
def test_what_cannot_be_written_keeps_what_is_staged_there_fail(candidate_of, held_elsewhere, tmp_path, faults, why):
    """The one from before is in the menu still, and boots."""
    problem = (
        rf"ROOT-B \(/dev/loop\d+\) is in use: it is mounted in the namespaces of sleep \(process {held_elsewhere.pid}\)"
    )
    if why == "index":
        held_elsewhere.kill()
        held_elsewhere.wait()
        faults.files.clear()
        problem = "/13.1.index cannot be fetched"
    stage_older(tmp_path)
    boot = Boot({"older-1": entry_of("uuid-ROOT-B")})
    with pytest.raises(FleetError, match=problem):
        carry_out(candidate_of(boot))
    assert boot.forgotten == [] and state(tmp_path) == {"uuid-ROOT-B": "good"}


def test_the_way_back_is_not_written_over_fail(candidate_of):
    boot = Boot({"older-1": entry_of("uuid-ROOT-B")}, needed={"older-1"})
    with pytest.raises(FleetError, match="ROOT-B is what older-1 boots, which is needed as the way back"):
        candidate_of(boot)


def test_another_build_of_a_release_in_the_menu_fail(candidate_of):
    boot = Boot({"debian-13-13.1": dict(entry_of("uuid-ROOT-A"), commit="ff")})
    with pytest.raises(FleetError, match="Give what was built anew another version"):
        candidate_of(boot).plan()


def test_the_running_slot_is_refused_and_the_free_one_has_to_be_named_fail(candidate_of, node):
    with pytest.raises(FleetError, match=r"ROOT-A \(.*\) is what runs"):
        candidate_of(slot="ROOT-A")
    with pytest.raises(FleetError, match="on neither slot"):
        candidate_of(found=node._replace(running=""))
    assert candidate_of(found=node._replace(running=""), slot="ROOT-A").slot_name == "ROOT-A"


def test_slots_in_which_nothing_lies_are_free_where_none_runs(candidate_of, node, tmp_path):
    """As on a node that has just got slots: its packages run beside both."""

    def holding(**systems):
        slots = {name: node.slot(name)._replace(fstype=systems.get(name[-1], "")) for name in layout.SLOTS}
        return node._replace(running="", partitions={**node.partitions, **slots})

    assert candidate_of(found=holding()).slot_name == "ROOT-A"
    assert candidate_of(found=holding(A="ext4")).slot_name == "ROOT-B"
    begun = candidate_of(found=holding())
    marks.put("uuid-ROOT-A", marks.Mark(begun.name, begun.commit(), SIZE), str(tmp_path / "slots.json"))
    assert candidate_of(found=holding(A="ext4")).slot_name == "ROOT-A"


FAILED = {"d-1": {"attempts": 1}, "d-2": {"attempts": 1}}
OURS = {
    # what each slot was marked with, in which order; what failed; what is needed; the slot that is written
    "both fell back": (("A", "d-1", True), ("B", "d-2", True), FAILED, set(), "ROOT-A"),
    "both fell back, the other way round": (("B", "d-2", True), ("A", "d-1", True), FAILED, set(), "ROOT-B"),
    "one was cut off": (("A", "d-1", True), ("B", "d-2", False), FAILED, set(), "ROOT-B"),
    "one has failed": (("A", "d-1", True), ("B", "d-2", True), {"d-2": {"attempts": 1}}, set(), "ROOT-B"),
    "one is the default": (("A", "d-1", True), ("B", "d-2", True), FAILED, {"d-1"}, "ROOT-B"),
    "one was removed": (("A", "d-1", True), ("B", "", False), {}, set(), "ROOT-B"),
}


@pytest.mark.parametrize("case", OURS.values(), ids=OURS)
def test_what_we_wrote_and_nothing_needs_is_free_where_none_runs(candidate_of, node, tmp_path, monkeypatch, case):
    """As on a node of packages on which two releases were tried."""
    first, second, failed, needed, expected = case
    entries = {}
    for at, (slot, release, good) in enumerate((first, second), 1764547200):
        monkeypatch.setattr(marks.time, "time", lambda at=at: at)
        mark = marks.Mark(release, "11" * 32, SIZE, good) if release else marks.UNKNOWN
        marks.put(f"uuid-ROOT-{slot}", mark, str(tmp_path / "slots.json"))
        if release and good:
            entries[release] = entry_of(f"uuid-ROOT-{slot}", release)
    boot = Boot(entries, needed)
    boot.state["failed"] = failed
    assert candidate_of(boot, found=node._replace(running="")).slot_name == expected


def test_a_slot_of_others_is_not_free_beside_one_that_is_needed_fail(candidate_of, node, tmp_path):
    marks.put("uuid-ROOT-A", marks.Mark("d-1", "11" * 32, SIZE, True), str(tmp_path / "slots.json"))
    boot = Boot({"d-1": entry_of("uuid-ROOT-A", "d-1")}, needed={"d-1"})
    with pytest.raises(FleetError, match="on neither slot.*'wipefs --all'"):
        candidate_of(boot, found=node._replace(running=""))


def test_a_release_without_such_a_payload_fail(node):
    other = {"name": "a", "version": "1", "payloads": {"ostree": {}}}
    with pytest.raises(FleetError, match="Release a-1 has no payload slots, only ostree"):
        candidate.Candidate(other, node, Boot(), candidate.Wish())


def test_a_kernel_that_the_manifest_does_not_mean_fail(candidate_of, payload, tmp_path):
    payload["kernel_sha256"] = "00" * 32
    one = candidate_of()
    one.payload["kernel_sha256"] = "00" * 32
    with pytest.raises(FleetError, match="is not the kernel that the manifest names"):
        carry_out(one)
    assert state(tmp_path) == {"uuid-ROOT-B": "good"}


def test_an_image_of_another_tree_has_no_such_kernel_fail(candidate_of):
    one = candidate_of()
    one.payload["kernel"] = "/usr/lib/modules/7/vmlinuz"
    with pytest.raises(FleetError, match="usr/lib/modules/7/vmlinuz.*: No such file"):
        carry_out(one)


def test_certificates_that_are_none_fail(candidate_of, tmp_path):
    (tmp_path / "ca.pem").write_text("no certificate")
    with pytest.raises(FleetError, match="certificates for the image's server cannot be used"):
        carry_out(candidate_of(access=fetch.Access(ca=str(tmp_path / "ca.pem"))))
    assert state(tmp_path) == {}


def test_nothing_stays_mounted_that_is_not_shown(candidate_of, node):
    carry_out(candidate_of())
    shown.hide("uuid-ROOT-B")
    assert not [one for one in _storage.mounts() if one.source == node.slot("ROOT-B").device]

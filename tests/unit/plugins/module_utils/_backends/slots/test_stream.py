# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Images brought into slots: real files and loop devices, a real server with faults, kills at any instant."""

import hashlib
import multiprocessing
import os
import random
import shutil
import signal
import subprocess
import time

import pytest
from ansible_collections.osmigrate.fleet.plugins.module_utils._backends.slots import fetch, index as block_index, stream
from ansible_collections.osmigrate.fleet.plugins.module_utils._backends.slots.device import Device
from ansible_collections.osmigrate.fleet.plugins.module_utils._backends.slots.pace import Pace
from ansible_collections.osmigrate.fleet.plugins.module_utils._errors import FleetError

BLOCK = block_index.BLOCK
SLOT_BLOCKS = 700


def contents(seed, count):
    chance = random.Random(seed)
    return [
        bytes(BLOCK) if number % 7 == 3 else chance.getrandbits(8 * BLOCK).to_bytes(BLOCK, "little")
        for number in range(count)
    ]


OLD = contents(1, 600)
# As a file system does it: most of it is somewhere else, some is new, some stays.
NEW = OLD[:50] + contents(2, 40) + OLD[50:540]
IMAGE = b"".join(NEW)


def publish():
    builder = block_index.Builder()
    stored = b"".join(map(builder.add, NEW))
    return builder.index(), stored


INDEX, STORED = publish()
RENDERED = block_index.render(INDEX)


@pytest.fixture(autouse=True)
def published(faults):
    faults.files = {"/image.gz": STORED, "/image.index": RENDERED}


@pytest.fixture
def slots(tmp_path):
    """Paths of the slot that runs and the other one, which holds garbage."""
    running, other = tmp_path / "running", tmp_path / "other"
    running.write_bytes(b"".join(OLD) + bytes((SLOT_BLOCKS - len(OLD)) * BLOCK))
    other.write_bytes(os.urandom(SLOT_BLOCKS * BLOCK))
    return str(running), str(other)


def server_of(pauses=None, timeout=60):
    return fetch.Server(fetch.Access(), timeout, sleep=(pauses if pauses is not None else []).append)


def bring(url, slots, whole=False, pauses=None, index=INDEX, tell=int, seed_size=0):
    running, other = slots
    before = hashlib.sha256(open(running, "rb").read()).digest()
    seed, slot = Device("ROOT-A", running), Device("ROOT-B", other, write=True)
    try:
        server = server_of(pauses)
        return stream.bring(slot, seed, index, server, url + "/image.gz", whole, Pace(0), tell, seed_size)
    finally:
        seed.close()
        slot.close()
        assert hashlib.sha256(open(running, "rb").read()).digest() == before, "the running slot was touched"


def held(slots):
    with open(slots[1], "rb") as slot:
        return slot.read(len(IMAGE))


def test_only_what_no_slot_has_is_fetched_and_only_what_differs_is_written(url, faults, slots):
    first = bring(url, slots)
    assert held(slots) == IMAGE
    assert first.fetched == faults.sent < 41 * (BLOCK + 64) and first.requests == len(faults.asked) <= 3
    assert first.written == len(IMAGE) and first.kept == 0
    again = bring(url, slots)
    assert (again.written, again.fetched, again.kept) == (0, 0, len(IMAGE))


def test_it_is_told_how_much_of_the_image_lies_there(url, faults, slots):
    told = []
    bring(url, slots, tell=told.append)
    assert told == sorted(told) and told[0] < told[-1] == len(IMAGE)


def test_what_lies_behind_the_image_stays(url, faults, slots):
    tail = open(slots[1], "rb").read()[len(IMAGE) :]
    bring(url, slots)
    assert open(slots[1], "rb").read()[len(IMAGE) :] == tail


@pytest.mark.parametrize("cut", [1, 4095, 4096, 5000, 100000])
def test_a_connection_that_is_cut_after_any_byte_goes_on_there(url, faults, slots, cut):
    faults.cut = cut
    pauses = []
    if cut == 1:  # one byte for each request is much for a whole image
        with open(slots[1], "r+b") as slot:
            slot.write(IMAGE[: 50 * BLOCK] + contents(9, 1)[0][:BLOCK] + IMAGE[51 * BLOCK :])
        faults.cut = 211
    bring(url, slots, pauses=pauses)
    assert held(slots) == IMAGE
    assert faults.sent < 42 * (BLOCK + 64), "nothing was fetched twice"
    assert not pauses or set(pauses) == {fetch.PAUSES[0]}


def test_a_server_that_sends_nothing_any_more_fail(url, faults, slots):
    faults.status = [503] * 50
    pauses = []
    with pytest.raises(FleetError) as caught:
        bring(url, slots, pauses=pauses)
    assert "/image.gz cannot be fetched: HTTP Error 503" in caught.value.problem
    assert "It is marked not good" in caught.value.left and "goes on from there" in caught.value.todo
    assert tuple(pauses) == fetch.PAUSES


def test_a_server_that_is_busy_for_a_moment(url, faults, slots):
    faults.status = [503, 429]
    bring(url, slots)
    assert held(slots) == IMAGE


def test_a_server_that_does_not_answer_fail(slots):
    with pytest.raises(FleetError, match="cannot be fetched: .*refused"):
        bring("http://127.0.0.1:9", slots)


@pytest.mark.parametrize("status", [401, 403, 404, 410, 416])
def test_what_is_not_there_is_not_asked_for_again_fail(url, faults, slots, status):
    faults.status = [status]
    with pytest.raises(FleetError, match=f"the server answered {status}"):
        bring(url, slots)
    assert len(faults.asked) == 1


def test_a_server_without_ranges_is_refused_fail(url, faults, slots):
    faults.ranges = False
    with pytest.raises(FleetError, match="does not answer with parts of a file"):
        bring(url, slots)
    assert faults.sent < 1 << 22


@pytest.mark.parametrize("cut", [0, 100000])
def test_a_server_without_ranges_sends_the_whole_image_as_told(url, faults, slots, cut):
    faults.ranges, faults.cut = False, cut
    if not cut:
        bring(url, slots, whole=True)
        assert held(slots) == IMAGE and len(faults.asked) == 1
        return
    # What is always cut off at the same byte has no end.
    with pytest.raises(FleetError, match="cannot be fetched: "):
        bring(url, slots, whole=True)


@pytest.mark.parametrize("lie", ["bytes 0-1/2", "bytes 0-4095/999999", "none"])
def test_another_range_than_asked_for_fail(url, faults, slots, lie):
    faults.lie = lie
    with pytest.raises(FleetError, match=f"the server answered {lie}"):
        bring(url, slots)


def test_another_image_of_the_same_size_fail(url, faults, slots):
    at = sum(INDEX.lengths[:61])
    faults.files["/image.gz"] = STORED[:at] + bytes(20) + STORED[at + 20 :]
    with pytest.raises(FleetError) as caught:
        bring(url, slots)
    assert "is not the image of the release: what it has for block 61" in caught.value.problem
    assert "marked not good" in caught.value.left


def read_index(url, data=RENDERED, image=INDEX.image):
    digest = hashlib.sha256(data).hexdigest()
    return fetch.read_index(server_of(), url + "/image.index", digest, image)


def test_the_index(url, faults):
    assert read_index(url) == INDEX
    with pytest.raises(FleetError, match="is not the index that the manifest names"):
        read_index(url, b"another one")
    with pytest.raises(FleetError, match="is the index of another image"):
        read_index(url, image="00" * 32)
    faults.files["/image.index"] = RENDERED[:100]
    with pytest.raises(FleetError, match="is not the index that the manifest names"):
        read_index(url)


@pytest.mark.parametrize("whole", [False, True])
def test_what_changes_on_the_running_slot_meanwhile_is_fetched(url, faults, slots, monkeypatch, whole):
    """A slot that is mounted to be written, as one that others made may be."""
    batches, before = stream.Plan.batches, open(slots[0], "rb").read()

    def write(at, data):
        with open(slots[0], "r+b") as running:
            running.seek(at)
            running.write(data)

    def disturbed(plan, most):
        if most == stream.BATCH:  # everything was looked at
            write(100 * BLOCK, b"somebody writes")
        yield from batches(plan, most)
        if most == stream.BATCH:
            write(0, before)

    monkeypatch.setattr(stream.Plan, "batches", disturbed)
    done = bring(url, slots, whole=whole)
    assert held(slots) == IMAGE
    assert done.requests == (1 if whole else 2)


def test_only_so_much_of_the_running_slot_is_read_as_its_image_has(url, slots, monkeypatch):
    asked, read = [], Device.read
    monkeypatch.setattr(
        Device, "read", lambda self, first, end: asked.append((self.name, end)) or read(self, first, end)
    )
    bring(url, slots, seed_size=300 * BLOCK)
    assert held(slots) == IMAGE and max(end for name, end in asked if name == "ROOT-A") == 300


def test_two_writers_fail(url, slots):
    first = Device("ROOT-B", slots[1], write=True)
    with pytest.raises(
        FleetError, match="is in use: it is mounted somewhere, part of another device, or being written"
    ):
        Device("ROOT-B", slots[1], write=True)
    first.close()
    Device("ROOT-B", slots[1], write=True).close()


def work(url, slots):
    bring(url, slots)


def test_a_kill_at_any_instant_loses_nothing_but_time(url, faults, slots):
    faults.cut = 30000
    spawned = multiprocessing.get_context("fork")
    chance = random.Random(7)
    finished = 0
    for _round in range(12):
        child = spawned.Process(target=work, args=(url, slots))
        child.start()
        time.sleep(chance.uniform(0, 0.25))
        os.kill(child.pid, signal.SIGKILL)
        child.join()
        finished += child.exitcode == 0
    bring(url, slots)
    assert held(slots) == IMAGE


@pytest.fixture
def loop(tmp_path):
    """Makes loop devices."""
    if os.getuid() or not (shutil.which("losetup") and os.path.exists("/dev/loop-control")):
        pytest.skip("needs root and loop devices")
    made = []

    def make(path):
        done = subprocess.run(["losetup", "-f", "--show", path], check=False, stdout=subprocess.PIPE, encoding="ascii")
        if done.returncode:
            pytest.skip("needs a free loop device")
        made.append(done.stdout.strip())
        return made[-1]

    yield make
    for device in made:
        subprocess.run(["losetup", "-d", device], check=False, stderr=subprocess.DEVNULL)  # some tests have done so


def test_on_block_devices(url, faults, slots, loop):
    devices = [loop(path) for path in slots]
    bring(url, devices)
    assert held(devices) == IMAGE
    # The kernel itself keeps a second writer away.
    with (
        open(devices[1], "rb"),
        Device("ROOT-B", devices[1], write=True).fd and pytest.raises(FleetError, match="is in use"),
    ):
        Device("ROOT-B", devices[1], write=True)


def test_a_mounted_slot_fail(tmp_path, loop):
    image = tmp_path / "fs"
    image.touch()
    os.truncate(image, 8 << 20)
    subprocess.run(["mke2fs", "-q", "-t", "ext4", "-O", "^has_journal", image], check=True)
    device, place = loop(image), tmp_path / "mnt"
    place.mkdir()
    if subprocess.run(["mount", "-o", "ro", device, place], check=False).returncode:
        pytest.skip("cannot mount")
    try:
        with pytest.raises(FleetError, match=r"ROOT-B \(/dev/loop\d+\) is in use: it is mounted somewhere"):
            Device("ROOT-B", device, write=True)
    finally:
        subprocess.run(["umount", place], check=True)


@pytest.mark.parametrize("failing", [0, 1], ids=["what runs", "what is written"])
def test_a_disk_that_cannot_be_read_everywhere_is_no_obstacle(url, slots, loop, failing):
    """A loop device answers with real errors where its file has become shorter; what is written is there again."""
    devices = [loop(path) for path in slots]
    with open(slots[failing], "r+b") as backing:
        backing.truncate(300 * BLOCK)
    with pytest.raises(OSError, match="Input/output error"), open(devices[failing], "rb") as disk:
        disk.seek(400 * BLOCK)
        disk.read(BLOCK)
    slot = Device("ROOT-B", devices[1], write=True)
    seed = Device("ROOT-A", devices[0])
    try:
        stream.bring(slot, seed, INDEX, server_of(), url + "/image.gz", False, Pace(0), int)
    finally:
        slot.close()
        seed.close()
    assert held(devices) == IMAGE


def test_a_disk_that_fails_under_a_write_fail(url, faults, tmp_path, slots, loop):
    """The device mapper is not everywhere; a loop device whose file system is full answers with real errors, too."""
    small = tmp_path / "small"
    small.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", small], check=False).returncode:
        pytest.skip("cannot mount")
    device = ""
    try:
        other = small / "other"
        other.touch()
        os.truncate(other, SLOT_BLOCKS * BLOCK)
        device = loop(other)
        with pytest.raises(FleetError) as caught:
            bring(url, (slots[0], device))
        assert "ROOT-B" in caught.value.problem and "cannot be written at byte" in caught.value.problem
        assert "marked not good" in caught.value.left
    finally:
        if device:
            subprocess.run(["losetup", "-d", device], check=True)
        subprocess.run(["umount", small], check=True)

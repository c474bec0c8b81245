# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A release, written into a slot by the product's own writer while the disk is recorded or fails: QEMU is the disk,
as a file that it shows by FUSE, and the marks lie on another one, as /boot does.

The layout and the boot control are stand-ins, because a node's own are the machine's that tests.
"""

from __future__ import annotations

import contextlib
import functools
import os
import random
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, NamedTuple, Optional
from unittest import mock

from ansible_collections.osmigrate.fleet.plugins.module_utils._backends.slots import (
    candidate,
    layout,
    marks,
    persist,
    publish,
)
from ansible_collections.osmigrate.fleet.plugins.module_utils._errors import FleetError
from ansible_collections.osmigrate.fleet.plugins.module_utils._release.schema import BLOCK

from tests.faults.writelog import SECTOR, Entry, WriteLog, count

BLOCKS = 800
SLOT = "0badcafe-02"
RUNNING = "0badcafe-01"
PROGRAMS = ("qemu-storage-daemon", "fusermount3")


class Mark(NamedTuple):
    """A mark that was put: after how many entries of the log, and what it says."""

    at: int
    mark: marks.Mark


class Boot:
    """What a candidate asks boot control, with an empty menu."""

    def __init__(self) -> None:
        self.state: dict[str, Any] = {"entries": {}}

    def needed_entries(self) -> set[str]:
        return set()


def blocks(seed: int, number: int) -> list[bytes]:
    chance = random.Random(seed)
    return [bytes(BLOCK) if at % 9 == 4 else chance.randbytes(BLOCK) for at in range(number)]


class Writer:
    """One slot that holds an older release, one that runs, and a newer release on a real server.

    :param directory: where all of it lies.
    """

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.marked = directory / "boot/slots.json"
        self.disk, self.log, self.shown = directory / "disk", directory / "log", directory / "shown"
        running = blocks(1, BLOCKS)
        image = running[:100] + blocks(2, 60) + running[100:500] + blocks(3, 40)
        older = running[:300] + blocks(4, BLOCKS - 300)
        self.running = directory / "running"
        self.running.write_bytes(b"".join(running))
        self.image, self.older = b"".join(image), b"".join(older)
        self.base = directory / "base"
        self.base.write_bytes(self.older)
        self.marks: list[Mark] = []
        self.release = self._publish()

    def _publish(self) -> dict[str, Any]:
        tree = self.directory / "tree"
        tree.mkdir()
        for name in ("vmlinuz", "initramfs.img"):
            (tree / name).write_text(name)
        (self.directory / "image").write_bytes(self.image)
        served = self.directory / "served"
        served.mkdir()
        wish = publish.Wish(
            str(self.directory / "image"), str(tree), "/vmlinuz", "/initramfs.img", "ext4", str(served), "1", "URL"
        )
        return {"name": "debian-13", "version": "13.2", "payloads": {"slots": publish.payload(wish)}}

    def begin(self) -> None:
        """Put everything back to where it was before the release came."""
        shutil.copyfile(self.base, self.disk)
        self.marked.unlink(missing_ok=True)
        older = marks.Mark("debian-13-13.1", publish.hashlib.sha256(self.older).hexdigest(), len(self.older), True)
        marks.put(SLOT, older, str(self.marked))
        self.marks = [Mark(0, older)]

    def write(self, path: Path, rate: int = 0) -> None:
        """Bring the release into what lies at a path.

        :raises FleetError: it could not be done.
        """
        running, slot = (
            layout.Partition(str(where), "", len(self.older), partuuid)
            for where, partuuid in ((self.running, RUNNING), (path, SLOT))
        )
        state = layout.Partition("", "", 0, "0badcafe-03", fstype="ext4")
        found = layout.Layout({"ROOT-A": running, "ROOT-B": slot, "PERSIST": state}, "ROOT-A")
        put = marks.put

        def noted(partuuid: str, mark: marks.Mark, where: str) -> None:
            # The log has no head before its first entry.
            self.marks.append(Mark(count(self.log) if self.log.exists() and self.log.stat().st_size else 0, mark))
            put(partuuid, mark, where)

        with _served(self.directory / "served") as url:
            payload = dict(self.release["payloads"]["slots"])
            payload.update({key: payload[key].replace("URL", url) for key in ("url", "index")})
            release = {**self.release, "payloads": {"slots": payload}}
            wish = candidate.Wish(rate=rate, ranges=False)
            patches = (layout, "check_table", mock.DEFAULT), (persist, "open_here", mock.DEFAULT), (marks, "put", noted)
            with contextlib.ExitStack() as stack:
                for one in patches:
                    stack.enter_context(mock.patch.object(*one))
                candidate.Candidate(release, found, Boot(), wish, "", str(self.marked))._write([])

    def mark(self) -> marks.Mark:
        """Return what is marked now."""
        return marks.read(str(self.marked))[SLOT]

    def wrong(self, mark: marks.Mark, content: bytes) -> str:
        """Say what is wrong with a slot that has a mark, "" for nothing: nobody boots what is not good."""
        meant = {publish.hashlib.sha256(one).hexdigest(): one for one in (self.image, self.older)}
        if mark.good and content[: mark.size] != meant[mark.image][: mark.size]:
            return f"the slot is marked as {mark.release}, and is something else"
        return ""

    def touched(self) -> list[str]:
        """Say that the slot that runs is not bit for bit what it was, in a sentence; nothing if it is."""
        same = self.running.read_bytes() == b"".join(blocks(1, BLOCKS))
        return [] if same else ["the running slot was written to"]

    @contextmanager
    def recorded(self) -> Iterator[Path]:
        """Show the disk, each write and flush of which goes to the log."""
        self.log.write_bytes(b"")
        node = f"driver=blklogwrites,node-name=disk,file.driver=file,file.filename={self.disk}"
        log = f"log.driver=file,log.filename={self.log},log-super-update-interval=1"
        with self._shown([f"{node},{log}"], "disk") as path:
            yield path

    @contextmanager
    def failing(self, kind: str, errno: int, block: int = 0) -> Iterator[Path]:
        """Show the disk, which fails with an errno at one of its blocks.

        :param kind: of the requests that fail: read, write or flush.
        """
        raw = f"driver=file,node-name=file,filename={self.disk}"
        rule = {"event": "none", "iotype": kind, "errno": errno, "once": "off"}
        if kind != "flush":
            rule["sector"] = block * BLOCK // SECTOR
        options = ",".join(f"inject-error.0.{key}={value}" for key, value in rule.items())
        with self._shown([raw, f"driver=blkdebug,node-name=disk,image=file,{options}"], "disk") as path:
            yield path

    @contextmanager
    def _shown(self, nodes: list[str], export: str) -> Iterator[Path]:
        self.shown.touch()
        argv = ["qemu-storage-daemon"]
        for node in nodes:
            argv += ["--blockdev", node]
        argv += ["--export", f"type=fuse,id=export,node-name={export},mountpoint={self.shown},writable=on"]
        with subprocess.Popen(argv) as daemon:
            try:
                _wait(lambda: os.path.ismount(self.shown) or daemon.poll() is not None)
                assert daemon.poll() is None, "the disk is not shown"
                yield self.shown
            finally:
                daemon.terminate()
                daemon.wait()
                _wait(lambda: not os.path.ismount(self.shown))


class Cut(NamedTuple):
    """A moment without power: after how many entries of the log, how many blocks of what was not flushed have arrived,
    and what is wrong then, "" for nothing."""

    at: int
    arrived: int
    wrong: str

    @property
    def name(self) -> str:
        return f"@{self.at}+{self.arrived}"


def cuts(writer: Writer, number: int, seed: int, again: int) -> Iterator[Cut]:
    """Look at power cuts of a recorded write. Of what was not flushed, and of the write that was on its way, any blocks
    have arrived: a disk may tear a write, and keeps no order.

    :param number: how many.
    :param again: after how many of them the release is brought once more, and has to be whole then.
    """
    chance, log, base = random.Random(seed), WriteLog(writer.log), writer.base.read_bytes()
    final = len(log.entries)
    for turn in range(number):
        # Each moment in its turn: first with nothing of what was pending, then with all of it, then with some.
        at, share = turn % (final + 1), (0.0, 1.0, chance.random())[min(2, turn // (final + 1))]
        content = bytearray(base)
        for entry in log.entries[: log.durable(at)]:
            _put(content, entry, log.data(entry))
        on_its_way = turn % 2 and at < final
        arrived = 0
        for one in [*log.pending(at), *([at] if on_its_way else [])]:
            data = log.data(log.entries[one])
            for first in range(0, len(data), BLOCK):
                if chance.random() < share:
                    _put(content, log.entries[one], data[first : first + BLOCK], first)
                    arrived += 1
        # What was marked before an entry is on its disk once any of that arrives; what comes right after it may be.
        done = [one for one in writer.marks if one.at < at or (one.at == at and on_its_way)][-1:] or writer.marks[:1]
        possible = [*done, *[one for one in writer.marks if one.at == at and not on_its_way]]
        problems = [problem for problem in (writer.wrong(one.mark, bytes(content)) for one in possible) if problem]
        if not problems and again and turn % max(1, number // again) == 0:
            problems += _goes_on(writer, possible[0].mark, bytes(content))
        yield Cut(at, arrived, "; ".join(problems))


def _put(content: bytearray, entry: Entry, data: bytes, first: int = 0) -> None:
    begin = entry.sector * SECTOR + first
    content[begin : begin + len(data)] = data


def _goes_on(writer: Writer, mark: marks.Mark, content: bytes) -> list[str]:
    """Bring the release once more to what a cut has left."""
    slot = writer.directory / "again"
    slot.write_bytes(content)
    marks.put(SLOT, mark, str(writer.marked))
    kept = list(writer.marks)
    if not (mark.good and mark.image == writer.release["payloads"]["slots"]["sha256"]):
        writer.write(slot)
    writer.marks = kept
    good = writer.mark().good and slot.read_bytes()[: len(writer.image)] == writer.image
    return [] if good else ["the same command does not bring the release afterwards"]


def killed(writer: Writer, seconds: float) -> Optional[int]:
    """Write in a process that is killed after so many seconds; return its exit code if it was ready before."""
    child = os.fork()
    if not child:
        try:
            writer.write(writer.disk, rate=4 << 20)
        except FleetError:
            os._exit(1)
        os._exit(0)
    time.sleep(seconds)
    os.kill(child, signal.SIGKILL)
    _pid, status = os.waitpid(child, 0)
    return None if os.WIFSIGNALED(status) else os.WEXITSTATUS(status)


@contextmanager
def _served(directory: Path) -> Iterator[str]:
    handler = functools.partial(_Quiet, directory=str(directory))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:
        pass


def _wait(done: Any, seconds: float = 20) -> None:
    ends = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < ends, "the disk of QEMU does not come or go"
        time.sleep(0.05)

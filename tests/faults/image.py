# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A node's disk, read from outside: as GRUB sees it, which replays no journal, and as the kernel will after it did."""

from __future__ import annotations

import hashlib
import json
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.lab.template import ROOT_START

SECTOR = 512
ROOT = "(loop0,gpt3)"
# What e2fsck may say of a file system that mends itself: nothing was wrong, or it was set right.
MENDED = (0, 1)


class NotMended(Exception):
    """The file system needs a person."""


def _run(*argv: str | Path) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run([str(word) for word in argv], stdin=subprocess.DEVNULL, capture_output=True, check=False)


class Image:
    """The root of a node's disk.

    :param disk: a raw disk as lab.template lays it out: the third partition is the root, ext4.
    """

    def __init__(self, disk: Path) -> None:
        self.disk = disk

    def grub(self, path: str) -> bytes | None:
        """Return a file as GRUB reads it, None if it cannot."""
        done = _run("grub-fstest", self.disk, "cat", ROOT + path)
        return done.stdout if done.returncode == 0 else None

    def grub_names(self, directory: str) -> list[str]:
        """Return the names of the files of a directory as GRUB lists them."""
        listed = _run("grub-fstest", self.disk, "ls", f"{ROOT}{directory}/").stdout.decode()
        return [name for name in listed.split() if not name.endswith("/")]

    @contextmanager
    def mended(self) -> Iterator[Mended]:
        """Let e2fsck do what the next boot does, on a copy-on-write layer that is gone afterwards.

        :raises NotMended: a person would have to.
        """
        with tempfile.TemporaryDirectory() as directory:
            scratch = Path(directory)
            with _exported(self.disk, scratch / "layer.qcow2") as partition:
                # As at every boot, and then whether that found everything.
                for options in ("-p", "-f -n"):
                    done = _run("e2fsck", *options.split(), partition)
                    if done.returncode not in MENDED:
                        raise NotMended((done.stdout + done.stderr).decode(errors="replace").strip())
                yield Mended(partition, scratch)


@contextmanager
def _exported(disk: Path, layer: Path) -> Iterator[Path]:
    """Show the root of a disk as a file that can be written to; what is written goes to the layer, a qcow2 disk."""
    partition = layer.with_name("partition")
    subprocess.run(["qemu-img", "create", "-q", "-f", "qcow2", "-b", disk, "-F", "raw", layer], check=True)
    partition.touch()
    node = {"driver": "raw", "node-name": "root", "offset": ROOT_START * SECTOR,
            "file": {"driver": "qcow2", "file": {"driver": "file", "filename": str(layer)}}}  # fmt: skip
    daemon = subprocess.Popen(
        ["qemu-storage-daemon", "--blockdev", json.dumps(node),
         "--export", f"fuse,id=root,node-name=root,mountpoint={partition},writable=on"],
        stdin=subprocess.DEVNULL, stderr=subprocess.PIPE,
    )  # fmt: skip
    assert daemon.stderr
    try:
        while partition.stat().st_size == 0:
            if daemon.poll() is not None:
                raise OSError(f"qemu-storage-daemon ended: {daemon.stderr.read().decode().strip()}")
            time.sleep(0.01)
        yield partition
    finally:
        daemon.terminate()
        daemon.wait()
        partition.unlink()


class Mended:
    """The file system after its journal was replayed."""

    def __init__(self, partition: Path, scratch: Path) -> None:
        self._partition = partition
        self._scratch = scratch

    def read(self, path: str) -> bytes | None:
        """Return a file's content, None if it is not there."""
        target = self._scratch / "file"
        target.unlink(missing_ok=True)
        _run("debugfs", "-R", f"dump {path} {target}", self._partition)
        return target.read_bytes() if target.exists() else None

    def tree(self, path: str) -> dict[str, str]:
        """Return the digests of a directory's files by their names below it; of links, where they lead."""
        top = self._scratch / "tree"
        top.mkdir()
        _run("debugfs", "-R", f"rdump {path} {top}", self._partition)
        found = {}
        for file in sorted(top.rglob("*")):
            name = str(file.relative_to(top))
            if file.is_symlink():
                found[name] = str(file.readlink())
            elif file.is_file():
                found[name] = hashlib.sha256(file.read_bytes()).hexdigest()
        subprocess.run(["rm", "-rf", top], check=True)
        return found


@contextmanager
def edited(disk: Path, layer: Path) -> Iterator[Editor]:
    """Change files of a disk whose file system was unmounted; what is changed goes to the layer, a qcow2 disk."""
    with _exported(disk, layer) as partition:
        yield Editor(partition, layer.parent)
        done = _run("e2fsck", "-f", "-p", partition)
        assert done.returncode in MENDED, done.stdout.decode()


class Editor:
    """A file system on which files can be changed from outside."""

    def __init__(self, partition: Path, scratch: Path) -> None:
        self._partition = partition
        self._scratch = scratch

    def remove(self, path: str) -> None:
        """Remove a file, if it is there."""
        self._do(f"rm {path}")

    def write(self, path: str, content: bytes) -> None:
        """Replace a file, which will belong to root, or make it."""
        source = self._scratch / "content"
        source.write_bytes(content)
        self._do(f"rm {path}", f"write {source} {path}", f"set_inode_field {path} mode 0100644")

    def link(self, path: str, target: str) -> None:
        """Make a symbolic link."""
        self._do(f"symlink {path} {target}")

    def _do(self, *requests: str) -> None:
        script = self._scratch / "requests"
        script.write_text("".join(request + "\n" for request in requests))
        _run("debugfs", "-w", "-f", script, self._partition)

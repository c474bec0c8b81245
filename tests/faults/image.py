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
from contextlib import ExitStack, contextmanager
from pathlib import Path

from tests.faults.partitions import Layout, Partition

# What e2fsck may say of a file system that mends itself: nothing was wrong, or it was set right.
MENDED = (0, 1)
PIECE = 1 << 20


class NotMended(Exception):
    """The file system needs a person."""


def _run(*argv: str | Path) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run([str(word) for word in argv], stdin=subprocess.DEVNULL, capture_output=True, check=False)


class Image:
    """A node's disk, whose file systems are ext4.

    :param disk: raw, or qcow2 for what is not read by grub and grub_names.
    :param layout: where it has what; paths are those of the running system.
    """

    def __init__(self, disk: Path, layout: Layout, kind: str = "raw") -> None:
        self.disk, self.layout, self.kind = disk, layout, kind

    def grub(self, path: str) -> bytes | None:
        """Return a file as GRUB reads it, None if it cannot."""
        done = _run("grub-fstest", self.disk, "cat", self._of_grub(path))
        return done.stdout if done.returncode == 0 else None

    def grub_names(self, directory: str) -> list[str]:
        """Return the names of the files of a directory as GRUB lists them."""
        listed = _run("grub-fstest", self.disk, "ls", self._of_grub(f"{directory}/")).stdout.decode()
        return [name for name in listed.split() if not name.endswith("/")]

    def _of_grub(self, path: str) -> str:
        partition, inner = self.layout.locate(path)
        return f"(loop0,gpt{partition.number}){inner}"

    @contextmanager
    def mended(self) -> Iterator[Mended]:
        """Let e2fsck do what the next boot does, on copy-on-write layers that are gone afterwards.

        :raises NotMended: a person would have to.
        """
        with tempfile.TemporaryDirectory() as directory, ExitStack() as stack:
            shown: dict[int, Path] = {}
            for place, partition in self.layout.partitions.items():
                scratch = Path(directory, str(partition.number))
                scratch.mkdir()
                layer = _layer(self.disk, self.kind, scratch / "layer.qcow2")
                shown[partition.number] = stack.enter_context(_exported(layer, partition))
                # As at every boot, and then whether that found everything.
                for options in ("-p", "-f -n") if place in self.layout.mended else ():
                    done = _run("e2fsck", *options.split(), shown[partition.number])
                    if done.returncode not in MENDED:
                        raise NotMended(f"{place}: {(done.stdout + done.stderr).decode(errors='replace').strip()}")
            yield Mended(self.layout, shown, Path(directory))


def _layer(disk: Path, kind: str, layer: Path) -> Path:
    """Make a layer over a disk, to which goes what is written: a qcow2 disk."""
    subprocess.run(["qemu-img", "create", "-q", "-f", "qcow2", "-b", disk, "-F", kind, layer], check=True)
    return layer


@contextmanager
def _exported(layer: Path, partition: Partition) -> Iterator[Path]:
    """Show a partition of a qcow2 disk as a file that can be written to."""
    shown = layer.with_name("partition")
    shown.touch()
    node = {"driver": "raw", "node-name": "part", "offset": partition.begin, "size": partition.size,
            "file": {"driver": "qcow2", "file": {"driver": "file", "filename": str(layer)}}}  # fmt: skip
    daemon = subprocess.Popen(
        ["qemu-storage-daemon", "--blockdev", json.dumps(node),
         "--export", f"fuse,id=part,node-name=part,mountpoint={shown},writable=on"],
        stdin=subprocess.DEVNULL, stderr=subprocess.PIPE,
    )  # fmt: skip
    assert daemon.stderr
    try:
        while shown.stat().st_size == 0:
            if daemon.poll() is not None:
                raise OSError(f"qemu-storage-daemon ended: {daemon.stderr.read().decode().strip()}")
            time.sleep(0.01)
        yield shown
    finally:
        daemon.terminate()
        daemon.wait()
        shown.unlink()


class Mended:
    """The file systems after their journals were replayed."""

    def __init__(self, layout: Layout, shown: dict[int, Path], scratch: Path) -> None:
        self.layout = layout
        self._shown = shown
        self._scratch = scratch

    def read(self, path: str) -> bytes | None:
        """Return a file's content, None if it is not there."""
        target = self._scratch / "file"
        target.unlink(missing_ok=True)
        partition, inner = self.layout.locate(path)
        _run("debugfs", "-R", f"dump {inner} {target}", self._shown[partition.number])
        return target.read_bytes() if target.exists() else None

    def tree(self, path: str) -> dict[str, str]:
        """Return the digests of a directory's files by their names below it; of links, where they lead."""
        top = self._scratch / "tree"
        top.mkdir()
        partition, inner = self.layout.locate(path)
        _run("debugfs", "-R", f"rdump {inner} {top}", self._shown[partition.number])
        found = {}
        for file in sorted(top.rglob("*/*")):
            name = str(file.relative_to(top / Path(inner).name))
            if file.is_symlink():
                found[name] = str(file.readlink())
            elif file.is_file():
                found[name] = hashlib.sha256(file.read_bytes()).hexdigest()
        subprocess.run(["rm", "-rf", top], check=True)
        return found

    def digest(self, place: str, size: int) -> str:
        """Return the SHA-256, in hex, of the first bytes of the partition that is seen at a place."""
        sha = hashlib.sha256()
        with self._shown[self.layout.partitions[place].number].open("rb") as content:
            while size and (piece := content.read(min(size, PIECE))):
                sha.update(piece)
                size -= len(piece)
        return sha.hexdigest()


@contextmanager
def edited(disk: Path, layer: Path, layout: Layout) -> Iterator[Editor]:
    """Change files of a disk whose file systems were unmounted; what is changed goes to the layer, a qcow2 disk."""
    editor = Editor(layout, layer.parent)
    yield editor
    _layer(disk, "raw", layer)
    partitions = {partition.number: partition for partition in layout.partitions.values()}
    for number, requests in editor.requests.items():
        with _exported(layer, partitions[number]) as partition:
            if requests is None:
                with partition.open("r+b") as content:
                    content.write(bytes(PIECE))
                continue
            script = layer.with_name("requests")
            script.write_text("".join(request + "\n" for request in requests))
            _run("debugfs", "-w", "-f", script, partition)
            done = _run("e2fsck", "-f", "-p", partition)
            assert done.returncode in MENDED, done.stdout.decode()


class Editor:
    """File systems on which files are changed from outside.

    requests: to debugfs, by the number of the partition; None where its beginning is to be zeros.
    """

    def __init__(self, layout: Layout, scratch: Path) -> None:
        self.requests: dict[int, list[str] | None] = {}
        self._layout = layout
        self._scratch = scratch
        self._written = 0

    def wipe(self, place: str) -> None:
        """Leave zeros where the file system that is seen at a place begins."""
        self.requests[self._layout.partitions[place].number] = None

    def remove(self, path: str) -> None:
        """Remove a file, if it is there."""
        self._do(path, "rm {}")

    def write(self, path: str, content: bytes) -> None:
        """Replace a file, which will belong to root, or make it."""
        self._written += 1
        source = self._scratch / f"content{self._written}"
        source.write_bytes(content)
        self._directories(path)
        self._do(path, "rm {}", f"write {source} {{}}", "set_inode_field {} mode 0100644")

    def link(self, path: str, target: str) -> None:
        """Make a symbolic link."""
        self._directories(path)
        self._do(path, f"symlink {{}} {target}")

    def _directories(self, path: str) -> None:
        """Make what of the directories of a file is not there: debugfs leaves one alone that is."""
        inner = self._layout.locate(path)[1]
        for directory in reversed(Path(inner).parents[:-1]):
            self._do(path.removesuffix(inner) + str(directory), "mkdir {}")

    def _do(self, path: str, *requests: str) -> None:
        partition, inner = self._layout.locate(path)
        wanted = self.requests.setdefault(partition.number, [])
        if wanted is not None:
            wanted += [request.format(inner) for request in requests]

# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Build results, kept by the hash of what went into them."""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Union

from . import host
from .config import Paths

Input = Union[str, bytes, Path]
Log = Callable[[str], None]


def digest(inputs: Mapping[str, Input]) -> str:
    """Return 12 digits that stand for the inputs; a Path counts by its content, a directory by its files."""
    whole = hashlib.sha256()
    for key in sorted(inputs):
        whole.update(key.encode() + b"\0" + hashlib.sha256(b"".join(_content(inputs[key]))).digest())
    return whole.hexdigest()[:12]


def _content(value: Input) -> Iterator[bytes]:
    if isinstance(value, bytes):
        yield value
    elif isinstance(value, str):
        yield value.encode()
    elif value.is_dir():
        for path in sorted(value.rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts:
                yield str(path.relative_to(value)).encode() + b"\0" + hashlib.sha256(path.read_bytes()).digest()
    else:
        yield value.read_bytes()


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold an exclusive lock for the duration; the kernel drops it when the process dies."""
    with open(path, "w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def artifact(paths: Paths, name: str, inputs: Mapping[str, Input], build: Callable[[Path], None], log: Log) -> Path:
    """Path of the artifact `name` made of `inputs`; built now if the cache has none.

    `build` is called with a path that does not exist yet and must make a file or a directory there. An interrupted
    build leaves nothing behind that a later run could take for a result.
    """
    result = paths.cache / f"{name}-{digest(inputs)}"
    if result.exists():
        return result
    with locked(paths.cache / f"{name}.lock"):
        if result.exists():
            return result
        for leftover in paths.cache.glob(f"{name}-*.part"):
            host.remove(leftover)
        part = result.with_name(result.name + ".part")
        started = time.monotonic()
        log(f"{name}: building")
        build(part)
        part.rename(result)
        log(f"{name}: built in {time.monotonic() - started:.0f} s")
        _remove_old(paths, name, keep=result)
    return result


def pin(paths: Paths, user: str, *artifacts: Path) -> None:
    """Keep these artifacts although newer ones appear, for as long as `user` (say, a disk on top of them) exists."""
    directory = paths.run / "pins"
    directory.mkdir(exist_ok=True)
    (directory / user).write_text("".join(f"{artifact.name}\n" for artifact in artifacts))


def unpin(paths: Paths, user: str) -> None:
    (paths.run / "pins" / user).unlink(missing_ok=True)


def _remove_old(paths: Paths, name: str, keep: Path) -> None:
    pinned = {line for file in (paths.run / "pins").glob("*") for line in file.read_text().split()}
    for old in paths.cache.glob(f"{name}-*"):
        is_hash = re.fullmatch(re.escape(name) + "-[0-9a-f]{12}", old.name)
        if is_hash and old != keep and old.name not in pinned and not _open_by_a_process(old):
            host.remove(old)


def _open_by_a_process(path: Path) -> bool:
    prefix = str(path)
    for process in Path("/proc").glob("[0-9]*"):
        try:
            links = [process / "exe", process / "cwd", *(process / "fd").iterdir()]
        except OSError:
            continue
        for link in links:
            try:
                target = os.readlink(link)
            except OSError:
                continue
            if target == prefix or target.startswith(prefix + "/"):
                return True
    return False

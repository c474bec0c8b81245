# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files that GRUB reads, which replays no journal: replaced so that each is whole after a power cut at any moment.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

import contextlib
import errno
import fcntl
import os
import sys
import time
import typing

from ansible_collections.osmigrate.fleet.plugins.module_utils._command import start
from ansible_collections.osmigrate.fleet.plugins.module_utils._errors import FleetError
from ansible_collections.osmigrate.fleet.plugins.module_utils._storage import (
    cannot_be_written,
    make_directory,
    sync_directory,
    sync_file_system,
    write_out,
)

FIFREEZE = 0xC0045877
FITHAW = 0xC0045878
FREEZE_SECONDS = 10
# How long a freeze of somebody else is waited for, and how often it is looked at.
BUSY_SECONDS = 60
BUSY_PAUSE = 1
UNFROZEN = "Its file systems were not frozen; a plain reboot boots what it booted before"
# Gets a descriptor, seconds and the request to thaw. Standard input ends when the parent dies, whatever it dies of.
WATCHDOG = """\
import fcntl, os, select, signal, sys
descriptor, seconds, thaw = int(sys.argv[1]), float(sys.argv[2]), int(sys.argv[3])
for name in (signal.SIGHUP, signal.SIGINT, signal.SIGTERM):
    signal.signal(name, signal.SIG_IGN)
os.write(1, b"r")
if not select.select([0], [], [], seconds)[0] or not os.read(0, 1):
    try:
        fcntl.ioctl(descriptor, thaw, 0)
    except OSError:
        pass  # thawed already
"""


class File(typing.NamedTuple):
    path: str
    content: bytes
    mode: int


def replace(files: typing.List[File]) -> None:
    """Replace files; whatever a power cut leaves, each name leads to the whole old file or to the whole new one.

    Without its journal a file system is what reached its places so far, in any order. So the new files get there under
    other names first; then their names change, which is one block of their directory; and the old files, to which
    GRUB may still be led, keep their blocks until that has got there, too.

    :param files: list of File; they belong to root.
    :raises FleetError: one of them cannot be written, or their file system not be frozen; then all are what they were.
        Or it takes no name or cannot be frozen after that; then they are what they were or shall be, until a power cut.
    """
    made = []
    try:
        for new in files:
            make_directory(os.path.dirname(new.path))
            made.append(_beside(new.path))
            descriptor = os.open(made[-1], os.O_WRONLY | os.O_CREAT | os.O_TRUNC, new.mode)
            write_out(descriptor, new.content, new.mode)
            sync_directory(os.path.dirname(new.path))
    except OSError as error:
        _remove(made)
        raise cannot_be_written(new.path, error)
    directories = sorted({os.path.dirname(file.path) for file in files})
    try:
        _commit(directories)
    except FleetError:
        _remove(made)
        raise
    except OSError as error:
        _remove(made)
        raise cannot_be_written(files[0].path, error)
    kept = [os.open(file.path, os.O_RDONLY) for file in files if os.path.exists(file.path)]
    try:
        for new in files:
            os.rename(_beside(new.path), new.path)
        _commit(directories)
    except OSError as error:
        _remove(made)
        raise FleetError(
            f"{new.path} cannot take its new content: {error.strerror}",
            "Each file is whole, the old one or the new one, and a plain reboot boots what it booted before",
            "See in the kernel's log what became of that file system, then run the same command again",
        )
    finally:
        for descriptor in kept:
            os.close(descriptor)


def _remove(paths: typing.List[str]) -> None:
    for path in paths:
        with contextlib.suppress(OSError):  # not there any more, or on a file system that takes nothing
            os.unlink(path)


def _beside(path: str) -> str:
    """Return the name of a new file until it takes its place; one that a power cut has left is used again."""
    return os.path.join(os.path.dirname(path), f".{os.path.basename(path)}.osmigrate-new")


def _commit(directories: typing.List[str]) -> None:
    """Commit the file systems of all directories, each once."""
    done = set()
    for directory in directories:
        sync_directory(directory)
        device = os.stat(directory).st_dev
        if device not in done:
            done.add(device)
            commit(directory)


def commit(path: str) -> None:
    """Make the file system that holds path complete for a reader that replays no journal, as GRUB is.

    The file system is frozen for a moment, which writes its journal back. Were this process to die in between, the
    node would hang, so another one stands by and thaws. A freeze of somebody else is waited for.

    :raises FleetError: it could not be frozen, so a power cut may still take what was written.
    """
    ends = time.monotonic() + BUSY_SECONDS
    while True:
        sync_file_system(path)  # keeps the frozen moment short
        try:
            _freeze_and_thaw(path)
            return
        except OSError as error:
            # Without a journal, as FAT is, the sync was all. Who may not freeze is no root of a machine, but a test.
            if error.errno in (errno.EOPNOTSUPP, errno.ENOTTY, errno.EPERM):
                return
            if error.errno != errno.EBUSY:
                raise _cannot_be_frozen(path, error.strerror or str(error), "Look at that file system")
        if time.monotonic() >= ends:
            raise _cannot_be_frozen(
                path,
                f"something else has kept it frozen for {BUSY_SECONDS} seconds, as a snapshot or a backup does",
                "Wait for its end, or thaw it with 'fsfreeze --unfreeze'",
            )
        time.sleep(BUSY_PAUSE)


def _cannot_be_frozen(path: str, why: str, todo: str) -> FleetError:
    return FleetError(
        f"The file system of {path} cannot be frozen: {why}",
        "What was written there is synced, but a power cut may still take it",
        f"{todo}, then run the same command again",
    )


def _freeze_and_thaw(path: str) -> None:
    """Freeze for a moment.

    :raises OSError: it was not frozen.
    """
    descriptor = os.open(path, os.O_RDONLY)
    try:
        release_watchdog = _start_watchdog(descriptor)
        try:
            fcntl.ioctl(descriptor, FIFREEZE, 0)
            _thaw(descriptor)
        finally:
            release_watchdog()
    finally:
        os.close(descriptor)


def _thaw(descriptor: int) -> None:
    try:
        fcntl.ioctl(descriptor, FITHAW, 0)
    except OSError as error:
        if error.errno != errno.EINVAL:  # the watchdog was faster
            raise


def _start_watchdog(descriptor: int) -> typing.Callable[[], None]:
    """Start a process that thaws when this one dies or takes too long; return what calls it off.

    A program of its own and no fork: a fork of a process with threads may hang before it comes to its work. It says
    when it has loaded all that it needs, because nothing is to be loaded while the file system is frozen.

    :param descriptor: of the directory by which the file system is thawed.
    :raises FleetError: it cannot be started; nothing is frozen without it.
    """
    argv = [sys.executable, "-I", "-S", "-c", WATCHDOG, str(descriptor), str(FREEZE_SECONDS), str(FITHAW)]
    watchdog = start(argv, descriptors=[descriptor], left=UNFROZEN, todo=f"See that {sys.executable} runs on this node")
    if watchdog.stdout is None or watchdog.stdout.read(1) != b"r":
        watchdog.communicate()
        raise FleetError(
            f"{sys.executable} ended before it could stand by to thaw a file system",
            UNFROZEN,
            "See that it runs on this node, then run the same command again",
        )

    def release() -> None:
        watchdog.communicate(b"x")  # also where it has gone already

    return release

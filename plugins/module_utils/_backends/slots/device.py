# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A slot as a file of blocks, read and written past the memory that the node's workload needs.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

import contextlib
import errno
import fcntl
import hashlib
import mmap
import os
import stat
import typing

from ansible_collections.osmigrate.fleet.plugins.module_utils._backends.slots import holders
from ansible_collections.osmigrate.fleet.plugins.module_utils._backends.slots.index import BLOCK
from ansible_collections.osmigrate.fleet.plugins.module_utils._errors import FleetError

BATCH = 256  # blocks: a mebibyte, of one read or write
_WINDOW = 32  # blocks that are read where one is asked for: files lie in one piece more often than not
_NAMED = 3  # processes in a message
NOT_GOOD = "It is marked not good, and nothing boots it; what runs was only read, and serves on as it did"


def _in_use(name: str, path: str) -> FleetError:
    """Return what to raise where the kernel says that somebody has a slot, with who that is if it can be seen."""
    status = os.stat(path)
    others = holders.elsewhere(f"{os.major(status.st_rdev)}:{os.minor(status.st_rdev)}")
    if others:
        more = f" and {len(others) - _NAMED} more" if len(others) > _NAMED else ""
        return FleetError(
            f"{name} ({path}) is in use: it is mounted in the namespaces of {', '.join(others[:_NAMED])}{more}",
            todo="Start the pods or services anew that these are of: they have kept what the node has unmounted",
        )
    return FleetError(
        f"{name} ({path}) is in use: it is mounted somewhere, part of another device, or being written",
        todo="Look at 'lsblk', 'findmnt' and 'dmsetup ls', and let another run end",
    )


class Device:
    """One slot.

    :param name: what people call it.
    :param path: of a block device; a file serves as well.
    :param write: to write it, and to be the only one who does: whatever is mounted or used by the device mapper, in
        whatever namespace, is refused by the kernel.
    :raises FleetError: it is in use, or cannot be opened.
    """

    def __init__(self, name: str, path: str, write: bool = False) -> None:
        self.name, self.path = name, path
        self._buffer = memoryview(mmap.mmap(-1, BATCH * BLOCK))
        self._window = memoryview(mmap.mmap(-1, _WINDOW * BLOCK))
        self._window_at, self._window_end = 0, 0
        flags = os.O_CLOEXEC | (os.O_RDWR if write else os.O_RDONLY)
        try:
            if write and stat.S_ISBLK(os.stat(path).st_mode):
                flags |= os.O_EXCL
            self.fd = self._open(flags)
            if write:
                fcntl.flock(self.fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            self.size = os.lseek(self.fd, 0, os.SEEK_END)
        except OSError as error:
            if error.errno in (errno.EBUSY, errno.EWOULDBLOCK):
                raise _in_use(name, path)
            raise FleetError(f"{name} ({path}) cannot be opened: {error.strerror}", todo="Look at that device")

    def _open(self, flags: int) -> int:
        try:
            return os.open(self.path, flags | os.O_DIRECT)
        except OSError as error:
            if error.errno != errno.EINVAL:  # some file systems do not have it
                raise
            return os.open(self.path, flags)

    def close(self) -> None:
        # A disk that fails may fail here too, and flush has said so before.
        with contextlib.suppress(OSError):
            os.close(self.fd)

    def read(self, first: int, end: int) -> memoryview:
        """Read blocks, BATCH at most; what is returned is good until the next call. Less than asked for at the end."""
        return self._fill(self._buffer, first, end)

    def block(self, number: int) -> bytes:
        """Read one block, with some behind it for the next calls; nothing behind the end."""
        if not self._window_at <= number < self._window_end:
            self._window_at = number
            self._window_end = number + len(self._fill(self._window, number, number + _WINDOW)) // BLOCK
        at = (number - self._window_at) * BLOCK
        return bytes(self._window[at : at + BLOCK]) if number < self._window_end else b""

    def _fill(self, buffer: memoryview, first: int, end: int) -> memoryview:
        wanted, filled = min((end - first) * BLOCK, self.size - first * BLOCK), 0
        try:
            os.lseek(self.fd, first * BLOCK, os.SEEK_SET)
            while filled < wanted:
                got = os.readv(self.fd, [buffer[filled : (end - first) * BLOCK]])
                if not got:
                    break
                filled += got
        except OSError as error:
            raise FleetError(
                f"{self.name} ({self.path}) cannot be read at byte {first * BLOCK + filled}: {error.strerror}",
                NOT_GOOD,
                "Look at the kernel's log and at that disk",
            )
        return buffer[:filled]

    def write(self, first: int, parts: typing.Sequence[bytes]) -> None:
        """Write blocks, BATCH at most."""
        self._window_end = 0
        length = 0
        for part in parts:
            self._buffer[length : length + BLOCK] = part
            length += BLOCK
        written = 0
        try:
            os.lseek(self.fd, first * BLOCK, os.SEEK_SET)
            while written < length:
                written += os.write(self.fd, self._buffer[written:length])
        except OSError as error:
            raise self._unwritten(first * BLOCK + written, error)

    def flush(self) -> None:
        """Bring what was written to the disk, and forget what memory remembers of it."""
        try:
            os.fsync(self.fd)
        except OSError as error:
            raise self._unwritten(0, error)
        os.posix_fadvise(self.fd, 0, 0, os.POSIX_FADV_DONTNEED)

    def _unwritten(self, at: int, error: OSError) -> FleetError:
        return FleetError(
            f"{self.name} ({self.path}) cannot be written at byte {at}: {error.strerror}",
            NOT_GOOD,
            "Look at the kernel's log and at that disk, then run the same command again: it goes on from there",
        )

    def digest(self, size: int, spend: typing.Callable[[int], None]) -> str:
        """Return the SHA-256 of the first bytes as the disk has them, in hex.

        :param size: how many; whole blocks.
        :param spend: is told how many bytes were read, to pace that.
        """
        sha = hashlib.sha256()
        for first in range(0, size // BLOCK, BATCH):
            piece = self.read(first, min(first + BATCH, size // BLOCK))
            sha.update(piece)
            spend(len(piece))
        return sha.hexdigest()

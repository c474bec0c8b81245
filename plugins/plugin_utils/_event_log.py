# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The file that a run writes its events to, and what is written beside it: for its owner alone.

This plugin util is PRIVATE to the collection.
"""

from __future__ import annotations

import contextlib
import os
import stat
from pathlib import Path

from ansible_collections.osmigrate.fleet.plugins.module_utils._errors import FleetError
from ansible_collections.osmigrate.fleet.plugins.plugin_utils._events import Event, written

MODE = 0o600


class EventLog:
    """Appends events to a file, each in one write, so that two runs may share it.

    :raises FleetError: it cannot be written.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            # No link is followed: in a directory that others write to, it would lead to another file.
            self._file = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, MODE)
            found = os.fstat(self._file)
            if not stat.S_ISREG(found.st_mode):
                raise OSError("it is no regular file")
            os.fchmod(self._file, MODE)
            # A run that was killed may have left half a line.
            if found.st_size and os.pread(self._file, 1, found.st_size - 1) != b"\n":
                os.write(self._file, b"\n")
        except OSError as error:
            raise _cannot(path, error) from error

    def append(self, one: Event) -> None:
        """Write one event."""
        try:
            os.write(self._file, written(one).encode("ascii"))
        except OSError as error:
            raise _cannot(self.path, error) from error


def replace(path: Path, text: str) -> None:
    """Write a file anew, so that who reads it sees all of it or what was there before.

    :raises FleetError: it cannot be written.
    """
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with open(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, MODE), "w") as file:
            file.write(text)
        os.replace(fresh, path)
    except OSError as error:
        with contextlib.suppress(OSError):
            fresh.unlink()
        raise _cannot(path, error) from error


def _cannot(path: Path, error: OSError) -> FleetError:
    return FleetError(
        f"{path} cannot be written: {error.strerror or error}",
        "The run goes on without it",
        "Give another path, or the right to write there",
    )

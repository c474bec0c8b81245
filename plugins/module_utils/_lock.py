# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""One module at a time writes on a node, whoever has started it.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

import contextlib
import fcntl
import os
import sys
import time
import typing

from ansible_collections.osmigrate.fleet.plugins.module_utils._errors import FleetError
from ansible_collections.osmigrate.fleet.plugins.module_utils._storage import make_directory, read_text
from ansible_collections.osmigrate.fleet.plugins.module_utils._text import printable

PATH = "/run/osmigrate/lock"
WAIT_SECONDS = 60.0
_POLL_SECONDS = 0.2


@contextlib.contextmanager
def exclusive(what: str, seconds: float = WAIT_SECONDS) -> typing.Iterator[None]:
    """Keep others that ask for the same away. The kernel ends it with the process, however that ends.

    :param what: what is done, for the message of those who wait.
    :param seconds: how long to wait for another one.
    :raises FleetError: it works for longer than that.
    """
    make_directory(os.path.dirname(PATH))
    descriptor = os.open(PATH, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        deadline = time.monotonic() + seconds
        while not _take(descriptor):
            if time.monotonic() >= deadline:
                which = printable(read_text(PATH) or "it has not said which", 200)
                raise FleetError(
                    f"Another task has been working on this node for {int(seconds)} seconds: {which}",
                    todo="Let it end, or end that process, then run the same command again",
                )
            time.sleep(_POLL_SECONDS)
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, _name(what).encode("utf-8"), 0)
        yield
    finally:
        os.close(descriptor)


def _take(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _name(what: str) -> str:
    program = os.path.basename(sys.argv[0]) if sys.argv and sys.argv[0] else "python"
    return f"{what} (process {os.getpid()}, {program})\n"

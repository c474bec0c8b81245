# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How much of a long task on a node is done, in bytes, left where the controller may look while the task runs.

Ansible hears nothing of a module before it ends. So whoever fetches or writes a whole system leaves two numbers in a
file that anybody on the node may read, and whose contents nobody but a person acts on.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

import contextlib
import os
import time
import typing

from ansible_collections.osmigrate.fleet.plugins.module_utils._text import whole_number

PATH = "/run/osmigrate/amount"
# Nobody looks more often.
EVERY = 1.0
MOST_DIGITS = 15
MIB = 1 << 20


@contextlib.contextmanager
def telling(
    total: int, clock: typing.Callable[[], float] = time.monotonic
) -> typing.Iterator[typing.Callable[[int], None]]:
    """Hand out what takes how many bytes are done by now. Nothing depends on whether that can be written.

    :param total: bytes of all of it.
    """
    told = [clock() - EVERY]

    def tell(done: int) -> None:
        if clock() - told[0] >= EVERY:
            told[0] = clock()
            _write(min(max(0, done), total), total)

    try:
        yield tell
    finally:
        with contextlib.suppress(OSError):
            os.unlink(PATH)


def _write(done: int, total: int) -> None:
    fresh = f"{PATH}.{os.getpid()}"
    try:
        os.makedirs(os.path.dirname(PATH), 0o755, exist_ok=True)
        file = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o644)
        try:
            os.write(file, b"%d %d\n" % (done, total))
        finally:
            os.close(file)
        os.rename(fresh, PATH)
    except OSError:
        pass


def read(text: str) -> typing.Optional[typing.Tuple[int, int]]:
    """Read such a file, whoever has written it: how many bytes of how many. Pure."""
    words = [whole_number(word, MOST_DIGITS) for word in text.split()]
    if len(words) != 2 or words[0] is None or not words[1] or words[0] > words[1]:
        return None
    return words[0], words[1]


def said(seen: typing.Sequence[typing.Tuple[float, int]], total: int) -> str:
    """Say how far it is, and how fast it was of late: "212 of 850 MiB, 4.1 MiB/s". Pure.

    :param seen: what was seen when (seconds of one clock, bytes), in order; the last one is now.
    """
    (first, before), (last, now) = seen[0], seen[-1]
    far = f"{now // MIB} of {-(-total // MIB)} MiB"
    if last <= first or now < before:
        return far
    return f"{far}, {(now - before) / (last - first) / MIB:.1f} MiB/s"

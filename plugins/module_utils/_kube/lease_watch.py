# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Since when leases were seen as they are. Whether a run lives is judged by that alone, on the clock of who watches.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

import contextlib
import fcntl
import json
import os
import threading
import time
import typing

from ansible_collections.osmigrate.fleet.plugins.module_utils._kube import lease_plan
from ansible_collections.osmigrate.fleet.plugins.module_utils._text import parse_json

# By name of its object: what it was, and when that was seen first (time.monotonic).
Sightings = typing.Dict[str, typing.Tuple[lease_plan.Lease, float]]


class Sight(typing.NamedTuple):
    """seconds: for how long it has been as it is. renewed: whether it changed while this process watched."""

    seconds: float
    renewed: bool


class Watch:
    """Remembers leases.

    All leases are noted as soon as the first one is asked about, so who waits for one has waited for all.

    :param list_all: callable that returns all leases by the names of their objects.
    :param path: a file that the tasks of one run share on one machine, empty where a process watches alone.
    """

    def __init__(
        self,
        list_all: typing.Callable[[], typing.Dict[str, lease_plan.Lease]],
        path: str = "",
        now: typing.Callable[[], float] = time.monotonic,
    ) -> None:
        self._list_all, self._path, self._now = list_all, path, now
        self._seen: Sightings = {}
        self._first: typing.Dict[str, lease_plan.Lease] = {}
        self._lock = threading.Lock()

    def look(self, name: str, lease: lease_plan.Lease) -> Sight:
        """Note a lease as it was read just now."""
        with self._lock, self._shared():
            if not self._seen:
                self._seen = {one: (found, self._now()) for one, found in self._list_all().items()}
                self._first.update({one: found for one, (found, _when) in self._seen.items()})
            if name not in self._seen or self._seen[name][0] != lease:
                self._seen[name] = (lease, self._now())
            first = self._first.setdefault(name, lease)
            return Sight(self._now() - self._seen[name][1], first != lease)

    @contextlib.contextmanager
    def _shared(self) -> typing.Iterator[None]:
        if not self._path:
            yield
            return
        with os.fdopen(os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600), "r+") as stream:
            fcntl.flock(stream, fcntl.LOCK_EX)
            try:
                read = parse_json(stream.read() or "{}")
                self._seen = {one: (lease_plan.Lease(*lease), when) for one, (lease, when) in read.items()}
            except (ValueError, TypeError, AttributeError):
                self._seen = {}  # its writer was killed
            yield
            stream.seek(0)
            stream.truncate()
            json.dump(self._seen, stream)

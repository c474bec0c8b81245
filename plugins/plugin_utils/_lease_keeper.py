# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Renew the leases that a run holds for as long as its ansible-playbook lives, whatever its tasks are doing.

A node waits for others of its batch, for hooks, for a person. No task could renew its lease all that time, and one
that lasted as long as the longest task would hold the node for as long after the run was killed. So the first task that
takes a lease leaves a process behind, one per run and cluster, that looks whether the run lives.

This plugin util is PRIVATE to the collection.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import platform
import time
import uuid
from pathlib import Path
from typing import Any

from ansible_collections.osmigrate.fleet.plugins.module_utils._kube import lease
from ansible_collections.osmigrate.fleet.plugins.module_utils._kube.auth_options import Auth
from ansible_collections.osmigrate.fleet.plugins.module_utils._kube.client import Cluster
from ansible_collections.osmigrate.fleet.plugins.plugin_utils import _child

LOOK_EVERY = 1.0


def name_run(directory: str) -> str:
    """Name a run, the same in all its processes.

    :param directory: the directory of temporary files that ansible-core makes for each run; no other run has it.
    """
    host = platform.node() or "localhost"
    return f"{uuid.uuid5(uuid.NAMESPACE_URL, f'{host}{directory}')}@{host}"


def start(directory: str, run: int, holder: str, auth: Auth, duration: int) -> None:
    """See that a process renews the leases of this run.

    :param directory: the run's own directory of temporary files; it ends when this is gone, too.
    :param run: process id of the ansible-playbook.
    """
    key = hashlib.sha256(repr((holder, auth, duration)).encode()).hexdigest()[:16]
    lock = os.open(Path(directory) / f"osmigrate-lease-{key}", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(lock)
        return  # there is one
    given = {"directory": directory, "run": run, "holder": holder, "auth": auth._asdict(), "duration": duration}
    _child.leave_behind(f"{__name__}:work", given, lock)
    os.close(lock)


def work(given: dict[str, Any]) -> None:
    """Keep, as what is left behind: what it is given are the arguments of keep as plain data."""
    keep(**{**given, "auth": Auth(**given["auth"])})


def keep(directory: str, run: int, holder: str, auth: Auth, duration: int) -> None:
    """Renew until the run is over; then give back what it still holds, unless it was killed."""
    began = _born(run)
    pause = min(lease.RENEW_EVERY, duration / 4)
    due = time.monotonic() + pause
    while began is not None and _born(run) == began and os.path.isdir(directory):
        if time.monotonic() >= due:
            due = time.monotonic() + pause
            # The next time may do better. A run that really has lost a lease is told so by what it does next.
            with contextlib.suppress(Exception):
                lease.renew_all(Cluster.connect(auth), holder, duration)
        time.sleep(LOOK_EVERY)
    # A run that ends by itself takes its directory away, and has no task at work. One that was killed may have some,
    # so what it held runs out instead.
    if not os.path.isdir(directory):
        with contextlib.suppress(Exception):
            lease.release_all(Cluster.connect(auth), holder)


def _born(process: int) -> str | None:
    """When a process was started, so that a later one with its number is not taken for it; None if it has ended."""
    try:
        stat = Path(f"/proc/{process}/stat").read_text()
    except OSError:
        if Path("/proc/self/stat").exists():
            return None
        return _answers(process)
    state, *fields = stat.rpartition(")")[2].split()
    return None if state in "ZX" else fields[18]


def _answers(process: int) -> str | None:
    """The same where the kernel has no /proc."""
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return None
    except PermissionError:
        pass
    return str(process)

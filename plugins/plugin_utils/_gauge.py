# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Looks how far a long task on a node is, while the task holds the node's connection.

This plugin util is PRIVATE to the collection.
"""

from __future__ import annotations

import contextlib
import copy
import os
import threading
import time
from collections import deque
from collections.abc import Iterator
from typing import Any

from ansible_collections.osmigrate.fleet.plugins.module_utils import _amount, _waiting

EVERY = 5.0
# Of which the rate is told: the last half minute.
LOOKS = 7
LONGEST = 100


@contextlib.contextmanager
def watched(connection: Any, host: str, every: float = EVERY) -> Iterator[None]:
    """Tell how far a node is with what the block lets it do, as _waiting.tell does, if anybody listens.

    :param connection: the task's own. Looks go another way beside it, with the same options and without privileges. If
        that fails nothing is told, and nothing else happens.
    :param every: seconds between two looks.
    """
    if not os.environ.get(_waiting.VARIABLE):
        yield
        return
    ended = threading.Event()
    looks = threading.Thread(target=_look, args=(copy.copy(connection), host, every, ended), daemon=True)
    looks.start()
    try:
        yield
    finally:
        ended.set()


def _look(connection: Any, host: str, every: float, ended: threading.Event) -> None:
    seen: deque[tuple[float, int]] = deque(maxlen=LOOKS)
    while not ended.wait(every):
        try:
            code, output, _errors = connection.exec_command(f"cat {_amount.PATH}", sudoable=False)
        except Exception:
            # Whatever a kind of connection raises where it knows no second way.
            return
        found = _amount.read(output[:LONGEST].decode("ascii", "replace")) if code == 0 else None
        if found is None:
            seen.clear()
        elif not ended.is_set():
            seen.append((time.monotonic(), found[0]))
            _waiting.tell(host, _amount.said(seen, found[1]))

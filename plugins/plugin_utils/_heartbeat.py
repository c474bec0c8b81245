# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Calls something again and again while Ansible waits for tasks.

Ansible forks all the time, and a thread that holds a lock then would block the fork for ever. So this is a timer of the
process, whose signal comes to the main thread only, and which no fork inherits. Forks do inherit its handler, and
Ansible times tasks by that signal there, so they give it up first.

This plugin util is PRIVATE to the collection.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable
from types import FrameType


class Heartbeat:
    """Calls a function every so many seconds, from begin() to end().

    It does nothing where somebody else uses the signal already, or outside of the main thread.
    """

    def __init__(self, seconds: float, beat: Callable[[], None]) -> None:
        self._seconds, self._beat = seconds, beat
        self._process = 0

    def begin(self) -> None:
        """Begin to call."""
        alone = signal.getsignal(signal.SIGALRM) is signal.SIG_DFL
        if self._seconds <= 0 or not alone or threading.current_thread() is not threading.main_thread():
            return
        self._process = os.getpid()
        os.register_at_fork(after_in_child=self._leave)
        signal.signal(signal.SIGALRM, self._called)
        signal.setitimer(signal.ITIMER_REAL, self._seconds, self._seconds)

    def end(self) -> None:
        """End it, and leave the signal as it was."""
        if self._process == os.getpid():
            self._process = 0
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, signal.SIG_DFL)

    def _leave(self) -> None:
        if signal.getsignal(signal.SIGALRM) == self._called:
            signal.signal(signal.SIGALRM, signal.SIG_DFL)

    def _called(self, number: int, frame: FrameType | None) -> None:
        if self._process == os.getpid():
            self._beat()

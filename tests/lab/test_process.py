# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import sys
import time
from pathlib import Path

from tests.lab.process import Daemon

# The first thread ends at once; the other one, and with it what the process holds, a while later.
FIRST_THREAD_ENDS = """
import ctypes, threading, time
threading.Thread(target=time.sleep, args=(2,)).start()
ctypes.CDLL(None).pthread_exit(None)
"""


def test_a_process_whose_first_thread_has_ended_still_runs(tmp_path):
    """A machine was started while threads of the one before still held its sockets, and talked to that one."""
    daemon = Daemon("threads", tmp_path)
    daemon.start([sys.executable, "-c", FIRST_THREAD_ENDS])
    status = Path(f"/proc/{daemon.pid}/stat")
    while ") Z " not in status.read_text():
        time.sleep(0.01)
    assert daemon.running()
    daemon.kill()
    assert not daemon.running()

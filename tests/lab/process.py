# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Background processes of the lab, remembered across runs by process id and start time."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from pathlib import Path


def _start_time(pid: int) -> int | None:
    """Start time of a live process in clock ticks since boot; None if there is none (or only a zombie).

    The first thread of a process that is killed may be a zombie while others still hold its files and sockets.
    """
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return None
    fields = stat[stat.rindex(")") + 2 :].split()
    state, threads = fields[0], int(fields[17])
    return None if state in "ZX" and threads < 2 else int(fields[19])


class Daemon:
    """One background process. Only the process that was recorded is ever signalled, never a reused id."""

    def __init__(self, name: str, run_dir: Path) -> None:
        self.name = name
        self.record = run_dir / f"{name}.json"
        self.log = run_dir / f"{name}.log"
        self._child: subprocess.Popen | None = None

    @property
    def pid(self) -> int | None:
        """Id of the running process, None if it does not run."""
        if self._child is not None:
            self._child.poll()
        try:
            record = json.loads(self.record.read_text())
        except (OSError, ValueError):
            return None
        return record["pid"] if _start_time(record["pid"]) == record["start_time"] else None

    @property
    def argv(self) -> list[str]:
        """The command line it was last started with."""
        return json.loads(self.record.read_text())["argv"]

    def running(self) -> bool:
        return self.pid is not None

    def start(self, argv: list[str], env: dict[str, str] | None = None) -> None:
        """Start the process unless it runs already. Output is appended to the log."""
        if self.running():
            return
        self.record.parent.mkdir(parents=True, exist_ok=True)
        argv = [str(argument) for argument in argv]

        def record() -> None:
            # A write that is refused is an error to report, not the end of a machine.
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            # In the child and before exec, so that an interruption cannot leave an unrecorded process.
            pid = os.getpid()
            self.record.write_text(json.dumps({"pid": pid, "start_time": _start_time(pid), "argv": argv}) + "\n")

        with open(self.log, "ab") as log:
            self._child = subprocess.Popen(
                argv,
                env=env,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=record,
            )

    def stop(self, timeout: float = 20) -> None:
        """Ask the process to end, insist after `timeout` seconds. Not running is fine."""
        self._end(signal.SIGTERM, timeout)
        self.kill()

    def kill(self) -> None:
        """End the process at once, as a power cut would."""
        self._end(signal.SIGKILL, 10)
        if self.running():
            raise RuntimeError(f"{self.name} (process {self.pid}) does not end; see {self.log}")
        self.record.unlink(missing_ok=True)

    def _end(self, signal_number: int, patience: float) -> None:
        pid = self.pid
        if pid is not None:
            os.kill(pid, signal_number)
            self._wait(patience)

    def _wait(self, seconds: float) -> None:
        deadline = time.monotonic() + seconds
        while self.running() and time.monotonic() < deadline:
            time.sleep(0.05)

    def tail(self, lines: int = 15) -> str:
        """The end of the log, for messages about failures."""
        try:
            return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])
        except OSError:
            return ""

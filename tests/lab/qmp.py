# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""QEMU's monitor, as much of it as the lab uses."""

from __future__ import annotations

import json
import socket
import time
from pathlib import Path


class MonitorError(Exception):
    """QEMU refused a command or does not answer."""


class Monitor:
    """A connection to one machine's monitor; a context manager."""

    def __init__(self, address: Path, timeout: float = 300) -> None:
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.settimeout(timeout)
        deadline = time.monotonic() + 20
        while True:
            try:
                self._socket.connect(str(address))
                break
            except OSError as error:
                if time.monotonic() > deadline:
                    raise MonitorError(f"no machine answers at {address}: {error}") from error
                time.sleep(0.1)
        self._stream = self._socket.makefile("rw", encoding="utf-8")
        self._stream.readline()
        self.execute("qmp_capabilities")

    def __enter__(self) -> Monitor:
        return self

    def __exit__(self, *_: object) -> None:
        self._stream.close()
        self._socket.close()

    def execute(self, command: str, **arguments: object) -> object:
        self._stream.write(json.dumps({"execute": command, "arguments": arguments}) + "\n")
        self._stream.flush()
        for line in self._stream:
            answer = json.loads(line)
            if "error" in answer:
                raise MonitorError(f"{command}: {answer['error']['desc']}")
            if "return" in answer:
                return answer["return"]
        raise MonitorError(f"{command}: the machine went away")

    def human(self, command: str) -> str:
        """A command of the human monitor; those that work say nothing."""
        said = str(self.execute("human-monitor-command", **{"command-line": command})).strip()
        if said.startswith("Error"):
            raise MonitorError(f"{command}: {said}")
        return said

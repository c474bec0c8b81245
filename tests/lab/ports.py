# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ports of a lab on a machine where others listen too: which are taken, and free ones for a second control plane."""

from __future__ import annotations

import errno
import os
import socket
from collections.abc import Iterable
from typing import NamedTuple

NAMES = ("API", "ETCD", "ETCD_PEER", "CONTROLLER_MANAGER", "SCHEDULER")


class Endpoint(NamedTuple):
    """Where a part of the lab is going to listen.

    part: such as "etcd".
    address, port: of the host.
    variable: the environment variable that moves it elsewhere.
    """

    part: str
    address: str
    port: int
    variable: str


def take_free() -> None:
    """Let the control plane of this process listen on ports that nobody has now.

    The lab reads its ports when it is imported: call this before.
    """
    sockets = [socket.create_server(("127.0.0.1", 0)) for ignored in NAMES]
    for name, one in zip(NAMES, sockets):
        os.environ[f"OSMIGRATE_LAB_{name}_PORT"] = str(one.getsockname()[1])
        one.close()


def refused(endpoints: Iterable[Endpoint]) -> list[str]:
    """Return one sentence for each endpoint on which nobody can listen now, or that two parts want."""
    problems = []
    wanted: dict[tuple[str, int], str] = {}
    for part, address, port, variable in endpoints:
        why = _why_not(address, port)
        if (address, port) in wanted:
            why = f"{wanted[address, port]} of this lab is to have it too"
        wanted[address, port] = part
        if why:
            problems.append(
                f"{part} cannot listen on {address}, port {port}: {why}. Free it, or set {variable} to another one."
            )
    return problems


def _why_not(address: str, port: int) -> str:
    try:
        socket.create_server((address, port)).close()
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            return "another program of this machine does"
        return str(error.strerror)
    return ""

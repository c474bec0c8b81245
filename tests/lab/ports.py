# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ports for a second control plane beside the lab's. The lab reads its ports when it is imported: call this before."""

from __future__ import annotations

import os
import socket

NAMES = ("API", "ETCD", "ETCD_PEER", "CONTROLLER_MANAGER", "SCHEDULER")


def take_free() -> None:
    """Let the control plane of this process listen on ports that nobody has now."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for ignored in NAMES]
    for name, one in zip(NAMES, sockets):
        os.environ[f"OSMIGRATE_LAB_{name}_PORT"] = str(one.getsockname()[1])
        one.close()

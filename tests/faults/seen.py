# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What runs on a machine, and what its own record says of it."""

from __future__ import annotations

import base64
import json

from ansible_collections.osmigrate.fleet.plugins.module_utils._boot import env
from ansible_collections.osmigrate.fleet.plugins.module_utils._trial import record

from tests.e2e.fleet import DATA
from tests.lab.vm import Machine

PACKAGE = "package"
GRUB = "/boot/grub"
BOOT_TIMEOUT = 420
KERNEL_BEGINS = b"] Linux version "
# Everything in one connection: each costs an emulated processor a second.
LOOK = f"""
set -e
printf '{{"boot_id": "%s", "arguments": "%s", "state": "%s", "block": "%s", "data": "%s", "report": "%s"}}' \\
  "$(cat /proc/sys/kernel/random/boot_id)" "$(cat /proc/cmdline)" \\
  "$(base64 -w0 {record.PATH} 2>/dev/null || true)" "$(base64 -w0 {GRUB}/osmigrate.env 2>/dev/null || true)" \\
  "$(find {" ".join(DATA)} -xdev -type f -exec sha256sum {{}} + | sort | sha256sum | cut -c1-64)" \\
  "$(dmesg | grep 'osmigrate: .* fell back: ' | tail -n 1 | base64 -w0)"
"""


class Seen:
    """What runs on a machine.

    entry: id of the boot entry; verdict: what the record says of its trial; data: a digest of the node's data; report:
    what this boot has said by itself of a trial that fell back, empty if nothing.
    """

    def __init__(self, said: dict[str, str]) -> None:
        arguments = dict(word.partition("=")[::2] for word in said["arguments"].split())
        self.entry = arguments.get("osmigrate.entry", PACKAGE)
        self.data = said["data"]
        self.report = base64.b64decode(said["report"]).decode().strip()
        state = record.parse(base64.b64decode(said["state"]).decode() or None)
        try:
            block = env.parse(base64.b64decode(said["block"]))
        except ValueError:
            block = None
        self.verdict = record.judge(state, block, self.entry, said["boot_id"]).verdict


def look(machine: Machine) -> Seen:
    """Ask a machine."""
    return Seen(json.loads(machine.ssh(LOOK, timeout=60).stdout))


def kernels_started(machine: Machine) -> int:
    """Return how many kernels the machine's console has seen begin."""
    return machine.console.read_bytes().count(KERNEL_BEGINS)

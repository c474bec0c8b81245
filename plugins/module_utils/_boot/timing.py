# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How long the last boots of this node took, and how long a trial so has to find its root, and to be confirmed.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

import typing

from ansible_collections.osmigrate.fleet.plugins.module_utils._boot.initrd import SECONDS
from ansible_collections.osmigrate.fleet.plugins.module_utils._command import run
from ansible_collections.osmigrate.fleet.plugins.module_utils._errors import FleetError
from ansible_collections.osmigrate.fleet.plugins.module_utils._text import parse_json

# What systemd says when a system has started (SD_MESSAGE_STARTUP_FINISHED).
STARTED = "MESSAGE_ID=b07a249cd024414a82dd00cd181378ff"
BOOTS = 5
# A trial may come at a worse time than the boots that are known: other nodes boot on the same host, disks are busy.
FACTOR = 10
STEP = 60  # seconds; so that a menu does not change with each boot


class Boot(typing.NamedTuple):
    """Seconds from the start of the kernel: until the root was there, and until all was started."""

    root: float
    whole: float


def last_boots() -> typing.List[Boot]:
    """Return the last boots that the journal knows, empty where it knows none."""
    argv = ["journalctl", STARTED, "--output=json", f"--lines={BOOTS}", "--no-pager", "--quiet"]
    try:
        return parse(run(argv, check=False, timeout=60).stdout)
    except FleetError:
        return []  # there is no journal


def parse(text: str) -> typing.List[Boot]:
    """Read entries of the journal, one JSON object a line; what is none is left out."""
    found = []
    for line in text.splitlines():
        try:
            entry = parse_json(line)
            kernel, initrd, rest = (
                int(entry.get(part + "_USEC", 0)) / 1e6 for part in ("KERNEL", "INITRD", "USERSPACE")
            )
        except (ValueError, TypeError, AttributeError):
            continue
        if 0 < kernel + initrd < 86400 and 0 <= rest < 86400:
            found.append(Boot(kernel + initrd, kernel + initrd + rest))
    return found


def trial_seconds(boots: typing.List[Boot], least: int, most: int) -> int:
    """Return how many seconds a trial has from the start of its kernel until it is confirmed.

    :param boots: as last_boots returns them.
    :param least: what the operator gives every node, 0 for no such limit; half of it is for what comes after the boot.
    :param most: the operator's limit for nodes whose boots took long; nothing below least.
    """
    longest = max([boot.whole for boot in boots] or [0.0])
    wanted = int(-(-(FACTOR * longest + least / 2) // STEP)) * STEP
    return max(least, min(wanted, most)) if least > 0 else least


def initrd_seconds(boots: typing.List[Boot], most: int) -> int:
    """Return how many seconds the initramfs of a trial gets.

    :param boots: as last_boots returns them.
    :param most: what the whole trial has, 0 for no limit.
    """
    longest = max([boot.root for boot in boots] or [0.0])
    wanted = max(SECONDS, int(-(-FACTOR * longest // STEP)) * STEP)
    return min(wanted, most) if most else wanted

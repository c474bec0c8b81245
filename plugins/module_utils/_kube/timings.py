# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How long the parts of a node's last move took, as its Node object keeps it. Pure.

Cordon and record are dated by the API server's clock, and the moment when the kubelet became Ready by the node's own.
One that lies outside of what the others say is not believed.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

import re
import typing

from ansible_collections.osmigrate.fleet.plugins.module_utils._kube import node_view, times
from ansible_collections.osmigrate.fleet.plugins.module_utils._steps import ON_TRIAL
from ansible_collections.osmigrate.fleet.plugins.module_utils._text import whole_number

TIMINGS = node_view.PREFIX + "timings"
# The parts, in their order: until the trial was armed, until the kubelet was Ready again, until it was given back.
PARTS = ("drain", "reboot", "verify")
# Those of the boot that was confirmed, as _node/boot_times.py calls them.
BOOT_PARTS = ("firmware", "loader", "kernel", "initramfs", "until kubelet")
LONGEST = 86400
SECONDS = re.compile(r"\d{1,5}(\.\d{1,3})?\Z")


def of_move(node: dict, cordoned: int, now: float) -> str:
    """Return the note about a move that ends now, "" if the node did not reboot since its cordon.

    :param cordoned: when it was cordoned; this and now in seconds since the epoch.
    """
    noted = node_view.osmigrate(node)
    armed = times.parse(noted.get("since", "")) if noted.get("phase") == ON_TRIAL else None
    if armed is None or not cordoned <= armed <= now:
        return ""
    ready = _ready_since(node)
    ready = armed if ready is None or not armed <= ready <= now else ready
    seconds = (armed - cordoned, ready - armed, int(now) - ready)
    # Where nobody knows when it became Ready, what is left is told as one part.
    return " ".join(f"{part}={many}" for part, many in zip(PARTS, seconds) if part != PARTS[1] or ready > armed)


def _ready_since(node: dict) -> typing.Optional[int]:
    for one in node.get("status", {}).get("conditions") or []:
        if one["type"] == "Ready" and one["status"] == "True":
            return times.parse(str(one.get("lastTransitionTime") or ""))
    return None


def of_boot(seconds: typing.Mapping[str, typing.Any]) -> str:
    """Return the note about a boot, as people and read_boot() read it.

    :param seconds: those of BOOT_PARTS that are known.
    """
    return ", ".join(f"{part} {seconds[part]}" for part in BOOT_PARTS if part in seconds)


def read_boot(text: typing.Any) -> typing.Dict[str, float]:
    """Read such a note, whoever has written it: seconds by part, without what cannot be."""
    found = {}
    for said in str(text or "")[:LONGEST].split(", "):
        part, _blank, number = said.rpartition(" ")
        if part in BOOT_PARTS and SECONDS.match(number):
            found[part] = float(number)
    return found


def read(text: typing.Any) -> typing.Dict[str, int]:
    """Read such a note, whoever has written it: seconds by part, without what cannot be."""
    found = {}
    for word in str(text or "")[:LONGEST].split():
        part, _sign, said = word.partition("=")
        seconds = whole_number(said)
        if part in PARTS and seconds is not None and 0 <= seconds <= LONGEST:
            found[part] = seconds
    return found

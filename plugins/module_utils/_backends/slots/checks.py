# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What speaks against moving a node by its slots, over the facts of the node and the release. Pure.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

import typing

from ansible_collections.osmigrate.fleet.plugins.module_utils._backends.contract import BOOT_MARGIN, check, shortage

Facts = typing.Dict[str, typing.Any]


def slots_layout(node: Facts, wanted: Facts) -> str:
    return str(node["slots"]["problem"])


def slots_room(node: Facts, wanted: Facts) -> str:
    small = [
        f"{name} has {slot['size_bytes']} bytes"
        for name, slot in _others(node).items()
        if slot["size_bytes"] < wanted["size"] and not _holds(slot, wanted)
    ]
    return f"The image has {wanted['size']} bytes, and {' and '.join(small)}" if small else ""


def slots_in_use(node: Facts, wanted: Facts) -> str:
    used = [slot["in_use"] for slot in _others(node).values() if slot["in_use"] and not _holds(slot, wanted)]
    # One that is free will do, where none of them runs.
    return "; ".join(used) if len(used) == len(_others(node)) else ""


def slots_boot_space(node: Facts, wanted: Facts) -> str:
    if any(_holds(slot, wanted) for slot in node["slots"]["slots"].values()):
        return ""
    return shortage("/boot", node["boot"]["free_bytes"], wanted["boot_size"] + BOOT_MARGIN)


def slots_not_good(node: Facts, wanted: Facts) -> str:
    cut = node["slots"]["not_good"]
    return f"{' and '.join(cut)} was being written, and that was cut off" if cut else ""


def _others(node: Facts) -> Facts:
    """Return the slots that may be written."""
    running = node["slots"]["running"]
    return {name: slot for name, slot in node["slots"]["slots"].items() if name != running}


def _holds(slot: Facts, wanted: Facts) -> bool:
    return bool(slot["state"] in ("good", "running") and slot["image"] == wanted["commit"])


CHECKS = (
    check(
        slots_layout,
        "inhibitor",
        "The node has no two root partitions that can be told apart",
        "Give its partitions the labels ROOT-A, ROOT-B and PERSIST, or name them in /etc/osmigrate/slots.json; with "
        "osmigrate_slot_layout=true they are made where a disk has room; any other node moves with "
        "osmigrate_backend=ostree",
    ),
    check(
        slots_room,
        "inhibitor",
        "The image is larger than the slot",
        "Build a smaller image, or make the slots of this node larger",
    ),
    check(
        slots_in_use,
        "inhibitor",
        "The slot that does not run is in use",
        "See who uses it with 'findmnt' and 'lsblk', and let them end",
    ),
    check(slots_boot_space, "inhibitor", "No room on /boot", "Remove kernels that are no longer needed, or extend it"),
    check(
        slots_not_good,
        "info",
        "The slot that does not run is not whole, so there is one way back less",
        "Nothing has to be done; staging a release writes it",
    ),
)

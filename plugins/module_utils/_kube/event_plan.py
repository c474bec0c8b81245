# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an Event on a Node object says. Pure.

Each is of one step of one rollout, and its name is made of what it says.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

import hashlib
import typing

from ansible_collections.osmigrate.fleet.plugins.module_utils._kube import times
from ansible_collections.osmigrate.fleet.plugins.module_utils._steps import BY_KEY
from ansible_collections.osmigrate.fleet.plugins.module_utils._text import printable

# Where Events of what is in no namespace have to be.
NAMESPACE = "default"
BY = "osmigrate.fleet"
NORMAL, WARNING = "Normal", "Warning"
LONGEST, LONGEST_NAME = 1000, 200
# The reasons of the steps that no other Event tells of.
REASONS = {
    "look": "LookedAt",
    "preflight": "Preflight",
    "stage": "Staging",
    "repair": "Repairing",
    "return": "Returning",
}


class Told(typing.NamedTuple):
    """reason: one word in CamelCase. message: one sentence. rollout: its id, "" if unknown."""

    reason: str
    message: str
    rollout: str = ""
    kind: str = NORMAL


def of_step(step: str, release: str = "") -> typing.List[Told]:
    """Return the Event of a step that begins, none where another one tells of it.

    :param release: to which the node goes, "" where that is not known.
    """
    if step not in REASONS:
        return []
    words = BY_KEY[step].words
    said = words[0].upper() + words[1:]
    return [Told(REASONS[step], f"{said}, on its way to {release}" if release else said)]


def body(node: dict, told: Told, now: float) -> dict:
    """Return the Event about a Node object."""
    name, stamp = node["metadata"]["name"], times.stamp(now)
    digest = hashlib.sha256("\n".join([*told, node["metadata"]["uid"]]).encode("utf-8", "replace")).hexdigest()[:16]
    return {
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {"name": f"{name[:LONGEST_NAME].rstrip('-.')}.{digest}", "namespace": NAMESPACE},
        "involvedObject": {"apiVersion": "v1", "kind": "Node", "name": name, "uid": node["metadata"]["uid"]},
        "reason": told.reason,
        "message": printable(told.message, LONGEST),
        "type": told.kind,
        "count": 1,
        "firstTimestamp": stamp,
        "lastTimestamp": stamp,
        "source": {"component": BY},
        "reportingComponent": BY,
        "reportingInstance": BY,
    }

# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a node has for pods, before its drain and after its reboot. Pure.

A node that is Ready may have fewer huge pages, devices or processors than before, where a kernel argument or a program
is missing: its pods then wait for ever, and nobody says why.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

import fnmatch
import json
import typing

from ansible_collections.osmigrate.fleet.plugins.module_utils._kube import capacity
from ansible_collections.osmigrate.fleet.plugins.module_utils._text import parse_json

# Thousandths that may be gone: another kernel keeps more memory for itself, and another system takes more of the disk.
SLACK = {"memory": 100, "ephemeral-storage": 100}
# A newer kubelet no longer has them.
GONE_BY_ITSELF = ("attachable-volumes-*",)


def note(node: typing.Dict[str, typing.Any]) -> str:
    """Return what is kept of a Node object: what it has for pods, as JSON; "" if it says nothing."""
    found = _amounts(node.get("status", {}).get("allocatable"))
    return json.dumps(found, sort_keys=True, separators=(",", ":")) if found else ""


def parse(text: str) -> typing.Dict[str, str]:
    """Read what note() has kept, by name of the resource; the kubelet may have written anything there."""
    try:
        return _amounts(parse_json(text))
    except ValueError:
        return {}


def _amounts(found: typing.Any) -> typing.Dict[str, str]:
    return {
        name: str(amount)
        for name, amount in (found.items() if isinstance(found, dict) else ())
        if capacity.is_quantity(amount)
    }


def missing(noted: typing.Dict[str, str], now: typing.Any, ignored: typing.Sequence[str] = ()) -> typing.List[str]:
    """Say what a node has less of than before.

    :param noted: as parse() returns it.
    :param now: what the Node object says is allocatable, amounts by name.
    :param ignored: names, or patterns of names, that do not matter.
    :returns: as "hugepages-2Mi (0, and 512Mi before)", by name.
    """
    have = _amounts(now)
    return [
        f"{name} ({have.get(name, 'none')}, and {amount} before)"
        for name, amount in sorted(noted.items())
        if not any(fnmatch.fnmatchcase(name, pattern) for pattern in (*GONE_BY_ITSELF, *ignored))
        and capacity.parse(have.get(name, "0")) * 1000 < capacity.parse(amount) * (1000 - SLACK.get(name, 0))
    ]

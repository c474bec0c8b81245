# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who has a slot mounted where the node itself does not see it: a container that got all of the node's file systems
while the slot was shown keeps it, whatever the node unmounts later.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

import os
import typing

from ansible_collections.osmigrate.fleet.plugins.module_utils import _storage
from ansible_collections.osmigrate.fleet.plugins.module_utils._text import printable

PROC = "/proc"


def elsewhere(number: str, proc: str = PROC) -> typing.List[str]:
    """Return one process of each other mount namespace that has a device mounted, by name and number.

    :param number: major:minor of the device.
    """
    seen, found = {"", _namespace(os.path.join(proc, "self"))}, []
    for process in sorted(filter(str.isdigit, os.listdir(proc)), key=int):
        place = os.path.join(proc, process)
        namespace = _namespace(place)
        if namespace in seen:
            continue
        seen.add(namespace)
        if any(mount.number == number for mount in _storage.parse_mountinfo(_text(place, "mountinfo"))):
            found.append(f"{printable(_text(place, 'comm').strip(), 32)} (process {process})")
    return found


def _namespace(place: str) -> str:
    """Return what names the mount namespace of a process, "" for one that has ended."""
    try:
        return os.readlink(os.path.join(place, "ns/mnt"))
    except OSError:
        return ""


def _text(place: str, name: str) -> str:
    return _storage.read_text(os.path.join(place, name))

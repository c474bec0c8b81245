# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The units of systemd in a root, and what is enabled of them.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

import os
import re
import typing

from ansible_collections.osmigrate.fleet.plugins.module_utils._review.view import View

SCOPES = ("system", "user")
PLACES = ("/etc/systemd", "/usr/lib/systemd")
_UNIT = re.compile(r".+\.(service|socket|timer|path|mount|automount|swap|target|slice|device|scope)")
_PULLS = re.compile(r"(.+)\.(wants|requires|upholds)")
MASK = "/dev/null"


class Unit(typing.NamedTuple):
    """is_there: whether it has a file. is_masked: whether it cannot start.

    enabled: what starts it, as units or as names of its own by which others call it, sorted.
    """

    is_there: bool
    is_masked: bool
    enabled: typing.Tuple[str, ...]


def read(view: View) -> typing.Dict[str, Unit]:
    """Read the units of a root, by name; those of users' own managers are called user/NAME."""
    found: typing.Dict[str, Unit] = {}
    for scope in SCOPES:
        there, masked, enabled = _scope(view, scope)
        for name in there | masked | set(enabled):
            by = tuple(sorted(enabled.get(name, ())))
            found[name if scope == "system" else f"{scope}/{name}"] = Unit(name in there, name in masked, by)
    return found


def _scope(view: View, scope: str) -> typing.Tuple[typing.Set[str], typing.Set[str], typing.Dict[str, typing.Set[str]]]:
    there: typing.Set[str] = set()
    masked: typing.Set[str] = set()
    enabled: typing.Dict[str, typing.Set[str]] = {}
    for place in PLACES:
        directory = f"{place}/{scope}"
        for name in view.names(directory):
            path = os.path.join(directory, name)
            pulls = _PULLS.fullmatch(name)
            if pulls:
                for unit in view.names(path):
                    enabled.setdefault(unit, set()).add(pulls.group(1))
            elif not _UNIT.fullmatch(name):
                continue
            elif not view.is_link(path):
                there.add(name)
            elif view.link(path) == MASK:
                masked.add(name)
            elif os.path.basename(view.link(path)) == name:
                there.add(name)
            else:
                enabled.setdefault(os.path.basename(view.link(path)), set()).add(name)
    return there, masked, enabled

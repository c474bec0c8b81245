# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Alternatives that a person chose; those that dpkg chose are for the release to choose.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

import os

from ansible_collections.osmigrate.fleet.plugins.module_utils import _lines
from ansible_collections.osmigrate.fleet.plugins.module_utils._carry.model import Found, Left, Situation
from ansible_collections.osmigrate.fleet.plugins.module_utils._files.item import LINK, item

CHOICES = "/var/lib/dpkg/alternatives"
LINKS = "/etc/alternatives"


def plan(situation: Situation) -> Found:
    """Return Found."""
    found = Found([], [], set())
    for name in situation.incumbent.names(CHOICES):
        lines = _lines.lines(situation.incumbent.text(os.path.join(CHOICES, name)))
        if len(lines) < 2 or lines[0] != "manual":
            continue
        # Line 1 is the place of the link; a name and a place follow for each link that goes along, until a blank line.
        for link in [name] + lines[2 : (lines + [""]).index("", 2) : 2]:
            path = os.path.join(LINKS, link)
            if not situation.incumbent.is_link(path):
                continue
            found.taken.add(path)
            target = situation.incumbent.link(path)
            if situation.candidate.exists(target):
                found.items.append(item(LINK, path, path, "alternatives", target))
            elif link == name:
                found.left.append(Left(path, f"the release has no {target}"))
    return found

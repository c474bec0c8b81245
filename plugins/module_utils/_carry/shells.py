# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Shells that people may log in by: those of packages are the release's, an administrator's own are added.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

from ansible_collections.osmigrate.fleet.plugins.module_utils import _lines
from ansible_collections.osmigrate.fleet.plugins.module_utils._carry.model import Found, Situation
from ansible_collections.osmigrate.fleet.plugins.module_utils._files.item import FILE, item

SHELLS = "/etc/shells"
# Where packages put no shell, and both systems see the same.
OWN = ("/usr/local/", "/opt/", "/home/", "/root/", "/srv/")


def plan(situation: Situation) -> Found:
    """Return Found."""
    pristine = situation.pristine(SHELLS)
    text = (pristine or b"").decode("utf-8", "surrogateescape")
    known = set(_lines.effective(text))
    own = [
        line
        for line in _lines.effective(situation.incumbent.text(SHELLS))
        if line.startswith(OWN) and line not in known and situation.has_program(line)
    ]
    if pristine is None or not own:
        return Found([], [], set())
    end = "" if not text or text.endswith("\n") else "\n"
    content = text + end + "".join(f"{line}\n" for line in dict.fromkeys(own))
    return Found([item(FILE, SHELLS, SHELLS, "login", content, mode=0o644)], [], {SHELLS})

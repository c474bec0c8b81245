# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Changes of a packaged configuration file, carried as a drop-in: later merges of /etc stay quiet.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

from ansible_collections.osmigrate.fleet.plugins.module_utils._carry.model import Found, Left, item

HEADER = "# Carried from %s by osmigrate.fleet.\n"
# What may be set twice, or names a place that differs between systems.
SSHD_STAYS = ("include", "subsystem")
SYSTEMD = ("system", "user", "journald", "logind", "networkd", "resolved", "timesyncd", "sleep", "pstore", "coredump")
WHOLE = [
    ("services", "/etc/systemd/%s.conf" % name, "/etc/systemd/%s.conf.d/90-osmigrate.conf" % name) for name in SYSTEMD
] + [
    ("sysctl", "/etc/sysctl.conf", "/etc/sysctl.d/99-sysctl.conf"),
    ("modules", "/etc/modules", "/etc/modules-load.d/modules.conf"),
]
SSHD = "/etc/ssh/sshd_config"


def plan(situation):
    """Return Found: a drop-in for each file that an administrator changed."""
    found = Found([], [], set())
    for rule, path, target in WHOLE:
        if situation.packages.verdict(path) and situation.incumbent.lstat(path) is not None:
            found.taken.update((path, target))
            lines = effective_lines(situation.incumbent.text(path))
            if lines:
                found.items.append(_drop_in(path, target, rule, lines))
            else:
                found.left.append(Left(path, "only comments were changed"))
    if situation.incumbent.lstat(SSHD) is not None and situation.packages.verdict(SSHD):
        found.taken.add(SSHD)
        lines = sshd_changes(
            situation.incumbent.text(SSHD), (situation.pristine(SSHD) or b"").decode("utf-8", "replace")
        )
        if lines:
            # The main file includes drop-ins first, in the order of their names, and the first value counts.
            found.items.append(_drop_in(SSHD, "/etc/ssh/sshd_config.d/99-osmigrate.conf", "ssh", lines, secret=True))
        else:
            found.left.append(Left(SSHD, "nothing in it that the release does not say, too"))
    return found


def _drop_in(path, target, rule, lines, secret=False):
    return item("file", target, path, rule, HEADER % path + "\n".join(lines) + "\n", secret=secret)


def effective_lines(text):
    """Return the lines that are neither comments nor blank."""
    return [line.rstrip() for line in text.splitlines() if line.strip() and line.strip()[0] not in "#;"]


def sshd_changes(text, pristine):
    """Return the settings that the release's own sshd_config does not have; Match blocks stay whole and last."""
    known = set(" ".join(line.split()).lower() for line in effective_lines(pristine))
    changes, matched = [], False
    for line in effective_lines(text):
        words = line.lower().split()
        matched = matched or words[0] == "match"
        if matched or (words[0] not in SSHD_STAYS and " ".join(words) not in known):
            changes.append(line)
    return changes if changes != ["Match all"] else []

# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Modules of languages that were installed on the node for one version of an interpreter. Only reads.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

import os
import stat
import typing

from ansible_collections.osmigrate.fleet.plugins.module_utils._carry.model import Situation


class Language(typing.NamedTuple):
    """modules: where people install them, by the version. release: one of these is there if the release has it."""

    modules: typing.List[str]
    release: str


LANGUAGES = (
    Language(["/usr/local/lib/python3.*"], "/usr/bin/{}"),
    Language(["/usr/local/share/perl/*", "/usr/local/lib/*/perl/*"], "/usr/share/perl/{}*"),
    Language(["/var/lib/gems/*"], "/usr/lib/ruby/{}"),
)


def missed(situation: Situation) -> typing.List[str]:
    """Return in sentences which directories hold modules for what the release does not have."""
    incumbent, candidate = situation.incumbent, situation.candidate
    found = []
    for language in LANGUAGES:
        for directory in [path for pattern in language.modules for path in incumbent.glob(pattern)]:
            version = os.path.basename(directory)
            holds = any(stat.S_ISREG(status.st_mode) for _path, status in incumbent.walk(directory))
            if holds and not candidate.glob(language.release.format(version)):
                found.append(f"{directory}: the release has no {language.release.format(version).rstrip('*')}")
    return found

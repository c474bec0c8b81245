# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Under which licences a package says that it is, in Debian's file of copyrights. Pure.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

import re
import typing

from ansible_collections.osmigrate.fleet.plugins.module_utils._text import visible

_FORMAT = re.compile(r"Format:\s*\S*copyright-format/1\.0", re.IGNORECASE)
_FIELD = re.compile(r"^License:[ \t]*(\S.*)$", re.MULTILINE | re.IGNORECASE)
# What other files say: where the text of a common licence lies.
_COMMON = re.compile(r"/usr/share/common-licenses/([A-Za-z0-9.+-]*[A-Za-z0-9])")
_LONGEST = 200


def named(text: str) -> typing.List[str]:
    """Return the licences that a file names, as it writes them, sorted; none where it names none in a known form."""
    pattern = _FIELD if _FORMAT.search(text[:2000]) else _COMMON
    return sorted({visible(one.strip())[:_LONGEST] for one in pattern.findall(text)})

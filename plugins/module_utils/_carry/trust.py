# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Certificate authorities of the administrator.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

from ansible_collections.osmigrate.fleet.plugins.module_utils._carry.model import FILE, Found, item

LOCAL = "/usr/local/share/ca-certificates"
BUNDLE = "/etc/ssl/certs/ca-certificates.crt"
LOST = "only in the bundle; programs that look certificates up by hash need update-ca-certificates on the candidate"


def plan(situation):
    """Return Found: the release's bundle with the administrator's certificates at its end.

    The certificates themselves are shared with /usr/local.
    """
    found = Found([], [], set())
    bundle = situation.pristine(BUNDLE)
    sources = [
        name
        for name, _status in situation.incumbent.walk(LOCAL)
        if name.endswith(".crt") and b"BEGIN CERTIFICATE" in (situation.incumbent.read(name) or b"")
    ]
    if not sources or bundle is None:
        return found
    pieces = [bundle] + [situation.incumbent.read(name) for name in sources]
    content = b"".join(piece if piece.endswith(b"\n") else piece + b"\n" for piece in pieces)
    found.items.append(item(FILE, BUNDLE, " ".join(sources), "trust", content, lost=LOST))
    return found

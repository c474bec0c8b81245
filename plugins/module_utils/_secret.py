# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Credentials in URLs, wherever an option has them. Pure.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

import base64
import re
import typing
import urllib.parse

_USERINFO = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://([^/?#\s]*)@")


def credentials(value: typing.Any) -> typing.List[str]:
    """List what must not be said of the URLs in a text or a structure: name and password, in each form they travel in.

    :param value: anything that JSON can hold.
    """
    if isinstance(value, dict):
        return [secret for one in value.values() for secret in credentials(one)]
    if isinstance(value, (list, tuple)):
        return [secret for one in value for secret in credentials(one)]
    if not isinstance(value, str):
        return []
    return [secret for userinfo in _USERINFO.findall(value) for secret in _forms(userinfo)]


def without_userinfo(text: str) -> str:
    """Return a text whose URLs name nobody and no password, for those that nothing masks."""
    return _USERINFO.sub(lambda found: found.group(0)[: found.start(1) - found.start(0)], text)


def _forms(userinfo: str) -> typing.List[str]:
    name, colon, password = userinfo.partition(":")
    plain = urllib.parse.unquote(name) + colon + urllib.parse.unquote(password)
    header = base64.b64encode(plain.encode("utf-8", "replace")).decode("ascii")
    # A name alone is a token, as with code hosts. With a password it may be a part of anything else.
    forms = [userinfo, plain, header, password or name, urllib.parse.unquote(password or name)]
    return [form for form in forms if form]

# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which denials of an API server are believed.

A server that has just started denies everything before it has read its roles; in large clusters that takes minutes
(kubernetes/kubernetes#121635). Whoever takes that for an answer ends a drain with a false sentence.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

import re
import time
import typing

# What does not depend on roles, and what the server confirms when it is asked about this very right, has to stand for
# so many seconds.
CONFIRMED_SECONDS = 5
# Everything else: longer than large clusters take to read their roles.
LASTING_SECONDS = 180
# Denials that are so many seconds apart say nothing of the time between them.
GAP_SECONDS = 60

FORBIDDEN = re.compile(
    r'User "(?P<user>[^"]*)" cannot (?P<verb>\S+) resource "(?P<resource>[^"]*)" in API group "(?P<group>[^"]*)"'
    r'(?: in the namespace "(?P<namespace>[^"]*)")?'
)
_PATH = re.compile(r'User "(?P<user>[^"]*)" cannot (?P<verb>\S+) path "(?P<path>[^"]*)"')
_NAME = re.compile(r'\S+ "(?P<name>[^"]+)" is forbidden: ')


class Denials:
    """The denials of one API server that nothing else has followed so far. Safe to share between threads."""

    def __init__(self, now: typing.Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._seen: typing.Dict[tuple, typing.Tuple[float, float]] = {}

    def stood(self, key: tuple) -> float:
        """Note a denial. Returns for how many seconds the same has been denied without a break."""
        now = self._now()
        first, last = self._seen.get(key, (now, now))
        first = now if now - last > GAP_SECONDS else first
        self._seen[key] = first, now
        return now - first

    def end(self, key: tuple) -> None:
        """Note that it was not denied."""
        self._seen.pop(key, None)


def review(message: str) -> typing.Optional[dict]:
    """The SelfSubjectAccessReview that asks about the right that a message says is missing.

    :returns: its spec; None if the denial is not one by missing roles.
    """
    denied = FORBIDDEN.search(message)
    path = _PATH.search(message)
    if denied and denied.group("user") != "system:anonymous":
        resource, _slash, subresource = denied.group("resource").partition("/")
        named = _NAME.match(message)
        wanted = {
            "verb": denied.group("verb"),
            "group": denied.group("group"),
            "resource": resource,
            "subresource": subresource,
            "namespace": denied.group("namespace") or "",
            "name": named.group("name") if named else "",
        }
        return {"resourceAttributes": wanted}
    if path and path.group("user") != "system:anonymous":
        return {"nonResourceAttributes": {"verb": path.group("verb"), "path": path.group("path")}}
    return None

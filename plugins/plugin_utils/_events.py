# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What happens in a run, as events: one line of JSON each, written and read. Pure.

This plugin util is PRIVATE to the collection.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from ansible_collections.osmigrate.fleet.plugins.module_utils._secret import credentials
from ansible_collections.osmigrate.fleet.plugins.module_utils._text import parse_json, printable

VERSION = 1
# What each kind of event says besides: field, type, whether it is a sentence.
KINDS: dict[str, dict[str, type]] = {
    "run": {"playbook": str, "check": bool},
    "release": {"release": str, "expires": str},
    "batch": {"play": str, "number": int, "of": int, "nodes": list, "total": int, "check": bool},
    "ahead": {
        "nodes": list,
        "pools": list,
        "last": list,
        "places": dict,
        "sizes": list,
        "soaks": list,
        "sliding": bool,
        "cap": int,
    },
    "step": {"node": str, "step": str},
    "pool": {"node": str, "pool": str},
    "service": {"node": str, "serving": bool},
    "findings": {"node": str, "findings": list},
    "system": {"node": str, "os": str, "kernel": str},
    "boot": {"node": str, "parts": str},
    "pods": {"node": str, "pods": list},
    "halt": {"pool": str, "why": str},
    "trouble": {"node": str, "why": str},
    "result": {"node": str, "outcome": str, "verdict": str, "why": str},
    "end": {},
}
# Fields without which an event says nothing. Others came later, and an older log lacks them.
NEEDED: dict[str, tuple[str, ...]] = {
    "release": ("release",),
    "batch": ("nodes",),
    "step": ("node", "step"),
    "pool": ("node", "pool"),
    "service": ("node", "serving"),
    "findings": ("node", "findings"),
    "system": ("node",),
    "boot": ("node",),
    "pods": ("node", "pods"),
    "halt": ("pool",),
    "trouble": ("node",),
    "result": ("node", "outcome"),
}
OUTCOMES = DONE, FAILED, HELD, LEFT, UNREACHED, UNFINISHED = (
    "done", "failed", "held", "left", "unreached", "unfinished"
)  # fmt: skip
POD = ("namespace", "name", "owner", "action", "reason", "blocked_by")
FINDING = ("key", "severity", "title", "detail", "remedy")
LONGEST_NAME, LONGEST_TEXT, LONGEST_LINE = 300, 2000, 4_000_000
MOST_NAMES, MOST_FINDINGS, MOST_PODS = 20_000, 100, 500
HIDDEN = "***"
# Seconds since the epoch, in the year 9892; no run has so many events either.
LATEST = 250_000_000_000


class Event(NamedTuple):
    """One event.

    run: id of the run. number: counts the events of a run, from 1. at: seconds since the epoch. said: the fields that
    KINDS names, each of its type.
    """

    run: str
    number: int
    at: float
    kind: str
    said: dict[str, Any]


class Unread(NamedTuple):
    """A line that is no event, and why: "broken", "of version 2"."""

    why: str


def clean(text: Any, longest: int = LONGEST_TEXT) -> str:
    """Return one line that a terminal shows as it is, without the credentials of URLs."""
    line = text if isinstance(text, str) else str(text)
    for secret in sorted(set(credentials(line)), key=len, reverse=True):
        line = line.replace(secret, HIDDEN)
    return printable(line, longest)


def event(run: str, number: int, at: float, kind: str, /, **said: Any) -> Event:
    """Make an event of what somebody else has said: cut, escaped, without credentials, and of the right types.

    :raises KeyError: there is no such kind.
    """
    return Event(run, number, at, kind, {name: _value(of, name, said.get(name)) for name, of in KINDS[kind].items()})


def _value(of: type, name: str, value: Any) -> Any:
    if name in ("nodes", "pools"):
        return [clean(one, LONGEST_NAME) for one in _items(value)[:MOST_NAMES]]
    if name == "findings":
        listed = [one for one in _items(value)[:MOST_FINDINGS] if isinstance(one, Mapping)]
        return [{**{key: clean(one.get(key) or "") for key in FINDING}, **_accepted(one)} for one in listed]
    if name == "pods":
        return [_pod(one) for one in _items(value)[:MOST_PODS] if isinstance(one, Mapping)]
    if of is list:
        return [_value(int, name, one) for one in _items(value)[:MOST_NAMES]]
    if of is dict:
        pairs = list(value.items())[:MOST_NAMES] if isinstance(value, Mapping) else []
        return {clean(key, LONGEST_NAME): _value(int, name, one) for key, one in pairs}
    if of is str:
        return clean("" if value is None else value, LONGEST_TEXT if name == "why" else LONGEST_NAME)
    if of is int:
        return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 10**9 else 0
    return bool(value)


def _pod(one: Mapping[str, Any]) -> dict[str, Any]:
    told = {key: clean(one.get(key) or "", LONGEST_NAME) for key in POD}
    return {**told, "gone": one.get("gone") is True, "seconds": _number(one.get("seconds")) or 0}


def _items(value: Any) -> list[Any]:
    return list(value) if isinstance(value, (list, tuple)) else []


def _accepted(one: Mapping[str, Any]) -> dict[str, bool]:
    return {"accepted": one.get("accepted") is True}


def written(one: Event) -> str:
    """Return an event as a line of JSON, which is ASCII throughout."""
    head = {"v": VERSION, "run": one.run, "n": one.number, "at": round(one.at, 3), "kind": one.kind}
    return json.dumps({**head, **one.said}, separators=(",", ":")) + "\n"


def read(line: str) -> Event | Unread:
    """Read one line, whoever has written it."""
    try:
        found = parse_json(line) if len(line) <= LONGEST_LINE else None
    except ValueError:
        found = None
    if not isinstance(found, dict):
        return Unread("broken")
    if found.get("v") != VERSION or isinstance(found["v"], bool):
        return Unread(f"of version {clean(found.get('v'), 20)}")
    run, kind = found.get("run"), found.get("kind")
    number, at = _number(found.get("n")), _number(found.get("at"))
    if not (isinstance(run, str) and isinstance(kind, str) and isinstance(number, int) and at is not None):
        return Unread("broken")
    if kind not in KINDS:
        return Unread(f"of the unknown kind {clean(kind, 40)}")
    said = {name: found[name] for name in KINDS[kind] if name in found}
    if not _is_right(kind, said):
        return Unread("broken")
    return event(clean(run, LONGEST_NAME), number, float(at), kind, **said)


def _is_right(kind: str, said: Mapping[str, Any]) -> bool:
    right = all(
        isinstance(value, KINDS[kind][name]) and isinstance(value, bool) is (KINDS[kind][name] is bool)
        for name, value in said.items()
    )
    needed = all(said.get(name) not in (None, "") for name in NEEDED.get(kind, ()))
    return right and needed and (kind != "result" or said["outcome"] in OUTCOMES)


def _number(value: Any) -> int | float | None:
    # No calendar has others; NaN is in no interval.
    right = isinstance(value, (int, float)) and not isinstance(value, bool) and 0 <= value < LATEST
    return value if right else None


def read_all(lines: Iterable[str]) -> Iterator[Event | Unread]:
    """Read a log. A run that was killed while it wrote has left half a line, which is a broken one."""
    for line in lines:
        if line.strip():
            yield read(line)

# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""In which waves a rollout goes, as operators write it. Pure.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

import difflib
import functools
import hashlib
import json
import re
import typing

from ansible_collections.osmigrate.fleet.plugins.module_utils import _web
from ansible_collections.osmigrate.fleet.plugins.module_utils._duration import read_seconds
from ansible_collections.osmigrate.fleet.plugins.module_utils._errors import FleetError
from ansible_collections.osmigrate.fleet.plugins.module_utils._kube import windows
from ansible_collections.osmigrate.fleet.plugins.module_utils._text import printable, whole_number

VARIABLE = "osmigrate_waves"
POOL, ZONE = "pool", "zone"
NEVER, LAST = "never", "last"
CANARY = "canary"
# Keys that say whom to ask between two waves.
ASKED = ("prometheus", "alerts", "pods")
# More waves are a mistake in what they grow by.
MOST_WAVES = 1000
# Where nobody says how many: one of a hundred, and no more than can be looked at one by one.
CANARY_SHARE, MOST_CANARIES = "1%", 10
_LABEL = re.compile(r"([a-z0-9]([-a-z0-9.]*[a-z0-9])?/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?\Z")


class Policy(typing.NamedTuple):
    """What the operator has said.

    canary: nodes of the first wave, number or share; None for what fits the fleet. factor, step: how much larger each
    wave is than the one before, the one a number, the other a number or a share of all nodes; one of them is None.
    largest: of a wave, number or share. by: pool, zone, or the key of a label, "" for none: no wave has nodes of two
    values. order: the values that go first. soak, canary_soak: seconds between two waves. max_failed,
    canary_max_failed: how many nodes of a wave may be unwell when the next one begins. pause_after: numbers of waves
    after which somebody has to release the next one. control_plane: never or last. cap: places of all pools together,
    0 for no such limit. slow_first: who took longest at its last move goes first in its wave. prometheus: URL, "" for
    none; alerts: a query whose answer has to be empty before the next wave. pods: selector of labels, "" for none, of
    pods that have to be Ready before it.
    """

    canary: typing.Optional[str]
    factor: typing.Optional[int]
    step: typing.Optional[str]
    largest: str
    by: str
    order: typing.Tuple[str, ...]
    canary_soak: int
    soak: int
    canary_max_failed: int
    max_failed: int
    pause_after: typing.Tuple[int, ...]
    control_plane: str
    cap: int
    slow_first: bool
    prometheus: str
    alerts: str
    pods: str


def read(given: typing.Any) -> Policy:
    """Read a policy.

    :param given: dict of what Policy names; an empty one is the default policy.
    :raises FleetError: with one clause for each key that cannot be meant.
    """
    if not isinstance(given, dict):
        raise _refused([f"it is no dictionary with {', '.join(Policy._fields)}"])
    wrong: typing.List[str] = []
    found = {}
    for key, value in given.items():
        if key not in _READERS:
            close = difflib.get_close_matches(str(key), _READERS, 1)
            wrong.append(f"{printable(key, 60)} is unknown" + (f", did you mean {close[0]}" if close else ""))
        elif value is not None:
            try:
                found[key] = _READERS[key](value)
            except ValueError as error:
                wrong.append(f"{key} {error}")
    if "factor" in found and "step" in found:
        wrong.append("factor and step exclude each other: waves grow by one of them")
    if "alerts" in found and not found.get("prometheus"):
        wrong.append("alerts has no meaning without prometheus")
    least = whole_number(found.get("canary") or "")
    if least and found.get("canary_max_failed", 0) >= least:
        wrong.append(
            f"canary_max_failed is {found['canary_max_failed']}, and has to be less than canary, which is {least}"
        )
    if "order" in found and not found.get("by"):
        wrong.append("order has no meaning without by")
    if wrong:
        raise _refused(wrong)
    values = dict(_DEFAULTS, **found)
    if "step" in found:
        values["factor"] = None
    return Policy(**values)


def _refused(wrong: typing.Sequence[str]) -> FleetError:
    return FleetError(f"{VARIABLE} cannot be read: {'; '.join(wrong)}", todo=f"Correct {VARIABLE}")


@functools.lru_cache(maxsize=None)
def digest(policy: Policy) -> str:
    """Return what tells two policies apart: waves of another one are not those of this one.

    Who is asked between waves changes no wave. It is asked of each node that is looked at.
    """
    shape = {key: value for key, value in policy._asdict().items() if key not in ASKED}
    return hashlib.sha256(json.dumps(shape, sort_keys=True).encode()).hexdigest()[:8]


def many(said: str, nodes: int) -> int:
    """How many nodes a number or a share is, one at least."""
    return max(1, int(said[:-1]) * nodes // 100) if said.endswith("%") else int(said)


def _limit(value: typing.Any) -> str:
    text = str(value).strip()
    number = whole_number(text[:-1] if text.endswith("%") else text)
    if isinstance(value, bool) or not number or (text.endswith("%") and number > 100):
        raise ValueError(f"is {printable(text, 60) or 'empty'}, and has to be a number from 1 on, or 1% to 100%")
    return text


def _number(value: typing.Any, least: int = 0) -> int:
    number = None if isinstance(value, bool) else whole_number(str(value).strip())
    if number is None or number < least:
        raise ValueError(f"is {printable(value, 60) or 'empty'}, and has to be a whole number from {least} on")
    return number


def _soak(value: typing.Any) -> int:
    seconds = read_seconds(value)
    if seconds > windows.HORIZON_DAYS * 86400:
        raise ValueError(f"is {printable(value, 60)}, and has to be {windows.HORIZON_DAYS}d at most")
    return seconds


def _positive(value: typing.Any) -> int:
    return _number(value, 1)


def _by(value: typing.Any) -> str:
    if not isinstance(value, str) or not _LABEL.match(value):
        raise ValueError(f"is {printable(value, 100) or 'empty'}, and has to be pool, zone or the key of a label")
    return value


def _order(value: typing.Any) -> typing.Tuple[str, ...]:
    if not isinstance(value, (list, tuple)) or not value or not all(isinstance(one, str) for one in value):
        raise ValueError("has to be a list of values of by, each a text")
    if len(set(value)) != len(value):
        raise ValueError("has a value twice")
    return tuple(value)


def _pauses(value: typing.Any) -> typing.Tuple[int, ...]:
    listed = value if isinstance(value, (list, tuple)) else [value]
    return tuple(sorted({1 if one == CANARY else _number(one, 1) for one in listed}))


def _control_plane(value: typing.Any) -> str:
    if value not in (NEVER, LAST):
        raise ValueError(f"is {printable(value, 60) or 'empty'}, and has to be {NEVER} or {LAST}")
    return str(value)


def _url(value: typing.Any) -> str:
    try:
        _web.Server("Prometheus", str(value))
    except FleetError:
        # The value may have a password in it.
        raise ValueError("has to be a URL that begins with http:// or https:// and a host")
    return str(value)


def _text(value: typing.Any) -> str:
    if not isinstance(value, str) or not value.strip():
        raise ValueError("has to be a text that is not empty")
    return value


def _bool(value: typing.Any) -> bool:
    text = str(value).strip().lower()
    if text not in ("true", "false", "yes", "no"):
        raise ValueError(f"is {printable(value, 60) or 'empty'}, and has to be true or false")
    return text in ("true", "yes")


_READERS: typing.Dict[str, typing.Callable[[typing.Any], typing.Any]] = {
    "canary": _limit,
    "factor": lambda value: _number(value, 2),
    "step": _limit,
    "largest": _limit,
    "by": _by,
    "order": _order,
    "canary_soak": _soak,
    "soak": _soak,
    "canary_max_failed": _number,
    "max_failed": _number,
    "pause_after": _pauses,
    "control_plane": _control_plane,
    "cap": _positive,
    "slow_first": _bool,
    "prometheus": _url,
    "alerts": _text,
    "pods": _text,
}
_DEFAULTS: typing.Dict[str, typing.Any] = {
    "canary": None,
    "factor": 4,
    "step": None,
    "largest": "25%",
    "by": "",
    "order": (),
    "canary_soak": 300,
    "soak": 0,
    "canary_max_failed": 0,
    "max_failed": 1,
    "pause_after": (),
    "control_plane": LAST,
    "cap": 0,
    "slow_first": True,
    "prometheus": "",
    "alerts": 'ALERTS{alertstate="firing",severity="critical"}',
    "pods": "",
}

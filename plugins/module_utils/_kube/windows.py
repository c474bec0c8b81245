# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Maintenance windows and black-outs: what operators write, and when a node may leave service by it. Pure.

A window begins at a time of a wall clock and lasts by elapsed time, so a night in which clocks change makes it neither
longer nor shorter. Windows that meet are one. Moments are seconds since the epoch.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

import datetime
import difflib
import re
import sys
import typing

from ansible_collections.osmigrate.fleet.plugins.module_utils._duration import read_seconds
from ansible_collections.osmigrate.fleet.plugins.module_utils._errors import FleetError

# Only the controller comes here, and its Python is newer.
if sys.version_info >= (3, 9):
    import zoneinfo  # novm

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
DAILY = "daily"
LONGEST_SECONDS = 7 * 86400
# How far ahead the next opening is looked for; black-outs of some weeks lie between.
HORIZON_DAYS = 400
# Calendars end somewhere; a black-out without an end is a mistake, or a halt.
YEARS = (2000, 2999)

_TIME = re.compile(r"([01]?[0-9]|2[0-3]):([0-5][0-9])$")
_UTC = datetime.timezone.utc


class Window(typing.NamedTuple):
    days: typing.FrozenSet[int]  # 0 is Monday
    start: datetime.time
    seconds: int
    zone: datetime.tzinfo


# Whole days by the clocks of the zone, the last one included.
class Blackout(typing.NamedTuple):
    first: datetime.date
    last: datetime.date
    zone: datetime.tzinfo


# Without windows, only black-outs close.
class Schedule(typing.NamedTuple):
    windows: typing.List[Window]
    blackouts: typing.List[Blackout]


ALWAYS = Schedule([], [])


def parse(windows: list, blackouts: list) -> Schedule:
    """Read what operators write.

    :param windows: list of dict with days, start, duration and timezone, as k8s_node_claim documents them.
    :param blackouts: list of str or dict with from, to and timezone.
    :returns: Schedule.
    :raises FleetError: with one clause for each entry that is malformed.
    """
    found, wrong = Schedule([], []), []
    lists: typing.Tuple[typing.Tuple[str, list, typing.Callable, list], ...] = (
        ("maintenance window", windows, _window, found.windows),
        ("black-out", blackouts, _blackout, found.blackouts),
    )
    for kind, entries, read, kept in lists:
        for number, entry in enumerate(entries or [], 1):
            try:
                kept.append(read(entry))
            except ValueError as error:
                wrong.append(f"{kind} {number}: {error}")
    if wrong:
        problem = "; ".join(wrong)
        raise FleetError(problem[0].upper() + problem[1:], todo="Correct osmigrate_windows or osmigrate_blackouts")
    return found


def opening(schedule: Schedule, now: float, seconds: int) -> typing.Optional[typing.Tuple[float, float]]:
    """Find when a node may go that is expected to be out of service for so long.

    :returns: tuple (from when, until when); the first is now if it may go at once, the second is infinite if nothing
        closes. None if there is no such time within HORIZON_DAYS.
    """
    for start, end in _open(schedule, now):
        if end - max(start, now) >= seconds:
            return max(start, now), end
    return None


def closes(schedule: Schedule, now: float) -> typing.Optional[float]:
    """When the window ends that is open now, None if none is."""
    return next((end for start, end in _open(schedule, now) if start <= now < end), None)


def blackout_ends(schedule: Schedule, now: float) -> typing.Optional[float]:
    """When the black-out ends that is now, None if none is."""
    return next((end for start, end in _merged(map(_days_of, schedule.blackouts)) if start <= now < end), None)


def _open(schedule: Schedule, now: float) -> typing.List[typing.Tuple[float, float]]:
    """When nodes may be out of service, from now on: sorted (start, end) that neither meet nor overlap."""
    if schedule.windows:
        times = _merged(one for window in schedule.windows for one in _times_of(window, now))
    else:
        times = [(float("-inf"), float("inf"))]
    for first, last in _merged(map(_days_of, schedule.blackouts)):
        parts = [((start, min(end, first)), (max(start, last), end)) for start, end in times]
        times = [(start, end) for both in parts for start, end in both if start < end]
    return [(start, end) for start, end in times if end > now]


def _times_of(window: Window, now: float) -> typing.Iterator[typing.Tuple[float, float]]:
    today = datetime.datetime.fromtimestamp(now, window.zone).date()
    before = LONGEST_SECONDS // 86400 + 1
    for offset in range(-before, HORIZON_DAYS):
        day = today + datetime.timedelta(days=offset)
        if day.weekday() in window.days:
            start = _moment(day, window.start, window.zone)
            yield start, start + window.seconds


def _days_of(blackout: Blackout) -> typing.Tuple[float, float]:
    day_after = blackout.last + datetime.timedelta(days=1)
    midnight = datetime.time()
    return _moment(blackout.first, midnight, blackout.zone), _moment(day_after, midnight, blackout.zone)


def _moment(day: datetime.date, time: datetime.time, zone: datetime.tzinfo) -> float:
    """A time that a clock shows twice counts when it comes first, one that it skips as if it had not been set."""
    return datetime.datetime.combine(day, time).replace(tzinfo=zone).timestamp()


def _merged(times: typing.Iterable) -> typing.List[typing.Tuple[float, float]]:
    merged: list = []
    for start, end in sorted(times):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged


def _window(entry: typing.Any) -> Window:
    entry = _keys(entry, ("days", "start", "duration", "timezone"), ("start", "duration"))
    return Window(_days(entry.get("days", DAILY)), _start(entry["start"]), _seconds(entry["duration"]), _zone(entry))


def _blackout(entry: typing.Any) -> Blackout:
    if not isinstance(entry, dict):
        entry = {"from": entry}
    entry = _keys(entry, ("from", "to", "timezone"), ("from",))
    first = _date(entry["from"])
    last = _date(entry["to"]) if "to" in entry else first
    if last < first:
        raise ValueError(f"it ends on {last}, before it begins on {first}")
    return Blackout(first, last, _zone(entry))


def _keys(entry: typing.Any, known: typing.Tuple[str, ...], required: typing.Tuple[str, ...]) -> dict:
    """Look whether an entry has what it must have and nothing else; a key without a value is not there."""
    if not isinstance(entry, dict):
        raise ValueError(f"{str(entry)!r} is no dictionary with {', '.join(known)}")
    strange = sorted(str(key) for key in entry if key not in known)
    if strange:
        raise ValueError(f"{', '.join(strange)} is unknown, known are {', '.join(known)}")
    entry = {key: value for key, value in entry.items() if value is not None}
    missing = [key for key in required if key not in entry]
    if missing:
        raise ValueError(f"it has no {' and no '.join(missing)}")
    return entry


def _days(value: typing.Any) -> typing.FrozenSet[int]:
    if value == DAILY:
        return frozenset(range(len(DAYS)))
    names = [str(name).strip().lower() for name in value] if isinstance(value, (list, tuple)) else [str(value)]
    strange = [name for name in names if name not in DAYS]
    if strange or not names:
        said = ", ".join(strange) or "an empty list"
        raise ValueError(f"days is {said}, and has to be {DAILY} or a list of {', '.join(DAYS)}")
    return frozenset(DAYS.index(name) for name in names)


def _start(value: typing.Any) -> datetime.time:
    if isinstance(value, int) and 60 <= value < 1440:
        # YAML reads 22:00 as a number of sixtieths.
        raise ValueError(f'start is the number {value}; write "{value // 60:02d}:{value % 60:02d}", in quotes')
    found = _TIME.match(str(value))
    if not found:
        raise ValueError(f'start is {value}, and has to be a time such as "22:00", in quotes')
    return datetime.time(int(found.group(1)), int(found.group(2)))


def _seconds(value: typing.Any) -> int:
    try:
        seconds = read_seconds(value)
    except ValueError as error:
        raise ValueError(f"duration {error}")
    if not 0 < seconds <= LONGEST_SECONDS:
        raise ValueError(f"duration is {value}, and has to be more than nothing and a week at most")
    return seconds


def _date(value: str) -> datetime.date:
    try:
        found = datetime.datetime.strptime(str(value), "%Y-%m-%d").date()
    except ValueError:
        raise ValueError(f'{value} is no date; write dates as "2026-12-24", in quotes')
    if not YEARS[0] <= found.year <= YEARS[1]:
        raise ValueError(f"{value} is not between the years {YEARS[0]} and {YEARS[1]}")
    return found


def _zone(entry: dict) -> datetime.tzinfo:
    name = str(entry.get("timezone", "UTC"))
    if name == "UTC":
        return _UTC
    if sys.version_info < (3, 9):
        raise ValueError("the Python of this controller knows no time zones, it has to be 3.9 or newer")
    try:
        return zoneinfo.ZoneInfo(name)
    except (ValueError, KeyError, OSError):
        known = zoneinfo.available_timezones()
        close = difflib.get_close_matches(name, known, 1)
        hint = f"did you mean {close[0]}" if close else "names are such as Europe/Berlin"
        if not known:
            hint = "this controller has no time zones at all: install tzdata"
        raise ValueError(f"timezone {name} is not known; {hint}")

# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

import datetime

import pytest
from ansible_collections.osmigrate.fleet.plugins.module_utils import _errors
from ansible_collections.osmigrate.fleet.plugins.module_utils._kube import windows


def at(text):
    """A moment from its time in UTC, without the seconds."""
    return datetime.datetime.strptime(text + "+0000", "%Y-%m-%d %H:%M%z").timestamp()


NIGHT = {"start": "22:00", "duration": "4h"}
BERLIN = {"start": "02:00", "duration": "2h", "timezone": "Europe/Berlin"}
NEW_YORK = {"start": "02:30", "duration": 7200, "timezone": "America/New_York"}
FRIDAY = {"days": ["fri"], "start": "22:00", "duration": "4h"}
HOLIDAYS = {"from": "2026-12-24", "to": "2027-01-01", "timezone": "Europe/Berlin"}
OPEN = None

# Windows, black-outs, now, the seconds that are expected; when the node may go (OPEN: at once), and until when.
OPENINGS = [
    ("nothing is closed without windows", [], [], "2026-11-21 12:00", 1800, OPEN, "inf"),
    ("before it opens", [NIGHT], [], "2026-11-21 21:59", 1800, "2026-11-21 22:00", "2026-11-22 02:00"),
    ("when it opens", [NIGHT], [], "2026-11-21 22:00", 1800, OPEN, "2026-11-22 02:00"),
    ("after midnight", [NIGHT], [], "2026-11-22 01:00", 1800, OPEN, "2026-11-22 02:00"),
    ("just enough is left", [NIGHT], [], "2026-11-22 01:30", 1800, OPEN, "2026-11-22 02:00"),
    ("too little is left", [NIGHT], [], "2026-11-22 01:31", 1800, "2026-11-22 22:00", "2026-11-23 02:00"),
    ("no window is that long", [NIGHT], [], "2026-11-21 22:00", 14401, "never", ""),
    ("as long as the window", [NIGHT], [], "2026-11-21 22:00", 14400, OPEN, "2026-11-22 02:00"),
    # 2026-11-20 is a Friday.
    ("Friday's goes on into Saturday", [FRIDAY], [], "2026-11-21 01:00", 60, OPEN, "2026-11-21 02:00"),
    ("Saturday has none", [FRIDAY], [], "2026-11-21 22:30", 60, "2026-11-27 22:00", "2026-11-28 02:00"),
    # Two that meet: what does not fit into one may go on in the other.
    (
        "windows that meet",
        [NIGHT, {"start": "02:00", "duration": "2h"}],
        [],
        "2026-11-22 01:30",
        7200,
        OPEN,
        "2026-11-22 04:00",
    ),
    (
        "one within another",
        [NIGHT, {"start": "23:00", "duration": 60}],
        [],
        "2026-11-21 23:30",
        60,
        OPEN,
        "2026-11-22 02:00",
    ),
    # 02:00 in Berlin is 01:00 UTC in winter; 2026-11-22.
    ("of another zone", [BERLIN], [], "2026-11-22 00:30", 60, "2026-11-22 01:00", "2026-11-22 03:00"),
    ("of several zones", [BERLIN, NIGHT], [], "2026-11-22 02:30", 60, OPEN, "2026-11-22 03:00"),
    # Berlin puts clocks forward on 2027-03-28: 02:00 is never shown, and is where it would have been.
    ("clocks go forward", [BERLIN], [], "2027-03-28 00:30", 60, "2027-03-28 01:00", "2027-03-28 03:00"),
    ("the day after they did", [BERLIN], [], "2027-03-28 04:00", 60, "2027-03-29 00:00", "2027-03-29 02:00"),
    # New York puts them back on 2026-11-01: 01:30 comes twice.
    (
        "clocks go back",
        [{**NEW_YORK, "start": "01:30"}],
        [],
        "2026-11-01 05:00",
        60,
        "2026-11-01 05:30",
        "2026-11-01 07:30",
    ),
    ("clocks go back in it", [{**NEW_YORK, "start": "00:00"}], [], "2026-11-01 05:30", 60, OPEN, "2026-11-01 06:00"),
    ("in a black-out", [NIGHT], ["2026-11-22"], "2026-11-22 01:00", 60, "2026-11-23 00:00", "2026-11-23 02:00"),
    ("a black-out ends the window", [NIGHT], ["2026-11-22"], "2026-11-21 23:00", 3600, OPEN, "2026-11-22 00:00"),
    ("it comes too soon", [NIGHT], ["2026-11-22"], "2026-11-21 23:01", 3600, "2026-11-23 00:00", "2026-11-23 02:00"),
    ("a black-out alone", [], ["2026-11-22"], "2026-11-22 12:00", 60, "2026-11-23 00:00", "inf"),
    ("a range by its own clocks", [], [HOLIDAYS], "2026-12-23 23:30", 60, "2027-01-01 23:00", "inf"),
    ("before the range", [], [HOLIDAYS], "2026-12-23 22:30", 60, OPEN, "2026-12-23 23:00"),
    ("black-outs that overlap", [], [HOLIDAYS, "2027-01-01"], "2026-12-25 00:00", 60, "2027-01-02 00:00", "inf"),
    ("for ever", [NIGHT], [{"from": "2026-01-01", "to": "2099-12-31"}], "2026-11-22 01:00", 60, "never", ""),
]


@pytest.mark.parametrize("opening", OPENINGS, ids=lambda opening: opening[0])
def test_openings(opening):
    _name, given, blackouts, now, seconds, opens, until = opening
    found = windows.opening(windows.parse(given, blackouts), at(now), seconds)
    if opens == "never":
        assert found is None
    else:
        assert found == (at(opens or now), float("inf") if until == "inf" else at(until))


def test_windows_of_a_week_never_close():
    schedule = windows.parse([{**FRIDAY, "duration": "7d"}], [])
    assert windows.opening(schedule, at("2026-11-27 21:00"), 14 * 86400)[0] == at("2026-11-27 21:00")


def test_what_is_closed_and_why():
    schedule = windows.parse([NIGHT], ["2026-11-22"])
    assert windows.closes(schedule, at("2026-11-21 23:59")) == at("2026-11-22 00:00")
    assert windows.closes(schedule, at("2026-11-21 20:00")) is None
    assert windows.blackout_ends(schedule, at("2026-11-22 20:00")) == at("2026-11-23 00:00")
    assert windows.blackout_ends(schedule, at("2026-11-21 20:00")) is None


@pytest.mark.parametrize(
    "duration, seconds", [(60, 60), ("60", 60), ("4h", 14400), ("1h30m", 5400), ("1d", 86400), ("90s", 90)]
)
def test_durations(duration, seconds):
    assert windows.parse([{"start": "9:05", "duration": duration}], []).windows[0].seconds == seconds


MALFORMED = [
    (["22:00"], [], "Maintenance window 1: '22:00' is no dictionary with days, start, duration, timezone"),
    ([{**NIGHT, "hours": 4}], [], "Maintenance window 1: hours is unknown, known are days, start"),
    ([{"days": "daily"}], [], "Maintenance window 1: it has no start and no duration"),
    ([{**NIGHT, "start": 1320}], [], 'start is the number 1320; write "22:00", in quotes'),
    ([{**NIGHT, "start": 22}], [], 'start is 22, and has to be a time such as "22:00"'),
    ([{**NIGHT, "start": "24:00"}], [], "start is 24:00, and has to be a time"),
    ([{**NIGHT, "duration": "4 hours"}], [], "duration is 4 hours, and has to be whole seconds or a length"),
    ([{**NIGHT, "duration": ""}], [], "duration is empty, and has to be whole seconds"),
    ([{**NIGHT, "duration": 0}], [], "duration is 0, and has to be more than nothing and a week at most"),
    ([{**NIGHT, "duration": "8d"}], [], "duration is 8d, and has to be more than nothing and a week at most"),
    ([{**NIGHT, "days": ["Monday"]}], [], "days is monday, and has to be daily or a list of mon, tue"),
    ([{**NIGHT, "days": []}], [], "days is an empty list, and has to be daily"),
    ([{**NIGHT, "days": "weekly"}], [], "days is weekly, and has to be daily"),
    ([{**NIGHT, "timezone": "Europe/Berln"}], [], "timezone Europe/Berln is not known; did you mean Europe/Berlin"),
    ([{**NIGHT, "timezone": "../etc/passwd"}], [], "timezone ../etc/passwd is not known"),
    ([], ["24.12.2026"], 'Black-out 1: 24.12.2026 is no date; write dates as "2026-12-24"'),
    ([], [{"to": "2026-12-24"}], "Black-out 1: it has no from"),
    ([], [{"from": "2026-12-24", "to": "2026-12-01"}], "it ends on 2026-12-01, before it begins on 2026-12-24"),
    ([NIGHT, {**NIGHT, "start": "x"}], ["y"], "window 2: start is x, .* in quotes; black-out 1: y is no date"),
]


@pytest.mark.parametrize("given, blackouts, said", MALFORMED, ids=lambda value: value if isinstance(value, str) else "")
def test_what_is_malformed_is_told_in_one_clause_each(given, blackouts, said):
    with pytest.raises(_errors.FleetError, match=said) as caught:
        windows.parse(given, blackouts)
    assert str(caught.value).endswith("Nothing was changed. Correct osmigrate_windows or osmigrate_blackouts.")

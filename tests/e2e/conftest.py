# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What of the story there is time for. `make test` has an end, and a processor that translates machines has slow days.

Each test says about how many minutes it takes on two slow processors, and, if the story can do without it, which test
it goes on from. Such a test is left out, and named, if what must be told would not be told in time with it. `make e2e`
tells everything.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator

import pytest

# Seconds of the epoch at which the tests should have ended (tests/gate/tiers.py).
UNTIL = float(os.environ.get("OSMIGRATE_TEST_UNTIL", "inf"))


class Telling:
    """How far the story is, and how fast it goes."""

    def __init__(self) -> None:
        self.untold: set[str] = set()
        self.minutes = self.took = 0.0

    def pace(self) -> float:
        """Return how many minutes one of the markers' takes here."""
        return self.took / self.minutes if self.minutes else 1.0


TELLING = pytest.StashKey[Telling]()


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line(
        "markers", "minutes(minutes, after): how long it takes; one that goes on after another may be left out"
    )
    config.stash[TELLING] = Telling()


def minutes(item: pytest.Item) -> float:
    marker = item.get_closest_marker("minutes")
    return float(marker.args[0]) if marker else 0.0


def after(item: pytest.Item) -> str:
    """Return the name of the test that one goes on from, "" for one that is always told."""
    marker = item.get_closest_marker("minutes")
    return marker.kwargs["after"].__name__ if marker and "after" in marker.kwargs else ""


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    telling, began = item.config.stash[TELLING], time.monotonic()
    ended = yield
    if item.name not in telling.untold:
        telling.minutes, telling.took = telling.minutes + minutes(item), telling.took + (time.monotonic() - began) / 60
    return ended


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    if not after(item):
        return
    telling = item.config.stash[TELLING]
    items = item.session.items
    needed = minutes(item) + sum(minutes(one) for one in items[items.index(item) + 1 :] if not after(one))
    left = max(0.0, (UNTIL - time.time()) / 60)
    if after(item) in telling.untold or needed * telling.pace() > left:
        telling.untold.add(item.name)
        pytest.skip(f"no time for it: {left:.0f} minutes are left on a machine this slow; `make e2e` has it")

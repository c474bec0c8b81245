# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""For all tests: a run that is told to end, as by a tier beside it that failed, stops what it has started."""

from __future__ import annotations

import signal


def pytest_configure() -> None:
    # Python would end at once, and leave API servers and machines behind.
    signal.signal(signal.SIGTERM, signal.default_int_handler)

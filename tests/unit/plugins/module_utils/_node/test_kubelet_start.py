# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

import pytest
from ansible_collections.osmigrate.fleet.plugins.module_utils._node import kubelet_start

NOW, UP = 1_000_000.5, 5_000.0


@pytest.mark.parametrize(
    ("state", "stamp", "since"),
    [
        ("active", "4990000000", 999_990),
        ("activating", "4990000000", 1_000_000),
        # Of the system before the soft-reboot.
        ("inactive", "20000000", 1_000_000),
        ("inactive", "0", 1_000_000),
        ("active", "", 1_000_000),
    ],
)
def test_since_when_it_runs(state, stamp, since):
    said = f"ActiveState={state}\nActiveEnterTimestampMonotonic={stamp}\n"
    assert kubelet_start.since(said, NOW, UP) == since

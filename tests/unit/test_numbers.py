# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Numbers that others write, in each place that reads some: what cannot be read is not known, or refused by name."""

from __future__ import annotations

import pytest
from ansible_collections.osmigrate.fleet.plugins.module_utils._carry import accounts
from ansible_collections.osmigrate.fleet.plugins.module_utils._errors import FleetError
from ansible_collections.osmigrate.fleet.plugins.module_utils._kube import pool_plan, windows
from ansible_collections.osmigrate.fleet.plugins.module_utils._network.read import state
from ansible_collections.osmigrate.fleet.plugins.plugin_utils import _hooks as hooks

STRANGE = ["²", "٣", "１２", "9" * 5000, "1_0", "-1", "", "1\n2"]


@pytest.mark.parametrize("text", STRANGE, ids=lambda text: ascii(text)[:12])
def test_strange_numbers(text):
    node = {"metadata": {"name": "w1", "annotations": {"osmigrate.fleet/cordoned-seconds": text}}}
    assert pool_plan.member(node).seconds is None
    with pytest.raises(FleetError, match="is no limit of unavailable nodes"):
        pool_plan.resolve(text, 10)
    with pytest.raises(FleetError, match="is no limit of unavailable nodes"):
        pool_plan.resolve(text + "%", 10)
    assert accounts.names([["a", "x", text, "1"], ["b", "x", "4294967294", "1"]]) == {"b": 4294967294}
    assert state._table(text) is None
    with pytest.raises(ValueError, match="duration is"):
        windows._seconds(text)
    with pytest.raises(ValueError, match="its timeout is"):
        hooks._read({"role": "a.b.c", "timeout": text}, 60)


def test_numbers_that_are_some():
    assert pool_plan.resolve(3, 10) == 3
    assert pool_plan.resolve("25%", 10) == 2
    assert state._table("254") == 254
    assert windows._seconds("3600") == windows._seconds("1h") == 3600

# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

import pytest
from ansible_collections.osmigrate.fleet.plugins.module_utils._errors import FleetError
from ansible_collections.osmigrate.fleet.plugins.module_utils._kube import edge

SPEC = {
    "name": {"type": "str"},
    "timeout": {"type": "int"},
    "grace_period": {"type": "int"},
    "gates": {"type": "list", "elements": "dict", "options": {"timeout": {"type": "int"}}},
}


@pytest.mark.parametrize(
    "given, message",
    [
        ({"grace_period": -1}, "grace_period is -1, and has to be a whole number from 0 on. Nothing was changed"),
        ({"timeout": 0}, "timeout is 0, and has to be a whole number from 1 on"),
        ({"timeout": -5}, "timeout is -5, .* Correct timeout, or leave it out"),
        ({"gates": [{"timeout": 1}, {"timeout": -1}]}, "timeout is -1, and has to be a whole number from 0 on"),
    ],
)
def test_numbers_that_mean_nothing_are_refused_by_name(given, message):
    with pytest.raises(FleetError, match=message):
        edge.refuse_small_numbers(SPEC, given, {"timeout": 1})


@pytest.mark.parametrize("given", [{"grace_period": 0, "timeout": 1}, {"grace_period": None}, {"gates": None}, {}])
def test_numbers_that_mean_something_are_not(given):
    edge.refuse_small_numbers(SPEC, given, {"timeout": 1})

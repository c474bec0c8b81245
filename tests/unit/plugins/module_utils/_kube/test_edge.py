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


NAMES = {
    "name": {"type": "str", "required": True},
    "names": {"type": "list", "elements": "str"},
    "namespace": {"type": "str", "default": "osmigrate-system"},
    "account": {"type": "str", "default": "osmigrate"},
    "conditions": {
        "type": "list",
        "elements": "dict",
        "options": {
            "name": {"type": "str", "required": True},
            "namespace": {"type": "str"},
            "object": {"type": "str", "required": True},
        },
    },
}
NO_NODES = ["", "a/../b", "..", "W1", "w_1", "w1 ", "a" * 254, "w1.", "w1%2fpods", "w1\n"]
CONDITION = {"name": "Any words", "object": "system:node", "namespace": ""}


@pytest.mark.parametrize(
    "given, wrong",
    [
        *(({"name": one}, "name") for one in NO_NODES),
        *(({"names": ["w1", one]}, "names") for one in NO_NODES),
        *(({"account": one}, "account") for one in NO_NODES),
        *(({"namespace": one}, "namespace") for one in [*NO_NODES, "a" * 64, "a.b"]),
        *(
            ({"conditions": [dict(CONDITION, object=one)]}, "object")
            for one in ["", ".", "..", "a/../b", "a%2fb", "a\0"]
        ),
        ({"conditions": [CONDITION, dict(CONDITION, namespace="a/../b")]}, "namespace"),
    ],
)
def test_names_that_no_object_can_have_are_refused_as_options(given, wrong):
    with pytest.raises(FleetError, match=rf"^{wrong} is '.*', and an? .* has a name .*\. Correct {wrong}\.$"):
        edge.refuse_names(NAMES, given)


@pytest.mark.parametrize(
    "given",
    [
        {"name": "w1.rack-3.example.com", "namespace": "osmigrate-system"},
        {"name": "1", "names": ["10.0.0.1", "a" * 253], "namespace": "a" * 63},
        {"names": None, "account": "osmigrate.robot"},
        {"conditions": [CONDITION]},
        {"conditions": None},
    ],
)
def test_names_that_objects_have_are_not(given):
    edge.refuse_names(NAMES, given)


def test_the_empty_name_is_told_as_one():
    with pytest.raises(FleetError, match="^name is '', and a Node object has a name of at most 253 lower-case letters"):
        edge.refuse_names(NAMES, {"name": ""})

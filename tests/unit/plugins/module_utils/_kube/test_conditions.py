# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

import pytest
from ansible_collections.osmigrate.fleet.plugins.module_utils._errors import FleetError
from ansible_collections.osmigrate.fleet.plugins.module_utils._kube import conditions, health

OBJECT = {"status": {"replicas": 1, "health": "HEALTH_OK", "conditions": [{"type": "Available", "status": "True"}]}}
STORAGE = {"name": "storage", "api_version": "v1", "kind": "CephCluster", "namespace": "rook", "object": "rook"}


def condition(expression, expected, **more):
    one = {**STORAGE, "expression": expression, "expected": expected, "timeout": None, **more}
    return conditions.parse([one], health.NAMES)[0]


@pytest.mark.parametrize(
    "expression, expected, passed, value",
    [
        ("status.health", "HEALTH_OK", True, '"HEALTH_OK"'),
        ("status.health", "HEALTH_WARN", False, '"HEALTH_OK"'),
        ("status.conditions[?type=='Available'].status | [0]", "True", True, '"True"'),
        ("status.conditions[?type=='Available'].status | [0]", True, False, '"True"'),
        ("status.replicas", 1, True, "1"),
        ("status.replicas", True, False, "1"),
        ("status.replicas > `0`", True, True, "true"),
        ("status.absent", None, True, "null"),
        ("status.conditions[].type", ["Available"], True, '["Available"]'),
    ],
)
def test_what_an_object_says(expression, expected, passed, value):
    assert conditions.judge(condition(expression, expected), OBJECT) == (passed, value)


def test_an_object_that_is_not_there_and_one_that_the_expression_does_not_fit():
    assert conditions.judge(condition("status", "x"), None) == (False, "there is no CephCluster rook/rook")
    passed, value = conditions.judge(condition("length(status.replicas)", 1), OBJECT)
    assert (passed, value[:37]) == (False, "the expression fails on CephCluster r")


@pytest.mark.parametrize(
    "options, sentence",
    [
        ({"expression": "status[", "name": "x"}, "The expression of condition x is not JMESPath: .*Correct status"),
        ({"expression": "status", "name": "ready"}, "There is another gate ready"),
    ],
)
def test_mistakes_are_named(options, sentence):
    with pytest.raises(FleetError, match=sentence):
        condition(expected="x", **options)


def test_a_name_is_there_only_once():
    one = {**STORAGE, "expression": "status", "expected": "x", "timeout": None}
    with pytest.raises(FleetError, match="There is another gate storage"):
        conditions.parse([one, one], health.NAMES)

# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

import re

import pytest
from ansible_collections.osmigrate.fleet.plugins.module_utils._kube import cordon_plan, recover_plan, times
from ansible_collections.osmigrate.fleet.plugins.module_utils._kube.pool_plan import Claim

NOW = 1_700_000_000
OLD, YOUNG = times.stamp(NOW - 4000), times.stamp(NOW - 30)
HOME = {"trial": None, "verdict": "", "booted": {"entry": "package"}, "default": "package"}
TRIAL = {**HOME, "trial": {"entry": "debian-13-13.1"}, "verdict": "booted_candidate"}
ASTRAY = {**HOME, "booted": {"entry": ""}}

# What the node boots, whether it is Ready, when it was cordoned and claimed, and what speaks against giving it back.
CASES = [
    ("safe", HOME, "True", OLD, OLD, []),
    ("safe, without a claim", HOME, "True", OLD, None, []),
    ("safe, without a cordon", HOME, "True", None, OLD, []),
    ("safe, with a date that nobody can read", HOME, "True", "yesterday", None, []),
    ("silent", {}, "True", OLD, OLD, ["does not answer"]),
    ("not Ready", HOME, "Unknown", OLD, OLD, ["is not Ready"]),
    ("on trial", TRIAL, "True", OLD, OLD, ["trial of debian-13-13.1 .*booted_candidate"]),
    ("not on its default", ASTRAY, "True", OLD, OLD, ["runs something else and not its default package"]),
    ("just cordoned", HOME, "True", YOUNG, OLD, ["began 30 seconds ago"]),
    ("just claimed", HOME, "True", None, YOUNG, ["began 30 seconds ago"]),
    ("all of it", {}, "False", YOUNG, YOUNG, ["does not answer", "is not Ready", "began 30 seconds ago"]),
]


@pytest.mark.parametrize("boot, ready, cordoned, asked, against", [c[1:] for c in CASES], ids=[c[0] for c in CASES])
def test_objections(make_node, boot, ready, cordoned, asked, against):
    node = make_node(annotations={cordon_plan.AT: cordoned} if cordoned else {}, ready=ready)
    claims = [Claim("r1", OLD, asked, "w1")] if asked else []
    found = recover_plan.objections(node, claims, boot, 3600, NOW)
    assert len(found) == len(against)
    assert all(re.search(expected, said) for said, expected in zip(found, against))

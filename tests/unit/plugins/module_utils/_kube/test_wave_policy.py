# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What operators write about waves, and what of it cannot be meant."""

import pytest
from ansible_collections.osmigrate.fleet.plugins.module_utils._errors import FleetError
from ansible_collections.osmigrate.fleet.plugins.module_utils._kube import wave_policy


def test_nothing_said_is_the_default_policy():
    policy = wave_policy.read({})
    assert (policy.canary, policy.factor, policy.step, policy.largest) == (None, 4, None, "25%")
    assert (policy.canary_soak, policy.canary_max_failed, policy.max_failed) == (300, 0, 1)
    assert wave_policy.read({"soak": None}) == policy


@pytest.mark.parametrize(
    ("said", "field", "read"),
    [
        ({"canary": 3}, "canary", "3"),
        ({"canary": "5%"}, "canary", "5%"),
        ({"step": "10%"}, "factor", None),
        ({"soak": "1h30m"}, "soak", 5400),
        ({"soak": "400d"}, "soak", 34560000),
        # How many a share is depends on the nodes; one of them at least has to arrive in any case.
        ({"canary": "1%", "canary_max_failed": 2}, "canary_max_failed", 2),
        ({"canary": 3, "canary_max_failed": 2}, "canary_max_failed", 2),
        ({"pause_after": "canary"}, "pause_after", (1,)),
        ({"pause_after": [3, "canary", 1]}, "pause_after", (1, 3)),
        ({"by": "zone", "order": ["b", "a"]}, "order", ("b", "a")),
        ({"by": "example.com/rack"}, "by", "example.com/rack"),
        ({"slow_first": "no"}, "slow_first", False),
        ({"control_plane": "never"}, "control_plane", "never"),
        ({"cap": "20"}, "cap", 20),
        ({"prometheus": "https://prometheus.example/p"}, "prometheus", "https://prometheus.example/p"),
        ({"pods": "app=shop"}, "pods", "app=shop"),
    ],
)
def test_what_is_said_is_read(said, field, read):
    assert getattr(wave_policy.read(said), field) == read


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ([], "it is no dictionary with canary, factor"),
        ({"canery": 1}, "canery is unknown, did you mean canary"),
        ({"canary": 0}, "canary is 0, and has to be a number from 1 on, or 1% to 100%"),
        ({"canary": "0%"}, "canary is 0%"),
        ({"canary": True}, "canary is True"),
        ({"largest": "101%"}, "largest is 101%"),
        ({"prometheus": "me:s3cr3t@x"}, "prometheus has to be a URL that begins with http"),
        ({"alerts": "ALERTS"}, "alerts has no meaning without prometheus"),
        ({"pods": ""}, "pods has to be a text that is not empty"),
        ({"cap": 0}, "cap is 0, and has to be a whole number from 1 on"),
        ({"factor": 1}, "factor is 1, and has to be a whole number from 2 on"),
        ({"factor": 2, "step": 1}, "factor and step exclude each other"),
        ({"soak": "400d1s"}, "soak is 400d1s, and has to be 400d at most"),
        ({"canary_soak": "999999999d"}, "canary_soak is 999999999d, and has to be 400d at most"),
        ({"canary": 2, "canary_max_failed": 2}, "canary_max_failed is 2, and has to be less than canary, which is 2"),
        ({"soak": "soon"}, "soak is soon, and has to be whole seconds"),
        ({"max_failed": -1}, "max_failed is -1, and has to be a whole number from 0 on"),
        ({"pause_after": [0]}, "pause_after is 0"),
        ({"by": "a b"}, "by is a b, and has to be pool, zone or the key of a label"),
        ({"order": ["a"]}, "order has no meaning without by"),
        ({"by": "zone", "order": ["a", "a"]}, "order has a value twice"),
        ({"by": "zone", "order": "a"}, "order has to be a list"),
        ({"control_plane": "first"}, "control_plane is first, and has to be never or last"),
        ({"slow_first": "perhaps"}, "slow_first is perhaps, and has to be true or false"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_its_key(said, why):
    with pytest.raises(FleetError) as caught:
        wave_policy.read(said)
    assert why in caught.value.problem and caught.value.problem.startswith("osmigrate_waves cannot be read: ")


def test_all_clashes_are_in_one_sentence():
    with pytest.raises(FleetError) as caught:
        wave_policy.read({"cap": 0, "canary": 0, "x": 1})
    assert caught.value.problem.count(";") == 2


def test_the_digest_tells_policies_apart_however_they_are_written():
    assert wave_policy.digest(wave_policy.read({})) == wave_policy.digest(wave_policy.read({"factor": "4"}))
    assert wave_policy.digest(wave_policy.read({})) != wave_policy.digest(wave_policy.read({"factor": 3}))

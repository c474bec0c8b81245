# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What wakes who waits for a place."""

import json

import pytest
from ansible_collections.osmigrate.fleet.plugins.module_utils._kube import pool_object, pool_plan, pool_watch
from ansible_collections.osmigrate.fleet.plugins.module_utils._kube.pool_plan import Claim, Pool

HALT = {"reason": "three failed", "since": "2026-12-01T00:00:00Z"}


def of(*nodes, halt=None):
    return Pool({node: Claim("r1", "now", "now", node) for node in nodes}, {}, halt)


def event(pool, kind="MODIFIED", **data):
    fields = {key: json.dumps(value) for key, value in pool_object._fields(pool).items() if value}
    thing = {"metadata": {"name": "pool-a", "resourceVersion": "7"}, "data": {**fields, **data}}
    return json.dumps({"type": kind, "object": thing}).encode() + b"\n"


class Clock:
    def __init__(self):
        self.slept = []

    def now(self):
        return sum(self.slept)

    def sleep(self, seconds):
        self.slept.append(seconds)


@pytest.fixture
def clock():
    return Clock()


def waited(cluster, clock, pool=None, may_watch=True):
    room = pool_watch.Room(cluster, "a", may_watch, clock.now, clock.sleep)
    room.wait(of("w1", "w2") if pool is None else pool, 4)
    return room


WOKEN = {
    "a place is given back": [event(of("w1", "w2"), "ADDED"), event(of("w1"))],
    "it was given back before the watch began": [event(of("w2"), "ADDED")],
    "somebody else took it meanwhile": [event(of("w2", "w3"), "ADDED")],
    "the one that came later gave it back": [
        event(of("w1", "w2"), "ADDED"), event(of("w1", "w2", "w3")), event(of("w1", "w2"))
    ],
    "the pool is halted": [event(of("w1", "w2", halt=HALT), "ADDED")],
    "its object is deleted": [event(of("w1", "w2"), "DELETED")],
    "its object cannot be read": [event(pool_plan.EMPTY, claims="[]")],
}  # fmt: skip


@pytest.mark.parametrize("events", WOKEN.values(), ids=WOKEN)
def test_who_waits_is_woken(server, cluster, clock, events):
    server.will(200, b"".join(events))
    waited(cluster, clock)
    assert sum(clock.slept) <= pool_watch.APART
    path = server.requests[0][1]
    assert "fieldSelector=metadata.name%3Dpool-a" in path and "timeoutSeconds=4" in path


def test_what_makes_no_room_wakes_nobody(server, cluster, clock):
    server.will(200, event(of("w1", "w2"), "ADDED") + event(of("w1", "w2", "w3")))
    waited(cluster, clock)
    assert clock.slept == [4]


@pytest.mark.parametrize("status", [403, 404])
def test_without_the_right_to_watch_it_pauses_and_asks_no_more(server, cluster, clock, status):
    server.will(status, "configmaps is forbidden")
    room = waited(cluster, clock)
    room.wait(of("w1"), 4)
    assert clock.slept == [4, 4] and len(server.requests) == 1


@pytest.mark.parametrize("status", [410, 503])
def test_a_watch_that_breaks_is_tried_again_after_the_pause(server, cluster, clock, status):
    server.will(status, "too old")
    room = waited(cluster, clock)
    server.will(200, event(of("w1"), "ADDED"))
    room.wait(of("w1", "w2"), 4)
    assert clock.slept[0] == 4 and clock.slept[1] <= pool_watch.APART


def test_under_a_cap_of_all_pools_nobody_watches(server, cluster, clock):
    waited(cluster, clock, may_watch=False)
    assert clock.slept == [4] and not server.requests

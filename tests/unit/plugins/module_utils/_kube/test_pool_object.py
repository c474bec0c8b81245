# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

import json
import re

import pytest
from ansible_collections.osmigrate.fleet.plugins.module_utils import _errors
from ansible_collections.osmigrate.fleet.plugins.module_utils._kube import cas, pool_object, pool_plan
from ansible_collections.osmigrate.fleet.plugins.module_utils._kube.pool_plan import (
    Claim,
    Confirmed,
    Held,
    Pool,
    Question,
)

LABELS = {"osmigrate.fleet/pool": "worker"}
HELD = Pool(
    {"w1": Claim("r1", "now", "now", "w1.lab")},
    {"w2": "r1"},
    {"reason": "Bad kernel", "since": "now"},
    {"w3": Held("r1", "now", "a budget")},
    {"w4": Question("r1.ab", "r1", "storage", "then")},
    {"debian-13-13.1": Confirmed("c0ffee", "w5", "then")},
)


def stored(pool, version="7"):
    """A pool's object as the API server would return it."""
    data = {key: json.dumps(value) for key, value in pool_object._fields(pool).items() if value}
    return {"metadata": {"name": "pool-worker", "resourceVersion": version}, "data": data}


def release(pool, now):
    return pool_plan.plan_release(pool, "w1")


def halt(pool, now):
    return pool_plan.plan_halt(pool, "Stop", "now")


NAMES = ["general", "General", "general-", "a.b_C", "x" * 63, "worker", "1"]


def test_names_are_valid_and_distinct():
    made = [pool_object.object_name(name) for name in NAMES]
    assert made[0] == "pool-general"
    assert len(set(made)) == len(NAMES)
    assert all(re.fullmatch("[a-z0-9]([-a-z0-9]*[a-z0-9])?", name) and len(name) <= 253 for name in made)


def test_a_pool_survives_being_stored():
    assert pool_object.parse(stored(HELD)) == HELD
    assert pool_object.parse({"metadata": {}}) == pool_plan.EMPTY


@pytest.mark.parametrize(
    "data",
    [
        {"claims": "{"},
        {"claims": "[]"},
        {"claims": '{"w1": {"rollout": "r1"}}'},
        {"claims": '{"w1": null}'},
        {"failures": "7"},
        {"questions": "[7]"},
        {"claims": '{"w1": {"rollout": "r1", "since": 1, "asked": "now", "host": "h"}}'},
        {"failures": '{"w1": 7}'},
        {"releases": '{"debian-13-13.1": "c0ffee"}'},
        {"held": "[]"},
        {"held": '{"w1": {"rollout": "r1"}}'},
        {"halt": '"yes"'},
        {"halt": '{"reason": "x"}'},
        {"halt": '{"reason": "x", "since": 7}'},
    ],
)
def test_what_cannot_be_understood_is_not_guessed(data):
    with pytest.raises(_errors.FleetError, match="pool-worker .* does not hold what osmigrate.fleet writes there"):
        pool_object.parse({"metadata": {"name": "pool-worker"}, "data": data})


def test_the_first_write_makes_the_object(server, cluster):
    server.will(404, "configmaps not found")
    server.will(201, stored(pool_plan.EMPTY))
    pool_object.update_pool(cluster, "worker", halt)
    method, path, headers, body = server.requests[1]
    assert (method, path.partition("?")[0]) == ("POST", pool_object.OBJECTS)
    made = body
    assert made["metadata"] == {"name": "pool-worker", "labels": LABELS}
    assert set(made["data"]) == {"halt"}


def test_a_write_names_what_it_was_decided_on_and_comes_again_after_a_conflict(server, cluster):
    server.will(200, stored(HELD))
    server.will(409, "the object has been modified")
    server.will(200, stored(HELD._replace(failures={}), "8"))
    server.will(200, stored(HELD, "9"))
    before, plan = pool_object.update_pool(cluster, "worker", release)
    assert before.failures == {}
    first, second = (server.requests[number][3] for number in (1, 3))
    assert [one["metadata"]["resourceVersion"] for one in (first, second)] == ["7", "8"]
    assert second["data"]["claims"] is None
    assert json.loads(second["data"]["halt"]) == HELD.halt


def test_what_has_just_been_read_is_written_to_and_read_again_after_a_conflict(server, cluster):
    held = stored(HELD)
    held["metadata"]["labels"] = LABELS
    server.will(200, {"metadata": {}, "items": [held]})
    server.will(409, "the object has been modified")
    server.will(200, stored(HELD, "8"))
    server.will(200, stored(HELD, "9"))
    ((name, read),) = pool_object.list_holding(cluster, "w2")
    pool_object.update_pool(cluster, name, release, read=read)
    assert [request[0] for request in server.requests] == ["GET", "PATCH", "GET", "PATCH"]
    assert [server.requests[number][3]["metadata"]["resourceVersion"] for number in (1, 3)] == ["7", "8"]


def test_what_is_to_be_fetched_is_fetched_before_each_read(server, cluster):
    server.will(200, stored(HELD))
    server.will(409, "the object has been modified")
    server.will(200, stored(HELD, "8"))
    server.will(200, stored(HELD, "9"))
    seen = []
    pool_object.update_pool(cluster, "worker", release, prepare=lambda: seen.append(len(server.requests)))
    assert seen == [0, 2]


@pytest.mark.parametrize("took, longest", [(0.01, [0.3, 0.15]), (0.1, [0.8, 0.4]), (5, [1, 0.5])])
def test_those_who_meet_keep_apart_by_what_an_attempt_takes(server, cluster, monkeypatch, took, longest):
    for version in "78":
        server.will(200, stored(HELD, version))
        server.will(409, "the object has been modified")
    server.will(200, stored(HELD, "9"))
    server.will(200, stored(HELD, "9"))
    now, pauses = [0.0], []

    def decide(pool, moment):
        now[0] += took
        return release(pool, moment)

    monkeypatch.setattr(cas.time, "monotonic", lambda: now[0])
    monkeypatch.setattr(cas.time, "sleep", lambda seconds: None)
    monkeypatch.setattr(cas.random, "uniform", lambda least, most: pauses.append(most))
    cluster.api_timeout = 60
    pool_object.update_pool(cluster, "worker", decide)
    assert pauses == pytest.approx(longest)


def test_a_rehearsal_is_asked_for_as_one(server, cluster):
    server.will(200, stored(HELD))
    server.will(200, stored(HELD))
    pool_object.update_pool(cluster, "worker", release, dry_run=True)
    assert "dryRun=All" in server.requests[1][1]


def test_a_missing_namespace_is_named(server, cluster):
    server.will(404, "configmaps not found")
    server.will(404, "namespaces osmigrate-system not found")
    with pytest.raises(_errors.FleetError, match="There is no namespace osmigrate-system .*rbac.yml"):
        pool_object.update_pool(cluster, "worker", halt)


def test_nothing_to_do_is_not_written(server, cluster):
    server.will(200, stored(pool_plan.EMPTY))
    assert pool_object.update_pool(cluster, "worker", release)[1].actions == []
    assert len(server.requests) == 1

# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A release is one commit in a whole cluster, from the first node on that it was confirmed on."""

import json

import pytest
from ansible_collections.osmigrate.fleet.plugins.module_utils._errors import FleetError
from ansible_collections.osmigrate.fleet.plugins.module_utils._kube import (
    claim,
    drain_plan,
    identity_plan,
    last_look,
    pool_object,
    pool_plan,
)
from ansible_collections.osmigrate.fleet.plugins.module_utils._kube.pool_plan import EMPTY, Confirmed

RELEASE, KIND, COMMIT, OTHER = "debian-13-13.1", "ostree", "a" * 64, "b" * 64
NAME = f"{RELEASE} {KIND}"
NOTED = EMPTY._replace(releases={NAME: Confirmed(COMMIT, "w1", "then")})


def stored(pool, name="a"):
    data = {key: json.dumps(value) for key, value in pool_object._fields(pool).items() if value}
    labels = {"osmigrate.fleet/pool": name}
    return {"metadata": {"name": f"pool-{name}", "resourceVersion": "7", "labels": labels}, "data": data}


def listed(*items):
    return {"metadata": {"resourceVersion": "7"}, "items": list(items)}


def test_what_was_noted_first_stays():
    plan = pool_plan.plan_confirmed(EMPTY, RELEASE, KIND, COMMIT, "w1", "then")
    assert plan.actions == [f"Note that {NAME} is commit {COMMIT}"]
    assert plan.pool == NOTED
    for commit in (COMMIT, OTHER):
        again = pool_plan.plan_confirmed(NOTED, RELEASE, KIND, commit, "w2", "later")
        assert (again.pool, again.actions) == (NOTED, [])


def test_the_last_ones_are_kept():
    pool = EMPTY
    for number in range(pool_plan.MOST_RELEASES + 5):
        pool = pool_plan.plan_confirmed(pool, f"r-{number}", "", COMMIT, "w1", f"{number:09}").pool
    assert len(pool.releases) == pool_plan.MOST_RELEASES
    assert "r-4" not in pool.releases
    assert f"r-{pool_plan.MOST_RELEASES + 4}" in pool.releases


def test_a_node_that_is_given_back_notes_what_was_confirmed_on_it(server, cluster, make_node):
    server.will(200, listed())
    server.will(200, make_node("w1"))
    server.will(404, "configmaps not found")
    server.will(404, "leases not found")
    server.will(201, stored(NOTED))
    outcome = claim.release(cluster, "w1", "pool", confirmed=(RELEASE, KIND, COMMIT))
    assert outcome.plan.actions == [f"Note that {NAME} is commit {COMMIT}"]
    noted = json.loads(server.requests[-1][3]["data"]["releases"])
    assert (noted[NAME]["commit"], noted[NAME]["node"]) == (COMMIT, "w1")


def look(cluster, release, commit, kind=KIND):
    nobody = identity_plan.Identity("", "", [])
    request = last_look.Request("w9", "", 60, drain_plan.Policy(False, False), nobody, 0, release, kind, commit)
    last_look.look(cluster, request, [last_look.RELEASE])


@pytest.mark.parametrize(("release", "commit"), [(RELEASE, COMMIT), ("debian-13-13.2", OTHER)])
def test_the_same_commit_and_another_release_pass(server, cluster, release, commit):
    server.will(200, listed(stored(EMPTY, "a"), stored(NOTED, "b")))
    look(cluster, release, commit)


def test_each_kind_of_payload_has_a_commit_of_its_own(server, cluster):
    server.will(200, listed(stored(NOTED)))
    look(cluster, RELEASE, OTHER, "slots")
    mixed = pool_plan.plan_confirmed(NOTED, RELEASE, "slots", OTHER, "w2", "later").pool
    assert set(mixed.releases) == {NAME, f"{RELEASE} slots"}


def test_another_commit_is_refused_in_every_pool_with_both_named(server, cluster):
    server.will(200, listed(stored(EMPTY, "a"), stored(NOTED, "b")))
    with pytest.raises(FleetError) as caught:
        look(cluster, RELEASE, OTHER)
    assert caught.value.problem == (
        f"{RELEASE} is commit {OTHER} by its manifest, and was confirmed as commit {COMMIT} on node w1 of pool b"
        " at then"
    )
    assert caught.value.left == "Nothing was changed"


def test_what_has_no_commit_asks_nobody(server, cluster):
    look(cluster, "package", "")
    assert server.requests == []

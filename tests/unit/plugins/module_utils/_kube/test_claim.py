# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a claim asks for, and in which order. That budgets hold is what tests/cluster/test_claim.py is about."""

import json

import pytest
from ansible_collections.osmigrate.fleet.plugins.module_utils._kube import (
    admission,
    claim,
    lease,
    pool_object,
    pool_plan,
)
from ansible_collections.osmigrate.fleet.plugins.module_utils._kube.client import NODES
from ansible_collections.osmigrate.fleet.plugins.module_utils._kube.pool_plan import Claim, Pool

LIMITS = pool_plan.Limits("1", None)
TERMS = admission.read_terms({name: one["default"] for name, one in admission.ARGUMENT_SPEC.items()})
REQUEST = claim.Request("w1", "r1", LIMITS, 0, "w1.lab", [], "pool", TERMS)


def stored(pool=pool_plan.EMPTY, version="7"):
    data = {key: json.dumps(value) for key, value in pool_object._fields(pool).items() if value}
    labels = {"osmigrate.fleet/pool": "a"}
    return {"metadata": {"name": "pool-a", "resourceVersion": version, "labels": labels}, "data": data}


def listed(*items):
    return {"metadata": {"resourceVersion": "7"}, "items": list(items)}


@pytest.fixture
def pool_a(make_node):
    """Makes a Node object of the pool."""

    def make(name, **more):
        made = make_node(name, **more)
        made["metadata"]["labels"] = {"pool": "a"}
        return made

    return make


def asked(server):
    """What was asked for, one word each."""
    pools = pool_object.OBJECTS
    words = {NODES: "nodes", f"{NODES}/w1": "node", pools: "pools", f"{pools}/pool-a": "pool"}
    words[f"{lease.OBJECTS}/node-w1"] = "lease"
    return [f"{method} {words[path.partition('?')[0]]}" for method, path, headers, body in server.requests]


def test_nodes_are_read_before_the_pool_and_once_for_two_attempts(server, cluster, pool_a):
    server.will(200, pool_a("w1"))
    server.will(200, listed(pool_a("w1"), pool_a("w2")))
    server.will(200, stored())
    server.will(404, "leases not found")
    server.will(409, "the object has been modified")
    server.will(200, stored(version="8"))
    server.will(404, "leases not found")
    server.will(200, stored(version="9"))
    assert claim.claim(cluster, REQUEST, now=lambda: 0).plan.full is None
    attempt = ["GET pool", "GET lease", "PATCH pool"]
    assert asked(server) == ["GET node", "GET nodes", *attempt, *attempt]
    # Only what the API server itself has seen last may be counted on.
    assert "resourceVersion" not in server.requests[1][1]


def test_a_claim_that_came_between_two_attempts_counts(server, cluster, pool_a):
    server.will(200, pool_a("w1"))
    server.will(200, listed(pool_a("w1"), pool_a("w2")))
    server.will(200, stored())
    server.will(404, "leases not found")
    server.will(409, "the object has been modified")
    server.will(200, stored(Pool({"w2": Claim("r1", "now", "now", "w2.lab")}, {}, None), "8"))
    server.will(404, "leases not found")
    with pytest.raises(claim.ClaimError, match="w2 holds a place"):
        claim.claim(cluster, REQUEST, now=lambda: 0)


def test_nodes_that_were_asked_for_too_long_before_are_read_after_the_pool(server, cluster, pool_a):
    """As where a node was cordoned, refused, and gave its place back while the API server was slow."""
    server.will(200, pool_a("w1"))
    server.will(200, listed(pool_a("w1"), pool_a("w2")))
    server.will(200, stored())
    server.will(404, "leases not found")
    server.will(200, listed(pool_a("w1"), pool_a("w2", unschedulable=True)))

    def now():
        """A second for each answer about nodes."""
        return asked(server).count("GET nodes")

    with pytest.raises(claim.ClaimError, match="w2 is cordoned by somebody else"):
        claim.claim(cluster, REQUEST, now=now)
    assert asked(server) == ["GET node", "GET nodes", "GET pool", "GET lease", "GET nodes"]


def test_a_place_is_given_back_in_three_requests(server, cluster):
    held = Pool({"w1": Claim("r1", "now", "now", "w1.lab")}, {}, None)
    server.will(200, listed(stored(held)))
    server.will(404, "leases not found")
    server.will(200, stored(version="8"))
    outcome = claim.release(cluster, "w1", "pool")
    assert outcome.plan.actions == ["Give the place of node w1 back"]
    assert asked(server) == ["GET pools", "GET lease", "PATCH pool"]
    assert server.requests[2][3]["metadata"]["resourceVersion"] == "7"

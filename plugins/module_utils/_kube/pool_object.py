# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A pool's claims and halt in its ConfigMap, changed only by compare-and-swap, so that any number of runs share it.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

import hashlib
import json
import re
import typing

from ansible_collections.osmigrate.fleet.plugins.module_utils._errors import FleetError
from ansible_collections.osmigrate.fleet.plugins.module_utils._kube import cas, node_view, own_object, pool_plan
from ansible_collections.osmigrate.fleet.plugins.module_utils._kube.client import NODES, Cluster
from ansible_collections.osmigrate.fleet.plugins.module_utils._text import parse_json

OBJECTS = f"/api/v1/namespaces/{own_object.NAMESPACE}/configmaps"
LABEL = node_view.PREFIX + "pool"
# As plugins/doc_fragments/k8s_pool.py documents it.
ARGUMENT_SPEC = {"pool_label": {"type": "str", "default": "pool"}}


def object_name(pool: str) -> str:
    """The name of a pool's object. Values of labels may have letters that names of objects may not."""
    plain = re.sub("[^a-z0-9]+", "-", pool.lower()).strip("-")
    suffix = "" if plain == pool else "-" + hashlib.sha256(pool.encode("utf-8")).hexdigest()[:8]
    return "pool-" + plain + suffix


def read_pool(
    cluster: Cluster, name: str, until: typing.Optional[float] = None
) -> typing.Tuple[pool_plan.Pool, typing.Optional[str]]:
    """Return the pool and its version, empty and None where it has no object yet."""
    found, version = own_object.read(cluster, f"{OBJECTS}/{object_name(name)}", until)
    return parse(found) if found else pool_plan.EMPTY, version


class BrokenPool(FleetError):
    """Somebody has written to a pool's object what cannot be understood. Nobody may go by guesses then."""


def list_pools(cluster: Cluster) -> typing.Dict[str, pool_plan.Pool]:
    """Return all pools that have an object, by name.

    :raises BrokenPool: one of them cannot be read.
    """
    return {name: pool for name, (pool, version) in _list(cluster).items()}


def list_readable(cluster: Cluster) -> typing.Tuple[typing.Dict[str, pool_plan.Pool], dict]:
    """Return all pools whose object can be read, and a sentence about each other one, both by name."""
    pools, broken = {}, {}
    for one in cluster.list(OBJECTS, {"labelSelector": LABEL}).items:
        name = one["metadata"]["labels"][LABEL]
        try:
            pools[name] = parse(one)
        except BrokenPool as error:
            broken[name] = str(error)
    return pools, broken


def _list(cluster: Cluster) -> typing.Dict[str, typing.Tuple[pool_plan.Pool, str]]:
    found = cluster.list(OBJECTS, {"labelSelector": LABEL}).items
    return {one["metadata"]["labels"][LABEL]: (parse(one), one["metadata"]["resourceVersion"]) for one in found}


def list_holding(cluster: Cluster, node: str) -> typing.List[typing.Tuple[str, typing.Tuple[pool_plan.Pool, str]]]:
    """Return the pools that keep something about a node; its label may have changed meanwhile.

    :returns: list of tuple (name, (pool, version)), by name.
    """
    found = sorted(_list(cluster).items())
    return [(name, read) for name, read in found if node in _noted(read[0])]


def _noted(pool: pool_plan.Pool) -> typing.Set[str]:
    return {*pool.claims, *pool.failures, *pool.held, *pool.questions}


def list_members(
    cluster: Cluster, pool: str, label: str, until: typing.Optional[float] = None
) -> typing.List[pool_plan.Member]:
    """Return the nodes of a pool."""
    queries = [{"labelSelector": selector} for selector in pool_plan.selectors(pool, label)]
    return [one for query in queries for one in cluster.list(NODES, query, pool_plan.member, until).items]


def list_all_members(cluster: Cluster, label: str) -> typing.Any:
    """Return the nodes of all pools that have any, by the pools' names."""

    def keep(node: typing.Any) -> typing.Any:
        return pool_plan.pool_of(node, label), pool_plan.member(node)

    pools: dict = {}
    for name, one in cluster.list(NODES, keep=keep).items:
        pools.setdefault(name, []).append(one)
    return pools


def all_names(cluster: Cluster, label: str) -> typing.Any:
    """Return the names of all pools, also of those that have no object yet or no nodes any more.

    Who stops everything asks for them: nothing else is read, so that nothing that somebody broke is in the way.
    """
    objects = cluster.list(OBJECTS, {"labelSelector": LABEL}, keep=lambda one: one["metadata"]["labels"][LABEL]).items
    return sorted({*objects, *cluster.list(NODES, keep=lambda node: pool_plan.pool_of(node, label)).items})


def halt_broken(cluster: Cluster, name: str, halt: typing.Any, dry_run: bool = False) -> None:
    """Halt a pool whose object cannot be read, and leave all else in it to whoever mends it."""
    cluster.patch(f"{OBJECTS}/{object_name(name)}", {"data": {"halt": _dump(halt)}}, dry_run)


def update_pool(
    cluster: Cluster,
    name: str,
    decide: typing.Callable,
    dry_run: bool = False,
    read: typing.Optional[typing.Tuple[pool_plan.Pool, str]] = None,
    prepare: typing.Optional[typing.Callable] = None,
) -> typing.Tuple[pool_plan.Pool, pool_plan.Plan]:
    """Read a pool, decide, and write, as often as somebody else writes in between.

    :param decide: callable(pool, now) that returns a plan with C(pool) and C(actions). It is called again after a
        conflict, with the pool as it is then.
    :param read: tuple (pool, version), if it has just been read.
    :param prepare: callable() for what C(decide) would have to fetch: each time before the pool is read, so that little
        lies between that and the write.
    :returns: tuple (pool before, plan).
    :raises ApiError: others were faster for as long as an API server that does not answer is waited for.
    """
    given = [read] if read else []

    def look(until: float) -> typing.Tuple[pool_plan.Pool, typing.Optional[str]]:
        if prepare:
            prepare()
        return given.pop() if given else read_pool(cluster, name, until)

    def write(plan: pool_plan.Plan, version: typing.Optional[str], until: float) -> None:
        _write(cluster, name, plan.pool, version, dry_run, until)

    return cas.update(cluster, look, decide, write)[:2]


def _write(
    cluster: Cluster, name: str, pool: pool_plan.Pool, version: typing.Optional[str], dry_run: bool, until: float
) -> None:
    data = {key: _dump(value) for key, value in _fields(pool).items()}
    made = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": object_name(name), "labels": {LABEL: name}},
        "data": {key: value for key, value in data.items() if value is not None},
    }
    own_object.write(cluster, OBJECTS, made, {"data": data}, version, "the claims of pools", dry_run, until)


def _fields(pool: pool_plan.Pool) -> dict:
    claims = {name: dict(claim._asdict()) for name, claim in pool.claims.items()}
    held = {name: dict(one._asdict()) for name, one in pool.held.items()}
    questions = {name: dict(one._asdict()) for name, one in pool.questions.items()}
    releases = {name: dict(one._asdict()) for name, one in pool.releases.items()}
    return {
        "claims": claims,
        "failures": pool.failures,
        "halt": pool.halt,
        "held": held,
        "questions": questions,
        "releases": releases,
    }


def _dump(value: typing.Optional[dict]) -> typing.Optional[str]:
    # None takes a key away. One line for each node is what people can read.
    return json.dumps(value, indent=1, sort_keys=True) if value else None


def parse(found: dict) -> pool_plan.Pool:
    """Read a pool's object.

    :raises BrokenPool:
    """
    data = found.get("data") or {}
    try:
        claims = _entries(data, "claims", pool_plan.Claim)
        held = _entries(data, "held", pool_plan.Held)
        questions = _entries(data, "questions", pool_plan.Question)
        releases = _entries(data, "releases", pool_plan.Confirmed)
        failures = dict(_texts(parse_json(data.get("failures") or "{}")))
        halt = parse_json(data["halt"]) if data.get("halt") else None
        if halt:
            halt = _texts({"reason": halt["reason"], "since": halt["since"]})
    except (ValueError, TypeError, KeyError, AttributeError):
        raise BrokenPool(
            f"The ConfigMap {found['metadata']['name']} in namespace {own_object.NAMESPACE} does not hold what "
            "osmigrate.fleet writes there",
            todo="Look who changed it; if no node is on its way, delete it",
        )
    return pool_plan.Pool(claims, failures, halt, held, questions, releases)


def _entries(data: typing.Dict[str, str], key: str, make: type) -> dict:
    """What is noted of nodes or releases, by their names."""
    return {name: make(**_texts(one)) for name, one in parse_json(data.get(key) or "{}").items()}


def _texts(fields: dict) -> typing.Dict[str, str]:
    """Fields that are all texts: times are compared, and names are looked up."""
    if not all(isinstance(value, str) for value in fields.values()):
        raise ValueError
    return fields


def describe(pool: pool_plan.Pool) -> dict:
    """A pool as results show it."""
    return dict(_fields(pool), halt=pool.halt or {})

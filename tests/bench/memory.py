# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""An API server in memory, whose clock a simulation turns, for as many nodes and weeks as no real one has time for.

It is a fake: it keeps objects, versions and labels, answers 404 and 409, and knows neither rights nor admission. What
the collection does about those, about real conflicts and about a server that is away is tested on a real one
(tests/cluster).
"""

from __future__ import annotations

import copy
import re
from collections.abc import Callable
from typing import Any

from ansible_collections.osmigrate.fleet.plugins.module_utils._kube import pool_plan
from ansible_collections.osmigrate.fleet.plugins.module_utils._kube.client import ApiError, Cluster, Listing


def merged(before: Any, patch: Any) -> Any:
    """Apply a merge patch; neither of the two is changed."""
    if not isinstance(patch, dict):
        return patch
    made = dict(before) if isinstance(before, dict) else {}
    for key, value in patch.items():
        if value is None:
            made.pop(key, None)
        else:
            made[key] = merged(made.get(key), value)
    return made


def chosen(labels: dict[str, str], selector: str) -> bool:
    """Say whether labels are what a selector asks for: `a=b`, `a`, `!a`, `a in (b,c)`, `a notin (b,c)`, with commas."""

    def holds(term: str) -> bool:
        if found := re.fullmatch(r"(\S+) (in|notin) \((.*)\)", term):
            key, how, values = found.groups()
            return (labels.get(key) in values.split(",")) == (how == "in")
        if not re.fullmatch(r"![\w./-]+|[\w./-]+(=[\w.-]*)?", term):
            raise ValueError(f"This fake does not know the selector {term}")
        key, equals, value = term.partition("=")
        if key.startswith("!"):
            return key[1:] not in labels
        return labels.get(key) == value if equals else key in labels

    return all(holds(term) for term in re.split(r",(?![^(]*\))", selector) if term)


class Memory(Cluster):
    """Objects by their paths.

    :param now: the time, in seconds since the epoch.
    :param seen: called with each object before and after a write.
    """

    def __init__(self, now: Callable[[], float], seen: Callable[[str, dict, dict], None]) -> None:
        self.server, self.api_timeout = "memory", 120
        self._now, self._seen = now, seen
        self._objects: dict[str, dict[str, dict]] = {}
        # What is asked for thousands of times: who has such labels, and what counts of a node.
        self._names: dict[tuple[str, str], list[str]] = {}
        self._members: dict[str, tuple[str, pool_plan.Member]] = {}
        self._version = 0
        self.writes = 0

    def now(self) -> float:
        return self._now()

    def add(self, collection: str, made: dict) -> None:
        self._store(collection, made["metadata"]["name"], {}, made)

    def request(self, method: str, path: str, query: Any = None, body: Any = None, *_more: Any, **_options: Any) -> Any:
        if method == "POST":
            if body["metadata"]["name"] in self._objects.get(path, {}):
                raise ApiError("It is there already", status=409, body={"message": "exists"})
            return self._store(path, body["metadata"]["name"], {}, copy.deepcopy(body))
        collection, _slash, name = path.rpartition("/")
        found = self._objects.get(collection, {}).get(name)
        if found is None:
            raise ApiError(f"There is no {name}", status=404, body={"message": "not found"})
        if method == "GET":
            return found
        wanted = body["metadata"].get("resourceVersion") if "metadata" in body else None
        if wanted not in (None, found["metadata"]["resourceVersion"]):
            raise ApiError("It was changed meanwhile", status=409, body={"message": "conflict"})
        return found if (query or {}).get("dryRun") else self._store(collection, name, found, merged(found, body))

    def list(self, path: str, query: Any = None, keep: Any = None, until: Any = None) -> Listing:
        objects, selector = self._objects.get(path, {}), (query or {}).get("labelSelector", "")
        if (path, selector) not in self._names:
            self._names[path, selector] = [
                name for name, one in objects.items() if chosen(one["metadata"].get("labels", {}), selector)
            ]
        names = self._names[path, selector]
        if keep is not pool_plan.member:
            found = [objects[name] for name in names]
            return Listing([keep(one) for one in found] if keep else found, str(self._version))
        return Listing([self._member(name, objects[name]) for name in names], str(self._version))

    def _member(self, name: str, node: dict) -> pool_plan.Member:
        version = node["metadata"]["resourceVersion"]
        if self._members.get(name, ("",))[0] != version:
            self._members[name] = version, pool_plan.member(node)
        return self._members[name][1]

    def _store(self, collection: str, name: str, before: dict, after: dict) -> dict:
        self._version += 1
        self.writes += 1
        after["metadata"] = {**after["metadata"], "resourceVersion": str(self._version)}
        self._objects.setdefault(collection, {})[name] = after
        if before.get("metadata", {}).get("labels") != after["metadata"].get("labels"):
            self._names.clear()
        self._seen(name, before, after)
        return after

# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Conditions that an operator sets on any object of the cluster: a JMESPath expression and the value it must have.

This module util is PRIVATE to the collection. Python versions supported: >=3.6. It needs jmespath; modules look at
IMPORT_ERROR before they call anything here.
"""

import json
import traceback
import typing
from urllib.parse import quote

from ansible_collections.osmigrate.fleet.plugins.module_utils._errors import FleetError
from ansible_collections.osmigrate.fleet.plugins.module_utils._kube.client import ApiError, Cluster

try:
    import jmespath
    from jmespath.exceptions import JMESPathError

    IMPORT_ERROR = None
except ImportError:
    IMPORT_ERROR = traceback.format_exc()

LONGEST = 200
# As an option of a module.
ARGUMENT_SPEC = dict(
    name=dict(type="str", required=True),
    api_version=dict(type="str", default="v1"),
    kind=dict(type="str", required=True),
    namespace=dict(type="str"),
    object=dict(type="str", required=True),
    expression=dict(type="str", required=True),
    expected=dict(type="raw", required=True),
    timeout=dict(type="int"),
)


class Condition(typing.NamedTuple):
    name: str
    api_version: str
    kind: str
    namespace: typing.Optional[str]
    object: str
    expression: typing.Any  # compiled
    expected: typing.Any
    timeout: typing.Optional[int]


def parse(options: typing.List[dict], taken: typing.Tuple[str, ...]) -> typing.Tuple[Condition, ...]:
    """Understand what the operator gave.

    :param options: list of dict as ARGUMENT_SPEC has it.
    :param taken: names of gates that are something else.
    :returns: tuple of Condition
    :raises FleetError: an expression is not JMESPath, or a name is there twice.
    """
    names = set(taken)
    found = []
    for one in options:
        if one["name"] in names:
            raise FleetError(f"There is another gate {one['name']}", todo="Give the condition a name of its own")
        names.add(one["name"])
        try:
            compiled = jmespath.compile(one["expression"])
        except JMESPathError as error:
            raise FleetError(
                f"The expression of condition {one['name']} is not JMESPath: {' '.join(str(error).split())}",
                todo=f"Correct {one['expression']}",
            )
        found.append(Condition(**dict(one, expression=compiled)))
    return tuple(found)


def judge(condition: Condition, found: typing.Optional[dict]) -> typing.Tuple[bool, str]:
    """Judge an object.

    :param found: dict, the object; None if there is none.
    :returns: tuple of whether the value is the expected one, and the value as text.
    """
    if found is None:
        return False, f"there is no {_title(condition)}"
    try:
        value = condition.expression.search(found)
    except JMESPathError as error:
        return False, f"the expression fails on {_title(condition)}: {' '.join(str(error).split())[:LONGEST]}"
    # JSON tells true from 1, which Python does not.
    value, expected = (json.dumps(one, sort_keys=True) for one in (value, condition.expected))
    return value == expected, value[:LONGEST]


class Reader:
    """Fetches objects of any kind; how their kind is called in paths is asked once."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._resources: dict = {}

    def get(self, condition: Condition, until: typing.Optional[float]) -> typing.Any:
        """Return the object as a dict, None if there is none.

        :raises FleetError: the API server has no such kind, or the object may not be read.
        """
        path = self._path(condition, until)
        try:
            return self._cluster.get(path, until)
        except ApiError as error:
            if error.is_absence:
                return None
            if error.status != 403:
                raise
            raise FleetError(
                f"Condition {condition.name} cannot be judged: {error.problem}",
                "The object was not read",
                "Grant the verb get on it with a role of your own; rbac.yml has only what osmigrate.fleet itself needs",
            )

    def _path(self, condition: Condition, until: typing.Optional[float]) -> typing.Any:
        resource = self._resource(condition, until)
        if resource["namespaced"] and not condition.namespace:
            raise FleetError(
                f"Condition {condition.name} has no namespace, and a {condition.kind} is in one",
                todo="Give its namespace",
            )
        namespace = f"/namespaces/{quote(condition.namespace or '', safe='')}" if resource["namespaced"] else ""
        name = quote(condition.object, safe="")
        return f"{_root(condition)}{namespace}/{resource['name']}/{name}"

    def _resource(self, condition: Condition, until: typing.Optional[float]) -> typing.Any:
        key = (condition.api_version, condition.kind)
        if key not in self._resources:
            self._resources[key] = self._discover(condition, until)
        return self._resources[key]

    def _discover(self, condition: Condition, until: typing.Optional[float]) -> typing.Any:
        try:
            known = self._cluster.get(_root(condition), until).get("resources") or []
        except ApiError as error:
            if error.status != 404:
                raise
            known = []
        # A slash marks a part of an object, such as its status.
        for resource in known:
            if resource["kind"] == condition.kind and "/" not in resource["name"]:
                return resource
        raise FleetError(
            f"Condition {condition.name} names a kind that the API server {self._cluster.server} does not have: "
            f"{condition.kind} of {condition.api_version}",
            todo="Compare it with 'kubectl api-resources'",
        )


def _root(condition: Condition) -> typing.Any:
    return ("/apis/" if "/" in condition.api_version else "/api/") + quote(condition.api_version)


def _title(condition: Condition) -> str:
    place = f"{condition.namespace}/" if condition.namespace else ""
    return f"{condition.kind} {place}{condition.object}"

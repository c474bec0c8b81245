# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which pods an operator lets be deleted when their eviction is refused. Pure.

An entry is C(namespace/labels), which names pods and counts even where a disruption budget forbids their eviction, or
the kind of an owner, which counts only for pods that no budget covers.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

import re
import typing

from ansible_collections.osmigrate.fleet.plugins.module_utils._errors import FleetError

_KIND = re.compile(r"[A-Z][A-Za-z0-9]*\Z")
_NAMESPACE = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?\Z")
_TERM = re.compile(r"(?P<key>[A-Za-z0-9][-A-Za-z0-9_./]*)(?P<operator>==?|!=)(?P<value>[-A-Za-z0-9_.]*)\Z")


class Allowed(typing.NamedTuple):
    entry: str  # as the operator wrote it
    kind: str  # empty if it names pods
    namespace: str
    terms: typing.Tuple[typing.Tuple[str, bool, str], ...]  # label, whether it has the value, the value


def parse(entries: typing.Sequence[str]) -> typing.Tuple[Allowed, ...]:
    """Understand the operator's list.

    :param entries: list of str
    :returns: tuple of Allowed
    :raises FleetError: an entry is neither.
    """
    return tuple(_parse(entry.strip()) for entry in entries)


def _parse(entry: str) -> Allowed:
    if _KIND.match(entry):
        return Allowed(entry, entry, "", ())
    namespace, slash, labels = entry.partition("/")
    given = labels.split(",")
    terms = [found for found in (_TERM.match(term.strip()) for term in given) if found]
    if not slash or not _NAMESPACE.match(namespace) or len(terms) < len(given):
        raise FleetError(
            f"{entry or 'An empty string'} does not name pods that may be deleted",
            todo="Write namespace/label=value (more labels with commas, != for other values), or the kind of an owner",
        )
    named = tuple((term.group("key"), term.group("operator") != "!=", term.group("value")) for term in terms)
    return Allowed(entry, "", namespace, named)


def allowing(pod: dict, owner: str, covered: bool, allowed: typing.Tuple[Allowed, ...]) -> str:
    """The entry by which a pod may be deleted, an empty string if there is none. One that names pods comes first.

    :param pod: dict, the Pod object.
    :param owner: str, its controller as Kind/name.
    :param covered: bool, whether a disruption budget covers it.
    :param allowed: tuple of Allowed
    """
    labels = pod["metadata"].get("labels") or {}
    for one in sorted(allowed, key=lambda one: one.kind):
        if one.kind:
            if owner.startswith(one.kind + "/") and not covered:
                return one.entry
        elif pod["metadata"]["namespace"] == one.namespace and _selected(labels, one.terms):
            return one.entry
    return ""


def names_pods(entry: str) -> bool:
    """Whether an entry names pods, and so counts although a disruption budget forbids."""
    return "/" in entry


def _selected(labels: typing.Dict[str, str], terms: typing.Tuple[typing.Tuple[str, bool, str], ...]) -> bool:
    return all((labels.get(key) == value) is same for key, same, value in terms)

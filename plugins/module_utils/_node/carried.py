# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What speaks against moving a node with what is carried: findings over the plan, before the node is claimed. Pure.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.

Many things of one kind are one finding with their number. Keys stay what they are once released: operators accept
findings by them.
"""

import typing

from ansible_collections.osmigrate.fleet.plugins.module_utils._carry.named import MISSING
from ansible_collections.osmigrate.fleet.plugins.module_utils._carry.plan import Plan
from ansible_collections.osmigrate.fleet.plugins.module_utils._carry.units import THE_NODES
from ansible_collections.osmigrate.fleet.plugins.module_utils._text import printable

LONGEST = 2000
SHOWN = 5  # of many things that one finding is about
# Without what these name no pod starts, or kubelet itself does not.
SERVING = ("kubelet", "runtime", "cni")
SERVICES = ("kubelet.service", "containerd.service", "crio.service", "docker.service")
# A boot does not wait for these lines of fstab.
OPTIONAL = ("nofail", "noauto", "_netdev")
Sentences = typing.List[str]


class Check(typing.NamedTuple):
    key: str
    severity: str
    acceptable: bool
    title: str
    remedy: str
    find: typing.Callable[[Plan], Sentences]


class _Loss(typing.NamedTuple):
    source: str
    is_vital: bool  # whether the node serves without it
    missing: Sentences
    changed: Sentences


def _losses(made: Plan) -> typing.Iterator[_Loss]:
    for one in made.items:
        for part in one.parts:
            words = part.line.split()
            is_mount = len(words) > 3 and part.source.startswith("/etc/fstab: ")
            is_vital = is_mount and not set(words[3].split(",")) & set(OPTIONAL)
            yield _loss(part.source, is_vital or part.target == "/var/lib/kubelet", part.lost)
        parts = one.target.split("/")
        is_service = any(service in (part, part[: -len(".d")]) for part in parts for service in SERVICES)
        yield _loss(one.source or one.target, one.rule in SERVING or is_service, one.lost)


def _loss(source: str, is_vital: bool, lost: str) -> _Loss:
    words = [word for word in lost.split("; ") if word]
    missing = [word for word in words if any(sign in word for sign in MISSING)]
    return _Loss(source, is_vital, missing, [word for word in words if word not in missing])


def _not_serving(made: Plan) -> Sentences:
    return [f"{loss.source}: {word}" for loss in _losses(made) if loss.is_vital for word in loss.missing]


def _lost(made: Plan) -> Sentences:
    return [f"{loss.source}: {word}" for loss in _losses(made) if not loss.is_vital for word in loss.missing]


def _changed(made: Plan) -> Sentences:
    return [f"{loss.source}: {word}" for loss in _losses(made) for word in loss.changed]


def _own_units(made: Plan) -> Sentences:
    return [f"{left.path}: {left.reason}" for left in made.left if THE_NODES in left.reason]


def _unknown(made: Plan) -> Sentences:
    return [found["path"] for found in made.unknown]


def _left(made: Plan) -> Sentences:
    return [f"{left.path} ({left.reason})" for left in made.left if THE_NODES not in left.reason]


def _collisions(made: Plan) -> Sentences:
    return ["{kind} {name}: {detail}".format(**found) for found in made.collisions]


# The worst first.
CHECKS = [
    Check(
        "carry-not-serving",
        "inhibitor",
        True,
        "The node would not serve: what it needs is not on the candidate",
        "Take a release that has it, or take out what names it; accept this finding if the node serves without it",
        _not_serving,
    ),
    Check(
        "carry-collisions",
        "high",
        True,
        "Numbers of accounts mean somebody else on the candidate",
        "Give the account another number on the node, or see that nothing on the candidate runs as it",
        _collisions,
    ),
    Check(
        "carry-lost",
        "high",
        True,
        "What carried files name is not on the candidate",
        "Take a release that has it, put it into a directory that both systems use, or take out what names it",
        _lost,
    ),
    Check(
        "carry-own-units",
        "high",
        True,
        "The release's units start something else than the node's own do",
        "Put what the node's units say otherwise into drop-ins, which are carried",
        _own_units,
    ),
    Check(
        "carry-unknown",
        "medium",
        True,
        "Nobody knows what these files are for, so they stay behind",
        "Add what the node needs to osmigrate_carry_paths",
        _unknown,
    ),
    Check(
        "carry-changed",
        "low",
        True,
        "Some things are carried with a change",
        "Look whether the change is right for the node",
        _changed,
    ),
    Check("carry-left", "info", True, "What stays behind on purpose", "Nothing has to be done", _left),
]


def examine(made: Plan, accepted: typing.Sequence[str]) -> typing.List[typing.Dict[str, typing.Any]]:
    """Look for what speaks against the move.

    :param accepted: keys of findings that the operator accepts.
    :returns: findings as node_preflight has them, the worst first.
    """
    findings = []
    for check in CHECKS:
        told = sorted(set(check.find(made)))
        if told:
            findings.append(
                {
                    "key": check.key,
                    "severity": check.severity,
                    "title": check.title,
                    "detail": _some(told),
                    "remedy": check.remedy,
                    "acceptable": check.acceptable,
                    "accepted": check.key in accepted,
                }
            )
    return findings


def _some(told: Sentences) -> str:
    shown = printable("; ".join(told[:SHOWN]), LONGEST)
    return shown if len(told) <= SHOWN else "%d in all: %s; and %d more" % (len(told), shown, len(told) - SHOWN)

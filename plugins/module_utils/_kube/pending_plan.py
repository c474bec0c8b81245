# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The soft taint on nodes that a rollout has still to move: evicted pods prefer nodes that are done. Pure.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

import re
import typing

from ansible_collections.osmigrate.fleet.plugins.module_utils._kube import node_view
from ansible_collections.osmigrate.fleet.plugins.module_utils._kube.record_plan import NodePlan

KEY = node_view.PREFIX + "pending"
EFFECT = "PreferNoSchedule"
LONGEST = 63  # of a taint's value
NOTHING = NodePlan({}, [])


def plan_mark(node: dict, rollout: str) -> NodePlan:
    """Mark a node as one that a rollout has still to move, or take the mark of an earlier one over."""
    mark = {"key": KEY, "value": value(rollout), "effect": EFFECT}
    if mark in _taints(node):
        return NOTHING
    action = f"Mark node {node['metadata']['name']} as one that rollout {rollout} has still to move"
    return _plan(others(node) + [mark], action)


def plan_unmark(node: dict) -> NodePlan:
    """Take the mark off a node, whichever rollout it is of."""
    if others(node) == _taints(node):
        return NOTHING
    return _plan(others(node), f"Take the mark that it is still to be moved off node {node['metadata']['name']}")


def others(node: dict) -> typing.List[typing.Dict[str, str]]:
    """The taints of a node that are not the mark, as a list of dict."""
    return [taint for taint in _taints(node) if taint["key"] != KEY]


def value(rollout: str) -> str:
    """The rollout as a taint may have it: values have fewer letters than names of rollouts."""
    return re.sub("[^A-Za-z0-9_.-]", "-", rollout)[:LONGEST].strip("-_.")


def _taints(node: dict) -> typing.List[typing.Dict[str, str]]:
    return node["spec"].get("taints") or []


def _plan(taints: typing.List[typing.Dict[str, str]], action: str) -> NodePlan:
    return NodePlan({"metadata": {}, "spec": {"taints": taints or None}}, [action])

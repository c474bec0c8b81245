# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether what a run left on a node may be ended: a cordon of ours, a place in the budget. Pure.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

import typing

from ansible_collections.osmigrate.fleet.plugins.module_utils._kube import cordon_plan, node_view, times
from ansible_collections.osmigrate.fleet.plugins.module_utils._kube.pool_plan import Claim
from ansible_collections.osmigrate.fleet.plugins.module_utils._text import printable


def objections(
    node: dict, claims: typing.List[Claim], boot: dict, older_than: int, now: float, holder: str = ""
) -> typing.List[str]:
    """Say what speaks against it, as sentences; an empty list is the proof that nothing does.

    :param claims: list of pool_plan.Claim, the node's.
    :param boot: dict, what boot_info returned; empty if the node did not answer.
    :param older_than: int seconds; with a younger cordon or claim a run may still be at work.
    :param holder: str, another run that holds the node's lease and lives, empty if none does.
    """
    return _about_lease(holder) + _about_boot(boot) + _about_cluster(node, claims, older_than, now)


def _about_lease(holder: str) -> typing.List[str]:
    return [f"{printable(holder, 200)} works on it, and holds its lease"] if holder else []


def _about_boot(boot: dict) -> typing.List[str]:
    if not boot:
        return ["it does not answer, so nobody knows what it runs"]
    if boot["trial"]:
        said = f"a trial of {boot['trial']['entry']} is under way or was not decided ({boot['verdict']})"
        return [said + ": run the command of that rollout again"]
    if boot["booted"]["entry"] != boot["default"]:
        return [f"it runs {boot['booted']['entry'] or 'something else'} and not its default {boot['default']}"]
    return []


def _about_cluster(node: dict, claims: typing.List[Claim], older_than: int, now: float) -> typing.List[str]:
    found = [] if node_view.is_ready(node) else ["it is not Ready"]
    stamps = [node_view.annotations(node).get(cordon_plan.AT, "")] + [claim.asked for claim in claims]
    began = [times.parse(stamp) for stamp in stamps]
    ages = [int(now - moment) for moment in began if moment is not None]
    if ages and min(ages) < older_than:
        found.append(f"a run that began {min(ages)} seconds ago may be at work on it")
    return found

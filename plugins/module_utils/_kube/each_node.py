# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Write a mark on many nodes at once, but leave those that another run holds.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

import concurrent.futures
import typing

from ansible_collections.osmigrate.fleet.plugins.module_utils._kube import guard, lease
from ansible_collections.osmigrate.fleet.plugins.module_utils._kube.client import ApiError, Cluster, update_node
from ansible_collections.osmigrate.fleet.plugins.module_utils._kube.record_plan import NodePlan
from ansible_collections.osmigrate.fleet.plugins.module_utils._text import printable

THREADS = 8
Sentences = typing.List[str]


def write(
    cluster: Cluster,
    names: typing.Iterable[str],
    plan: typing.Callable[[dict], NodePlan],
    run: str,
    check_mode: bool = False,
) -> typing.Tuple[Sentences, Sentences]:
    """Carry out the plan of each node.

    :param run: holder string of the run that writes, empty for a person.
    :returns: what was done, and which nodes were left to whom.
    """
    watch = lease.make_watch(cluster)

    def write_one(name: str) -> typing.Tuple[Sentences, Sentences]:
        owned = guard.Guard(cluster, name, run, watch=watch)
        others: Sentences = []

        def decide(node: dict, unused_now: float) -> NodePlan:
            others[:] = filter(None, [owned.holder()])
            return NodePlan({}, []) if others else plan(node)

        try:
            actions = update_node(cluster, name, decide, dry_run=check_mode)[1].actions
        except ApiError as error:
            if not error.is_absence:
                raise
            return [], []  # it was taken away meanwhile
        return actions, [f"Left node {name} to {printable(one, 200)}, which holds its lease" for one in others]

    with concurrent.futures.ThreadPoolExecutor(THREADS) as threads:
        done = list(threads.map(write_one, names))
    return [one for acted, _left in done for one in acted], [one for _acted, left in done for one in left]

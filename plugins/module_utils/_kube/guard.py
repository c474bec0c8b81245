# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a run may write about a node, asked of the node's lease right before each write.

Whoever writes reads the object first, asks then, and writes only what it has read. So a run that takes the lease over
in between either makes that write fail, or finds what was written when it looks for itself.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

import typing

from ansible_collections.osmigrate.fleet.plugins.module_utils._kube import lease, lease_plan, lease_watch
from ansible_collections.osmigrate.fleet.plugins.module_utils._kube.client import Cluster


class Guard:
    """Asks for one run and one node.

    :param run: the holder string of the run that asks; empty for a person with a module in hand.
    :param check_mode: a rehearsal has taken no lease, and writes nothing.
    :param watch: the one of several guards of a module, None for one of its own.
    """

    def __init__(
        self,
        cluster: Cluster,
        node: str,
        run: str = "",
        check_mode: bool = False,
        watch: typing.Optional[lease_watch.Watch] = None,
    ) -> None:
        self._cluster, self.node, self.run, self._check_mode = cluster, node, run, check_mode
        self._watch = watch or lease.make_watch(cluster)

    def look(self) -> lease_plan.Owner:
        """Look who holds the node's lease now."""
        return lease.owner(self._cluster, self.node, self.run, self._watch)

    def begin(self, what: str) -> lease_plan.Owner:
        """Refuse to begin anything on a node that is another run's, or that this one has lost.

        :param what: what stays otherwise, as in "The pods of node n1".
        :raises FleetError: it is.
        """
        asks = self.look()
        if not self._check_mode:
            lease_plan.require_lease(self.node, asks)
            lease_plan.require(self.node, asks, "", what)
        return asks

    def holder(self) -> str:
        """Return the run that the node belongs to, empty if that is nobody or the one that asks."""
        asks = self.look()
        return "" if asks.holder == asks.run else asks.holder

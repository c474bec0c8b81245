# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""One of several jobs that share a pool: takes its nodes all their way but for the boot, as the roles do.

Made to be killed.

Usage: python -m tests.cluster.job <kubeconfig> <limit> <seconds that a node is away> <node>...
"""

import sys
import time

from ansible_collections.osmigrate.fleet.plugins.module_utils._kube import (
    auth_options,
    claim,
    cordon_plan,
    drain,
    drain_plan,
    health,
    node_view,
    record_plan,
)
from ansible_collections.osmigrate.fleet.plugins.module_utils._kube.client import (
    MANAGER,
    Cluster,
    get_node,
    update_node,
)
from ansible_collections.osmigrate.fleet.plugins.module_utils._kube.pool_plan import Limits

from tests.cluster.fleet_of_nodes import ANY_TIME


def take(cluster, name, limit, seconds, terms=ANY_TIME, timeout=60):
    request = claim.Request(name, "r1", Limits(limit, None), timeout, name, [], "pool", terms)
    claim.claim(cluster, request)
    update_node(cluster, name, lambda node, now: cordon_plan.plan_cordon(node, "r1", now))
    drain.NodeDrain(cluster, drain.Request(name, drain_plan.Policy(False, False), timeout, None, 50)).run()
    claim.claim(cluster, request)
    time.sleep(seconds)
    health.wait(cluster, name, health.Wanted(daemonsets=True), 0, timeout)
    update_node(cluster, name, lambda node, now: cordon_plan.plan_uncordon(node, MANAGER, now))
    claim.release(cluster, name, "pool")
    done = {**dict.fromkeys(record_plan.FIELDS), "phase": "done"}
    update_node(cluster, name, lambda node, now: record_plan.plan(node, done, now))


def main(kubeconfig, limit, seconds, *names):
    options = dict.fromkeys(auth_options.Auth._fields)
    options.update(kubeconfig=kubeconfig, api_timeout=60)
    cluster = Cluster.connect(auth_options.Auth(**options))
    for name in names:
        if node_view.osmigrate(get_node(cluster, name)).get("phase") != "done":
            take(cluster, name, limit, float(seconds))


if __name__ == "__main__":
    main(*sys.argv[1:])

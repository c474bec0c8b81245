# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a DaemonSet stands behind a pod that names it as its owner.

Anybody who can write a pod can write who owns it. A pod that is left on a node for a DaemonSet which is gone, or is
another one of the same name, dies with the reboot, and nobody starts it again.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

import typing

from ansible_collections.osmigrate.fleet.plugins.module_utils._kube import capacity, drain_plan
from ansible_collections.osmigrate.fleet.plugins.module_utils._kube.client import Cluster, get_node

DAEMON_SETS = "/apis/apps/v1/daemonsets"


class Daemon(typing.NamedTuple):
    uid: str
    namespace: str
    template: dict  # what of its pods' spec says on which nodes they run


def daemon(found: dict) -> Daemon:
    """What counts of a DaemonSet object."""
    metadata = found["metadata"]
    return Daemon(metadata["uid"], metadata["namespace"], capacity.placement(found["spec"]["template"]["spec"]))


def judge(pod: dict, known: typing.Mapping[str, Daemon], node: typing.Optional[dict]) -> str:
    """Say how a pod stands to its DaemonSet. Pure.

    :param known: the DaemonSets that there are, by UID.
    :param node: the Node object; None if it is not known, which speaks for the pod.
    :returns: one of drain_plan.OWNED (also if no DaemonSet is named, or one of another group), ORPHANED, UNWANTED.
    """
    if not _is_ours_to_look_at(pod):
        return drain_plan.OWNED
    owner = known.get(drain_plan.controlling(pod).get("uid", ""))
    if owner is None or owner.namespace != pod["metadata"]["namespace"]:
        return drain_plan.ORPHANED
    wanted = node is None or capacity.is_meant_for(owner.template, node)
    return drain_plan.OWNED if wanted else drain_plan.UNWANTED


def _is_ours_to_look_at(pod: dict) -> bool:
    """Whether a DaemonSet of Kubernetes itself is named.

    Those of other groups, such as OpenKruise's, are believed: there is no right to read them.
    """
    group = drain_plan.controlling(pod).get("apiVersion", "").partition("/")[0]
    return drain_plan.is_daemon(pod) and group in ("apps", "")


class Daemons:
    """The DaemonSets of a cluster as the drain of one node needs them: nothing is read before a pod names one."""

    def __init__(self, cluster: Cluster, node: str) -> None:
        self._cluster = cluster
        self._name = node
        self._node: typing.Optional[dict] = None
        self._known: typing.Dict[str, Daemon] = {}
        self._judged: typing.Dict[str, str] = {}

    def judge(self, pod: dict) -> str:
        """As the function above; each pod is judged once."""
        uid = pod["metadata"]["uid"]
        if uid not in self._judged:
            self._judged[uid] = self._judge(pod)
        return self._judged[uid]

    def _judge(self, pod: dict) -> str:
        if not _is_ours_to_look_at(pod):
            return drain_plan.OWNED
        if self._node is None:
            self._node = get_node(self._cluster, self._name)
        if drain_plan.controlling(pod).get("uid") not in self._known:
            # It may be younger than the last list.
            self._known = {one.uid: one for one in self._cluster.list(DAEMON_SETS, keep=daemon).items}
        return judge(pod, self._known, self._node)

# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the cluster itself says about a pod that does not end: the last warning among its events.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

import time
import typing

from ansible_collections.osmigrate.fleet.plugins.module_utils import _text
from ansible_collections.osmigrate.fleet.plugins.module_utils._kube.client import Cluster
from ansible_collections.osmigrate.fleet.plugins.module_utils._kube.drain_plan import Pod

EVENTS = "/api/v1/namespaces/%s/events"
LENGTH = 400


def last_warning(cluster: Cluster, pod: Pod) -> str:
    """Return it as str; "" if there is none.

    :param cluster: client.Cluster.
    :param pod: drain_plan.Pod.
    :raises ApiError: it could not be read at the first try.
    """
    query = {"fieldSelector": f"involvedObject.uid={pod.uid},type=Warning"}
    events = cluster.list(EVENTS % pod.namespace, query, until=time.monotonic()).items
    if not events:
        return ""
    return _text.printable(max(events, key=_time).get("message") or "", LENGTH).rstrip(".")


def _time(event: typing.Any) -> typing.Any:
    series = (event.get("series") or {}).get("lastObservedTime")
    return series or event.get("lastTimestamp") or event.get("eventTime") or ""

# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What beside the nodes says that a wave has done no harm: alerts of a Prometheus, and the pods of a workload.

Who cannot be asked says nothing good: the next wave waits.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

import typing
from urllib.parse import quote

from ansible_collections.osmigrate.fleet.plugins.module_utils import _web
from ansible_collections.osmigrate.fleet.plugins.module_utils._errors import FleetError
from ansible_collections.osmigrate.fleet.plugins.module_utils._kube import drain_plan, wave_policy
from ansible_collections.osmigrate.fleet.plugins.module_utils._kube.client import Cluster
from ansible_collections.osmigrate.fleet.plugins.module_utils._text import printable, some

NAMED = 5
ENDED = ("Succeeded", "Failed")


def look(cluster: Cluster, policy: wave_policy.Policy) -> str:
    """Return what speaks against going on, as a clause; "" if nothing does."""
    return (policy.prometheus and _alerts(policy)) or (policy.pods and _pods(cluster, policy.pods)) or ""


def _alerts(policy: wave_policy.Policy) -> str:
    try:
        prometheus = _web.Server("Prometheus", policy.prometheus)
        answer = prometheus.ask("GET", f"/api/v1/query?query={quote(policy.alerts, safe='')}")
        data = answer.get("data") if isinstance(answer, dict) else None
        if not isinstance(data, dict) or data.get("resultType") != "vector":
            return prometheus.error("answers with no vector; alerts has to be a query for one").problem
    except FleetError as error:
        return error.problem
    names = sorted({_name(one) for one in data.get("result") or []})
    return f"{some(names, NAMED)} is in the answer of Prometheus to the query of alerts" if names else ""


def _name(series: typing.Any) -> str:
    labels = series.get("metric") if isinstance(series, dict) else None
    labels = labels if isinstance(labels, dict) else {}
    where = labels.get("node") or labels.get("instance")
    name = labels.get("alertname") or labels.get("__name__") or "a series without a name"
    return printable(f"{name} of {where}" if where else name, 200)


def _pods(cluster: Cluster, selector: str) -> str:
    def keep(pod: dict) -> typing.Tuple[str, bool]:
        name = f"{pod['metadata']['namespace']}/{pod['metadata']['name']}"
        return name, drain_plan.is_ready(pod) or (pod.get("status") or {}).get("phase") in ENDED

    found = cluster.list("/api/v1/pods", {"labelSelector": selector}, keep=keep).items
    late = sorted(name for name, is_well in found if not is_well)
    if late:
        return f"{some(late, NAMED)} of the pods {selector} is not Ready"
    return "" if found else f"no pod has the labels {selector}"

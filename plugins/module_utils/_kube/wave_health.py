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


class Answer(typing.NamedTuple):
    """What somebody who was asked says against going on, as a clause, "" for nothing; or why nobody says anything."""

    why: str
    is_known: bool


def look(cluster: Cluster, policy: wave_policy.Policy) -> str:
    """Return what speaks against going on, as a clause; "" if nothing does."""
    return "; ".join(one.why for one in _ask(cluster, policy) if one.why)


def check(cluster: Cluster, policy: wave_policy.Policy) -> str:
    """Ask once before anything moves: a policy whose questions nobody can answer would hold the second wave for ever.

    :returns: as look.
    :raises FleetError: somebody cannot be asked, or there is nobody whom it means.
    """
    answers = _ask(cluster, policy)
    unknown = [one.why for one in answers if not one.is_known]
    if unknown:
        raise FleetError(
            f"What {wave_policy.VARIABLE} asks before each wave but the first one cannot be known: "
            f"{'; '.join(unknown)}",
            todo=f"Correct {', '.join(wave_policy.ASKED)} of {wave_policy.VARIABLE}, or see that they answer",
        )
    return "; ".join(one.why for one in answers if one.why)


def _ask(cluster: Cluster, policy: wave_policy.Policy) -> typing.List[Answer]:
    answers = [_alerts(policy)] if policy.prometheus else []
    return [*answers, _pods(cluster, policy.pods)] if policy.pods else answers


def _alerts(policy: wave_policy.Policy) -> Answer:
    try:
        prometheus = _web.Server("Prometheus", policy.prometheus)
        answer = prometheus.ask("GET", f"/api/v1/query?query={quote(policy.alerts, safe='')}")
        data = answer.get("data") if isinstance(answer, dict) else None
        if not isinstance(data, dict) or data.get("resultType") != "vector":
            raise prometheus.error("answers with no vector; alerts has to be a query for one")
    except FleetError as error:
        return Answer(error.problem, is_known=False)
    names = sorted({_name(one) for one in data.get("result") or []})
    why = f"{some(names, NAMED)} is in the answer of Prometheus to the query of alerts" if names else ""
    return Answer(why, is_known=True)


def _name(series: typing.Any) -> str:
    labels = series.get("metric") if isinstance(series, dict) else None
    labels = labels if isinstance(labels, dict) else {}
    where = labels.get("node") or labels.get("instance")
    name = labels.get("alertname") or labels.get("__name__") or "a series without a name"
    return printable(f"{name} of {where}" if where else name, 200)


def _pods(cluster: Cluster, selector: str) -> Answer:
    def keep(pod: dict) -> typing.Tuple[str, bool]:
        name = f"{pod['metadata']['namespace']}/{pod['metadata']['name']}"
        return name, drain_plan.is_ready(pod) or (pod.get("status") or {}).get("phase") in ENDED

    try:
        found = cluster.list("/api/v1/pods", {"labelSelector": selector}, keep=keep).items
    except FleetError as error:
        return Answer(f"the pods {printable(selector, 200)} cannot be listed: {error.problem}", is_known=False)
    if not found:
        return Answer(f"no pod has the labels {selector}", is_known=False)
    late = sorted(name for name, is_well in found if not is_well)
    return Answer(f"{some(late, NAMED)} of the pods {selector} is not Ready" if late else "", is_known=True)

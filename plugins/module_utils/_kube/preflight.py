# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What in the cluster speaks against a rollout, before any node is touched.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

import time
import typing

from ansible_collections.osmigrate.fleet.plugins.module_utils._errors import FleetError
from ansible_collections.osmigrate.fleet.plugins.module_utils._kube import (
    admission,
    controllers,
    daemons,
    node_view,
    pool_plan,
    quorum,
    times,
    windows,
)
from ansible_collections.osmigrate.fleet.plugins.module_utils._kube.client import NODES, ApiError, Cluster
from ansible_collections.osmigrate.fleet.plugins.module_utils._text import printable, some

POLICIES = "/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicybindings/osmigrate-kubelets"
# Labels that the API server keeps from kubelets, and those that the policies do.
RESTRICTED, COVERED = "node-restriction.kubernetes.io", ("pool",)
WORKLOADS = (
    ("DaemonSet", daemons.DAEMON_SETS),
    ("Deployment", "/apis/apps/v1/deployments"),
    ("CronJob", "/apis/batch/v1/cronjobs"),
)
# What is seen on nodes is what others wrote there.
LONGEST = 2000
NAMED = 5


class PreflightError(FleetError):
    """Something speaks against the rollout, with all that was found."""

    def __init__(self, problems: typing.List[str], todos: typing.List[str], result: dict) -> None:
        super().__init__("; ".join(problems), "No node was touched", ". ".join(todos))
        self.result = result


def examine(
    cluster: Cluster,
    names: typing.List[str],
    accepted: list,
    terms: admission.Terms,
    pool_label: str,
    per_zone: str = "",
) -> typing.Any:
    """Look at the cluster once.

    :param names: list of str, the nodes that shall be moved.
    :param accepted: list of str, the controllers that the operator accepts.
    :param per_zone: how many nodes of a zone may be unavailable, empty for no such limit.
    :returns: dict, the result of the module.
    :raises PreflightError: something speaks against the rollout.
    """
    nodes = _nodes(cluster, names)
    found = []
    for kind, path in WORKLOADS:
        found += [controllers.workload(kind, one) for one in cluster.list(path, keep=_trim).items]
    findings = controllers.examine(nodes, found, accepted)
    refused, seen = _of_control_plane(cluster, nodes, terms, pool_label)
    unlabelled = quorum.unlabelled(nodes, cluster.list(admission.PODS, quorum.SELECTED, _trim).items)
    opens, said = judge_schedule(terms, cluster.now(), nodes, pool_label)
    others = [one for one in findings if not one.accepted]
    result = {
        "changed": False,
        "findings": [dict(one._asdict()) for one in findings],
        "control_plane": seen,
        "opens": opens,
        "report": [tell(one) for one in findings] + said + judge_pool_label(pool_label, has_policies(cluster)),
    }
    problems, todos = [tell(one) for one in others], []
    if others:
        named = ", ".join(one.controller for one in others)
        pauses = "; ".join(f"{one.controller}: {one.pause}" for one in others if one.pause)
        todos = [
            f"Pause or remove what else acts on these nodes{f' ({pauses})' if pauses else ''}, or accept it "
            f"(osmigrate_accepted_controllers: [{named}])"
        ]
    if refused:
        problems.append(refused.problem)
        todos.append(refused.todo)
    nowhere = without_zone(nodes) if per_zone and not terms.way_back else []
    if nowhere:
        problems.append(
            f"osmigrate_max_unavailable_per_zone is {printable(per_zone, 60)}, and {some(nowhere, NAMED)} "
            f"{'has' if len(nowhere) == 1 else 'have'} no label {pool_plan.ZONE_LABEL}, so it would not limit anything"
        )
        todos.append("Label nodes with their zones, or leave osmigrate_max_unavailable_per_zone out")
    for name, runs in sorted(unlabelled.items()):
        problems.append(f"Node {name} runs {' and '.join(runs)}, and no role says that it is of the control plane")
        todos.append(f"Label node {name} with {node_view.ROLE_LABEL}{pool_plan.CONTROL_PLANE}=")
    if problems:
        raise PreflightError(problems, todos, result)
    return result


def without_zone(nodes: typing.Iterable[dict]) -> typing.List[str]:
    """Return the names of nodes that no limit of a zone holds for. Those of the control plane go one by one anyway."""
    workers = (one for one in nodes if not pool_plan.is_control_plane(one))
    return sorted(one["metadata"]["name"] for one in workers if not pool_plan.member(one).zone)


def has_policies(cluster: Cluster) -> bool:
    """Whether the policies for kubelets of playbooks/files/admission-policy.yml are in force, as far as may be seen."""
    try:
        cluster.get(POLICIES, until=time.monotonic())
    except ApiError as error:
        if error.status not in (403, 404):
            raise
        return False
    return True


def judge_pool_label(label: str, policies: bool) -> typing.List[str]:
    """Tell if kubelets choose the pools of their nodes. Pure.

    :param policies: bool, those of playbooks/files/admission-policy.yml are in force.
    """
    prefix, slash = label.partition("/")[:2]
    restricted = slash and (prefix == RESTRICTED or prefix.endswith("." + RESTRICTED))
    if restricted or (policies and label in COVERED):
        return []
    return [
        f"The label {label} says which pool a node is in, and its own kubelet can change it: use one below "
        f"{RESTRICTED}/ (osmigrate_pool_label), or the label pool with playbooks/files/admission-policy.yml"
    ]


def tell(finding: typing.Any) -> typing.Any:
    """A finding as a sentence without its full stop."""
    accepted = ", which is accepted" if finding.accepted else ""
    return printable(f"{finding.controller} may {finding.does} the same nodes{accepted}: {finding.detail}", LONGEST)


def judge_schedule(
    terms: admission.Terms, now: float, nodes: typing.Sequence[dict] = (), pool_label: str = "pool"
) -> typing.Tuple[str, typing.List[str]]:
    """When the next node may go. Pure.

    :param nodes: Node objects of those that shall be moved: windows have to be long enough for what they took.
    :returns: tuple (str from when on, empty for now; list of str to be told).
    :raises FleetError: no node could ever go, or none of a pool.
    """
    if terms.way_back or terms.schedule == windows.ALWAYS:
        return "", []
    _require_openings(terms, now, nodes, pool_label)
    start, end = windows.opening(terms.schedule, now, terms.expected_seconds) or (now, now)
    if start > now:
        opens = times.stamp(start)
        return opens, [f"No node may go before {opens}: a maintenance window or a black-out says so"]
    ends = [] if end == float("inf") else [f"Nodes may go now, and have to be back before {times.stamp(end)}"]
    return "", ends


def _require_openings(terms: admission.Terms, now: float, nodes: typing.Sequence[dict], pool_label: str) -> None:
    """Refuse windows that no node fits into, by what is said and by what those of each pool took at their last moves.

    :raises FleetError: there is no opening for so many seconds.
    """
    took: typing.Dict[str, typing.List[int]] = {}
    for node in nodes:
        seconds = pool_plan.member(node).seconds
        if seconds:
            took.setdefault(pool_plan.pool_of(node, pool_label), []).append(seconds)
    medians = {pool: sorted(many)[len(many) // 2] for pool, many in took.items() if len(many) >= pool_plan.FEWEST}
    expected = [(terms.expected_seconds, f"A node is expected to take {terms.expected_seconds} seconds")]
    expected += [
        (median, f"A node of pool {printable(pool, 253)} takes {median} seconds, the median of {len(took[pool])} nodes")
        for pool, median in sorted(medians.items())
        if median > terms.expected_seconds
    ]
    wrong = [said for seconds, said in expected if windows.opening(terms.schedule, now, seconds) is None]
    if wrong:
        measured = " or, if they tell nothing, the annotations cordoned-seconds of its nodes" if medians else ""
        raise FleetError(
            f"{'; '.join(wrong)}, and in the next {windows.HORIZON_DAYS} days no maintenance window outside of "
            "black-outs has as many",
            "No node was touched",
            f"Make a window longer, or correct osmigrate_expected_seconds{measured}",
        )


def _of_control_plane(
    cluster: Cluster, nodes: typing.List[dict], terms: admission.Terms, pool_label: str
) -> typing.Tuple[None, dict]:
    """Refuse what waiting cannot help; the rest is looked at again when a node's turn comes."""
    names = [one["metadata"]["name"] for one in nodes if pool_plan.is_control_plane(one)]
    if not names:
        return None, {}
    found, checks = admission.look(cluster, pool_label)
    refusals = [admission.of_control_plane(name, found, checks, terms) for name in names]
    lasting = [one for one in refusals if one and one.wait is None]
    return (lasting[0] if lasting else None), quorum.describe(found, checks)


def _nodes(cluster: Cluster, names: typing.List[str]) -> typing.List[dict]:
    wanted = set(names)
    nodes = [one for one in cluster.list(NODES, keep=_trim).items if one["metadata"]["name"] in wanted]
    strange = sorted(wanted - {one["metadata"]["name"] for one in nodes})
    if strange:
        raise FleetError(f"There is no node {', '.join(strange)} on {cluster.server}", todo="Check the names")
    return nodes


def _trim(thing: dict) -> dict:
    """Drop the bulk that the API server keeps for itself."""
    thing["metadata"].pop("managedFields", None)
    thing.get("status", {}).pop("images", None)
    return thing

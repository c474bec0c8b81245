# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Other controllers that act on nodes: how each is recognised, and where one is at work. Pure.

Two that drain one node get in each other's way, and neither counts what the other takes out of service. One that
deletes or fences nodes which are empty or do not answer destroys a node in its trial.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

import difflib
import typing

from ansible_collections.osmigrate.fleet.plugins.module_utils import _text
from ansible_collections.osmigrate.fleet.plugins.module_utils._errors import FleetError
from ansible_collections.osmigrate.fleet.plugins.module_utils._kube import capacity, node_view

NAMED = 5
REBOOTS = "drain or reboot"


class Controller(typing.NamedTuple):
    name: str  # stays what it is once released: operators accept by it
    marks: typing.Tuple[str, ...]  # how its labels and annotations on nodes begin
    programs: typing.Tuple[str, ...]  # names of its workloads or images; an image's with its directory
    does: str = REBOOTS
    pause: str = ""  # what makes it leave nodes alone
    exempt: str = ""  # what exempts a node, as annotation:key=value or label:key=value, or empty


DELETES = "delete or replace"
FENCES = "fence, reboot or delete"
EVICTS = "evict pods of"

CONTROLLERS = (
    Controller("kured", ("weave.works/kured-",), ("kured",)),
    Controller("system-upgrade-controller", ("plan.upgrade.cattle.io/",), ("system-upgrade-controller",)),
    Controller(
        "machine-config-operator",
        ("machineconfiguration.openshift.io/",),
        ("machine-config-daemon", "machine-config-controller", "machine-config-operator"),
    ),
    Controller("kubeos", ("upgrade.openeuler.org/",), ("os-operator", "os-proxy", "kubeos-operator", "kubeos-proxy")),
    Controller(
        "bottlerocket-update-operator",
        ("bottlerocket.aws/updater-interface-version",),
        ("brupop-agent", "brupop-controller-deployment", "bottlerocket-update-operator"),
    ),
    Controller(
        "flatcar-linux-update-operator",
        ("flatcar-linux-update.v1.flatcar-linux.net/",),
        ("flatcar-linux-update-operator", "flatcar-linux-update-agent"),
    ),
    Controller("fleetlock", (), ("fleetlock",)),
    Controller("kairos-operator", ("operator.kairos.io/",), ("kairos-operator",)),
    Controller("elemental-operator", ("elemental.cattle.io/",), ("elemental-operator",)),
    Controller("bootc-operator", ("bootc.dev/",), ("bootc-operator", "bootc-operator-controller-manager")),
    Controller(
        "skyhook",
        ("skyhook.nvidia.com/",),
        ("skyhook-operator", "skyhook-operator-controller-manager"),
        REBOOTS,
        "pause its Skyhook objects",
    ),
    Controller(
        "gpu-operator",
        ("nvidia.com/gpu-driver-upgrade",),
        ("gpu-operator",),
        REBOOTS,
        "switch automatic driver upgrades off in its ClusterPolicy",
    ),
    Controller(
        "node-maintenance-operator",
        (),
        ("node-maintenance-operator", "node-maintenance-operator-controller-manager"),
        REBOOTS,
        "delete the NodeMaintenance objects of these nodes",
    ),
    Controller("draino", ("draino/",), ("draino",), REBOOTS, "scale its Deployment to 0"),
    Controller("aws-node-termination-handler", ("aws-node-termination-handler/",), ("aws-node-termination-handler",)),
    Controller(
        "cluster-autoscaler",
        ("cluster-autoscaler.kubernetes.io/",),
        ("cluster-autoscaler",),
        DELETES,
        "annotate these nodes with cluster-autoscaler.kubernetes.io/scale-down-disabled=true",
        "annotation:cluster-autoscaler.kubernetes.io/scale-down-disabled=true",
    ),
    Controller(
        "karpenter",
        ("karpenter.sh/", "karpenter.k8s.aws/", "karpenter.azure.com/"),
        ("karpenter", "karpenter/controller"),
        DELETES,
        "annotate these nodes with karpenter.sh/do-not-disrupt=true, and see that expiry and node repair spare them",
    ),
    Controller(
        "cluster-api",
        ("cluster.x-k8s.io/",),
        ("capi-controller-manager", "cluster-api-controller"),
        DELETES,
        "annotate their MachineHealthChecks and Machines with cluster.x-k8s.io/paused where these are kept",
    ),
    Controller(
        "machine-api",
        ("machine.openshift.io/",),
        ("machine-api-controllers", "machine-api-operator"),
        DELETES,
        "annotate their MachineHealthChecks with cluster.x-k8s.io/paused",
    ),
    Controller(
        "machine-controller-manager",
        ("node.machine.sapcloud.io/",),
        ("machine-controller-manager",),
        DELETES,
        "annotate these nodes with node.machine.sapcloud.io/not-managed-by-mcm=1",
        "annotation:node.machine.sapcloud.io/not-managed-by-mcm=1",
    ),
    Controller("machine-controller", ("machine-controller/",), ("machine-controller",), DELETES),
    Controller(
        "node-healthcheck",
        ("remediation.medik8s.io/",),
        ("node-healthcheck-controller-manager", "node-healthcheck-operator"),
        FENCES,
        "label these nodes with remediation.medik8s.io/exclude-from-remediation=true, or give its NodeHealthChecks "
        "pauseRequests",
        "label:remediation.medik8s.io/exclude-from-remediation=true",
    ),
    Controller(
        "self-node-remediation",
        ("self-node-remediation.medik8s.io/",),
        (
            "self-node-remediation",
            "self-node-remediation-ds",
            "self-node-remediation-operator",
            "self-node-remediation-controller-manager",
            "poison-pill",
            "poison-pill-ds",
        ),
        FENCES,
        "label these nodes with remediation.medik8s.io/exclude-from-remediation=true",
        "label:remediation.medik8s.io/exclude-from-remediation=true",
    ),
    Controller(
        "fence-agents-remediation",
        ("fence-agents-remediation.medik8s.io/",),
        ("fence-agents-remediation-operator", "fence-agents-remediation-controller-manager"),
        FENCES,
        "give the NodeHealthChecks that use it pauseRequests",
    ),
    Controller(
        "machine-deletion-remediation",
        ("machine-deletion-remediation.medik8s.io/",),
        ("machine-deletion-remediation-operator", "machine-deletion-remediation-controller-manager"),
        FENCES,
        "give the NodeHealthChecks that use it pauseRequests",
    ),
    Controller(
        "fencing",
        ("fencing/", "node-manager.deckhouse.io/fencing-"),
        ("fencing-controller", "fencing-agent", "kube-fencing-switcher"),
        FENCES,
    ),
    Controller(
        "castai",
        ("provisioner.cast.ai/", "autoscaling.cast.ai/"),
        ("castai-cluster-controller", "castai-evictor"),
        DELETES,
        "pause its deletion of nodes and its evictor",
    ),
    Controller(
        "spot-ocean",
        ("spotinst.io/",),
        ("spotinst-kubernetes-cluster-controller",),
        DELETES,
        "pause scaling down in Ocean",
    ),
    Controller(
        "eks-node-monitoring-agent",
        (),
        ("eks-node-monitoring-agent",),
        FENCES,
        "switch node auto repair off for their node groups",
    ),
    Controller(
        "magnum-auto-healer",
        (),
        ("magnum-auto-healer",),
        FENCES,
        "scale it to 0, or delete its DaemonSet",
    ),
    Controller(
        "escalator",
        ("atlassian.com/escalator",),
        ("escalator",),
        DELETES,
        "annotate these nodes with atlassian.com/no-delete, and see that their node group is in dry mode",
    ),
    Controller("gce-node-termination-handler", (), ("k8s-node-termination-handler",)),
    Controller("descheduler", (), ("descheduler",), EVICTS, "scale its Deployment to 0, or suspend its CronJob"),
)
NAMES = tuple(one.name for one in CONTROLLERS)


# A DaemonSet, a Deployment or a CronJob, as far as it matters here.
class Workload(typing.NamedTuple):
    kind: str
    namespace: str
    name: str
    images: typing.Tuple[str, ...]
    template: dict  # spec of its pods, which tells on which nodes they run
    rests: bool  # nothing of it runs, nor will: scaled to 0, or suspended


class Finding(typing.NamedTuple):
    controller: str
    detail: str
    nodes: typing.List[str]
    accepted: bool
    does: str
    pause: str


def workload(kind: str, found: dict) -> Workload:
    """What matters of a DaemonSet, a Deployment or a CronJob, as the API server returns it."""
    whole = found["spec"]
    spec = (whole["jobTemplate"]["spec"] if kind == "CronJob" else whole)["template"]["spec"]
    rests = bool(whole.get("suspend")) or whole.get("replicas") == 0
    images = tuple(container.get("image", "") for container in spec.get("containers") or [])
    metadata = found["metadata"]
    return Workload(kind, metadata["namespace"], metadata["name"], images, capacity.placement(spec), rests)


def examine(
    nodes: typing.List[dict], workloads: typing.List[Workload], accepted: typing.List[str]
) -> typing.List[Finding]:
    """Find the other controllers that work on nodes.

    :param nodes: list of dict, the Node objects that shall be moved.
    :param workloads: list of Workload, all of the cluster.
    :param accepted: list of str, names of controllers that the operator accepts.
    :returns: list of Finding, one for each controller that was recognised.
    :raises FleetError: a name is not known.
    """
    _examine_names(accepted)
    findings = []
    for controller in CONTROLLERS:
        exposed = [node for node in nodes if not _is_exempt(node, controller)]
        seen = [(said, names) for said, names in _signs(controller, exposed, workloads) if names]
        if seen:
            detail = ", ".join(f"{said} ({_text.some(names, NAMED)})" for said, names in seen)
            everywhere = sorted({name for said, names in seen for name in names})
            is_accepted = controller.name in accepted
            findings.append(
                Finding(controller.name, detail, everywhere, is_accepted, controller.does, controller.pause)
            )
    return findings


def _signs(
    controller: Controller, nodes: typing.List[dict], workloads: typing.List[Workload]
) -> typing.Iterator[typing.Tuple[str, typing.List[str]]]:
    """Yield (what was seen, names of the nodes)."""
    for one in workloads:
        if _is_of(one, controller) and not one.rests:
            said = f"{one.kind} {one.namespace}/{one.name}"
            # What a Deployment or a CronJob starts runs anywhere, and acts on all nodes.
            yield (
                said,
                [_name(node) for node in nodes if one.kind != "DaemonSet" or capacity.is_meant_for(one.template, node)],
            )
    marked: dict = {}
    for node in nodes:
        for kind, keys in (("annotation", node_view.annotations(node)), ("label", node_view.labels(node))):
            for key in sorted(keys):
                if key.startswith(controller.marks):
                    marked.setdefault(f"{kind} {key}", []).append(_name(node))
    for said in sorted(marked):
        yield said, marked[said]


def _is_exempt(node: dict, controller: Controller) -> bool:
    """Whether a node has what exempts it, where the program looks for it."""
    kind, _colon, mark = controller.exempt.partition(":")
    key, _equals, value = mark.partition("=")
    there = node_view.annotations(node) if kind == "annotation" else node_view.labels(node)
    return bool(key) and there.get(key) == value


def _is_of(one: Workload, controller: Controller) -> bool:
    names = [one.name]
    for image in one.images:
        path = image.partition("@")[0].split("/")
        last = path[-1].partition(":")[0]
        names += [last, "/".join(path[-2:-1] + [last])]
    return any(name == program or name.endswith("-" + program) for name in names for program in controller.programs)


def _examine_names(accepted: typing.List[str]) -> None:
    for name in accepted:
        if name not in NAMES:
            close = difflib.get_close_matches(name, NAMES, 1)
            raise FleetError(
                f"There is no controller called {name}",
                todo=f"Correct it to {close[0]}" if close else f"Known are {', '.join(NAMES)}",
            )


def _name(node: dict) -> str:
    return node["metadata"]["name"]

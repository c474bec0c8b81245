# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Other controllers that drain or reboot nodes: how each is recognised, and where one is at work. Pure.

Two of them that drain one node get in each other's way, and neither counts what the other takes out of service.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

import difflib
import typing

from ansible_collections.osmigrate.fleet.plugins.module_utils._errors import FleetError
from ansible_collections.osmigrate.fleet.plugins.module_utils._kube import capacity, node_view

NAMED = 5


class Controller(typing.NamedTuple):
    name: str  # stays what it is once released: operators accept by it
    marks: typing.Tuple[str, ...]  # how its labels and annotations on nodes begin
    programs: typing.Tuple[str, ...]  # names of its DaemonSets, Deployments or images


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
)
NAMES = tuple(one.name for one in CONTROLLERS)


# A DaemonSet or a Deployment, as far as it matters here.
class Workload(typing.NamedTuple):
    kind: str
    namespace: str
    name: str
    images: typing.Tuple[str, ...]
    template: dict  # spec of its pods, which tells on which nodes they run


class Finding(typing.NamedTuple):
    controller: str
    detail: str
    nodes: typing.List[str]
    accepted: bool


def workload(kind, found):
    """What matters of a DaemonSet or a Deployment, as the API server returns it."""
    spec = found["spec"]["template"]["spec"]
    images = tuple(container.get("image", "") for container in spec.get("containers") or [])
    kept = {key: spec[key] for key in ("nodeSelector", "affinity") if key in spec}
    return Workload(kind, found["metadata"]["namespace"], found["metadata"]["name"], images, kept)


def examine(nodes, workloads, accepted):
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
        seen = [(said, names) for said, names in _signs(controller, nodes, workloads) if names]
        if seen:
            detail = ", ".join(f"{said} ({_some(names)})" for said, names in seen)
            everywhere = sorted({name for said, names in seen for name in names})
            findings.append(Finding(controller.name, detail, everywhere, controller.name in accepted))
    return findings


def _signs(controller, nodes, workloads):
    """Yield (what was seen, names of the nodes)."""
    for one in workloads:
        if _is_of(one, controller):
            said = f"{one.kind} {one.namespace}/{one.name}"
            # The replicas of a Deployment run anywhere, and act on all nodes.
            yield said, [_name(node) for node in nodes if one.kind != "DaemonSet" or _runs_on(one, node)]
    marked = {}
    for node in nodes:
        for kind, keys in (("annotation", node_view.annotations(node)), ("label", node_view.labels(node))):
            for key in sorted(keys):
                if key.startswith(controller.marks):
                    marked.setdefault(f"{kind} {key}", []).append(_name(node))
    for said in sorted(marked):
        yield said, marked[said]


def _is_of(one, controller):
    names = [one.name] + [image.partition("@")[0].rsplit("/", 1)[-1].partition(":")[0] for image in one.images]
    return any(name == program or name.endswith("-" + program) for name in names for program in controller.programs)


def _runs_on(one, node):
    # Which taints it tolerates changes from moment to moment; where it is meant to run does not.
    return capacity.may_go({"spec": one.template}, dict(node, spec={}))


def _examine_names(accepted):
    for name in accepted:
        if name not in NAMES:
            close = difflib.get_close_matches(name, NAMES, 1)
            raise FleetError(
                f"There is no controller called {name}",
                todo=f"Correct it to {close[0]}" if close else f"Known are {', '.join(NAMES)}",
            )


def _some(names):
    rest = len(names) - NAMED
    return ", ".join(names[:NAMED]) + (" and %d more" % rest if rest > 0 else "")


def _name(node):
    return node["metadata"]["name"]

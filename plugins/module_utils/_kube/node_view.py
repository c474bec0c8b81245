# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a Node object says, in the words of this collection. Pure.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

import typing

from ansible_collections.osmigrate.fleet.plugins.module_utils._constants import PREFIX
from ansible_collections.osmigrate.fleet.plugins.module_utils._steps import DONE

# What the inventory leaves out. The API server lets no kubelet write the first one.
EXCLUDE_LABELS = ("node-restriction.kubernetes.io/osmigrate-exclude", PREFIX + "exclude")
ROLE_LABEL = "node-role.kubernetes.io/"
# Roles of nodes that run an API server (the third one RKE's, the last one kops's), and of those that run etcd: together
# the control plane.
API_ROLES, ETCD_ROLE = ("control-plane", "master", "controlplane", "api-server"), "etcd"
# Names one of these as its value; kubectl shows it as a role, too. Its other values are those of workers.
OLD_ROLE_LABEL = "kubernetes.io/role"


def annotations(node: dict) -> typing.Dict[str, str]:
    return node["metadata"].get("annotations") or {}


def labels(node: dict) -> typing.Dict[str, str]:
    return node["metadata"].get("labels") or {}


def osmigrate(node: dict) -> typing.Dict[str, str]:
    """Our own annotations, with names that Jinja likes (dashes become underscores)."""
    return {
        name[len(PREFIX) :].replace("-", "_"): value
        for name, value in annotations(node).items()
        if name.startswith(PREFIX)
    }


def conditions(node: dict) -> typing.Dict[str, str]:
    return {one["type"]: one["status"] for one in node.get("status", {}).get("conditions") or []}


def told_at(node: dict) -> str:
    """Return when the kubelet told last whether it is Ready, as it has that, "" if it never did."""
    found = node.get("status", {}).get("conditions") or []
    return next((one.get("lastHeartbeatTime") or "" for one in found if one["type"] == "Ready"), "")


def problems(node: dict, ignored: typing.Iterable[str]) -> typing.List[str]:
    """What the kubelet and node-problem-detector say: every condition but Ready that is True stands for a problem.

    :param ignored: types of those that may be.
    """
    found = node.get("status", {}).get("conditions") or []
    return sorted(
        f"{one['type']} ({one['reason']})" if one.get("reason") else one["type"]
        for one in found
        if one["status"] == "True" and one["type"] != "Ready" and one["type"] not in ignored
    )


def is_ready(node: dict) -> bool:
    return conditions(node).get("Ready") == "True"


def is_schedulable(node: dict) -> bool:
    return not node.get("spec", {}).get("unschedulable", False)


def has_arrived(node: dict, release: typing.Optional[typing.Any]) -> bool:
    """Whether a node is recorded to have arrived at a release; false where none is given."""
    noted = osmigrate(node)
    return bool(release) and noted.get("phase") == DONE and noted.get("release") == release


def excluded_by(node: dict) -> str:
    """The label that leaves a node out of the inventory, empty if none does."""
    return next((label for label in EXCLUDE_LABELS if label in labels(node)), "")


def roles(node: dict) -> typing.List[str]:
    """The roles that labels give a node. A node without any is a worker."""
    named = {name[len(ROLE_LABEL) :] for name in labels(node) if name.startswith(ROLE_LABEL)}
    named |= {labels(node).get(OLD_ROLE_LABEL, "")} & {*API_ROLES, ETCD_ROLE}
    return sorted(role for role in named if role) or ["worker"]


def describe(node: dict) -> dict:
    """The facts of one node that roles, C(status) and the inventory share."""
    info = node.get("status", {}).get("nodeInfo") or {}
    return {
        "name": node["metadata"]["name"],
        "uid": node["metadata"]["uid"],
        "ready": is_ready(node),
        "schedulable": is_schedulable(node),
        "roles": roles(node),
        "architecture": info.get("architecture", ""),
        "boot_id": info.get("bootID", ""),
        "machine_id": info.get("machineID", ""),
        "os_image": info.get("osImage", ""),
        "kernel_version": info.get("kernelVersion", ""),
        "kubelet_version": info.get("kubeletVersion", ""),
        "container_runtime": info.get("containerRuntimeVersion", ""),
        "excluded_by": excluded_by(node),
        "osmigrate": osmigrate(node),
    }

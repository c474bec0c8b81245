# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What speaks against a node by its kubelet and what runs pods. Pure.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

from ansible_collections.osmigrate.fleet.plugins.module_utils._node import check

CHECKS: check.Checks = []
_check = check.into(CHECKS)


@_check(
    "high",
    "The node gets the second version of cgroups by the move",
    "See that what runs in its pods knows it: Java from 8u372, 11.0.16 or 15 on, Go programs with automaxprocs from "
    "1.5 on, cAdvisor from 0.43 on, and agents that read /sys/fs/cgroup. Older ones take the memory of the machine for "
    "theirs; give them their limits by options",
)
def cgroup_version(node: check.Facts, wanted: check.Facts) -> str:
    return "" if node["cgroup"] == 2 else "It has the first, and kubelet and pods find the second on the release"


@_check(
    "high",
    "Kubelet and containerd disagree on who makes cgroups",
    "Let both say systemd: cgroupDriver in kubelet's configuration, SystemdCgroup in that of containerd; drain the "
    "node and restart both",
)
def cgroup_driver(node: check.Facts, wanted: check.Facts) -> str:
    kubelet, runtime = node["kubelet"]["cgroup_driver"], node["container_runtime"]["cgroup_driver"]
    if not kubelet or not runtime or kubelet == runtime:
        return ""
    return f"The kubelet of the node is configured for {kubelet}, and containerd for {runtime}"


@_check(
    "high",
    "Kubelet keeps volume plugins below /usr",
    "Set volumePluginDir to /var/lib/kubelet/volumeplugins before the move, on the controller manager too",
)
def volume_plugin_dir(node: check.Facts, wanted: check.Facts) -> str:
    path = node["kubelet"]["volume_plugin_dir"]
    return f"{path} cannot be written after the move" if path.startswith("/usr/") else ""


@_check(
    "high",
    "Another container runtime than containerd",
    "Take a release that has the same one, and its images and state are used as they are. With one that has "
    "containerd, let the kubelet name its socket (--container-runtime-endpoint, in kubeadm-flags.env, and in the "
    "annotation kubeadm.alpha.kubernetes.io/cri-socket of the node): images are then fetched anew",
)
def container_runtime(node: check.Facts, wanted: check.Facts) -> str:
    name, endpoint = node["container_runtime"]["name"], node["kubelet"]["endpoint"]
    if name in ("", "containerd"):
        return ""
    return f"The kubelet of the node runs its pods by {name}" + (f" ({endpoint})" if endpoint else "")


@_check("medium", "No kubelet runs", "Look why; a node that does not serve now will not serve after the move")
def kubelet(node: check.Facts, wanted: check.Facts) -> str:
    return "" if node["kubelet"]["active"] else "The kubelet of the node is not active"

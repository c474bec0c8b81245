# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a Node object becomes in the inventory: an address, variables, groups. Pure, and without Jinja.

This plugin util is PRIVATE to the collection.
"""

from __future__ import annotations

import fnmatch
import functools
import re
from collections.abc import Callable, Iterator

from ansible_collections.osmigrate.fleet.plugins.module_utils._constants import PACKAGE
from ansible_collections.osmigrate.fleet.plugins.module_utils._kube import node_view

_ZONE = "topology.kubernetes.io/zone"
_REGION = "topology.kubernetes.io/region"
_CALENDAR_VERSION = re.compile(r"\d\d\.(0\d|1[0-2])\b")


def trim(node: dict) -> dict:
    """Drop the bulk of a Node object: its images, managed fields and the details of its conditions."""
    metadata, spec, status = node["metadata"], node.get("spec", {}), node.get("status", {})
    return {
        "metadata": {key: metadata[key] for key in ("name", "uid", "labels", "annotations") if key in metadata},
        "spec": {key: spec[key] for key in ("unschedulable", "taints", "providerID") if key in spec},
        "status": {
            "addresses": status.get("addresses") or [],
            "conditions": [{key: one[key] for key in ("type", "status")} for one in status.get("conditions") or []],
            "nodeInfo": status.get("nodeInfo") or {},
        },
    }


def choose_address(node: dict, types: list[str], inside: Callable[[str], bool]) -> str | None:
    """The first address by the order of the types that `inside` accepts."""
    addresses = node["status"]["addresses"]
    wanted = (one["address"] for kind in types for one in addresses if one["type"] == kind)
    return next((address for address in wanted if inside(address)), None)


def variables(node: dict, pool_label: str, labels: tuple[str, ...], annotations: tuple[str, ...]) -> dict:
    """All that describes the node; of labels and annotations what the patterns name."""
    own = node_view.labels(node)
    addresses: dict[str, list[str]] = {}
    for one in node["status"]["addresses"]:
        addresses.setdefault(one["type"], []).append(one["address"])
    return {
        **node_view.describe(node),
        "addresses": addresses,
        "conditions": node_view.conditions(node),
        "taints": [_taint(taint) for taint in node["spec"].get("taints") or []],
        "pool": own.get(pool_label, ""),
        "zone": own.get(_ZONE, ""),
        "region": own.get(_REGION, ""),
        "provider_id": node["spec"].get("providerID", ""),
        "labels": matching(own, labels),
        "annotations": matching(node_view.annotations(node), annotations),
    }


def groups(facts: dict, excluded: bool) -> Iterator[str]:
    """The groups of a node, from the variable above."""
    yield "k8s_nodes"
    yield from (f"role_{role}" for role in facts["roles"])
    yield from (f"{kind}_{facts[kind]}" for kind in ("pool", "zone") if facts[kind])
    if facts["architecture"]:
        yield f"arch_{facts['architecture']}"
    if facts["os_image"]:
        yield f"os_{os_name(facts['os_image'])}"
    yield "ready" if facts["ready"] else "not_ready"
    yield "schedulable" if facts["schedulable"] else "unschedulable"
    yield from _record_groups(facts["osmigrate"])
    if excluded:
        yield "osmigrate_excluded"


def _record_groups(record: dict) -> Iterator[str]:
    phase, release = record.get("phase"), record.get("release")
    if phase:
        yield f"osmigrate_phase_{phase}"
    if phase == "done" and release:
        yield f"osmigrate_release_{release}"
        yield "osmigrate_on_package" if release == PACKAGE else "osmigrate_on_ostree"
    if phase == "failed":
        yield "osmigrate_failed"
    if "cordoned_by" in record:
        yield "osmigrate_held"


@functools.lru_cache(maxsize=None)
def os_name(os_image: str) -> str:
    """Name and version as in `debian_12`, `ubuntu_22_04`, `rocky_linux_9`: the part that changes when the OS does."""
    words = os_image.split("(")[0].replace("GNU/Linux", "").split()
    name, version = [], ""
    for word in words:
        if word[0].isdigit():
            version = word[:5] if _CALENDAR_VERSION.match(word) else word.split(".")[0]
            break
        name.append(word)
    return "_".join([*name, version] if version else name).replace(".", "_").lower()


def host_name(node: str, cluster: str | None) -> str:
    """Cluster names have no dot, so the two parts can always be told apart."""
    return f"{node}.{cluster}" if cluster else node


def _taint(taint: dict) -> str:
    value = f"={taint['value']}" if taint.get("value") else ""
    return f"{taint['key']}{value}:{taint['effect']}"


def matching(mapping: dict, patterns: tuple[str, ...]) -> dict:
    """What the patterns name, with wildcards as in a shell."""
    return {key: value for key, value in mapping.items() if _is_named(key, patterns)}


# Nodes have the same keys, and there are many nodes.
@functools.lru_cache(maxsize=None)
def _is_named(key: str, patterns: tuple[str, ...]) -> bool:
    return any(fnmatch.fnmatchcase(key, one) for one in patterns)

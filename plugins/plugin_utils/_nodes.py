# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a Node object becomes in the inventory: an address, variables, groups. Pure, and without Jinja.

This plugin util is PRIVATE to the collection.
"""

from __future__ import annotations

import fnmatch
import functools
import hashlib
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator

from ansible_collections.osmigrate.fleet.plugins.module_utils._constants import PACKAGE
from ansible_collections.osmigrate.fleet.plugins.module_utils._kube import node_view, pool_plan
from ansible_collections.osmigrate.fleet.plugins.module_utils._steps import DONE, FAILED
from ansible_collections.osmigrate.fleet.plugins.module_utils._text import is_address

_ZONE = "topology.kubernetes.io/zone"
_REGION = "topology.kubernetes.io/region"
_CALENDAR_VERSION = re.compile(r"\d\d\.(0\d|1[0-2])\b")

# What patterns and delegations of Ansible's mean something else by, and our own groups of one word.
_TAKEN = ("all", "ungrouped", "localhost", "127.0.0.1", "ready", "schedulable", "unschedulable")
# Of text that a kubelet writes at will no longer group is made.
_LONGEST = 100
_NO_LETTER = re.compile("[^a-z0-9_]")
CONTROL_GROUP = "role_control_plane"
# What is left where the inventory fails.
NONE = "No host was added"


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


def choose_address(node: dict, types: list[str], inside: Callable[[str], bool]) -> tuple[str | None, list[str]]:
    """The first address by the order of the types that `inside` accepts, and what is none although it stands there.

    A kubelet says what it likes, and this becomes an argument of ssh.
    """
    addresses = node["status"]["addresses"]
    wanted = [one["address"] for kind in types for one in addresses if one["type"] == kind]
    return next((one for one in wanted if is_address(one) and inside(one)), None), [
        one for one in wanted if not is_address(one)
    ]


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
    if any(role in pool_plan.CONTROL_ROLES for role in facts["roles"]):
        # Playbooks leave it out by this name, whatever the role is called.
        yield CONTROL_GROUP
    yield from (f"role_{role}" for role in facts["roles"] if role != pool_plan.CONTROL_PLANE)
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
    phase, release = (
        record.get(name) if len(record.get(name) or "") <= _LONGEST else None for name in ("phase", "release")
    )
    if phase:
        yield f"osmigrate_phase_{phase}"
    if phase == DONE and release:
        yield f"osmigrate_release_{release}"
        yield "osmigrate_on_package" if release == PACKAGE else "osmigrate_on_release"
    if phase == FAILED:
        yield "osmigrate_failed"
    if "cordoned_by" in record:
        yield "osmigrate_held"


@functools.lru_cache(maxsize=None)
def os_name(os_image: str) -> str:
    """Name and version as in `debian_12`, `ubuntu_22_04`, `rocky_linux_9`: the part that changes when the OS does."""
    words = os_image.split("(")[0].replace("GNU/Linux", "").split()
    name, version = [], ""
    for word in words:
        if "0" <= word[0] <= "9":
            version = word[:5] if _CALENDAR_VERSION.match(word) else word.split(".")[0]
            break
        name.append(word)
    joined = "_".join([*name, version] if version else name).lower()
    return _NO_LETTER.sub("_", joined)[:_LONGEST]


def host_name(node: str, cluster: str | None) -> str:
    """Cluster names have no dot, so the two parts can always be told apart. No node's name has an underscore."""
    if cluster:
        return f"{node}.{cluster}"
    return f"node_{node}" if node in _TAKEN else node


def group_names(groups: Iterable[str], safe: Callable[[str], str]) -> dict[str, str]:
    """What groups are called in Ansible, which has only letters, digits and underscores: each by a name of its own.

    Of those that would be called the same, one that is called so already stays; the others get a digest, so that no
    group has the nodes of another, and none changes its name with the order of nodes.
    """
    raw = sorted(set(groups))
    # Ours stays ours, also where nobody is in it: playbooks leave it out by name.
    called = Counter(safe(one) for one in {*raw, CONTROL_GROUP})
    return {
        one: safe(one) if called[safe(one)] == 1 or safe(one) == one else _with_digest(safe(one), one) for one in raw
    }


def _with_digest(name: str, text: str) -> str:
    return f"{name}_{hashlib.sha256(text.encode('utf-8', 'surrogatepass')).hexdigest()[:6]}"


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

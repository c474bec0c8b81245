# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which clusters the hosts in sight are from, so that no playbook takes another one than its inventory names. Pure.

This plugin util is PRIVATE to the collection.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.osmigrate.fleet.plugins.module_utils._errors import FleetError
from ansible_collections.osmigrate.fleet.plugins.module_utils._text import printable
from ansible_collections.osmigrate.fleet.plugins.plugin_utils import _input
from ansible_collections.osmigrate.fleet.plugins.plugin_utils._variables import PREFIX

_NAMED_BY = ("kubeconfig", "context", "pool_label", "expected_server", "inventory_server")


def of_hosts(sight: _input.Sight, stands_for: Mapping[str, list[str]]) -> list[dict[str, Any]]:
    """Return each cluster once: a host of it, its kubeconfig if that is a path, its context, label of pools and hosts.

    A kubeconfig that is a structure is a secret; it is read from the variables of that host.
    """
    found: dict[str, dict[str, Any]] = {}
    for host, variables in sight.hosts.items():
        values = {name: sight.evaluate(host, PREFIX + name) for name in _NAMED_BY if PREFIX + name in variables}
        key = repr(sorted((name, str(value)) for name, value in values.items()))
        cluster = found.setdefault(key, _cluster(host, values))
        cluster["hosts"] += len(stands_for.get(host, ()))
    return list(found.values())


def of_groups(groups: Mapping[str, Mapping[str, Any]], extra: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the clusters that groups without hosts name."""
    found: dict[str, dict[str, Any]] = {}
    for variables in groups.values():
        if PREFIX + "kubeconfig" in variables or PREFIX + "context" in variables:
            values = {
                name: {**variables, **extra}[PREFIX + name]
                for name in _NAMED_BY
                if PREFIX + name in variables or PREFIX + name in extra
            }
            found.setdefault(repr(sorted((name, str(value)) for name, value in values.items())), _cluster("", values))
    return list(found.values())


def _cluster(host: str, values: Mapping[str, Any]) -> dict[str, Any]:
    kubeconfig, context = values.get("kubeconfig"), values.get("context")
    return {
        "host": host,
        "kubeconfig": kubeconfig if isinstance(kubeconfig, str) else "",
        "context": context or "",
        "pool_label": values.get("pool_label") or "pool",
        "hosts": 0,
        "server": "",
    }


def nobody_named(sources: list[str]) -> FleetError:
    """Return the error for an inventory that could not be read, so that it is not known which cluster it means."""
    return FleetError(
        f"The inventory {printable(', '.join(sources))} names no host and no cluster; which is meant is not known",
        "Nothing was changed",
        "Give -i with the file of the plugin osmigrate.fleet.k8s_nodes, whose name has to end in k8s_nodes.yml,"
        " or no -i and osmigrate_kubeconfig",
    )

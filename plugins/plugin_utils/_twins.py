# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which hosts of a run are one node, or one machine, by what the inventory says of them. Pure.

What machines say of themselves is compared by roles/node, once they have been asked.

This plugin util is PRIVATE to the collection.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ansible_collections.osmigrate.fleet.plugins.module_utils._text import printable

# The variables that are read.
READ = (
    "k8s_node_name",
    "osmigrate_kubeconfig",
    "osmigrate_context",
    "ansible_host",
    "ansible_port",
    "ansible_connection",
)


def problems(hosts: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    """Yield a sentence, without its full stop, for each node and each address that several hosts lead to.

    :param hosts: variables of all hosts that a run works on, whatever its batches are.
    """
    for kind, names in ((f"are node {key[0]}", names) for key, names in _alike(hosts, _node).items()):
        yield _said(names, f"both {kind}" if len(names) == 2 else f"all {kind}", "k8s_node_name")
    for (address, *_port), names in _alike(hosts, _address).items():
        yield _said(names, f"have the address {address}", "ansible_host")


def _said(names: list[str], what: str, variable: str) -> str:
    shown = printable(" and ".join(names[:5]), 300) + (f" and {len(names) - 5} more" if len(names) > 5 else "")
    return (
        f"The hosts {shown} {printable(what, 300)}, which would be moved more than once at a time; correct {variable},"
        " or take all of them but one out of the pattern"
    )


def _alike(hosts: Mapping[str, Mapping[str, Any]], key: Any) -> dict[tuple[str, ...], list[str]]:
    found: dict[tuple[str, ...], list[str]] = {}
    for name, variables in hosts.items():
        known_by = key(name, variables)
        # What is a template is not known before it is used.
        if known_by and not any("{{" in part for part in known_by):
            found.setdefault(known_by, []).append(name)
    return {known_by: sorted(names) for known_by, names in found.items() if len(names) > 1}


def _node(name: str, variables: Mapping[str, Any]) -> tuple[str, ...]:
    """Two clusters may have nodes of the same name."""
    cluster = (str(variables.get(f"osmigrate_{one}", "")) for one in ("kubeconfig", "context"))
    return (str(variables.get("k8s_node_name") or name), *cluster)


def _address(_name: str, variables: Mapping[str, Any]) -> tuple[str, ...] | None:
    address = variables.get("ansible_host")
    if not address or variables.get("ansible_connection") == "local":
        return None
    return (str(address), str(variables.get("ansible_port", "")))

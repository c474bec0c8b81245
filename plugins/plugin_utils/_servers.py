# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which API server each cluster in sight is, and whether that is the one that the operator expects. Asks no server.

This plugin util is PRIVATE to the collection.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any
from urllib.parse import urlsplit

from ansible_collections.osmigrate.fleet.plugins.module_utils._errors import FleetError
from ansible_collections.osmigrate.fleet.plugins.module_utils._kube import auth
from ansible_collections.osmigrate.fleet.plugins.module_utils._kube.auth_options import Auth
from ansible_collections.osmigrate.fleet.plugins.module_utils._secret import without_userinfo
from ansible_collections.osmigrate.fleet.plugins.module_utils._text import printable
from ansible_collections.osmigrate.fleet.plugins.plugin_utils._pattern import NOTHING

_DEFAULT_PORTS = {"https": 443, "http": 80}


def of_cluster(read: Callable[[dict[str, Any]], Auth], kubeconfig: Any, context: str | None) -> str:
    """Return the URL of the API server that modules will talk to, without what may be a password in it.

    :param read: makes of the options of modules what they make of them.
    :param kubeconfig: a path, a structure, or None for the one of the environment.
    :raises FleetError: it cannot be had from a kubeconfig.
    """
    if auth.IMPORT_ERROR:
        raise FleetError("The Python library kubernetes is missing", NOTHING, "Install it with pip on the controller")
    given = {name: value for name, value in (("kubeconfig", kubeconfig), ("context", context)) if value}
    return without_userinfo(auth.make_configuration(read(given)).host)


def refuse_others(playbook: str, server: str, expected: Any) -> None:
    """Refuse a server that is none of those that the operator expects.

    :param expected: URLs, or one of them; nothing is expected where there is none.
    :raises FleetError: it is another one; names both.
    """
    urls = [str(one) for one in ([expected] if isinstance(expected, str) else expected or []) if one]
    if urls and _plain(server) not in map(_plain, urls):
        raise FleetError(
            f"The playbook {playbook} would talk to {printable(server)}, and osmigrate_expected_server is"
            f" {printable(without_userinfo(', '.join(urls)))}",
            NOTHING,
            "Correct the inventory, osmigrate_kubeconfig or osmigrate_context; or osmigrate_expected_server",
        )


def refuse_strangers(playbook: str, server: str, of_inventory: str) -> None:
    """Refuse a server from which the inventory does not have its hosts.

    :param of_inventory: URL of the server that it has them from.
    :raises FleetError: it is another one; names both.
    """
    if _plain(server) != _plain(of_inventory):
        raise FleetError(
            f"The inventory has its hosts from {printable(of_inventory)}, and the playbook {playbook} would talk to"
            f" {printable(server)}",
            NOTHING,
            "Give the inventory the path of a kubeconfig, which its hosts keep, or the playbook the same K8S_AUTH_HOST;"
            " if both are one cluster, name the second in osmigrate_expected_server",
        )


def _plain(url: str) -> tuple[str, str, int | None, str]:
    """Return what tells servers apart, however the URL is written; without a scheme it is https."""
    parts = urlsplit(url if "://" in url else f"https://{url}")
    try:
        port = parts.port
    except ValueError:
        port = -1
    return parts.scheme, parts.hostname or "", port or _DEFAULT_PORTS.get(parts.scheme), parts.path.rstrip("/")


def tell(playbook: str, clusters: Iterable[Mapping[str, Any]]) -> list[str]:
    """Return one sentence for each server."""
    return [
        f"{playbook} talks to {printable(one['server'])}"
        + (f", for {one['hosts']} host{'' if one['hosts'] == 1 else 's'}." if one["hosts"] else ".")
        for one in clusters
        if one["server"]
    ]


def name_all(
    playbook: str,
    read: Callable[[dict[str, Any]], Auth],
    clusters: Iterable[dict[str, Any]],
    value: Callable[[str, str], Any],
    forgiving: bool,
) -> None:
    """Fill in the server of each cluster.

    :param read: as of_cluster takes it.
    :param value: the value of a variable for a host of the cluster, None if it is not set.
    :param forgiving: a cluster that cannot be found is told by the task that works on it, so that it is in the way of
        no other; not where one is expected.
    :raises FleetError: a cluster cannot be found, or is not the one that is expected.
    """
    for one in clusters:
        expected = value(one["host"], "osmigrate_expected_server")
        kubeconfig = one["kubeconfig"] or value(one["host"], "osmigrate_kubeconfig")
        try:
            one["server"] = of_cluster(read, kubeconfig, one["context"] or None)
        except FleetError as error:
            if not forgiving or expected:
                raise FleetError(error.problem, NOTHING, error.todo) from None
            continue
        refuse_others(playbook, one["server"], expected)
        of_inventory = value(one["host"], "osmigrate_inventory_server")
        if of_inventory and not expected:
            refuse_strangers(playbook, one["server"], of_inventory)

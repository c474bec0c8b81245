# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The objects that runs share: read with their version, and changed only as they were read, or made.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

import typing

from ansible_collections.osmigrate.fleet.plugins.module_utils._errors import FleetError
from ansible_collections.osmigrate.fleet.plugins.module_utils._kube.client import ApiError, Cluster, find, writing

NAMESPACE = "osmigrate-system"


def read(
    cluster: Cluster, path: str, until: typing.Optional[float] = None
) -> typing.Tuple[typing.Optional[dict], typing.Optional[str]]:
    """Return an object and its version, None and None where it is not there yet."""
    found = find(cluster, path, until)
    return (found, found["metadata"]["resourceVersion"]) if found else (None, None)


def write(
    cluster: Cluster,
    objects: str,
    made: dict,
    change: dict,
    version: typing.Optional[str],
    kept: str,
    dry_run: bool,
    until: float,
) -> None:
    """Change an object as it was read, or make it where it was not there.

    :param objects: the path of all objects of its kind.
    :param made: all of it.
    :param change: a merge patch that makes it so, without a version.
    :param version: as it was read.
    :param kept: what such objects are for, as in "the leases of nodes".
    :raises FleetError: nobody has made the namespace.
    """
    if version is not None:
        metadata = dict(change.get("metadata") or {}, resourceVersion=version)
        cluster.patch(f"{objects}/{made['metadata']['name']}", dict(change, metadata=metadata), dry_run, until)
        return
    try:
        cluster.request("POST", objects, writing(dry_run), made, until=until)
    except ApiError as error:
        if not error.is_absence:
            raise
        raise FleetError(
            f"There is no namespace {NAMESPACE} on {cluster.server}, where {kept} are kept",
            todo="Apply playbooks/files/rbac.yml, which makes it",
        )

# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the objects of an account lie on an API server, and the kubeconfig that is made of its token. Pure.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

import base64
import typing

from ansible_collections.osmigrate.fleet.plugins.module_utils._errors import FleetError
from ansible_collections.osmigrate.fleet.plugins.module_utils._text import parse_json

# What an account consists of: the name of each kind's collection, and whether its objects are in namespaces.
KINDS = {
    "Namespace": ("namespaces", False),
    "ServiceAccount": ("serviceaccounts", True),
    "ClusterRole": ("clusterroles", False),
    "ClusterRoleBinding": ("clusterrolebindings", False),
    "Role": ("roles", True),
    "RoleBinding": ("rolebindings", True),
    "ValidatingAdmissionPolicy": ("validatingadmissionpolicies", False),
    "ValidatingAdmissionPolicyBinding": ("validatingadmissionpolicybindings", False),
}
# What the server keeps of an object beside what was asked for.
_KEPT = ("managedFields", "resourceVersion", "generation", "uid", "creationTimestamp")


def flatten(manifests: typing.List[dict]) -> typing.List[dict]:
    """Return the objects of manifests and of lists in them, in their order.

    :raises FleetError: one has no name, or is of another kind.
    """
    found = []
    for one in manifests:
        if one.get("kind") == "List":
            found += flatten(one.get("items") or [])
            continue
        if one.get("kind") not in KINDS or not (one.get("metadata") or {}).get("name"):
            raise FleetError(
                f"A manifest is of the kind {one.get('kind')}, or has no name",
                todo=f"Give objects of the kinds {', '.join(sorted(KINDS))}",
            )
        found.append(one)
    return found


def path(made: dict) -> str:
    """Return the path of an object on the API server."""
    collection, namespaced = KINDS[made["kind"]]
    version = made["apiVersion"]
    root = f"/apis/{version}" if "/" in version else f"/api/{version}"
    within = f"/namespaces/{made['metadata']['namespace']}" if namespaced else ""
    return f"{root}{within}/{collection}/{made['metadata']['name']}"


def called(made: dict) -> str:
    """Return an object's kind and name, for people."""
    return " ".join([made["kind"], made["metadata"]["name"]])


def differs(before: dict, after: dict) -> bool:
    """Return whether an object was changed, by whatever is not the server's own about it."""
    return _own(before) != _own(after)


def _own(found: dict) -> dict:
    kept = {key: value for key, value in found.items() if key != "status"}
    kept["metadata"] = {key: value for key, value in found["metadata"].items() if key not in _KEPT}
    return kept


def kubeconfig(server: str, user: str, token: str, cluster: typing.Dict[str, typing.Any]) -> dict:
    """Return a kubeconfig with one cluster, one user and one context.

    :param cluster: what the cluster's entry has beside the server's URL.
    """
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "fleet", "cluster": dict(cluster, server=server)}],
        "users": [{"name": user, "user": {"token": token}}],
        "contexts": [{"name": "fleet", "context": {"cluster": "fleet", "user": user}}],
        "current-context": "fleet",
    }


def account(written: typing.Any) -> typing.Optional[typing.Tuple[str, str]]:
    """Return the server and the account that a kubeconfig is for.

    :param written: what the file has, or None.
    :returns: None if it is none of ours.
    """
    try:
        server, user = written["clusters"][0]["cluster"]["server"], written["users"][0]["name"]
        made = kubeconfig(server, user, written["users"][0]["user"]["token"], written["clusters"][0]["cluster"])
        return (server, user) if made == written else None
    except (IndexError, KeyError, TypeError, ValueError):
        return None


def ends(written: typing.Any, wanted: dict) -> float:
    """Return when the token of a kubeconfig ends, in seconds since the epoch.

    :param written: what the file has now, or None.
    :returns: 0 if it is none of ours, or leads to another server or to another account.
    """
    try:
        token = written["users"][0]["user"]["token"]
        if dict(written, users=wanted["users"]) != wanted or written["users"][0]["name"] != wanted["users"][0]["name"]:
            return 0
        payload = token.split(".")[1]
        return float(parse_json(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)).decode("utf-8"))["exp"])
    except (AttributeError, IndexError, KeyError, TypeError, ValueError):
        return 0

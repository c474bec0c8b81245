#!/usr/bin/python
# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)


DOCUMENTATION = r"""
module: k8s_access
short_description: Give an account its rights, and write a kubeconfig with a token that soon ends
version_added: 1.0.0
description:
  - Applies the manifests of the account, asks the API server for a token of it (TokenRequest), and writes a kubeconfig
    that only its owner can read. The token is in no result.
  - A kubeconfig whose token has more than half of its time left is kept.
  - A file that has anything else than a kubeconfig of this account on this server is left alone, and the module fails.
  - Needs the rights of an administrator. Runs on the controller.
extends_documentation_fragment:
  - osmigrate.fleet.attributes
  - osmigrate.fleet.k8s_auth
attributes:
  check_mode:
    support: full
  diff_mode:
    support: none
  idempotent:
    support: full
    details:
      - A token that is about to end is replaced, which is a change.
  platform:
    platforms: posix
options:
  manifests:
    description: Namespaces, accounts, roles, bindings and admission policies, in the order in which they are applied.
    type: list
    elements: dict
    required: true
  namespace:
    description: Namespace of the account.
    type: str
    default: osmigrate-system
  account:
    description: Name of the account.
    type: str
    default: osmigrate
  path:
    description:
      - File that the kubeconfig is written to. If there is one, it has to be the account's own, or empty.
    type: path
    required: true
  duration:
    description:
      - For how many seconds the token is asked for, 600 at least. The API server may give one that ends sooner.
    type: int
    default: 28800
  state:
    description:
      - V(present) applies the manifests and writes the kubeconfig.
      - V(absent) deletes the kubeconfig and all objects of the manifests, with everything in their namespaces. That is
        refused while a node holds a place in a budget.
    type: str
    choices: [present, absent]
    default: present
author:
  - osmigrate.fleet contributors (@osmigrate)
"""

EXAMPLES = r"""
- name: Give the account its rights, and write a kubeconfig
  osmigrate.fleet.k8s_access:
    manifests: "{{ lookup('ansible.builtin.file', 'rbac.yml') | from_yaml_all | list }}"
    path: osmigrate.kubeconfig
  delegate_to: localhost
"""

RETURN = r"""
server:
  description: URL of the API server.
  returned: success
  type: str
  sample: https://10.0.0.1:6443
actions:
  description: What was done, or would be done in check mode.
  returned: success
  type: list
  elements: str
  sample: [create Namespace osmigrate-system, write osmigrate.kubeconfig]
expires:
  description: When the token of the kubeconfig ends. Empty where there is none.
  returned: success
  type: str
  sample: "2026-11-29T22:00:00Z"
"""

import base64
import json
import os
import typing

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.osmigrate.fleet.plugins.module_utils._errors import FleetError
from ansible_collections.osmigrate.fleet.plugins.module_utils._kube import (
    access_plan,
    auth,
    auth_options,
    client,
    own_object,
    pool_object,
    times,
)
from ansible_collections.osmigrate.fleet.plugins.module_utils._kube.edge import run_module
from ansible_collections.osmigrate.fleet.plugins.module_utils._text import parse_json

APPLY_PATCH = "application/apply-patch+yaml"
SHORTEST = 600


def look(cluster: client.Cluster, path: str) -> typing.Optional[dict]:
    """Return the object at a path, None if there is none."""
    try:
        return cluster.get(path)
    except client.ApiError as error:
        if error.status != 404:
            raise
        return None


def apply(cluster: client.Cluster, made: dict, check_mode: bool) -> str:
    """Make one object what the manifest says. Return what was done, "" if it was so already."""
    path = access_plan.path(made)
    before = look(cluster, path)
    if before is None and check_mode:
        # Its namespace may be one of those that are not made either.
        return "create " + access_plan.called(made)
    query = dict(client.writing(check_mode), fieldManager=client.MANAGER, force="true")
    try:
        after = cluster.request("PATCH", path, query, made, APPLY_PATCH)
    except client.ApiError as error:
        if error.status == 404:
            raise FleetError(
                f"{cluster.server} does not know {made['apiVersion']} {made['kind']}",
                "What comes before it in the manifests was applied",
                "Admission policies need Kubernetes 1.30; without them set osmigrate_access_policies to false",
            )
        raise
    if before is None:
        return "create " + access_plan.called(made)
    return "change " + access_plan.called(made) if access_plan.differs(before, after) else ""


def refuse_while_nodes_move(cluster: client.Cluster, objects: typing.List[dict]) -> None:
    """Deleting the claims of a run that is on its way would let the next one take nodes that the pool cannot spare."""
    if not any(one["kind"] == "Namespace" and one["metadata"]["name"] == own_object.NAMESPACE for one in objects):
        return
    holders = sorted(name for pool in pool_object.list_pools(cluster).values() for name in pool.claims)
    if holders:
        raise FleetError(
            f"{', '.join(holders)} hold places in the budgets of their pools: a run is on its way, or has died",
            todo="Let it end, or run the playbook recover; then run the same command again",
        )


def delete(cluster: client.Cluster, made: dict, check_mode: bool) -> str:
    path = access_plan.path(made)
    found = look(cluster, path)
    # A namespace takes a while to go.
    if found is None or found["metadata"].get("deletionTimestamp"):
        return ""
    cluster.request("DELETE", path, client.writing(check_mode))
    return "delete " + access_plan.called(made)


def entry(configuration: typing.Any) -> dict:
    """Return what the cluster's entry in the kubeconfig has beside the URL, as the administrator's own has it."""
    found: dict = {}
    if configuration.ssl_ca_cert:
        with open(configuration.ssl_ca_cert, "rb") as stream:
            found["certificate-authority-data"] = base64.b64encode(stream.read()).decode("ascii")
    if not configuration.verify_ssl:
        found["insecure-skip-tls-verify"] = True
    if configuration.proxy:
        found["proxy-url"] = configuration.proxy
    if getattr(configuration, "tls_server_name", None):
        found["tls-server-name"] = configuration.tls_server_name
    return found


def written(path: str) -> typing.Any:
    """Return what the kubeconfig at a path has; it is JSON, as this module writes it, or nobody's business."""
    try:
        with open(path, encoding="utf-8") as stream:
            return parse_json(stream.read())
    except (OSError, ValueError):
        return None


def refuse_another(path: str, cluster: client.Cluster, user: str) -> None:
    """Refuse a file that this account's kubeconfig would take the place of, or that would go with it.

    :raises FleetError: it is for another account or server, or nobody knows what it is. An empty one loses nothing.
    """
    found = access_plan.account(written(path))
    empty = os.path.isfile(path) and not os.stat(path).st_size
    if empty or not os.path.lexists(path) or found == (cluster.server, user):
        return
    has = f"is the kubeconfig of {found[1]} at {found[0]}" if found else "is none that this module has written"
    raise FleetError(
        f"{path} {has}, and not of {user} at {cluster.server}",
        todo="Give another file by osmigrate_access_path (the option path), or move this one",
    )


def refuse_itself(options: auth_options.Auth, cluster: client.Cluster, user: str) -> None:
    """Refuse to work by the kubeconfig that this account was given: it may not give itself rights.

    :raises FleetError: it is what K8S_AUTH_KUBECONFIG names, say, since the first run said so.
    """
    files = [] if options.host and options.api_key else [path for path in auth.paths(options) if os.path.isfile(path)]
    if len(files) == 1 and access_plan.account(written(files[0])) == (cluster.server, user):
        raise FleetError(
            f"{files[0]}, by which {cluster.server} was to be asked, is the account's own kubeconfig",
            todo="Give one with the rights of an administrator by osmigrate_kubeconfig (the option kubeconfig), or "
            "unset K8S_AUTH_KUBECONFIG",
        )


def write(path: str, content: dict) -> None:
    """Write a file that only its owner can read, as a whole or not at all."""
    part = f"{path}.{os.getpid()}.part"
    try:
        descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
            stream.write(json.dumps(content, indent=1) + "\n")
        os.rename(part, path)
    except OSError as error:
        raise FleetError(
            f"{path} cannot be written: {error.strerror}",
            "The account has its rights, and no kubeconfig was written",
            "Name a file in a directory that you may write to",
        )


def give(
    module: AnsibleModule, cluster: client.Cluster, objects: typing.List[dict]
) -> typing.Tuple[typing.List[str], str]:
    options = module.params
    actions = [apply(cluster, made, module.check_mode) for made in objects]
    user, path = options["account"], options["path"]
    wanted = access_plan.kubeconfig(cluster.server, user, "", entry(cluster.configuration))
    end = access_plan.ends(written(path), wanted)
    private = os.path.exists(path) and not os.stat(path).st_mode & 0o077
    if end - cluster.now() < options["duration"] / 2 or not private:
        actions.append(f"write {path}")
        if not module.check_mode:
            account = f"/api/v1/namespaces/{options['namespace']}/serviceaccounts/{user}"
            body = {"spec": {"expirationSeconds": options["duration"]}}
            answer = cluster.request("POST", account + "/token", None, body)["status"]
            module.no_log_values.add(answer["token"])
            write(path, access_plan.kubeconfig(cluster.server, user, answer["token"], entry(cluster.configuration)))
            return actions, answer["expirationTimestamp"]
    return actions, times.stamp(end) if end else ""


def take_away(
    module: AnsibleModule, cluster: client.Cluster, objects: typing.List[dict]
) -> typing.Tuple[typing.List[str], str]:
    refuse_while_nodes_move(cluster, objects)
    actions = [delete(cluster, made, module.check_mode) for made in reversed(objects)]
    path = module.params["path"]
    if os.path.lexists(path):
        actions.append(f"delete {path}")
        if not module.check_mode:
            os.unlink(path)
    return actions, ""


def work(module: AnsibleModule, cluster: client.Cluster) -> dict:
    options = module.params
    objects = access_plan.flatten(options["manifests"])
    refuse_another(options["path"], cluster, options["account"])
    refuse_itself(auth_options.read_options(options.get), cluster, options["account"])
    made = give if options["state"] == "present" else take_away
    actions, expires = made(module, cluster, objects)
    done = [action for action in actions if action]
    return {"changed": bool(done), "actions": done, "server": cluster.server, "expires": expires}


def main() -> None:
    run_module(
        dict(
            manifests=dict(type="list", elements="dict", required=True),
            namespace=dict(type="str", default=own_object.NAMESPACE),
            account=dict(type="str", default="osmigrate"),
            path=dict(type="path", required=True),
            duration=dict(type="int", default=28800),
            state=dict(type="str", choices=["present", "absent"], default="present"),
        ),
        work,
        {"duration": SHORTEST},
    )


if __name__ == "__main__":
    main()

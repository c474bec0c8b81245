#!/usr/bin/python
# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)


DOCUMENTATION = r"""
module: k8s_node_info
short_description: What the cluster knows about nodes
version_added: 0.1.0
description:
  - Returns what C(status) and the roles need of Node objects, without the bulk.
  - Runs on the controller; delegate it to C(localhost).
extends_documentation_fragment:
  - osmigrate.fleet.attributes
  - osmigrate.fleet.attributes.info
  - osmigrate.fleet.k8s_auth
  - osmigrate.fleet.k8s_pool
attributes:
  platform:
    platforms: posix
options:
  names:
    description: Names of the nodes, all if unset.
    type: list
    elements: str
  label_selector:
    description: Label selector, evaluated by the API server.
    type: str
  others:
    description:
      - Return the nodes that O(label_selector) does not choose, too. RV(nodes) says of each whether it does
        (C(selected)).
    type: bool
    default: false
    version_added: 1.0.0
  leases:
    description: Look who holds the nodes' leases, too, in one more request. RV(nodes) has it as C(lease).
    type: bool
    default: false
    version_added: 1.0.0
author:
  - osmigrate.fleet contributors (@osmigrate)
seealso:
  - plugin: osmigrate.fleet.k8s_nodes
    plugin_type: inventory
"""

EXAMPLES = r"""
- name: See where the pool is
  osmigrate.fleet.k8s_node_info:
    label_selector: pool=general
  delegate_to: localhost
  register: pool
"""

RETURN = r"""
server:
  description: URL of the API server that was asked.
  returned: success
  type: str
  sample: https://10.0.0.1:6443
nodes:
  description: One record per node, ordered by name.
  returned: success
  type: list
  elements: dict
  contains:
    name:
      description: Its name.
      type: str
    uid:
      description: UID of the Node object.
      type: str
    ready:
      description: Whether it is Ready.
      type: bool
    schedulable:
      description: Whether new pods may come.
      type: bool
    roles:
      description: Its roles; a node without any is a worker.
      type: list
      elements: str
    architecture:
      description: Architecture in Go's words.
      type: str
      sample: amd64
    boot_id:
      description: The kernel's boot id.
      type: str
    machine_id:
      description: The machine id.
      type: str
    os_image:
      description: Name of the OS.
      type: str
      sample: Debian GNU/Linux 12 (bookworm)
    kernel_version:
      description: Release of the kernel.
      type: str
    kubelet_version:
      description: Version of the kubelet.
      type: str
    container_runtime:
      description: Name and version of the container runtime.
      type: str
    excluded_by:
      description: The label that leaves it out of the inventory; empty if none does.
      type: str
    osmigrate:
      description: Our annotations, without their prefix and with underscores.
      type: dict
      sample: {phase: done, release: debian-13-13.1}
    pool:
      description: Its pool, as the budgets have it.
      type: str
    zone:
      description: Its zone (label C(topology.kubernetes.io/zone)); empty if none is known.
      type: str
    selected:
      description: Whether O(label_selector) or O(names) chooses it; V(true) where neither is given.
      type: bool
    lease:
      description:
        - C(holder), the run that works on it, empty if none; C(until), when its lease ends if that run does not renew
          it, as RFC 3339; C(lapsed), whether that is over by the clock of the API server. That is for people, see
          M(osmigrate.fleet.k8s_node_lease).
      returned: if O(leases)
      type: dict
      sample: {holder: 6f1e@controller, until: "2026-11-29T14:05:20Z", lapsed: true}
missing:
  description: The O(names) that the cluster does not know.
  returned: success
  type: list
  elements: str
"""

import typing

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.osmigrate.fleet.plugins.module_utils._kube import lease, lease_plan, pool_object, pool_plan
from ansible_collections.osmigrate.fleet.plugins.module_utils._kube.client import NODES, ApiError, Cluster, get_node
from ansible_collections.osmigrate.fleet.plugins.module_utils._kube.edge import run_module
from ansible_collections.osmigrate.fleet.plugins.module_utils._kube.node_view import describe, labels


def look_up(cluster: Cluster, names: typing.Any) -> typing.Any:
    nodes, missing = [], []
    for name in names:
        try:
            nodes.append(get_node(cluster, name))
        except ApiError as error:
            if not error.is_absence:
                raise
            missing.append(name)
    return nodes, missing


def work(module: AnsibleModule, cluster: Cluster) -> dict:
    options = module.params

    def keep(node: dict) -> dict:
        pool = pool_plan.pool_of(node, options["pool_label"])
        zone = labels(node).get(pool_plan.ZONE_LABEL, "")
        return dict(describe(node), pool=pool, zone=zone, selected=True)

    missing: typing.List[str] = []
    query = {"labelSelector": options["label_selector"]}
    if options["names"] is not None:
        found, missing = look_up(cluster, options["names"])
        nodes = [keep(node) for node in found]
    elif options["others"] and options["label_selector"]:
        chosen = set(cluster.list(NODES, query, keep=lambda node: node["metadata"]["name"]).items)
        nodes = [dict(node, selected=node["name"] in chosen) for node in cluster.list(NODES, keep=keep).items]
    else:
        nodes = cluster.list(NODES, query, keep=keep).items
    if options["leases"]:
        held = lease.list_all(cluster)
        for node in nodes:
            one = held.get(lease_plan.object_name(node["name"]), lease_plan.FREE)
            node["lease"] = lease_plan.describe(one, cluster.now())
    return {
        "changed": False,
        "server": cluster.server,
        "nodes": sorted(nodes, key=lambda node: node["name"]),
        "missing": missing,
    }


def main() -> None:
    run_module(
        dict(
            pool_object.ARGUMENT_SPEC,
            names=dict(type="list", elements="str"),
            label_selector=dict(type="str"),
            others=dict(type="bool", default=False),
            leases=dict(type="bool", default=False),
        ),
        work,
        mutually_exclusive=[("names", "label_selector")],
    )


if __name__ == "__main__":
    main()

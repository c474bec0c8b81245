#!/usr/bin/python
# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)


DOCUMENTATION = r"""
module: k8s_pool_info
short_description: Claims, halts and unavailable nodes of pools
version_added: 0.1.0
description:
  - Tells of each pool of nodes who takes up its budget, and whether it is halted.
  - Runs on the controller.
extends_documentation_fragment:
  - osmigrate.fleet.attributes
  - osmigrate.fleet.attributes.info
  - osmigrate.fleet.k8s_auth
  - osmigrate.fleet.k8s_pool
attributes:
  platform:
    platforms: posix
author:
  - osmigrate.fleet contributors (@osmigrate)
seealso:
  - module: osmigrate.fleet.k8s_node_claim
"""

EXAMPLES = r"""
- name: Look who takes up the budget
  osmigrate.fleet.k8s_pool_info:
  delegate_to: localhost
  register: fleet
"""

RETURN = r"""
server:
  description: URL of the API server that was asked.
  returned: success
  type: str
  sample: https://10.0.0.1:6443
pools:
  description: The pools, in the order of their names.
  returned: success
  type: list
  elements: dict
  contains:
    name:
      description: Name of the pool.
      type: str
    nodes:
      description: How many nodes it has.
      type: int
    members:
      description: The names of these.
      type: list
      elements: str
    unavailable:
      description: Nodes that take up its budget, each with C(node) and C(why).
      type: list
      elements: dict
    claims:
      description: Nodes that hold a place, each with C(rollout), C(since), C(asked) and C(host).
      type: dict
    failures:
      description: Nodes that failed once their trial was to be armed, each with its rollout. So many halt the pool.
      type: dict
    held:
      description: Nodes that failed before that, each with C(rollout), C(since) and C(why). They never halt the pool.
      type: dict
    questions:
      description: Nodes that others are asked about, each with C(id), C(rollout), C(of) and C(until).
      type: dict
    releases:
      description:
        - Releases that were confirmed on a node of the pool, by their ids and the kind of the payload, each with
          C(commit), C(node) and C(since).
      type: dict
    halt:
      description: C(reason) and C(since) if the pool is halted, otherwise empty.
      type: dict
broken:
  description: Pools whose ConfigMap cannot be read, each with a sentence that says so. They are not in RV(pools).
  returned: success
  type: dict
  sample: {}
left:
  description: Nodes that hold a place or have a cordon of ours, whether a run is at work on them or not.
  returned: success
  type: list
  elements: str
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.osmigrate.fleet.plugins.module_utils._kube import claim, pool_object, pool_plan
from ansible_collections.osmigrate.fleet.plugins.module_utils._kube.client import Cluster
from ansible_collections.osmigrate.fleet.plugins.module_utils._kube.edge import run_module
from ansible_collections.osmigrate.fleet.plugins.module_utils._text import printable


def work(module: AnsibleModule, cluster: Cluster) -> dict:
    pools, broken = pool_object.list_readable(cluster)
    for name in sorted(broken):
        module.warn(f"Pool {printable(name)} cannot be shown, and nobody gets a place in it. {broken[name]}")
    members = pool_object.list_all_members(cluster, module.params["pool_label"])
    told = []
    for name in sorted((set(pools) | set(members)) - set(broken)):
        pool, nodes = pools.get(name, pool_plan.EMPTY), members.get(name, [])
        occupants = claim.describe(pool_plan.occupants(pool, nodes))
        known = {"name": name, "nodes": len(nodes), "members": sorted(one.name for one in nodes)}
        told.append(dict(pool_object.describe(pool), unavailable=occupants, **known))
    claimed = {node for pool in pools.values() for node in pool.claims}
    ours = {one.name for nodes in members.values() for one in nodes if one.cordoned_by is not None}
    return {"changed": False, "server": cluster.server, "pools": told, "left": sorted(claimed | ours), "broken": broken}


def main() -> None:
    run_module(pool_object.ARGUMENT_SPEC, work)


if __name__ == "__main__":
    main()

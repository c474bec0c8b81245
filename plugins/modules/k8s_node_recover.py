#!/usr/bin/python
# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)


DOCUMENTATION = r"""
module: k8s_node_recover
short_description: Give back what a dead run left on a node
version_added: 0.1.0
description:
  - Removes a cordon of ours from a node and gives its place in the budget of its pool back, if nothing speaks against
    it. The node has to be Ready and to run its default without a trial, and no run may be at work on it.
  - Otherwise nothing is changed and RV(left) says why. That is no failure.
  - A cordon of somebody else stays. That the node failed stays counted until its pool is resumed or the node arrives.
  - Runs on the controller; delegate it to C(localhost).
extends_documentation_fragment:
  - osmigrate.fleet.attributes
  - osmigrate.fleet.k8s_auth
  - osmigrate.fleet.k8s_run
  - osmigrate.fleet.k8s_pool
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
  idempotent:
    support: full
  platform:
    platforms: posix
options:
  name:
    description: Name of the Node object.
    type: str
    required: true
  boot:
    description:
      - What M(osmigrate.fleet.boot_info) returned just now.
      - Empty means that the node does not answer, and then it is left.
    type: dict
    required: true
  older_than:
    description: How many seconds ago cordon and claim must have been made. With younger ones a run may be at work.
    type: int
    default: 3600
author:
  - osmigrate.fleet contributors (@osmigrate)
seealso:
  - module: osmigrate.fleet.k8s_pool_info
  - module: osmigrate.fleet.boot_info
"""

EXAMPLES = r"""
- name: Look at what the node boots
  osmigrate.fleet.boot_info:
  register: now

- name: Give the node back
  osmigrate.fleet.k8s_node_recover:
    name: "{{ k8s_node_name }}"
    boot: "{{ now }}"
  delegate_to: localhost
"""

RETURN = r"""
actions:
  description: What was done, or would be done in check mode.
  returned: success
  type: list
  elements: str
  sample: [Uncordon node w1, Give the place of node w1 back]
left:
  description: What speaks against it, if anything does, for people.
  returned: success
  type: list
  elements: str
  sample: ["Left node w1 as it is: it is not Ready"]
before:
  description: Cordon of the node, and whether it holds a place.
  returned: success
  type: dict
  sample: {unschedulable: true, annotations: {}, claimed: true}
after:
  description: The same after the module ran.
  returned: success
  type: dict
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.osmigrate.fleet.plugins.module_utils._kube import (
    claim,
    cordon_plan,
    guard,
    lease,
    pool_object,
    recover_plan,
)
from ansible_collections.osmigrate.fleet.plugins.module_utils._kube.client import (
    MANAGER,
    Cluster,
    get_node,
    update_node,
)
from ansible_collections.osmigrate.fleet.plugins.module_utils._kube.edge import run_module


def work(module: AnsibleModule, cluster: Cluster) -> dict:
    options = module.params
    name = options["name"]
    node = get_node(cluster, name)
    held = [pool.claims[name] for pool in pool_object.list_pools(cluster).values() if name in pool.claims]
    owned = guard.Guard(cluster, name, options["run"], module.check_mode)
    against = recover_plan.objections(node, held, options["boot"], options["older_than"], cluster.now(), owned.holder())
    actions, after = [], node
    if not against:

        def decide(found: dict, now: float) -> cordon_plan.Plan:
            return cordon_plan.plan_uncordon(found, MANAGER, now, owned.begin(f"The cordon of node {name}"))

        after, uncordon = update_node(cluster, name, decide, module.check_mode)[:0:-1]
        released = claim.release(
            cluster, name, options["pool_label"], module.check_mode, failed=True, run=options["run"]
        )
        actions = uncordon.actions + released.plan.actions
    return {
        "changed": bool(actions),
        "actions": actions,
        "left": [f"Left node {name} as it is: {', '.join(against)}"] if against else [],
        "before": dict(cordon_plan.state(node), claimed=bool(held)),
        "after": dict(cordon_plan.state(after), claimed=bool(held and against)),
    }


def main() -> None:
    run_module(
        dict(
            dict(pool_object.ARGUMENT_SPEC, **lease.ARGUMENT_SPEC),
            name=dict(type="str", required=True),
            boot=dict(type="dict", required=True),
            older_than=dict(type="int", default=3600),
        ),
        work,
    )


if __name__ == "__main__":
    main()

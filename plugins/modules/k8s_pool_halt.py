#!/usr/bin/python
# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)


DOCUMENTATION = r"""
module: k8s_pool_halt
short_description: Let no further node of a pool leave service, or let them again
version_added: 0.1.0
description:
  - A halt is kept beside the claims of a pool, so it holds for all runs, those that are on their way included. No node
    gets a place any more, and none that holds one is rebooted. A node that has been rebooted goes its way to the end.
  - Runs on the controller.
extends_documentation_fragment:
  - osmigrate.fleet.attributes
  - osmigrate.fleet.k8s_auth
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
  pools:
    description: Names of the pools. Unset means all pools that there are nodes or claims of.
    type: list
    elements: str
  state:
    description:
      - V(halted) halts them.
      - V(resumed) ends the halt and forgets the failures that were counted.
    type: str
    choices: [halted, resumed]
    default: halted
  reason:
    description: Why, for people. Required for O(state=halted).
    type: str
author:
  - osmigrate.fleet contributors (@osmigrate)
seealso:
  - module: osmigrate.fleet.k8s_node_claim
"""

EXAMPLES = r"""
- name: Stop where we are
  osmigrate.fleet.k8s_pool_halt:
    reason: The new kernel loses packets
  delegate_to: localhost

- name: Go on with one pool
  osmigrate.fleet.k8s_pool_halt:
    pools: [general]
    state: resumed
  delegate_to: localhost
"""

RETURN = r"""
actions:
  description: What was done, or would be done in check mode.
  returned: success
  type: list
  elements: str
  sample: ["Pool worker: halt the pool: The new kernel loses packets"]
pools:
  description: Names of the pools that are halted, or were resumed.
  returned: success
  type: list
  elements: str
before:
  description: Claims, failures, halt of each pool, nodes that were held up, and questions to approvers.
  returned: success
  type: dict
  sample: {worker: {claims: {}, failures: {}, halt: {}, held: {}, questions: {}}}
after:
  description: The same after the module ran.
  returned: success
  type: dict
"""

from ansible_collections.osmigrate.fleet.plugins.module_utils._kube import pool_object, pool_plan, times
from ansible_collections.osmigrate.fleet.plugins.module_utils._kube.edge import run_module


def work(module, cluster):
    options = module.params

    def decide(pool, now):
        if options["state"] == "halted":
            return pool_plan.plan_halt(pool, options["reason"], times.stamp(now))
        return pool_plan.plan_resume(pool)

    names = options["pools"]
    if names is None:
        names = pool_object.all_names(cluster, options["pool_label"])
    actions, before, after = [], {}, {}
    for name in names:
        found, plan = pool_object.update_pool(cluster, name, decide, module.check_mode)
        actions += [f"Pool {name}: {action[0].lower() + action[1:]}" for action in plan.actions]
        before[name], after[name] = pool_object.describe(found), pool_object.describe(plan.pool)
    return {
        "changed": bool(actions),
        "actions": actions,
        "pools": names,
        "before": before,
        "after": after,
    }


def main():
    run_module(
        dict(
            pool_object.ARGUMENT_SPEC,
            pools=dict(type="list", elements="str"),
            state=dict(type="str", choices=["halted", "resumed"], default="halted"),
            reason=dict(type="str"),
        ),
        work,
        required_if=[("state", "halted", ["reason"])],
    )


if __name__ == "__main__":
    main()

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
  - Nothing but names is read of nodes. A pool whose ConfigMap cannot be read is halted all the same, with a warning.
    Where a pool cannot be halted, all others are, and then the module fails.
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
server:
  description: URL of the API server that was asked.
  returned: success
  type: str
  sample: https://10.0.0.1:6443
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
  description: Claims, failures, halt of each pool, nodes that were held up, questions to approvers, and releases.
  returned: success
  type: dict
  sample: {worker: {claims: {}, failures: {}, halt: {}, held: {}, questions: {}}}
after:
  description: The same after the module ran.
  returned: success
  type: dict
"""

import typing

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.osmigrate.fleet.plugins.module_utils._errors import FleetError
from ansible_collections.osmigrate.fleet.plugins.module_utils._kube import pool_object, pool_plan, times
from ansible_collections.osmigrate.fleet.plugins.module_utils._kube.client import Cluster
from ansible_collections.osmigrate.fleet.plugins.module_utils._kube.edge import run_module
from ansible_collections.osmigrate.fleet.plugins.module_utils._text import printable


class HaltError(FleetError):
    """Some of the pools were left as they were, with what was done to the others."""

    def __init__(self, state: typing.Any, done: typing.Any, failed: typing.Any, result: typing.Any) -> None:
        causes = "; ".join(f"pool {name}: {error.problem}" for name, error in sorted(failed.items()))
        super().__init__(
            f"Not every pool could be {state}: {causes}",
            f"{state.capitalize()}: {', '.join(sorted(done)) or 'none'}",
            ". ".join(sorted({error.todo for error in failed.values() if error.todo})) or "Run the same command again",
        )
        self.result = result


def halt_broken(cluster: Cluster, options: typing.Any, name: str, check_mode: bool) -> typing.Any:
    """Halt a pool whose claims nobody can read: whoever mends them is not to set it going.

    :returns: str, what was done.
    """
    plan = pool_plan.plan_halt(pool_plan.EMPTY, options["reason"], times.stamp(cluster.now()))
    pool_object.halt_broken(cluster, name, plan.pool.halt, check_mode)
    return plan.actions[0]


def work(module: AnsibleModule, cluster: Cluster) -> dict:
    options = module.params
    halting = options["state"] == "halted"

    def decide(pool: typing.Any, now: typing.Any) -> typing.Any:
        if halting:
            return pool_plan.plan_halt(pool, options["reason"], times.stamp(now))
        return pool_plan.plan_resume(pool)

    names = options["pools"]
    if names is None:
        names = pool_object.all_names(cluster, options["pool_label"])
    done, before, after = {}, {}, {}
    failed: typing.Dict[str, FleetError] = {}
    for name in names:
        # Whatever is wrong with one of them, the others are halted.
        try:
            found, plan = pool_object.update_pool(cluster, name, decide, module.check_mode)
            done[name] = plan.actions
            before[name], after[name] = pool_object.describe(found), pool_object.describe(plan.pool)
        except pool_object.BrokenPool as error:
            if halting:
                done[name] = [halt_broken(cluster, options, name, module.check_mode)]
                module.warn(f"Pool {printable(name)} is halted, but: {error}")
            else:
                failed[name] = error
        except FleetError as error:
            failed[name] = error
    actions = [f"Pool {name}: {action[0].lower() + action[1:]}" for name in done for action in done[name]]
    result = {
        "changed": bool(actions),
        "server": cluster.server,
        "actions": actions,
        "pools": list(done),
        "before": before,
        "after": after,
    }
    if failed:
        raise HaltError(options["state"], done, failed, result)
    return result


def main() -> None:
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

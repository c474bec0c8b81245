#!/usr/bin/python
# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)


DOCUMENTATION = r"""
module: k8s_node_pending
short_description: Let evicted pods prefer nodes that a rollout has moved already
version_added: 0.1.0
description:
  - Sets the taint C(osmigrate.fleet/pending) with the effect C(PreferNoSchedule) on nodes that a rollout has still to
    move, or takes it off. The scheduler then prefers nodes that are done, so that fewer pods are evicted a second time.
  - A node whose lease another run holds is left to that run; RV(left) names it. That is no failure.
  - It is a preference. If only nodes that are still to be moved have room, pods go there.
  - M(osmigrate.fleet.k8s_node_cordon) takes the taint off a node that it gives back, too.
  - Runs on the controller; delegate it to C(localhost).
extends_documentation_fragment:
  - osmigrate.fleet.attributes
  - osmigrate.fleet.k8s_auth
  - osmigrate.fleet.k8s_run
attributes:
  check_mode:
    support: full
  diff_mode:
    support: none
  idempotent:
    support: full
  platform:
    platforms: posix
options:
  names:
    description:
      - Names of the Node objects. Those that do not exist are left out.
      - Unset means all nodes, which is only for O(state=absent).
    type: list
    elements: str
  state:
    description:
      - V(present) sets the taint.
      - V(absent) takes it off, whichever rollout it is of.
    type: str
    choices: [present, absent]
    default: present
  rollout:
    description: Id of the rollout, which becomes the value of the taint. Required for O(state=present).
    type: str
  arrived_at:
    description: Take the taint off nodes that have arrived at this release, by what is recorded on their Node objects.
    type: str
author:
  - osmigrate.fleet contributors (@osmigrate)
seealso:
  - module: osmigrate.fleet.k8s_node_cordon
"""

EXAMPLES = r"""
- name: Mark the nodes that are still to be moved
  osmigrate.fleet.k8s_node_pending:
    names: "{{ groups['k8s_nodes'] }}"
    rollout: 2026-11-debian-13
  delegate_to: localhost
  run_once: true

- name: Take all marks off
  osmigrate.fleet.k8s_node_pending:
    state: absent
  delegate_to: localhost
  run_once: true
"""

RETURN = r"""
actions:
  description: What was done, or would be done in check mode.
  returned: success
  type: list
  elements: str
  sample: [Mark node w1 as one that rollout r1 has still to move]
left:
  description: Nodes that were left as they are, each with the run that holds its lease.
  returned: success
  type: list
  elements: str
  sample: ["Left node w1 to 3f0c@there, which holds its lease"]
"""

import typing

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.osmigrate.fleet.plugins.module_utils._kube import each_node, lease, node_view, pending_plan
from ansible_collections.osmigrate.fleet.plugins.module_utils._kube.client import NODES, Cluster
from ansible_collections.osmigrate.fleet.plugins.module_utils._kube.edge import run_module
from ansible_collections.osmigrate.fleet.plugins.module_utils._kube.record_plan import NodePlan


def work(module: AnsibleModule, cluster: Cluster) -> dict:
    options = module.params
    names = None if options["names"] is None else set(options["names"])

    def plan(node: dict) -> NodePlan:
        if options["state"] == "absent" or node_view.has_arrived(node, options["arrived_at"]):
            return pending_plan.plan_unmark(node)
        return pending_plan.plan_mark(node, options["rollout"])

    def is_due(node: dict) -> typing.Optional[str]:
        name = node["metadata"]["name"]
        return name if (names is None or name in names) and plan(node).actions else None

    due = sorted(filter(None, cluster.list(NODES, keep=is_due).items))
    actions, left = each_node.write(cluster, due, plan, options["run"], module.check_mode)
    return {"changed": bool(actions), "actions": actions, "left": left}


def main() -> None:
    run_module(
        dict(
            names=dict(type="list", elements="str"),
            state=dict(type="str", choices=["present", "absent"], default="present"),
            rollout=dict(type="str"),
            arrived_at=dict(type="str"),
            **lease.ARGUMENT_SPEC,
        ),
        work,
        required_if=[("state", "present", ["names", "rollout"])],
    )


if __name__ == "__main__":
    main()

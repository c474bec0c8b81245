#!/usr/bin/python
# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)


DOCUMENTATION = r"""
module: k8s_drain_forecast
short_description: Find what would hold the drain of nodes, before any is cordoned
version_added: 0.1.0
description:
  - Reads nodes, pods and disruption budgets of the cluster once, and tells for each of the nodes which pods would not
    leave it or would find no place elsewhere, and which object has to change.
  - Each node is looked at as if it were drained alone. Volumes, affinity to other pods and topology spread are not
    looked at, so the scheduler may find less room than this module, but not more.
  - Findings with the severity V(inhibitor) are those with which a drain fails, however long it takes.
  - Runs on the controller; delegate it to C(localhost) and run it once.
extends_documentation_fragment:
  - osmigrate.fleet.attributes
  - osmigrate.fleet.attributes.info
  - osmigrate.fleet.k8s_auth
attributes:
  platform:
    platforms: posix
options:
  names:
    description: Names of the Node objects.
    type: list
    elements: str
    required: true
  arrived_at:
    description: Leave nodes out that have arrived at this release, by what is recorded on their Node objects.
    type: str
  timeout:
    description: How many seconds each drain may take.
    type: int
    default: 900
  grace_period:
    description: How many seconds each pod gets to end by itself, each pod's own if unset.
    type: int
  delete_emptydir_data:
    description: As in M(osmigrate.fleet.k8s_node_drain).
    type: bool
    default: false
  delete_unmanaged:
    description: As in M(osmigrate.fleet.k8s_node_drain).
    type: bool
    default: false
  delete_allowed:
    description: As in M(osmigrate.fleet.k8s_node_drain). What may be deleted past a budget is not held by it.
    type: list
    elements: str
    default: []
author:
  - osmigrate.fleet contributors (@osmigrate)
seealso:
  - module: osmigrate.fleet.k8s_node_drain
"""

EXAMPLES = r"""
- name: Find what would hold the drains
  osmigrate.fleet.k8s_drain_forecast:
    names: "{{ groups['k8s_nodes'] }}"
  delegate_to: localhost
  run_once: true
  register: forecast

- name: Show it
  ansible.builtin.debug:
    var: forecast.report
  run_once: true
"""

RETURN = r"""
findings:
  description: What would hold the drains, the worst first.
  returned: success
  type: list
  elements: dict
  contains:
    key:
      description:
        - What it is, one of C(unmanaged), C(orphaned), C(emptydir-data), C(several-budgets),
          C(budget-never-allows), C(budget-allows-none-now), C(no-node-allowed), C(no-room), C(grace-too-long),
          C(do-not-disrupt), C(finalizer).
      type: str
    severity:
      description: One of V(low), V(medium), V(high), V(inhibitor).
      type: str
    node:
      description: The node.
      type: str
    pods:
      description: The pods that it is about, as namespace and name.
      type: list
      elements: str
    object:
      description: The object that has to change.
      type: str
      sample: PodDisruptionBudget shop/web
    detail:
      description: What was found, as a sentence about the object or its pods.
      type: str
      sample: needs 3 healthy pods and has 3 replicas
    remedy:
      description: What to do.
      type: str
inhibited:
  description: The nodes whose drain would fail.
  returned: success
  type: list
  elements: str
order:
  description: O(names) in the order in which they should go, those first whose pods' disruption budgets have room now.
  returned: success
  type: list
  elements: str
report:
  description: The findings for people, one line for all nodes with the same.
  returned: success
  type: list
  elements: str
"""

import typing

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.osmigrate.fleet.plugins.module_utils._errors import FleetError
from ansible_collections.osmigrate.fleet.plugins.module_utils._kube import daemons, delete_plan, forecast, node_view
from ansible_collections.osmigrate.fleet.plugins.module_utils._kube.client import NODES, Cluster
from ansible_collections.osmigrate.fleet.plugins.module_utils._kube.drain_plan import Policy
from ansible_collections.osmigrate.fleet.plugins.module_utils._kube.edge import run_module

PODS = "/api/v1/pods"
RUNNING = {"fieldSelector": "spec.nodeName!=,status.phase!=Succeeded,status.phase!=Failed"}
BUDGETS = "/apis/policy/v1/poddisruptionbudgets"


def work(module: AnsibleModule, cluster: Cluster) -> dict:
    options = module.params
    nodes = cluster.list(NODES, keep=_trim).items
    known = {node["metadata"]["name"]: node for node in nodes}
    strange = sorted(set(options["names"]) - set(known))
    if strange:
        raise FleetError(f"There is no node {', '.join(strange)} on {cluster.server}", todo="Check the names")
    names = [name for name in options["names"] if not node_view.has_arrived(known[name], options["arrived_at"])]
    pods, budgets, wanting = [], [], []
    if names:
        pods, budgets = cluster.list(PODS, RUNNING, _trim).items, cluster.list(BUDGETS).items
        wanting = cluster.list(daemons.DAEMON_SETS, keep=daemons.daemon).items
    allowed = delete_plan.parse(options["delete_allowed"])
    policy = Policy(options["delete_emptydir_data"], options["delete_unmanaged"], allowed)
    wanted = forecast.Wanted(policy, options["timeout"], options["grace_period"])
    findings = forecast.examine(names, nodes, pods, budgets, {one.uid: one for one in wanting}, wanted)
    return {
        "changed": False,
        "findings": [dict(finding._asdict()) for finding in findings],
        "inhibited": sorted({finding.node for finding in findings if finding.severity == "inhibitor"}),
        "order": forecast.order(options["names"], findings),
        "report": forecast.report(findings),
    }


def _trim(thing: typing.Any) -> typing.Any:
    """Drop the bulk that the API server keeps for itself."""
    thing["metadata"].pop("managedFields", None)
    thing.get("status", {}).pop("images", None)
    return thing


def main() -> None:
    run_module(
        dict(
            names=dict(type="list", elements="str", required=True),
            arrived_at=dict(type="str"),
            timeout=dict(type="int", default=900),
            grace_period=dict(type="int"),
            delete_emptydir_data=dict(type="bool", default=False),
            delete_unmanaged=dict(type="bool", default=False),
            delete_allowed=dict(type="list", elements="str", default=[]),
        ),
        work,
        least={"timeout": 1},
    )


if __name__ == "__main__":
    main()

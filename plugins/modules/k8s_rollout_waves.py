#!/usr/bin/python
# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)


DOCUMENTATION = r"""
module: k8s_rollout_waves
short_description: Part the nodes of a rollout into waves
version_added: 1.0.0
description:
  - Plans waves by a policy, and notes on each Node object in which one it is (annotation C(osmigrate.fleet/wave)). A
    node keeps its wave for as long as rollout and policy are the same, so a run that goes on where another ended has
    the same waves. Nodes that came meanwhile get waves of their own behind those, and before the nodes of the control
    plane that have not got as far as their trial.
  - A policy that these nodes cannot meet is refused, with each clash. Whether maintenance windows are long enough is up
    to M(osmigrate.fleet.k8s_preflight).
  - Whom the policy asks between waves is asked once before. Who cannot be asked is a refusal, and so are C(pods) that
    no pod is meant by. What speaks against the second wave now is told in RV(report).
  - Waves are an order. How many nodes may be unavailable is up to M(osmigrate.fleet.k8s_node_claim) as ever.
  - A node whose lease another run holds is planned, and its Node object left to that run.
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
    support: none
  idempotent:
    support: full
  platform:
    platforms: posix
options:
  names:
    description: Names of the Node objects, in the order in which they would go otherwise.
    type: list
    elements: str
    required: true
  rollout:
    description: Id of the rollout.
    type: str
    required: true
  policy:
    description:
      - All of it may be left out. An empty dictionary is the policy for every fleet.
      - C(canary), nodes of the first wave, a number or a percentage of all; C(1%), ten at most, by default.
      - C(factor), by which each wave is larger than the one before, 4 by default; or C(step), a number or a percentage
        that is added each time. C(largest), what a wave grows to, C(25%) by default.
      - C(by), which is V(pool), V(zone) or the key of a label such as C(example.com/rack) or C(example.com/channel). No
        wave has nodes of two values of it, and waves grow from the largest that there was. C(order), the values that go
        first; the others follow by name.
      - C(canary_soak) and C(soak), for how long the nodes of a wave have to serve before the next one begins, in
        seconds or as V(4h), V(400d) at most; 300 after the first one and 0 after the others by default.
      - C(canary_max_failed) and C(max_failed), how many nodes of a wave may be unwell when the next one begins; 0
        and 1 by default. One at least has to arrive, whatever these say.
      - C(pause_after), V(canary) or a list of numbers of waves, after which O(released) is asked.
      - C(control_plane), V(last) or V(never), V(last) by default. Its nodes are waves of one each.
      - C(cap), how many places nodes of all pools may hold together, see M(osmigrate.fleet.k8s_node_claim).
      - C(slow_first), whether who took longest at its last move goes first in its wave; V(true) by default.
      - C(prometheus), the URL of a Prometheus, which is asked before each wave but the first one. C(alerts), a query
        whose answer has to be empty, C(ALERTS{alertstate="firing",severity="critical"}) by default.
      - C(pods), a selector of labels of pods that all have to be Ready before each wave but the first one.
    type: dict
    default: {}
  released:
    description: Number of the last wave after whose pause the rollout may go on.
    type: int
    default: 0
author:
  - osmigrate.fleet contributors (@osmigrate)
seealso:
  - module: osmigrate.fleet.k8s_preflight
  - module: osmigrate.fleet.k8s_wave_gate
"""

EXAMPLES = r"""
- name: Part the nodes into waves, one rack after the other
  osmigrate.fleet.k8s_rollout_waves:
    names: "{{ groups['k8s_nodes'] }}"
    rollout: 2026-11-debian-13
    policy:
      canary: 2
      canary_soak: 24h
      pause_after: canary
      by: example.com/rack
  delegate_to: localhost
  run_once: true
"""

RETURN = r"""
actions:
  description: What was done, or would be done in check mode.
  returned: success
  type: list
  elements: str
  sample: [Note that node w1 is in wave 1]
waves:
  description: All waves, each with C(number), C(nodes), C(soak) in seconds, C(max_failed) and C(pause).
  returned: success
  type: list
  elements: dict
  sample: [{number: 1, nodes: [w1], soak: 300, max_failed: 0, pause: false}]
released:
  description: How many of RV(waves) may go, before somebody releases the next one.
  returned: success
  type: int
  sample: 3
left_out:
  description: Nodes of the control plane, where the policy never takes them.
  returned: success
  type: list
  elements: str
left:
  description: Nodes whose objects were left as they are, each with the run that holds its lease.
  returned: success
  type: list
  elements: str
report:
  description: The waves for people.
  returned: success
  type: list
  elements: str
  sample: ["Wave 1 of 3: 1 node: w1, then 300 seconds of soaking."]
"""

import typing

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.osmigrate.fleet.plugins.module_utils._kube import (
    each_node,
    lease,
    pool_object,
    wave_health,
    wave_plan,
    wave_policy,
)
from ansible_collections.osmigrate.fleet.plugins.module_utils._kube.client import NODES, Cluster
from ansible_collections.osmigrate.fleet.plugins.module_utils._kube.edge import run_module
from ansible_collections.osmigrate.fleet.plugins.module_utils._kube.record_plan import NodePlan


def work(module: AnsibleModule, cluster: Cluster) -> dict:
    options = module.params
    policy = wave_policy.read(options["policy"])
    places = {name: number for number, name in enumerate(options["names"])}

    def keep(node: typing.Any) -> typing.Any:
        if node["metadata"]["name"] not in places:
            return None
        return wave_plan.candidate(node, policy, options["pool_label"], options["rollout"])

    nodes = sorted(filter(None, cluster.list(NODES, keep=keep).items), key=lambda one: places[one.name])
    planned = wave_plan.plan(policy, nodes, options["rollout"])
    would_wait = wave_health.check(cluster, policy) if len(planned.waves) > 1 else ""
    remarks = [f"The second wave could not begin now: {would_wait}."] if would_wait else []
    of = len(planned.waves)
    marks = {
        name: wave_plan.mark(wave, of, policy, options["rollout"]) for wave in planned.waves for name in wave.nodes
    }
    due = [one.name for one in nodes if one.name in marks and one.mark != marks[one.name]]

    def plan(node: dict) -> NodePlan:
        return wave_plan.plan_mark(node, marks[node["metadata"]["name"]])

    actions, left = each_node.write(cluster, due, plan, options["run"], module.check_mode)
    return {
        "changed": bool(actions),
        "actions": actions,
        "left": left,
        "waves": [dict(one._asdict()) for one in planned.waves],
        "released": len(wave_plan.released(planned, options["released"])),
        "left_out": planned.left_out,
        "report": wave_plan.report(planned, options["released"]) + remarks,
    }


def main() -> None:
    run_module(
        dict(
            pool_object.ARGUMENT_SPEC,
            names=dict(type="list", elements="str", required=True),
            rollout=dict(type="str", required=True),
            policy=dict(type="dict", default={}),
            released=dict(type="int", default=0),
            **lease.ARGUMENT_SPEC,
        ),
        work,
    )


if __name__ == "__main__":
    main()

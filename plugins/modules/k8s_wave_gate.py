#!/usr/bin/python
# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)


DOCUMENTATION = r"""
module: k8s_wave_gate
short_description: Wait until the waves before a node's own have arrived, serve, and have soaked
version_added: 1.0.0
description:
  - Lets a node begin only when of each earlier wave no more nodes are unwell than the policy allows and one at least
    has arrived, the last wave has served for as long as it is to soak, and each pause before it was released. That is
    looked at until the time is over, so a node that stops to serve while its wave soaks holds the next one.
  - It asks all of this of the cluster, whichever nodes the run was given, so no pattern of hosts and no slice goes
    round a wave. A wave whose nodes were all deleted proves nothing, and the waves behind it have to.
  - What it knows is what Node objects say, so runs and slices at the same time heed each other's waves.
  - One node of a batch looks, and notes what it found on its Node object (annotation C(osmigrate.fleet/gate)); the
    others of the batch wait for that.
  - Then it asks whom the policy names, a Prometheus for alerts, and the cluster for the pods of a workload. Who cannot
    be asked holds the wave.
  - A wave that soaks for longer than O(timeout) is a failure at once that says until when.
  - Runs on the controller; delegate it to C(localhost).
extends_documentation_fragment:
  - osmigrate.fleet.attributes
  - osmigrate.fleet.k8s_auth
  - osmigrate.fleet.k8s_run
attributes:
  check_mode:
    support: full
    details:
      - Does not wait, and never fails. RV(open) tells whether the node could begin now.
  diff_mode:
    support: none
  idempotent:
    support: full
  platform:
    platforms: posix
options:
  name:
    description: Name of the Node object.
    type: str
    required: true
  looks:
    description: Name of the Node object of the batch that looks for all; by default O(name) looks for itself.
    type: str
    default: ""
  rollout:
    description: Id of the rollout.
    type: str
    required: true
  policy:
    description: As M(osmigrate.fleet.k8s_rollout_waves) was given it.
    type: dict
    default: {}
  released:
    description: Number of the last wave after whose pause the rollout may go on.
    type: int
    default: 0
  timeout:
    description: How long to wait, in seconds.
    type: int
    default: 3600
  ignored_conditions:
    description:
      - Types of conditions of nodes that may be C(True) all the same. Each other one but C(Ready), as the kubelet or
        node-problem-detector sets it on a node that has arrived, holds the next wave.
    type: list
    elements: str
    default: [EtcdIsVoter]
author:
  - osmigrate.fleet contributors (@osmigrate)
seealso:
  - module: osmigrate.fleet.k8s_rollout_waves
"""

EXAMPLES = r"""
- name: Wait until the waves before have proved the release
  osmigrate.fleet.k8s_wave_gate:
    name: "{{ k8s_node_name }}"
    rollout: 2026-11-debian-13
    policy: "{{ osmigrate_waves }}"
  delegate_to: localhost
"""

RETURN = r"""
open:
  description: Whether the node may begin.
  returned: success
  type: bool
wave:
  description: The number of its wave, 0 in check mode if it is in none of this rollout and policy.
  returned: success
  type: int
  sample: 2
refused:
  description: What speaks against it. Outside of check mode that is a failure.
  returned: success
  type: str
  sample: wave 1 is to soak until 2026-11-29T22:05:00Z
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.osmigrate.fleet.plugins.module_utils._kube import lease, wave_gate, wave_policy
from ansible_collections.osmigrate.fleet.plugins.module_utils._kube.client import Cluster
from ansible_collections.osmigrate.fleet.plugins.module_utils._kube.edge import run_module


def work(module: AnsibleModule, cluster: Cluster) -> dict:
    options = module.params
    asked = wave_gate.Request(
        options["name"],
        options["looks"] or options["name"],
        options["rollout"],
        wave_policy.read(options["policy"]),
        options["timeout"],
        options["run"],
        options["ignored_conditions"],
        options["released"],
    )
    wave, refused = wave_gate.wait(cluster, asked, module.check_mode)
    return {"changed": False, "open": not refused, "wave": wave, "refused": refused}


def main() -> None:
    run_module(
        dict(
            name=dict(type="str", required=True),
            looks=dict(type="str", default=""),
            rollout=dict(type="str", required=True),
            policy=dict(type="dict", default={}),
            released=dict(type="int", default=0),
            timeout=dict(type="int", default=3600),
            ignored_conditions=dict(type="list", elements="str", default=["EtcdIsVoter"]),
            **lease.ARGUMENT_SPEC,
        ),
        work,
    )


if __name__ == "__main__":
    main()

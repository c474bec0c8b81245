#!/usr/bin/python
# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)


DOCUMENTATION = r"""
module: k8s_node_last_look
short_description: See right before a reboot that a node is ours, empty, and the machine that is meant
version_added: 1.0.0
description:
  - Asks the cluster once more what may have become otherwise since a node was drained. Hooks of any length, and others
    who work on the cluster, lie in between.
  - Fails if another run has taken the node over, if somebody has given the node back to the scheduler, or if the
    machine that answers is not the one that the Node object means. Pods that came back are no failure; RV(drained)
    says that the node has to be drained again.
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
  name:
    description: Name of the Node object.
    type: str
    required: true
  checks:
    description:
      - What to look at. V(lease) is that O(run) still holds the node, and renews its lease.
      - V(cordon) is that the cordon of this collection stands. V(pods) is that no pod is there that a drain would take.
      - V(identity) is that O(machine) is the machine of the Node object, and of no other.
      - V(release) is that no pool of the cluster has confirmed O(release) as another commit than O(commit).
    type: list
    elements: str
    choices: [lease, cordon, pods, identity, release]
    default: [lease, cordon, pods, identity, release]
  duration:
    description: How many seconds the lease lasts from now on if nobody renews it.
    type: int
    default: 60
  machine:
    description:
      - What the machine says of itself, as M(osmigrate.fleet.boot_info) returned it. What is empty is not compared.
    type: dict
    default: {}
    suboptions:
      machine_id:
        description: Its machine id.
        type: str
        default: ""
      boot_id:
        description: The kernel's boot id.
        type: str
        default: ""
      addresses:
        description: Its addresses.
        type: list
        elements: str
        default: []
  release:
    description: Id of the release that the node is to boot; empty where it boots none, or where nobody has to be asked.
    type: str
    default: ""
  payload:
    description: Kind of the payload of O(release) that the node gets, as C(ostree); each has a commit of its own.
    type: str
    default: ""
  commit:
    description: Commit of O(payload) of O(release) by its manifest.
    type: str
    default: ""
  timeout:
    description: How many seconds to wait for a kubelet that has not reported the machine's boot yet.
    type: int
    default: 60
  delete_emptydir_data:
    description: As the option of the same name of M(osmigrate.fleet.k8s_node_drain).
    type: bool
    default: false
  delete_unmanaged:
    description: As the option of the same name of M(osmigrate.fleet.k8s_node_drain).
    type: bool
    default: false
author:
  - osmigrate.fleet contributors (@osmigrate)
seealso:
  - module: osmigrate.fleet.k8s_node_drain
  - module: osmigrate.fleet.k8s_node_lease
"""

EXAMPLES = r"""
- name: See that the machine is the node that is meant, before anything is brought onto it
  osmigrate.fleet.k8s_node_last_look:
    name: "{{ k8s_node_name }}"
    checks: [identity]
    machine:
      machine_id: "{{ boot.machine.machine_id }}"
      boot_id: "{{ boot.booted.boot_id }}"
      addresses: "{{ boot.machine.addresses }}"
  delegate_to: localhost
"""

RETURN = r"""
drained:
  description: Whether no pod is on the node that a drain would take away.
  returned: success
  type: bool
pods:
  description: Those that are, for a person, empty if there are none.
  returned: success
  type: str
boot_id:
  description:
    - The boot id that the Node object shows, for O(osmigrate.fleet.boot_trial#module:boot_id); empty if V(identity) was
      not one of O(checks).
  returned: success
  type: str
  version_added: 1.0.0
"""

import typing

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.osmigrate.fleet.plugins.module_utils._kube import (
    drain_plan,
    identity_plan,
    last_look,
    lease,
    step_note,
)
from ansible_collections.osmigrate.fleet.plugins.module_utils._kube.client import Cluster
from ansible_collections.osmigrate.fleet.plugins.module_utils._kube.edge import run_module
from ansible_collections.osmigrate.fleet.plugins.module_utils._module import FleetModule


def work(module: AnsibleModule, cluster: Cluster) -> dict:
    options = module.params
    machine = options["machine"]
    request = last_look.Request(
        options["name"],
        options["run"],
        options["duration"],
        drain_plan.Policy(options["delete_emptydir_data"], options["delete_unmanaged"]),
        identity_plan.Identity(
            machine.get("machine_id") or "",
            machine.get("boot_id") or "",
            identity_plan.plain(machine.get("addresses") or ()),
        ),
        options["timeout"],
        options["release"],
        options["payload"],
        options["commit"],
    )
    step = "arm" if last_look.CORDON in options["checks"] else "preflight"
    warnings = []
    if not module.check_mode:
        last_look.hold(cluster, request, options["checks"])
        warnings = step_note.begin(cluster, options["name"], step, options["release"])
    seen = last_look.look(cluster, request, options["checks"])
    return {
        "changed": False,
        "drained": not seen.pods,
        "pods": drain_plan.enumerate_pods(seen.pods),
        "boot_id": seen.boot_id,
        "warnings": warnings,
    }


def main(make: typing.Any = FleetModule) -> None:
    run_module(
        dict(
            lease.ARGUMENT_SPEC,
            name=dict(type="str", required=True),
            checks=dict(type="list", elements="str", choices=list(last_look.CHECKS), default=list(last_look.CHECKS)),
            duration=dict(type="int", default=lease.DURATION),
            machine=dict(
                type="dict",
                default={},
                options=dict(
                    machine_id=dict(type="str", default=""),
                    boot_id=dict(type="str", default=""),
                    addresses=dict(type="list", elements="str", default=[]),
                ),
            ),
            timeout=dict(type="int", default=60),
            release=dict(type="str", default=""),
            payload=dict(type="str", default=""),
            commit=dict(type="str", default=""),
            delete_emptydir_data=dict(type="bool", default=False),
            delete_unmanaged=dict(type="bool", default=False),
        ),
        work,
        make=make,
    )


if __name__ == "__main__":
    main()

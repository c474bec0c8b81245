#!/usr/bin/python
# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)


DOCUMENTATION = r"""
module: k8s_node_approval
short_description: Ask others whether a node may leave service, and wait for their answers
version_added: 0.1.0
description:
  - Keeps the question in the ConfigMap of the node's pool in the namespace C(osmigrate-system), with an id that is made
    anew for each way of the node. The Node object shows it (C(osmigrate.fleet/approval-wanted)) together with who is
    asked (C(osmigrate.fleet/approval-wanted-of)) and until when (C(osmigrate.fleet/approval-until)).
  - Each of those who are asked has a ConfigMap in the namespace C(osmigrate-approvals), with their name. Whoever agrees
    writes the id of the question there, under the name of the node. Whoever does not writes C(veto) and the reason,
    which ends the wait at once.
  - Nothing on a Node object is an answer, because the node's own kubelet can write there.
  - Takes nothing from the node; it serves all the time.
  - Runs on the controller; delegate it to C(localhost).
extends_documentation_fragment:
  - osmigrate.fleet.attributes
  - osmigrate.fleet.k8s_auth
  - osmigrate.fleet.k8s_run
  - osmigrate.fleet.k8s_pool
attributes:
  check_mode:
    support: full
    details:
      - Looks once who has agreed, and does not fail because somebody has not.
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
  state:
    description:
      - V(given) asks and waits until all have agreed.
      - V(absent) removes the question, so that the next way of the node needs new approvals. A veto stays until whoever
        wrote it removes it.
    type: str
    choices: [given, absent]
    default: given
  required:
    description: Who has to agree. Names of up to 51 small letters, digits and dashes.
    type: list
    elements: str
    default: []
  rollout:
    description: Id of the rollout, with which the id of the question begins.
    type: str
    default: ""
  timeout:
    description: How many seconds to wait. V(0) looks once.
    type: int
    default: 3600
author:
  - osmigrate.fleet contributors (@osmigrate)
seealso:
  - module: osmigrate.fleet.k8s_node_claim
"""

EXAMPLES = r"""
- name: Ask the storage and the network team's controllers
  osmigrate.fleet.k8s_node_approval:
    name: "{{ k8s_node_name }}"
    required: [storage, network]
    rollout: 2026-11-debian-13
    timeout: 1800
  delegate_to: localhost

- name: Need new approvals the next time
  osmigrate.fleet.k8s_node_approval:
    name: "{{ k8s_node_name }}"
    state: absent
  delegate_to: localhost
"""

RETURN = r"""
actions:
  description: What was done, or would be done in check mode.
  returned: success
  type: list
  elements: str
  sample: ["Ask storage, network whether node w1 may go in rollout 2026-11-debian-13"]
question:
  description: Id of the question, which is what an approver writes to agree. Empty if nobody is asked.
  returned: when the node could be read
  type: str
  sample: 2026-11-debian-13.5f0c92ab
missing:
  description: Who has not agreed.
  returned: when the node could be read
  type: list
  elements: str
vetoes:
  description: Who is against it, with the reasons.
  returned: when the node could be read
  type: dict
  sample: {storage: a rebuild is under way}
"""

import typing

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.osmigrate.fleet.plugins.module_utils._kube import approval, guard, lease, pool_object
from ansible_collections.osmigrate.fleet.plugins.module_utils._kube.client import Cluster
from ansible_collections.osmigrate.fleet.plugins.module_utils._kube.edge import run_module
from ansible_collections.osmigrate.fleet.plugins.module_utils._module import FleetModule


def work(module: AnsibleModule, cluster: Cluster) -> dict:
    asked = module.params
    if asked["state"] == "absent":
        owned = guard.Guard(cluster, asked["name"], asked["run"], module.check_mode)
        return approval.end(cluster, owned, module.check_mode)
    request = approval.Request(
        asked["name"], asked["required"], asked["rollout"], asked["timeout"], asked["pool_label"], asked["run"]
    )
    return approval.wait(cluster, request, module.check_mode)


def main(make: typing.Any = FleetModule) -> None:
    run_module(
        dict(
            dict(pool_object.ARGUMENT_SPEC, **lease.ARGUMENT_SPEC),
            name=dict(type="str", required=True),
            state=dict(type="str", choices=["given", "absent"], default="given"),
            required=dict(type="list", elements="str", default=[]),
            rollout=dict(type="str", default=""),
            timeout=dict(type="int", default=3600),
        ),
        work,
        make=make,
    )


if __name__ == "__main__":
    main()

#!/usr/bin/python
# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)


DOCUMENTATION = r"""
module: k8s_node_approval
short_description: Ask others whether a node may leave service, and wait for their answers
version_added: 0.1.0
description:
  - Says on the Node object who is asked (C(osmigrate.fleet/approval-wanted-of)), until when
    (C(osmigrate.fleet/approval-until)), and for which rollout (C(osmigrate.fleet/approval-wanted)).
  - Whoever agrees copies the last of these to the annotation C(osmigrate.fleet/approved-by-NAME). Whoever does not
    writes the reason to C(osmigrate.fleet/vetoed-by-NAME), which ends the wait at once.
  - Takes nothing from the node; it serves all the time.
  - Runs on the controller; delegate it to C(localhost).
extends_documentation_fragment:
  - osmigrate.fleet.attributes
  - osmigrate.fleet.k8s_auth
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
      - V(absent) removes the question and the approvals, so that the next way of the node needs new ones. A veto stays
        until whoever set it removes it.
    type: str
    choices: [given, absent]
    default: given
  required:
    description: Who has to agree. Names of up to 51 small letters, digits and dashes.
    type: list
    elements: str
    default: []
  rollout:
    description: Id of the rollout, which is the value that an approval must have.
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

from ansible_collections.osmigrate.fleet.plugins.module_utils._kube import approval
from ansible_collections.osmigrate.fleet.plugins.module_utils._kube.edge import run_module


def work(module, cluster):
    asked = module.params
    if asked["state"] == "absent":
        return approval.end(cluster, asked["name"], module.check_mode)
    return approval.wait(
        cluster, asked["name"], asked["required"], asked["rollout"], asked["timeout"], module.check_mode
    )


def main():
    run_module(
        dict(
            name=dict(type="str", required=True),
            state=dict(type="str", choices=["given", "absent"], default="given"),
            required=dict(type="list", elements="str", default=[]),
            rollout=dict(type="str", default=""),
            timeout=dict(type="int", default=3600),
        ),
        work,
    )


if __name__ == "__main__":
    main()

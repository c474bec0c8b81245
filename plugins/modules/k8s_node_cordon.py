#!/usr/bin/python
# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)


DOCUMENTATION = r"""
module: k8s_node_cordon
short_description: Cordon a node for a rollout, and give it back as it was found
version_added: 0.1.0
description:
  - Cordons a Kubernetes node and notes on the Node object for which rollout, since when, and whether the node was
    cordoned before. Such a cordon is ours; every other one belongs to somebody else and is never removed.
  - Runs on the controller; delegate it to C(localhost).
  - A node that somebody else has cordoned can be cordoned too. It stays cordoned when ours is removed.
  - A later rollout takes over the cordon of an earlier one, so that whatever a killed run left is cleaned up.
  - An operator is respected. Who uncordons the node meanwhile finds it left alone. Who cordons it again after that owns
    the cordon, because the API server keeps who set it. Who wants to keep a cordon of ours says so with
    C(kubectl annotate node NAME osmigrate.fleet/cordoned-by-), which makes it theirs.
  - The CSI drivers that are registered on the node are noted too, so that M(osmigrate.fleet.k8s_node_health) can see
    that all of them are back after the reboot.
  - Times are taken from the API server's clock.
extends_documentation_fragment:
  - osmigrate.fleet.attributes
  - osmigrate.fleet.k8s_auth
  - osmigrate.fleet.k8s_run
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
  state:
    description:
      - V(cordoned) keeps new pods from the node.
      - V(uncordoned) removes a cordon of ours, for whichever rollout it was set, and the mark that
        M(osmigrate.fleet.k8s_node_pending) set.
    type: str
    choices: [cordoned, uncordoned]
    default: cordoned
  rollout:
    description: Id of the rollout that the cordon is for. Required for O(state=cordoned).
    type: str
author:
  - osmigrate.fleet contributors (@osmigrate)
seealso:
  - module: osmigrate.fleet.k8s_node_drain
"""

EXAMPLES = r"""
- name: Keep new pods from the node
  osmigrate.fleet.k8s_node_cordon:
    name: "{{ k8s_node_name }}"
    rollout: 2026-11-debian-13
  delegate_to: localhost

- name: Give the node back
  osmigrate.fleet.k8s_node_cordon:
    name: "{{ k8s_node_name }}"
    state: uncordoned
  delegate_to: localhost
"""

RETURN = r"""
actions:
  description: What was done, or would be done in check mode.
  returned: success
  type: list
  elements: str
  sample: [Cordon node w1]
before:
  description: Whether the node was unschedulable, and our annotations about it.
  returned: success
  type: dict
  sample: {unschedulable: false, annotations: {}}
after:
  description: The same after the module ran.
  returned: success
  type: dict
owned:
  description: Whether there is a cordon of ours on the node now.
  returned: success
  type: bool
seconds_cordoned:
  description: With O(state=uncordoned), for how many seconds the cordon stood that was removed.
  returned: when a cordon of ours was removed
  type: int
  sample: 94
"""

import typing

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.osmigrate.fleet.plugins.module_utils._kube import (
    cordon_plan,
    csi,
    event_plan,
    guard,
    lease,
    node_events,
    step_note,
)
from ansible_collections.osmigrate.fleet.plugins.module_utils._kube.client import MANAGER, Cluster, update_node
from ansible_collections.osmigrate.fleet.plugins.module_utils._kube.edge import run_module
from ansible_collections.osmigrate.fleet.plugins.module_utils._module import FleetModule
from ansible_collections.osmigrate.fleet.plugins.module_utils._steps import DRAIN


def work(module: AnsibleModule, cluster: Cluster) -> dict:
    name, rollout = module.params["name"], module.params["rollout"]
    drivers = csi.drivers(cluster, name) if module.params["state"] == "cordoned" else []
    owned = guard.Guard(cluster, name, module.params["run"], module.check_mode)

    def decide(node: dict, now: float) -> cordon_plan.Plan:
        if module.params["state"] == "cordoned":
            asks = owned.begin(f"The cordon of node {name}")
            plan = cordon_plan.plan_cordon(node, rollout, now, drivers, asks)
            return plan._replace(patch=step_note.joined(plan.patch, DRAIN, now))
        plan = cordon_plan.plan_uncordon(node, MANAGER, now, owned.look())
        return plan._replace(patch=step_note.joined(plan.patch, step_note.NONE, now))

    before, plan, after = update_node(cluster, name, decide, dry_run=module.check_mode)
    result = {
        "changed": bool(plan.actions),
        "actions": plan.actions,
        "before": cordon_plan.state(before),
        "after": cordon_plan.state(after),
        "owned": cordon_plan.is_ours(after),
    }
    if plan.seconds is not None:
        result["seconds_cordoned"] = plan.seconds
    if plan.actions and not module.check_mode:
        told = _told(module.params["state"], rollout, cordon_plan.state(before)["annotations"], plan.seconds)
        result["warnings"] = [said for one in told for said in node_events.tell(cluster, after, one)]
    return result


def _told(state: str, rollout: typing.Optional[str], noted: dict, seconds: typing.Optional[int]) -> list:
    """Return the Events of what was done, none for notes alone."""
    if state == "cordoned":
        return [event_plan.Told("Cordoned", f"Is out of service for rollout {rollout}", rollout or "")]
    if seconds is None:
        return []
    said = f"Is back in service, after {seconds} seconds"
    return [event_plan.Told("Uncordoned", said, noted.get(cordon_plan.BY, ""))]


def main(make: typing.Any = FleetModule) -> None:
    run_module(
        dict(
            name=dict(type="str", required=True),
            state=dict(type="str", choices=["cordoned", "uncordoned"], default="cordoned"),
            rollout=dict(type="str"),
            **lease.ARGUMENT_SPEC,
        ),
        work,
        make=make,
        required_if=[("state", "cordoned", ["rollout"])],
    )


if __name__ == "__main__":
    main()

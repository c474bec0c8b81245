#!/usr/bin/python
# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)


DOCUMENTATION = r"""
module: k8s_node_record
short_description: Write on a Node object where a node is on its way
version_added: 0.1.0
description:
  - Sets the annotations under C(osmigrate.fleet/) that tell people, C(kubectl) and the inventory where a node is, and
    since when (C(osmigrate.fleet/since)).
  - Nothing of this collection decides by them what to do with a node; the node itself is asked.
  - Runs on the controller; delegate it to C(localhost).
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
  rollout:
    description: Id of the rollout. An empty string removes the annotation, here and in all options that follow.
    type: str
  release:
    description: Id of the boot entry that the node is on its way to, or has arrived at.
    type: str
  phase:
    description: Where it is on its way.
    type: str
  verdict:
    description: What became of the last trial.
    type: str
  reason:
    description: Why, for people. Longer ones are cut at 500 characters.
    type: str
  previous_os:
    description: What the node ran before.
    type: str
  attempts:
    description: How often O(release) has failed on the node.
    type: str
  drilled_at:
    description: When the last drill of the node came home by itself, as RFC 3339.
    type: str
  kexec_boot:
    description:
      - The boot id of a boot by kexec that was confirmed. While the node reports the same one, GRUB has yet to boot
        its default.
    type: str
    version_added: 1.0.0
  not_whole:
    description: What of the node is no way back, as RV(osmigrate.fleet.boot_info#module:not_whole) names it.
    type: str
    version_added: 1.0.0
  step:
    description:
      - What the node does now (annotations C(step) and C(step-since)). Alone it is written in one request, and in a
        second one told as an Event where no other Event tells of that step. It is no change of what is recorded, and
        nothing fails where it cannot be written. With any other option it is a part of that. Without it a record takes
        it away, because something has come to an end.
    type: str
    choices: [look, preflight, stage, wait, repair, claim, cordon, drain, arm, reboot, verify, confirm, return, revert,
              uncordon]
  boot_seconds:
    description:
      - Where the seconds of its boot went, as RV(osmigrate.fleet.boot_info#module:boot_seconds).
    type: dict
    version_added: 1.0.0
author:
  - osmigrate.fleet contributors (@osmigrate)
seealso:
  - module: osmigrate.fleet.k8s_node_info
"""

EXAMPLES = r"""
- name: Say that a trial boot comes
  osmigrate.fleet.k8s_node_record:
    name: "{{ k8s_node_name }}"
    rollout: 2026-11-debian-13
    release: debian-13-13.1
    phase: trial
    verdict: ""
  delegate_to: localhost
"""

RETURN = r"""
actions:
  description: What was done, or would be done in check mode.
  returned: success
  type: list
  elements: str
  sample: [Set phase of node w1 to trial]
before:
  description: Our annotations on the node, without their prefix.
  returned: success, unless only a step was noted
  type: dict
  sample: {phase: staged}
after:
  description: The same after the module ran.
  returned: success, unless only a step was noted
  type: dict
"""

import typing

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.osmigrate.fleet.plugins.module_utils._kube import (
    guard,
    lease,
    node_events,
    node_view,
    record_plan,
    step_note,
    timings,
)
from ansible_collections.osmigrate.fleet.plugins.module_utils._kube.client import Cluster, update_node
from ansible_collections.osmigrate.fleet.plugins.module_utils._kube.edge import run_module
from ansible_collections.osmigrate.fleet.plugins.module_utils._module import FleetModule
from ansible_collections.osmigrate.fleet.plugins.module_utils._steps import ON_TRIAL, STEPS


def work(module: AnsibleModule, cluster: Cluster) -> dict:
    wanted = {name: module.params[name] for name in record_plan.FIELDS}
    if wanted["boot_seconds"] is not None:
        wanted["boot_seconds"] = timings.of_boot(wanted["boot_seconds"])
    name = module.params["name"]
    owned = guard.Guard(cluster, name, module.params["run"], module.check_mode)

    def decide(node: dict, now: float) -> record_plan.NodePlan:
        owned.begin(f"What is noted on node {name}")
        plan = record_plan.plan(node, wanted, now)
        began = "reboot" if wanted["phase"] == ON_TRIAL else module.params["step"]
        return plan._replace(patch=step_note.joined(plan.patch, began or step_note.NONE, now))

    if module.params["step"] and all(value is None for value in wanted.values()):
        warnings: typing.List[str] = []
        if not module.check_mode:
            # Nobody waits for a note: while the API server is away, the deadman of a trial runs.
            cluster.api_timeout = 0
            owned.begin(f"What is noted on node {name}")
            warnings = step_note.begin(cluster, name, module.params["step"])
        return {"changed": False, "actions": [], "warnings": warnings}
    before, plan, after = update_node(cluster, name, decide, dry_run=module.check_mode)
    told = [] if module.check_mode else record_plan.events(node_view.osmigrate(before), node_view.osmigrate(after))
    return {
        "changed": bool(plan.actions),
        "actions": plan.actions,
        "before": node_view.osmigrate(before),
        "after": node_view.osmigrate(after),
        "warnings": [said for one in told for said in node_events.tell(cluster, after, one)],
    }


def main(make: typing.Any = FleetModule) -> None:
    run_module(
        dict(
            name=dict(type="str", required=True),
            rollout=dict(type="str"),
            release=dict(type="str"),
            phase=dict(type="str"),
            verdict=dict(type="str"),
            reason=dict(type="str"),
            previous_os=dict(type="str"),
            attempts=dict(type="str"),
            drilled_at=dict(type="str"),
            step=dict(type="str", choices=[step.key for step in STEPS]),
            kexec_boot=dict(type="str"),
            not_whole=dict(type="str"),
            boot_seconds=dict(type="dict"),
            **lease.ARGUMENT_SPEC,
        ),
        work,
        make=make,
    )


if __name__ == "__main__":
    main()

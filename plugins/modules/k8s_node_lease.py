#!/usr/bin/python
# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)


DOCUMENTATION = r"""
module: k8s_node_lease
short_description: Let one run at a time work on a node
version_added: 1.0.0
description:
  - Takes, renews and gives back the lease of a node, an object of the kind C(Lease) in the namespace
    C(osmigrate-system) that is only changed as it was read. Who holds it is the only one who cordons, drains, reboots,
    confirms and gives the node back.
  - The holder is a run of C(ansible-playbook), not a rollout. A second run of the same rollout is another holder.
  - A lease that was taken once is renewed every 15 seconds by a process of its own, as long as the
    C(ansible-playbook) lives that took it, whatever its tasks are doing. That process ends with it, also where it is
    killed. So nobody has to wait longer for a dead run than O(duration), and nobody takes a node away from one that
    lives.
  - No clock is compared with a stamp, as two controllers or two API servers may have clocks that differ. A lease has
    ended when it was watched for as long as it lasts and was not renewed. The first task of a run that finds the lease
    of another run notes all leases (O(sightings)), so that one wait does for all nodes that a dead run has left.
  - Each time the holder changes, RV(fence) grows. The modules that write on a node take it, and refuse a lower one
    than they have seen.
  - Runs on the controller; delegate it to C(localhost).
extends_documentation_fragment:
  - osmigrate.fleet.attributes
  - osmigrate.fleet.k8s_auth
attributes:
  check_mode:
    support: full
    details:
      - Refuses nobody and waits for nobody. RV(actions) says what would be done now.
  diff_mode:
    support: full
  idempotent:
    support: partial
    details:
      - To take or renew what the run holds already moves the end of the lease, which does not count as a change.
  platform:
    platforms: posix
options:
  name:
    description: Name of the Node object.
    type: str
    required: true
  state:
    description:
      - V(acquired) takes the lease, or renews it if the run holds it. Another run's has to have ended; one that is not
        renewed meanwhile is waited for, one that is renewed is a failure at once.
      - V(renewed) fails if the run does not hold it any more.
      - V(released) gives it back, if the run holds it.
    type: str
    choices: [acquired, renewed, released]
    default: acquired
  holder:
    description:
      - Who takes it. Unset, it is a name of the C(ansible-playbook) that runs, made of a UUID and the controller's host
        name, the same for all of its hosts and tasks.
    type: str
  duration:
    description: How many seconds it lasts if nobody renews it.
    type: int
    default: 60
  timeout:
    description: How many seconds to wait until another run's has ended, with O(state=acquired).
    type: int
    default: 0
  take_over:
    description: Take it whoever holds it, with O(state=acquired). RV(taken_from) names who lost it.
    type: bool
    default: false
  sightings:
    description:
      - Path of a file on the controller in which the tasks of one run share since when they have seen each lease as it
        is.
      - Unset, it is one of the C(ansible-playbook) that runs.
    type: path
author:
  - osmigrate.fleet contributors (@osmigrate)
seealso:
  - module: osmigrate.fleet.k8s_node_claim
"""

EXAMPLES = r"""
- name: Take the node's lease, and wait for one that a dead run has left
  osmigrate.fleet.k8s_node_lease:
    name: "{{ k8s_node_name }}"
    timeout: 300
  delegate_to: localhost
  register: lease

- name: Give it back
  osmigrate.fleet.k8s_node_lease:
    name: "{{ k8s_node_name }}"
    state: released
    holder: "{{ lease.holder }}"
  delegate_to: localhost
"""

RETURN = r"""
actions:
  description: What was done, or would be done in check mode.
  returned: success
  type: list
  elements: str
holder:
  description: Who asked.
  returned: success
  type: str
fence:
  description: How often the lease has had a new holder. What writes on the node takes it as its option C(fence).
  returned: success
  type: int
taken_from:
  description: Who held it before and did not give it back, empty if nobody.
  returned: success
  type: str
held_by:
  description: Who holds it instead, empty if nobody. In check mode, with O(state=released), and where
    O(state=renewed) fails because of that.
  returned: success
  type: str
lost:
  description: Present where O(state=renewed) fails because the run does not hold the lease any more.
  returned: failure
  type: bool
waited:
  description: How many seconds it was waited for.
  returned: success
  type: int
"""

import typing

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.osmigrate.fleet.plugins.module_utils._errors import FleetError
from ansible_collections.osmigrate.fleet.plugins.module_utils._kube import lease, step_note
from ansible_collections.osmigrate.fleet.plugins.module_utils._kube.client import Cluster
from ansible_collections.osmigrate.fleet.plugins.module_utils._kube.edge import run_module
from ansible_collections.osmigrate.fleet.plugins.module_utils._module import FleetModule


def work(module: AnsibleModule, cluster: Cluster) -> dict:
    options = module.params
    name, holder = options["name"], options["holder"]
    if not holder:
        raise FleetError("A lease has to have a holder", todo="Set holder, or run the module as a task of a playbook")
    if options["duration"] < 1:
        raise FleetError("A lease lasts one second at least", todo="Correct duration")
    if options["state"] == "acquired":
        outcome = lease.acquire(
            cluster,
            name,
            holder,
            options["duration"],
            options["timeout"],
            options["take_over"],
            module.check_mode,
            lease.make_watch(cluster, options["sightings"] or ""),
        )
    elif options["state"] == "renewed":
        outcome = lease.renew(cluster, name, holder, options["duration"], module.check_mode)
    else:
        outcome = lease.release(cluster, name, holder, module.check_mode)
    before, after = outcome.before, outcome.plan.lease
    # That a lease lasts longer now is what renewing is for, and changes nothing for anybody else.
    changed = (before.holder, before.transitions) != (after.holder, after.transitions)
    # Another run holds what this one has not given back, and notes its own steps.
    is_mine = not outcome.plan.held and not module.check_mode
    warnings = _noted(cluster, name, options["state"], changed) if is_mine else []
    return {
        "warnings": warnings,
        "changed": changed,
        "actions": outcome.plan.actions if changed else [],
        "holder": holder,
        "fence": after.transitions,
        "taken_from": outcome.plan.taken_from,
        "held_by": outcome.plan.held,
        "waited": int(outcome.waited),
        "before": {"holder": before.holder, "transitions": before.transitions},
        "after": {"holder": after.holder, "transitions": after.transitions},
    }


def _noted(cluster: Cluster, name: str, state: str, changed: bool) -> typing.List[str]:
    """Note the step that begins with the lease, or ends with it. A run looks at a node twice, and tells it once."""
    if state == "acquired" and changed:
        return step_note.begin(cluster, name, "look")
    if state != "renewed":
        step_note.note(cluster, name, "look" if state == "acquired" else step_note.NONE)
    return []


def main(make: typing.Any = FleetModule) -> None:
    run_module(
        dict(
            name=dict(type="str", required=True),
            state=dict(type="str", choices=["acquired", "renewed", "released"], default="acquired"),
            holder=dict(type="str"),
            duration=dict(type="int", default=lease.DURATION),
            timeout=dict(type="int", default=0),
            take_over=dict(type="bool", default=False),
            sightings=dict(type="path"),
        ),
        work,
        make=make,
    )


if __name__ == "__main__":
    main()

#!/usr/bin/python
# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)


DOCUMENTATION = r"""
module: k8s_node_claim
short_description: Claim a node's place in the budget of its pool
version_added: 0.1.0
description:
  - Lets a node leave service only if its pool can spare it. Nodes that are unavailable for any reason count, which are
    those that are not Ready, that anybody has cordoned, and that hold a claim.
  - Claims of a pool are kept in one ConfigMap in the namespace C(osmigrate-system), together with a halt of the pool,
    and are changed only as they were read. So any number of runs at once, on any number of controllers, keep to one
    budget.
  - A claim belongs to the node. It never expires. Whoever runs next for the node finds it again.
  - A pool is made of the nodes with the same value of the label O(pool_label). Nodes without that label are in the pool
    C(worker). Nodes with the role C(control-plane), C(master) or C(etcd) are in the pool C(control-plane) in any case,
    and leave service one at a time, whatever O(max_unavailable) says.
  - A control-plane node gets its place only while all members of etcd are Ready and can do without it, and all other
    API servers are Ready.
  - Inside of maintenance windows only, if there are any, and only if the node can be expected to be back before they
    close. It is expected to take O(expected_seconds), or as long as the median of its pool's nodes took in this
    rollout, once three have arrived. If that has to wait for longer than O(timeout), the module fails at once and says
    when the next window opens.
  - Ask again before the reboot. A node that holds a place and may not use it any more gives it back.
  - Runs on the controller; delegate it to C(localhost).
extends_documentation_fragment:
  - osmigrate.fleet.attributes
  - osmigrate.fleet.k8s_auth
  - osmigrate.fleet.k8s_run
  - osmigrate.fleet.k8s_pool
  - osmigrate.fleet.k8s_terms
attributes:
  check_mode:
    support: full
    details:
      - Does not wait. RV(granted) tells whether there would be a place now.
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
      - V(claimed) waits for a place and takes it, or finds the one that the node holds and asks whether it may still
        go. A pool that is halted is a failure at once.
      - V(released) gives the place back, and forgets that the node has failed (O(forget_failure)). The Node object may
        be gone.
      - V(failed) notes that the node failed once its trial was to be armed, if it holds a place, and halts the pool
        after O(halt_after) of them.
      - V(held) notes what held the node up before that (O(why)). It counts neither against a release nor towards a
        halt.
      - After both the node keeps its place until it is Ready and has no cordon of ours.
    type: str
    choices: [claimed, released, failed, held]
    default: claimed
  rollout:
    description: Id of the rollout. Required for all but O(state=released).
    type: str
  max_unavailable:
    description:
      - How many nodes of the pool may be unavailable, this one included, as a number or a percentage of the pool.
      - A percentage is rounded down, to one at least.
    type: str
    default: 10%
  max_unavailable_per_zone:
    description:
      - The same for the nodes of the pool in the zone of this node (label C(topology.kubernetes.io/zone)).
      - Unset means no limit of its own. Nodes without a zone have none either.
    type: str
  max_claims:
    description:
      - How many places the nodes of all pools may hold together. V(0) means no such limit.
      - Unlike the limits of a pool it counts places, and not what is unavailable for other reasons.
    type: int
    default: 0
  timeout:
    description:
      - How many seconds to wait for a place, for a window that opens, and for etcd and API servers to be well.
      - With O(state=failed) and O(state=held) how many seconds to wait until the node is back in service. That it is
        not is no failure of the module.
    type: int
    default: 3600
  halt_after:
    description: How many failed nodes of a rollout halt the pool. V(0) means that none do.
    type: int
    default: 3
  why:
    description:
      - With O(state=held), what held the node up, such as the pods and disruption budgets that a drain waited for.
      - Kept as one line of at most 400 characters, for the last 200 nodes of the pool.
    type: str
    default: ""
  forget_failure:
    description: With O(state=released), whether it is also forgotten that the node has failed or was held up.
    type: bool
    default: true
  release:
    description:
      - With O(state=released), id of the release that was confirmed on the node. The pool notes it with O(commit),
        once, and M(osmigrate.fleet.k8s_node_last_look) refuses another commit under that id from then on.
    type: str
    default: ""
  payload:
    description: Kind of the payload of O(release) that the node has got, as C(ostree); each has a commit of its own.
    type: str
    default: ""
  commit:
    description: Commit of O(payload) of O(release).
    type: str
    default: ""
  batch:
    description:
      - Hosts that go on only when this task has ended on all of them, as C(ansible_play_batch) has them. A place that
        one of them holds is not waited for, because nobody would ever give it back. RV(waits_for_batch) says so.
    type: list
    elements: str
    default: []
  inventory_hostname:
    description: Name of this node's host in the inventory, by which others know it in their O(batch).
    type: str
    default: ""
author:
  - osmigrate.fleet contributors (@osmigrate)
seealso:
  - module: osmigrate.fleet.k8s_pool_halt
  - module: osmigrate.fleet.k8s_pool_info
"""

EXAMPLES = r"""
- name: Wait until the pool can spare the node
  osmigrate.fleet.k8s_node_claim:
    name: "{{ k8s_node_name }}"
    rollout: 2026-11-debian-13
    max_unavailable: 10%
    max_unavailable_per_zone: 1
  delegate_to: localhost

- name: Wait until it may go at night, and is expected to be back before the night ends
  osmigrate.fleet.k8s_node_claim:
    name: "{{ k8s_node_name }}"
    rollout: 2026-11-debian-13
    windows:
      - days: [mon, tue, wed, thu]
        start: "22:00"
        duration: 4h
        timezone: Europe/Berlin
    blackouts:
      - "2026-11-27"
      - from: "2026-12-20"
        to: "2027-01-03"
        timezone: Europe/Berlin
  delegate_to: localhost

- name: Give its place back
  osmigrate.fleet.k8s_node_claim:
    name: "{{ k8s_node_name }}"
    state: released
  delegate_to: localhost

- name: Give the place of a node back that was taken away for good
  osmigrate.fleet.k8s_node_claim:
    name: node-9
    state: released
  delegate_to: localhost
"""

RETURN = r"""
actions:
  description: What was done, or would be done in check mode.
  returned: success
  type: list
  elements: str
  sample: [Claim a place for node w1]
pool:
  description: Name of the node's pool.
  returned: when the Node object could be read
  type: str
  sample: worker
granted:
  description: Whether the node may leave service. Always V(false) with any other O(state) than V(claimed).
  returned: success
  type: bool
waits_for_batch:
  description: Whether a host of O(batch) has to give its place back first. Ask again when it has.
  returned: success
  type: bool
refused:
  description: Why it may not go now, apart from the budget. Outside of check mode that is a failure.
  returned: success
  type: str
control_plane:
  description: What was seen of the control plane; empty for nodes that are not of it.
  returned: when the node's pool could be read
  type: dict
  contains:
    etcd:
      description: The members of etcd that are static pods, each with C(node) and C(state).
      type: list
      elements: dict
      sample: [{node: m1, state: ready}, {node: m2, state: is not Ready}]
    api_servers:
      description: The same of the API servers.
      type: list
      elements: dict
    checks:
      description: What the API server says about its own connection to etcd.
      type: dict
      sample: {etcd: true, etcd-readiness: true}
unavailable:
  description: The nodes that take up the budget, if it has no place.
  returned: when the pool could be read
  type: list
  elements: dict
  contains:
    node:
      description: Name of the node.
      type: str
    why:
      description: Why it counts.
      type: str
      sample: is not Ready
before:
  description: Claims, failures, halt of the pool, nodes that were held up, questions to approvers, and releases.
  returned: success
  type: dict
  sample: {claims: {}, failures: {}, halt: {}, held: {}, questions: {}, releases: {}}
after:
  description: The same after the module ran.
  returned: success
  type: dict
"""

import typing

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.osmigrate.fleet.plugins.module_utils._kube import (
    admission,
    claim,
    event_plan,
    lease,
    node_events,
    pool_object,
)
from ansible_collections.osmigrate.fleet.plugins.module_utils._kube.client import Cluster
from ansible_collections.osmigrate.fleet.plugins.module_utils._kube.edge import run_module
from ansible_collections.osmigrate.fleet.plugins.module_utils._kube.pool_plan import Limits
from ansible_collections.osmigrate.fleet.plugins.module_utils._module import FleetModule


def work(module: AnsibleModule, cluster: Cluster) -> dict:
    options = module.params
    limits = Limits(options["max_unavailable"], options["max_unavailable_per_zone"])
    request = claim.Request(
        options["name"],
        options["rollout"],
        limits,
        options["timeout"],
        options["inventory_hostname"],
        options["batch"],
        options["pool_label"],
        admission.read_terms(options),
        options["run"],
        options["max_claims"],
    )
    if options["state"] == "claimed":
        outcome = claim.claim(cluster, request, module.check_mode)
    elif options["state"] in ("failed", "held"):
        held_by = options["why"] if options["state"] == "held" else None
        outcome = claim.fail(cluster, request, options["halt_after"], module.check_mode, held_by)
    else:
        failed = not options["forget_failure"]
        outcome = claim.release(
            cluster,
            options["name"],
            options["pool_label"],
            module.check_mode,
            failed,
            options["run"],
            (options["release"], options["payload"], options["commit"])
            if options["release"] and options["commit"]
            else None,
        )
    full = outcome.plan.full
    before, after = (pool_object.describe(pool) for pool in (outcome.before, outcome.plan.pool))
    told = [] if module.check_mode else _told(options, outcome)
    return {
        "changed": bool(outcome.plan.actions),
        "warnings": [said for one in told for said in node_events.tell(cluster, options["name"], one)],
        "actions": outcome.plan.actions,
        "pool": outcome.pool_name,
        "granted": options["state"] == "claimed" and not full and not outcome.refused,
        "waits_for_batch": outcome.waits_for_batch,
        "refused": outcome.refused,
        "control_plane": outcome.control_plane,
        "unavailable": claim.describe(full[1]) if full else [],
        "before": before,
        "after": after,
    }


def _told(options: dict, outcome: claim.Outcome) -> list:
    """Return the Events of what has changed."""
    rollout, state = options["rollout"] or "", options["state"]
    if not outcome.plan.actions or state not in ("claimed", "held"):
        return []
    if state == "held":
        said = f"Is held up before its trial: {options['why'] or 'nobody knows why'}"
        return [event_plan.Told("HeldUp", said, rollout, event_plan.WARNING)]
    if outcome.plan.full or outcome.refused:
        return []
    return [event_plan.Told("PlaceClaimed", f"May leave service: it has a place of pool {outcome.pool_name}", rollout)]


def main(make: typing.Any = FleetModule) -> None:
    run_module(
        dict(
            dict(admission.ARGUMENT_SPEC, **pool_object.ARGUMENT_SPEC, **lease.ARGUMENT_SPEC),
            name=dict(type="str", required=True),
            state=dict(type="str", choices=["claimed", "released", "failed", "held"], default="claimed"),
            rollout=dict(type="str"),
            max_unavailable=dict(type="str", default="10%"),
            max_unavailable_per_zone=dict(type="str"),
            max_claims=dict(type="int", default=0),
            timeout=dict(type="int", default=3600),
            halt_after=dict(type="int", default=3),
            why=dict(type="str", default=""),
            forget_failure=dict(type="bool", default=True),
            release=dict(type="str", default=""),
            payload=dict(type="str", default=""),
            commit=dict(type="str", default=""),
            batch=dict(type="list", elements="str", default=[]),
            inventory_hostname=dict(type="str", default=""),
        ),
        work,
        make=make,
        required_if=[("state", state, ["rollout"]) for state in ("claimed", "failed", "held")],
    )


if __name__ == "__main__":
    main()

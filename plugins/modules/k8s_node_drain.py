#!/usr/bin/python
# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)


DOCUMENTATION = r"""
module: k8s_node_drain
short_description: Empty a cordoned node through the eviction API, and tell the truth about it
version_added: 0.1.0
description:
  - Evicts the pods of a node in parallel, as disruption budgets allow, and waits until they are gone.
  - Pods of DaemonSets and mirrors of static pods stay. Pods that have run to their end are removed. Pods that are
    terminating already are waited for and not evicted again.
  - DaemonSets are looked at by their UID. A pod of one that is gone counts as one that nothing would start again, and
    one whose DaemonSet does not want the node leaves it.
  - A pod that nothing would start again, one with an V(emptyDir) volume, and one under more than one disruption budget
    are refused before anything is evicted; the first two can be allowed.
  - A pod is deleted instead of evicted only if O(delete_allowed) lets it be, after its eviction was refused for
    O(delete_after). Every such deletion is in the result.
  - A refusal by a disruption budget is no failure. The eviction is asked for again, once per budget and not once per
    pod, until O(timeout), and not before the API server wants it to.
  - A pod that is still there at O(timeout) is a failure whose message names it and what held it.
  - The node has to be cordoned, so that no new pods come. If somebody uncordons it meanwhile, that is a failure.
  - Runs on the controller; delegate it to C(localhost).
extends_documentation_fragment:
  - osmigrate.fleet.attributes
  - osmigrate.fleet.k8s_auth
  - osmigrate.fleet.k8s_run
attributes:
  check_mode:
    support: full
    details:
      - Asks the API server about each pod with a dry run, and returns the same table. What a budget would refuse now is
        told in the table and is no failure. The node need not be cordoned.
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
  timeout:
    description: How many seconds the whole drain may take, at least 1.
    type: int
    default: 900
  grace_period:
    description:
      - How many seconds each pod gets to end by itself, each pod's own if unset. A negative value is refused.
      - V(0) means none. The API server then forgets the pod at once, although it may still run for a moment.
    type: int
  delete_emptydir_data:
    description: Evict pods although the data in their V(emptyDir) volumes is lost.
    type: bool
    default: false
  delete_unmanaged:
    description: Evict pods although they have no controller that would start them elsewhere.
    type: bool
    default: false
  delete_allowed:
    description:
      - Which pods may be deleted when their eviction is refused. None are if it is empty.
      - V(namespace/label=value) names pods, by more labels with commas, and with V(!=) by other values. Such a pod is
        deleted even where a disruption budget forbids its eviction, and where more than one covers it.
      - V(Kind), such as V(Job), is the kind of the controller. Such a pod is deleted only if no disruption budget
        covers it, as when an admission webhook denies its eviction.
      - Needs the rights to delete pods and to patch their status, which C(playbooks/files/rbac-delete-pods.yml) grants
        and C(rbac.yml) does not.
    type: list
    elements: str
    default: []
  delete_after:
    description:
      - How many seconds the eviction of such a pod must have been refused before it is deleted. With O(delete_allowed)
        it has to be less than O(timeout).
    type: int
    default: 300
  wait_for_volumes:
    description:
      - Wait, within O(timeout), until the volumes of the pods that left are detached from the node too. Those of pods
        that stay are not waited for.
    type: bool
    default: false
  evictions_per_second:
    description:
      - How many evictions to ask for per second at most. After a pause as many may go at once.
      - The default is the number of pods that a kubelet runs at most unless it is told otherwise, so one node's drain
        does not wait for it.
    type: int
    default: 110
author:
  - osmigrate.fleet contributors (@osmigrate)
seealso:
  - module: osmigrate.fleet.k8s_node_cordon
"""

EXAMPLES = r"""
- name: Empty the node
  osmigrate.fleet.k8s_node_drain:
    name: "{{ k8s_node_name }}"
    timeout: 600
  delegate_to: localhost

- name: Empty the node, do away with batch jobs that nobody misses, and see its volumes detached
  osmigrate.fleet.k8s_node_drain:
    name: "{{ k8s_node_name }}"
    delete_allowed: [batch/tier=scratch]
    delete_after: 120
    wait_for_volumes: true
  delegate_to: localhost

- name: See what a drain would meet now
  osmigrate.fleet.k8s_node_drain:
    name: "{{ k8s_node_name }}"
  check_mode: true
  delegate_to: localhost
"""

RETURN = r"""
actions:
  description: The evictions that were accepted, or would be asked for in check mode.
  returned: success
  type: list
  elements: str
  sample: [Evict pod shop/web-6d4b75cb6d-x2x7f]
pods:
  description: One record per pod that was on the node, also when the drain failed.
  returned: when the pods could be listed
  type: list
  elements: dict
  contains:
    namespace:
      description: Its namespace.
      type: str
    name:
      description: Its name.
      type: str
    owner:
      description: The controller that would start it again, empty if it has none.
      type: str
      sample: ReplicaSet/web-6d4b75cb6d
    action:
      description:
        - V(evict), V(delete) for one that has run to its end, V(wait) for one that was leaving already, V(leave) for
          one that belongs on the node, V(refuse) for one that must not be evicted.
      type: str
    reason:
      description: Why, for people; for one that is still there what held it.
      type: str
    gone:
      description: Whether it has left the node.
      type: bool
    seconds:
      description: How long it took to leave, or was waited for so far.
      type: float
    blocked_by:
      description: The disruption budget that refused its eviction last, as namespace and name.
      type: str
      sample: shop/web
    deleted_by:
      description:
        - The entry of O(delete_allowed) by which it was deleted after its eviction had been refused, unset if it was
          not. In check mode the one by which it would be.
      type: str
      sample: batch/tier=scratch
volumes:
  description: With O(wait_for_volumes), one record per volume that was attached when the pods had left.
  returned: when the pods had left, empty in check mode
  type: list
  elements: dict
  contains:
    name:
      description: Name of the VolumeAttachment object.
      type: str
    volume:
      description: The PersistentVolume, empty for one that a pod described itself.
      type: str
    attacher:
      description: The CSI driver that detaches it.
      type: str
    reason:
      description: Why it could not be detached so far, if the driver says so.
      type: str
    gone:
      description: Whether it is detached.
      type: bool
    seconds:
      description: How long it took to be detached, or was waited for.
      type: float
seconds:
  description: How long the drain took.
  returned: success
  type: float
"""

import typing

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.osmigrate.fleet.plugins.module_utils._errors import FleetError
from ansible_collections.osmigrate.fleet.plugins.module_utils._kube import delete_plan, event_plan, lease, node_events
from ansible_collections.osmigrate.fleet.plugins.module_utils._kube.client import Cluster
from ansible_collections.osmigrate.fleet.plugins.module_utils._kube.drain import NodeDrain, Request
from ansible_collections.osmigrate.fleet.plugins.module_utils._kube.drain_plan import Policy
from ansible_collections.osmigrate.fleet.plugins.module_utils._kube.edge import run_module
from ansible_collections.osmigrate.fleet.plugins.module_utils._module import FleetModule


def work(module: AnsibleModule, cluster: Cluster) -> dict:
    options = module.params
    allowed = delete_plan.parse(options["delete_allowed"])
    if allowed and options["delete_after"] >= options["timeout"]:
        raise FleetError(
            f"delete_after ({options['delete_after']} seconds) leaves no time to delete anything within timeout "
            f"({options['timeout']} seconds)",
            "Nothing was evicted",
            "Give delete_after a lower value, or timeout a higher one",
        )
    request = Request(
        options["name"],
        Policy(options["delete_emptydir_data"], options["delete_unmanaged"], allowed),
        options["timeout"],
        options["grace_period"],
        options["evictions_per_second"],
        options["delete_after"],
        options["wait_for_volumes"],
        options["run"],
    )
    drain = NodeDrain(cluster, request)
    if module.check_mode:
        return drain.rehearse()
    result = drain.run()
    if result["changed"]:
        said = event_plan.Told("Drained", f"Pods have left: {len(result['pods'])}")
        result["warnings"] = node_events.tell(cluster, options["name"], said)
    return result


def main(make: typing.Any = FleetModule) -> None:
    run_module(
        dict(
            name=dict(type="str", required=True),
            timeout=dict(type="int", default=900),
            grace_period=dict(type="int"),
            delete_emptydir_data=dict(type="bool", default=False),
            delete_unmanaged=dict(type="bool", default=False),
            delete_allowed=dict(type="list", elements="str", default=[]),
            delete_after=dict(type="int", default=300),
            wait_for_volumes=dict(type="bool", default=False),
            evictions_per_second=dict(type="int", default=110),
            **lease.ARGUMENT_SPEC,
        ),
        work,
        make=make,
        least={"timeout": 1, "evictions_per_second": 1},
    )


if __name__ == "__main__":
    main()

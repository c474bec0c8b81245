#!/usr/bin/python
# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)


DOCUMENTATION = r"""
module: k8s_preflight
short_description: Find what in the cluster speaks against a rollout, before any node is touched
version_added: 0.1.0
description:
  - Recognises other controllers that drain, reboot, delete or fence the nodes, by their DaemonSets, Deployments and
    CronJobs, unless these are scaled to 0 or suspended, and by what they write on Node objects. Each is refused unless
    it is accepted by name, or marks exempt the nodes.
  - Reads the maintenance windows and says when the next node may go. Windows that are shorter than a node is expected
    to take, or than the median of what three nodes of a pool or more took at their last moves, are refused.
  - For nodes of the control plane, looks whether etcd could ever spare them.
  - Changes nothing. Runs on the controller; delegate it to C(localhost) and run it once.
extends_documentation_fragment:
  - osmigrate.fleet.attributes
  - osmigrate.fleet.attributes.info
  - osmigrate.fleet.k8s_auth
  - osmigrate.fleet.k8s_pool
  - osmigrate.fleet.k8s_terms
attributes:
  platform:
    platforms: posix
options:
  names:
    description: Names of the Node objects that shall be moved.
    type: list
    elements: str
    required: true
  accepted_controllers:
    description:
      - Other controllers that may be there, because they are paused or left to their work on purpose.
      - Known are C(kured), C(system-upgrade-controller), C(machine-config-operator), C(kubeos),
        C(bottlerocket-update-operator), C(flatcar-linux-update-operator), C(fleetlock) and C(kairos-operator).
    type: list
    elements: str
    default: []
  max_unavailable_per_zone:
    description:
      - How many nodes of a zone may be unavailable, as M(osmigrate.fleet.k8s_node_claim) will be told. With it, nodes
        without the label C(topology.kubernetes.io/zone) are refused, apart from those of the control plane.
    type: str
author:
  - osmigrate.fleet contributors (@osmigrate)
seealso:
  - module: osmigrate.fleet.k8s_drain_forecast
  - module: osmigrate.fleet.k8s_node_claim
"""

EXAMPLES = r"""
- name: Look whether anything speaks against the rollout
  osmigrate.fleet.k8s_preflight:
    names: "{{ groups['k8s_nodes'] }}"
    accepted_controllers: [kured]
    windows:
      - {start: "22:00", duration: 4h}
  delegate_to: localhost
  run_once: true
"""

RETURN = r"""
findings:
  description: The other controllers that were recognised.
  returned: when the cluster could be read
  type: list
  elements: dict
  contains:
    controller:
      description: Its name, as O(accepted_controllers) takes it.
      type: str
      sample: kured
    detail:
      description: By what it was recognised, and on which nodes.
      type: str
      sample: DaemonSet kube-system/kured (w1, w2)
    nodes:
      description: The nodes that it works on.
      type: list
      elements: str
    accepted:
      description: Whether the operator accepts it.
      type: bool
    does:
      description: What it may do to the nodes.
      type: str
      sample: delete or replace
    pause:
      description: What makes it leave the nodes alone, empty if nothing is known.
      type: str
control_plane:
  description: What was seen of the control plane, as in M(osmigrate.fleet.k8s_node_claim); empty if no node is of it.
  returned: when the cluster could be read
  type: dict
opens:
  description: From when on a node may go, in UTC; empty if it may go now.
  returned: success
  type: str
  sample: "2026-11-21T22:00:00Z"
report:
  description: What is worth to be told to people.
  returned: success
  type: list
  elements: str
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.osmigrate.fleet.plugins.module_utils._kube import admission, pool_object, preflight
from ansible_collections.osmigrate.fleet.plugins.module_utils._kube.client import Cluster
from ansible_collections.osmigrate.fleet.plugins.module_utils._kube.edge import run_module


def work(module: AnsibleModule, cluster: Cluster) -> dict:
    options = module.params
    terms = admission.read_terms(options)
    per_zone = options["max_unavailable_per_zone"] or ""
    accepted = options["accepted_controllers"]
    return preflight.examine(cluster, options["names"], accepted, terms, options["pool_label"], per_zone)


def main() -> None:
    run_module(
        dict(
            dict(admission.ARGUMENT_SPEC, **pool_object.ARGUMENT_SPEC),
            names=dict(type="list", elements="str", required=True),
            accepted_controllers=dict(type="list", elements="str", default=[]),
            max_unavailable_per_zone=dict(type="str"),
        ),
        work,
    )


if __name__ == "__main__":
    main()

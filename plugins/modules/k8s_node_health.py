#!/usr/bin/python
# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)


DOCUMENTATION = r"""
module: k8s_node_health
short_description: Wait until a node is what it should be, and serves
version_added: 0.1.0
description:
  - Waits until all gates are open, and fails with the name of the one that is not.
  - Fails at once where waiting cannot help, which is another Node object, or another OS or a kubelet of the wrong
    version on the very boot that is judged.
  - What costs more is looked at when the gates of the Node object are open, and the probe when all others are.
  - Runs on the controller; delegate it to C(localhost).
extends_documentation_fragment:
  - osmigrate.fleet.attributes
  - osmigrate.fleet.k8s_auth
attributes:
  check_mode:
    support: full
    details:
      - Looks at all gates once, without waiting, and does not fail because one is closed. So mistakes in
        O(conditions) and O(probe) are told while the node still serves. No probe is started.
  diff_mode:
    support: N/A
    details:
      - Nothing is changed.
  idempotent:
    support: full
    details:
      - Nothing is changed. The pod of O(probe) is deleted on every way out.
  platform:
    platforms: posix
options:
  name:
    description: Name of the Node object.
    type: str
    required: true
  uid:
    description: UID that the Node object must have. Gate C(uid).
    type: str
  boot_id:
    description: Boot id that the node must report. Gate C(boot_id). A node that boots once more is not waited for.
    type: str
  told_since:
    description:
      - Since when the kubelet must have told that it is as it says, in seconds since 1970 by the node's clock; V(0) for
        whenever. Gate C(told). After a soft-reboot the boot id is that of before.
    type: int
    default: 0
    version_added: 1.0.0
  daemonsets:
    description: Whether all pods of DaemonSets on the node must be Ready. Gate C(daemonsets).
    type: bool
    default: true
  version_skew:
    description:
      - Whether the kubelet must not be newer than the API server, and at most three minor versions older. Gate
        C(kubelet_version).
    type: bool
    default: true
  node_conditions:
    description:
      - Whether all conditions of the node other than C(Ready) must not be C(True). These are what the kubelet says,
        such as C(DiskPressure), and what node-problem-detector says, such as C(KernelDeadlock).
      - Gate C(node_conditions).
    type: bool
    default: true
  ignored_conditions:
    description: Types of conditions that may be C(True) all the same.
    type: list
    elements: str
    default: [EtcdIsVoter]
  csi_drivers:
    description:
      - Whether the CSI drivers that M(osmigrate.fleet.k8s_node_cordon) found must be registered again. Gate
        C(csi_drivers).
      - The CSINode object keeps what was registered before a reboot until the kubelet takes it away. That the pods of
        the drivers run is what O(daemonsets) looks at.
    type: bool
    default: true
  resources:
    description:
      - Whether the node must have as much for pods as M(osmigrate.fleet.k8s_node_cordon) noted when it cordoned it, of
        processors, memory, huge pages, and devices. Of memory and of the disk a tenth may be gone. Gate C(resources).
    type: bool
    default: true
  ignored_resources:
    description: Resources of which there may be less all the same, as the Node object names them; with wildcards.
    type: list
    elements: str
    default: []
  conditions:
    description: Conditions on any objects of the cluster, each a gate of its own. Needs the Python library C(jmespath).
    type: list
    elements: dict
    default: []
    suboptions:
      name:
        description: Name of the gate.
        type: str
        required: true
      api_version:
        description: As in a manifest, such as V(apps/v1).
        type: str
        default: v1
      kind:
        description: As in a manifest, such as V(Deployment).
        type: str
        required: true
      namespace:
        description: Namespace of the object, if its kind is in namespaces.
        type: str
      object:
        description: Name of the object.
        type: str
        required: true
      expression:
        description: JMESPath expression on the object.
        type: str
        required: true
      expected:
        description: The value that it must have. Mind that most of what Kubernetes says is a string, such as V('True').
        type: raw
        required: true
      timeout:
        description: After how many seconds to give up, if that is sooner than the O(timeout) of all gates.
        type: int
  probe:
    description:
      - A pod that is run on the node when all other gates are open, in the namespace C(osmigrate-probe), and again
        until one passes. It is deleted on every way out. Gate C(probe).
    type: dict
    suboptions:
      image:
        description:
          - Image with C(sh), and for what is checked C(nslookup) or C(getent), and C(wget) or C(curl).
          - It runs as nobody.
        type: str
        required: true
      dns:
        description: Name that must be found.
        type: str
        default: ""
      url:
        description: Address, such as one of a Service, that must answer a request.
        type: str
        default: ""
      subpath:
        description: Whether a volume must be mountable by C(subPath).
        type: bool
        default: true
  next_step:
    description:
      - What the node does next, noted on the Node object when all gates are open, as
        O(osmigrate.fleet.k8s_node_record#module:step). If empty, nothing is noted.
    type: str
    choices: ["", confirm]
    default: ""
    version_added: 1.0.0
  ready_for:
    description: How many seconds all gates have to stay open in one piece. The gate C(ready) is always one of them.
    type: int
    default: 0
  timeout:
    description: How many seconds to wait, O(ready_for) included.
    type: int
    default: 600
author:
  - osmigrate.fleet contributors (@osmigrate)
seealso:
  - module: osmigrate.fleet.k8s_node_info
"""

EXAMPLES = r"""
- name: Wait until the node serves again
  osmigrate.fleet.k8s_node_health:
    name: "{{ k8s_node_name }}"
    uid: "{{ k8s_node.uid }}"
    boot_id: "{{ boot.booted.boot_id }}"
    ready_for: 30
  delegate_to: localhost

- name: See that pods there can reach what they need, too
  osmigrate.fleet.k8s_node_health:
    name: "{{ k8s_node_name }}"
    conditions:
      - name: storage
        api_version: ceph.rook.io/v1
        kind: CephCluster
        namespace: rook-ceph
        object: rook-ceph
        expression: status.ceph.health
        expected: HEALTH_OK
    probe:
      image: busybox:1.37
      dns: kubernetes.default.svc
      url: http://web.shop.svc/healthz
  delegate_to: localhost
"""

RETURN = r"""
gates:
  description: One record per gate, also when it failed.
  returned: when the node could be read
  type: list
  elements: dict
  contains:
    name:
      description: Name of the gate.
      type: str
      sample: boot_id
    passed:
      description: Whether it is open.
      type: bool
    value:
      description: What the node says.
      type: str
    seconds:
      description: After how many seconds it opened and stayed open, unset if it did not.
      type: float
node:
  description: The node as M(osmigrate.fleet.k8s_node_info) returns it.
  returned: when the node could be read
  type: dict
"""

import typing

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.osmigrate.fleet.plugins.module_utils._kube import (
    conditions,
    event_plan,
    health,
    node_events,
    probe,
    step_note,
)
from ansible_collections.osmigrate.fleet.plugins.module_utils._kube.client import Cluster
from ansible_collections.osmigrate.fleet.plugins.module_utils._kube.edge import run_module
from ansible_collections.osmigrate.fleet.plugins.module_utils._module import FleetModule, need_libraries
from ansible_collections.osmigrate.fleet.plugins.module_utils._steps import CONFIRM, VERIFY


def work(module: AnsibleModule, cluster: Cluster) -> dict:
    options = dict(module.params)
    if options["conditions"]:
        need_libraries(module, [("jmespath", conditions.IMPORT_ERROR)])
    options["conditions"] = conditions.parse(options["conditions"], health.NAMES)
    options["probe"] = probe.parse(options["probe"]) if options["probe"] else None
    wanted = health.Wanted(*[options[name] for name in health.Wanted._fields])
    if module.check_mode:
        return health.look(cluster, options["name"], wanted, options["timeout"])
    if options["boot_id"]:
        step_note.note(cluster, options["name"], VERIFY)
    result = health.wait(cluster, options["name"], wanted, options["ready_for"], options["timeout"])
    if options["boot_id"]:
        told = event_plan.Told(
            "Verified", f"Is Ready and passes {len(result['gates'])} gates on boot {options['boot_id']}"
        )
        result["warnings"] = node_events.tell(cluster, options["name"], told)
    if options["next_step"]:
        step_note.note(cluster, options["name"], options["next_step"])
    return result


def main(make: typing.Any = FleetModule) -> None:
    run_module(
        dict(
            name=dict(type="str", required=True),
            uid=dict(type="str"),
            boot_id=dict(type="str"),
            told_since=dict(type="int", default=0),
            daemonsets=dict(type="bool", default=True),
            version_skew=dict(type="bool", default=True),
            node_conditions=dict(type="bool", default=True),
            ignored_conditions=dict(type="list", elements="str", default=["EtcdIsVoter"]),
            csi_drivers=dict(type="bool", default=True),
            resources=dict(type="bool", default=True),
            ignored_resources=dict(type="list", elements="str", default=[]),
            conditions=dict(type="list", elements="dict", default=[], options=conditions.ARGUMENT_SPEC),
            probe=dict(type="dict", options=probe.ARGUMENT_SPEC),
            next_step=dict(type="str", choices=["", CONFIRM], default=""),
            ready_for=dict(type="int", default=0),
            timeout=dict(type="int", default=600),
        ),
        work,
        make=make,
    )


if __name__ == "__main__":
    main()

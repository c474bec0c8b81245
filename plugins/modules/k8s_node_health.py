#!/usr/bin/python
# -*- coding: utf-8 -*-
# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import absolute_import, division, print_function

__metaclass__ = type

DOCUMENTATION = r"""
module: k8s_node_health
short_description: Wait until a node is what it should be, and serves
version_added: 0.1.0
description:
  - Waits until all gates are open, and fails with the name of the one that is not.
  - Fails at once where waiting cannot help, which is another Node object, or another OS on the very boot that is
    judged.
  - Runs on the controller; delegate it to C(localhost).
extends_documentation_fragment:
  - osmigrate.fleet.attributes
  - osmigrate.fleet.attributes.info
  - osmigrate.fleet.k8s_auth
attributes:
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
    description: Boot id that the node must report. Gate C(boot_id).
    type: str
  boot_id_not:
    description: Boot id that the node must not report any more. Gate C(boot_id).
    type: str
  os_image:
    description: Part of the name of the OS, or a regular expression that finds it. Gate C(os_image).
    type: str
  kernel_version:
    description: Kernel that must run, in full. Gate C(kernel_version).
    type: str
  daemonsets:
    description: Whether all pods of DaemonSets on the node must be Ready. Gate C(daemonsets).
    type: bool
    default: true
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
    boot_id_not: "{{ k8s_node.boot_id }}"
    os_image: Debian GNU/Linux 13
    ready_for: 30
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

from ansible_collections.osmigrate.fleet.plugins.module_utils._kube import health
from ansible_collections.osmigrate.fleet.plugins.module_utils._kube.edge import run_module


def work(module, cluster):
    options = module.params
    wanted = health.Wanted(*[options[name] for name in health.Wanted._fields])
    return health.wait(cluster, options["name"], wanted, options["ready_for"], options["timeout"])


def main():
    run_module(
        dict(
            name=dict(type="str", required=True),
            uid=dict(type="str"),
            boot_id=dict(type="str"),
            boot_id_not=dict(type="str"),
            os_image=dict(type="str"),
            kernel_version=dict(type="str"),
            daemonsets=dict(type="bool", default=True),
            ready_for=dict(type="int", default=0),
            timeout=dict(type="int", default=600),
        ),
        work,
        mutually_exclusive=[("boot_id", "boot_id_not")],
    )


if __name__ == "__main__":
    main()

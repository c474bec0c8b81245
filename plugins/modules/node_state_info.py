#!/usr/bin/python
# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)


DOCUMENTATION = r"""
module: node_state_info
short_description: What an administrator made of a node, to compare before and after a move
version_added: 0.1.0
description:
  - Looks at the files that no package brought or that were changed since, and at services, mounts, addresses, routes,
    users, groups, kernel parameters and kernel arguments as they are now. Holds no content of files, only digests.
  - The filter P(osmigrate.fleet.state_differences#filter) compares two of these and explains the differences.
extends_documentation_fragment:
  - osmigrate.fleet.attributes
  - osmigrate.fleet.attributes.info
attributes:
  platform:
    platforms: linux
author:
  - osmigrate.fleet contributors (@osmigrate)
options:
  files:
    description:
      - Files to look at, instead of looking for what an administrator made. After a move those from before it, and the
        targets of the plan.
    type: list
    elements: str
    default: []
  sysctls:
    description: Kernel parameters to look at, as paths below C(/proc/sys), instead of those that an administrator set.
    type: list
    elements: str
    default: []
seealso:
  - module: osmigrate.fleet.node_carry
  - plugin: osmigrate.fleet.state_differences
    plugin_type: filter
"""

EXAMPLES = r"""
- name: Note what the node is
  osmigrate.fleet.node_state_info:
  register: before

- name: Look at the same after the move
  osmigrate.fleet.node_state_info:
    files: "{{ (before.state.files.keys() | list) + (carry.plan | map(attribute='target') | list) }}"
    sysctls: "{{ before.state.sysctls.keys() | list }}"
  register: after
"""

RETURN = r"""
state:
  description: What the node is now.
  returned: success
  type: dict
  contains:
    files:
      description:
        - By path, C(digest) (SHA-256 of the content, or of where a link leads), C(mode), C(user) and C(group). Of a
          file of more than 256 MiB the digest is one of its size and time.
      type: dict
    services:
      description:
        - By name of a service, socket, timer or path, C(state) (V(active), V(inactive), V(failed), or V(runs and ends)
          for what a timer starts and what does not stay), C(enabled) as systemctl says it, C(packaged), whether it
          is as a package brought it, and C(conditions), whether they held.
      type: dict
    mounts:
      description: By place, file system, device and flags, of what lies on a device or on another machine.
      type: dict
    addresses:
      description:
        - By address with its prefix, the device that has it, by its MAC address if it has hardware, else by its name.
          Addresses that only count on one link, and those of containers, are left out.
      type: dict
    routes:
      description: By destination, gateway, device and table, the metric.
      type: dict
    users:
      description: By name, number, group, home and shell.
      type: dict
    groups:
      description: By name, number and members.
      type: dict
    sysctls:
      description: By path below C(/proc/sys), the value.
      type: dict
    kernel_arguments:
      description: The words of the kernel's command line.
      type: list
      elements: str
"""

from ansible_collections.osmigrate.fleet.plugins.module_utils._carry import snapshot
from ansible_collections.osmigrate.fleet.plugins.module_utils._errors import answer, failing
from ansible_collections.osmigrate.fleet.plugins.module_utils._module import FleetModule


def main() -> None:
    module = FleetModule(
        argument_spec=dict(
            files=dict(type="list", elements="str", default=[]),
            sysctls=dict(type="list", elements="str", default=[]),
        ),
        supports_check_mode=True,
    )
    with failing(module, "Nothing was changed"):
        state = snapshot.take(module.params["files"], module.params["sysctls"])
    answer(module, changed=False, state=state)


if __name__ == "__main__":
    main()

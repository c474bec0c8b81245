#!/usr/bin/python
# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Make two root partitions on a node that has room for them."""

DOCUMENTATION = r"""
module: slot_layout
short_description: Make two root partitions on a node that has room for them
version_added: 1.0.0
description:
  - Makes C(ROOT-A), C(ROOT-B) and C(PERSIST) beside what a package-managed node has, and names them in
    C(/etc/osmigrate/slots.json). No partition is moved, and the root that runs is not touched.
  - Room is what belongs to no partition of the disk, what the spare partition has that O(spare) names, or the end of a
    physical volume that no logical volume uses. A node without room is refused.
  - On a node that KubeOS made, nothing is made. Its partitions, which go by the labels of their file systems, are named
    in C(/etc/osmigrate/slots.json), once they were held against its GRUB configuration.
  - The table is kept as it was in C(/boot/osmigrate/table.sfdisk), and written back where it is not as it should be.
extends_documentation_fragment:
  - osmigrate.fleet.attributes
  - osmigrate.fleet.fence
attributes:
  check_mode:
    support: full
  diff_mode:
    support: none
  idempotent:
    support: full
  platform:
    support: full
    platforms: linux
requirements:
  - sfdisk and partx of util-linux, mkfs.ext4; pvs and pvresize for a node on LVM
options:
  slot_size:
    description: Size of each slot in MiB. No image that is larger can ever be written there.
    type: int
    default: 4096
  persist_size:
    description: Size of C(PERSIST) in MiB at least; it gets all that is left of where it lies. It holds C(/var).
    type: int
    default: 16384
  disk:
    description:
      - Path of the disk, best one of C(/dev/disk/by-id). Left out, the one that has O(spare), and without that the one
        that C(/) lies on.
    type: path
  spare:
    description: PARTUUID of a partition to use up. It must hold nothing, and nobody may use it.
    type: str
author:
  - osmigrate.fleet contributors (@osmigrate)
seealso:
  - module: osmigrate.fleet.slot_info
  - module: osmigrate.fleet.slot_candidate
"""

EXAMPLES = r"""
- name: See whether there is room
  osmigrate.fleet.slot_layout:
  check_mode: true

- name: Make slots of 8 GiB where a partition is spare
  osmigrate.fleet.slot_layout:
    slot_size: 8192
    spare: 9f2c3a52-58f7-4d4e-9a46-0d4c5c1c4e11
"""

RETURN = r"""
actions:
  description: What was done, or would be done in check mode.
  returned: success
  type: list
  elements: str
  sample:
    - write /etc/osmigrate/slots.json
    - make ROOT-A (4096 MiB), ROOT-B (4096 MiB), PERSIST (30719 MiB) on /dev/vda
    - make a file system on PERSIST
"""

from ansible_collections.osmigrate.fleet.plugins.module_utils._backends.slots import making
from ansible_collections.osmigrate.fleet.plugins.module_utils._errors import answer, failing
from ansible_collections.osmigrate.fleet.plugins.module_utils._module import FleetModule
from ansible_collections.osmigrate.fleet.plugins.module_utils._trial import fence


def main() -> None:
    module = FleetModule(argument_spec={**making.ARGUMENT_SPEC, **fence.ARGUMENT_SPEC}, supports_check_mode=True)
    with failing(module), fence.guarded(module):
        steps = making.plan(*making.asked(module.params))
        if not module.check_mode:
            for step in steps:
                step.do()
    answer(module, changed=bool(steps), actions=[step.action for step in steps])


if __name__ == "__main__":
    main()

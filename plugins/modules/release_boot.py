#!/usr/bin/python
# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Boot a release once before anybody gets it."""

DOCUMENTATION = r"""
module: release_boot
short_description: Boot a release once, on a machine of QEMU
version_added: 1.0.0
description:
  - Deploys a commit on a disk of its own, boots it in QEMU, and fails unless all units come up, C(/usr) cannot be
    written, its sshd answers, and its kubelet runs, as far as it has these. Nothing of it stays.
  - It gets fresh host keys for its sshd and an address by DHCP, and nothing else that a node would have.
author:
  - osmigrate.fleet contributors (@osmigrate)
extends_documentation_fragment:
  - osmigrate.fleet.attributes
  - osmigrate.fleet.attributes.info
attributes:
  platform:
    platforms: linux
requirements:
  - ostree, e2fsprogs, openssh-client
  - qemu-system-x86; without KVM a boot takes some minutes
options:
  repository:
    description: Path of the OSTree repository.
    type: path
    required: true
  commit:
    description: The commit.
    type: str
    required: true
  work_directory:
    description: Directory with room for the release, twice, while the module runs.
    type: path
    default: /var/tmp
  memory:
    description: Memory of the machine in MiB.
    type: int
    default: 1024
  timeout:
    description: Seconds after which it counts as failed.
    type: int
    default: 900
seealso:
  - module: osmigrate.fleet.release_payload
"""

EXAMPLES = r"""
- name: See that the release boots
  osmigrate.fleet.release_boot:
    repository: public/repo
    commit: 8c3b1bf6f2a5a3c0ac0bd4e1b09bd5a5d5e2b1e2a6a4dd6a7e0c9d6c1b1d4a55
  delegate_to: localhost
"""

RETURN = r"""
seconds:
  description: How long it took until all of it was up and looked at.
  returned: success
  type: int
"""

from ansible_collections.osmigrate.fleet.plugins.module_utils._build import smoke
from ansible_collections.osmigrate.fleet.plugins.module_utils._errors import answer, failing
from ansible_collections.osmigrate.fleet.plugins.module_utils._module import FleetModule


def main() -> None:
    module = FleetModule(
        argument_spec={
            "repository": {"type": "path", "required": True},
            "commit": {"type": "str", "required": True},
            "work_directory": {"type": "path", "default": "/var/tmp"},
            "memory": {"type": "int", "default": 1024},
            "timeout": {"type": "int", "default": 900},
        },
        supports_check_mode=True,
    )
    params = module.params
    with failing(module):
        done = smoke.boot(
            params["repository"], params["commit"], params["work_directory"], params["memory"], params["timeout"]
        )
    answer(module, changed=False, seconds=done.seconds)


if __name__ == "__main__":
    main()

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
  - Boots each payload of a release in QEMU, from disks of its own, and fails unless all units come up and stay up,
    C(/usr) cannot be written, something answers on the port of SSH, and its kubelet, if it has one, takes a
    configuration. Nothing of it stays.
  - A release for another architecture than x86_64 is refused.
  - A commit is deployed as on a node. The image of a slot is a disk that nobody can write, with the layer of C(/etc)
    and with C(/var) on another one.
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
  - PyYAML
  - qemu-system-x86; without KVM a boot takes some minutes
options:
  manifest:
    description:
      - Path of C(release.yml), signed or not, where M(osmigrate.fleet.release_payload) has put it. The payloads lie
        beside its directory.
    type: path
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
    manifest: public/debian-13-13.2/release.yml
  delegate_to: localhost
"""

RETURN = r"""
seconds:
  description: How long it took each payload, by its kind, until all of it was up and looked at.
  returned: success
  type: dict
  sample: {ostree: 41, slots: 38}
"""

import os

from ansible_collections.osmigrate.fleet.plugins.module_utils._build import smoke, smoke_disks
from ansible_collections.osmigrate.fleet.plugins.module_utils._errors import answer, failing
from ansible_collections.osmigrate.fleet.plugins.module_utils._module import FleetModule, need_libraries
from ansible_collections.osmigrate.fleet.plugins.module_utils._release import reader, schema


def main() -> None:
    module = FleetModule(
        argument_spec={
            "manifest": {"type": "path", "required": True},
            "work_directory": {"type": "path", "default": "/var/tmp"},
            "memory": {"type": "int", "default": 1024},
            "timeout": {"type": "int", "default": 900},
        },
        supports_check_mode=True,
    )
    need_libraries(module, reader.MISSING)
    params = module.params
    path = os.path.abspath(params["manifest"])
    with failing(module):
        release = reader.unsigned(reader.read_manifest(path, 0), reader.name_of(path)).release
        name, place = schema.entry_id(release), os.path.dirname(os.path.dirname(path))
        seconds = {
            kind: smoke.boot(
                made, f"The {kind} of release {name}", params["work_directory"], params["memory"], params["timeout"]
            )
            for kind, made in smoke_disks.makers(release, place).items()
        }
    answer(module, changed=False, seconds=seconds)


if __name__ == "__main__":
    main()

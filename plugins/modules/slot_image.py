#!/usr/bin/python
# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)


DOCUMENTATION = r"""
module: slot_image
short_description: Make the payload of a release for nodes with two root partitions
version_added: 1.0.0
description:
  - Packs the image of a root file system block by block into one gzip file, writes its block index, and returns what a
    manifest says of them as C(payloads.slots). Sign the manifest with M(osmigrate.fleet.release_sign) as any other.
  - The image has whole blocks of 4096 bytes, at most 8 GiB, and a file system that is mounted read-only.
extends_documentation_fragment:
  - osmigrate.fleet.attributes
attributes:
  check_mode:
    support: partial
    details:
      - It looks at nothing, and says that it would change something.
  diff_mode:
    support: none
  idempotent:
    support: N/A
    details:
      - It always makes the files, which are the same for the same image and version of zlib.
  platform:
    platforms: linux
options:
  image:
    description: Path of the image.
    type: path
    required: true
  tree:
    description: Path of the directory that the image was made of.
    type: path
    required: true
  kernel:
    description: Path of the kernel in the image, from its root.
    type: str
    required: true
  initrd:
    description: Path of the initramfs in the image, from its root.
    type: str
    required: true
  filesystem:
    description: File system of the image.
    type: str
    choices: [ext4, xfs, erofs, squashfs]
    default: ext4
  directory:
    description: Directory that is served to the nodes, where the files go.
    type: path
    required: true
  name:
    description: What the names of the files begin with.
    type: str
    required: true
  url:
    description: URL of O(directory), as nodes see it.
    type: str
    required: true
author:
  - osmigrate.fleet contributors (@osmigrate)
seealso:
  - module: osmigrate.fleet.slot_candidate
  - module: osmigrate.fleet.release_sign
"""

EXAMPLES = r"""
- name: Pack the image
  osmigrate.fleet.slot_image:
    image: /srv/build/13.2.ext4
    tree: /srv/build/tree
    kernel: /usr/lib/modules/6.12.43+deb13-cloud-amd64/vmlinuz
    initrd: /usr/lib/modules/6.12.43+deb13-cloud-amd64/initramfs.img
    directory: /srv/images/debian-13
    name: "13.2"
    url: https://images.example/debian-13
  register: packed
"""

RETURN = r"""
payload:
  description: What a manifest has as C(payloads.slots).
  returned: success, but not in check mode
  type: dict
  sample: {"url": "https://images.example/debian-13/13.2.gz", "size": 1258291200, "filesystem": "ext4"}
"""

import typing

from ansible_collections.osmigrate.fleet.plugins.module_utils._backends.slots import publish
from ansible_collections.osmigrate.fleet.plugins.module_utils._errors import answer, failing
from ansible_collections.osmigrate.fleet.plugins.module_utils._module import FleetModule
from ansible_collections.osmigrate.fleet.plugins.module_utils._release import schema


def main() -> None:
    module = FleetModule(
        argument_spec={
            "image": {"type": "path", "required": True},
            "tree": {"type": "path", "required": True},
            "kernel": {"type": "str", "required": True},
            "initrd": {"type": "str", "required": True},
            "filesystem": {"type": "str", "choices": list(schema.FILESYSTEMS), "default": "ext4"},
            "directory": {"type": "path", "required": True},
            "name": {"type": "str", "required": True},
            "url": {"type": "str", "required": True},
        },
        supports_check_mode=True,
    )
    payload: typing.Dict[str, typing.Any] = {}
    with failing(module):
        if module.check_mode:
            answer(module, changed=True)
        payload = publish.payload(publish.Wish(**module.params))
    answer(module, changed=True, payload=payload)


if __name__ == "__main__":
    main()

#!/usr/bin/python
# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)


DOCUMENTATION = r"""
module: slot_info
short_description: Root partitions of a node that has two
version_added: 1.0.0
description:
  - Reads where C(BOOT) or C(ESP), C(ROOT-A), C(ROOT-B) and C(PERSIST) are, which slot runs, and what each holds.
  - Partitions are found by their PARTLABEL, or by what C(/etc/osmigrate/slots.json) says; never by device names.
extends_documentation_fragment:
  - osmigrate.fleet.attributes
  - osmigrate.fleet.attributes.info
attributes:
  platform:
    platforms: linux
options:
  verify:
    description:
      - Read each slot that was good when it was written, and compare it with its image. A root that is mounted
        read-only, of a file system without a journal, stays what it was.
      - It reads a hundred MiB a second at most.
    type: bool
    default: false
author:
  - osmigrate.fleet contributors (@osmigrate)
"""

EXAMPLES = r"""
- name: Look at the slots
  osmigrate.fleet.slot_info:
  register: slots

- name: Stop where the other slot is no way back
  ansible.builtin.assert:
    that: slots.slots.values() | map(attribute='state') | difference(['running', 'good']) | length == 0
  when: slots.problem == ''
"""

RETURN = r"""
problem:
  description: Why this is no node with slots, empty if it is one. Without them, the rest is empty.
  returned: always
  type: str
  sample: "This node has no partition ROOT-B: none is PARTLABEL=ROOT-B"
running:
  description: The slot that the running system is on, empty if it is on none.
  returned: always
  type: str
  sample: ROOT-A
partitions:
  description: The partitions by their name here; each with C(device), C(partuuid), C(fstype) and C(size_bytes).
  returned: always
  type: dict
  sample: {"ROOT-A": {"device": "/dev/vda3", "partuuid": "0b1c", "fstype": "ext4", "size_bytes": 2147483648}}
slots:
  description:
    - What the two slots hold, by name. C(state) is V(running), V(good) for a whole image that was read back, V(partial)
      for one that was not written to its end, or V(unknown) for what nobody here has written.
    - C(release) is the id of its boot entry, C(image) its SHA-256. C(in_use) says why it cannot be written now.
    - C(verified) is whether it is that image, bit for bit; null where that was not asked for, or is not known.
  returned: always
  type: dict
  sample: {"ROOT-B": {"state": "good", "release": "debian-13-13.1", "image": "4c", "in_use": "", "verified": null}}
"""

import typing

from ansible_collections.osmigrate.fleet.plugins.module_utils._backends.slots import backend, layout, marks
from ansible_collections.osmigrate.fleet.plugins.module_utils._backends.slots.device import Device
from ansible_collections.osmigrate.fleet.plugins.module_utils._backends.slots.pace import Pace
from ansible_collections.osmigrate.fleet.plugins.module_utils._errors import FleetError, answer, failing
from ansible_collections.osmigrate.fleet.plugins.module_utils._module import FleetModule

SHOWN = ("device", "partuuid", "fstype", "size_bytes")


def facts(verify: bool) -> typing.Dict[str, typing.Any]:
    """Return what the module documents."""
    try:
        found = layout.read()
    except FleetError as error:
        return {"problem": error.problem, "running": "", "partitions": {}, "slots": {}}
    partitions = {
        name: {field: getattr(partition, field) for field in SHOWN} for name, partition in found.partitions.items()
    }
    marked = marks.read()
    slots = {}
    for name in layout.SLOTS:
        mark = marked.get(found.slot(name).partuuid, marks.UNKNOWN)
        slots[name] = {
            "state": "running" if name == found.running else marks.state(mark),
            "release": mark.release,
            "image": mark.image,
            "in_use": layout.in_use(found, name),
            "verified": (
                backend.is_image(Device(name, found.slot(name).device), mark, Pace()) if verify and mark.good else None
            ),
        }
    return {"problem": "", "running": found.running, "partitions": partitions, "slots": slots}


def main() -> None:
    module = FleetModule(
        argument_spec={"verify": {"type": "bool", "default": False}},
        supports_check_mode=True,
    )
    with failing(module):
        result = facts(module.params["verify"])
    answer(module, changed=False, **result)


if __name__ == "__main__":
    main()

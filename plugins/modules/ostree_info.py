#!/usr/bin/python
# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)


DOCUMENTATION = r"""
module: ostree_info
short_description: OSTree repository and deployments of a node
version_added: 0.1.0
description:
  - Reads which deployments lie on a node, which one runs, and who owns the boot menu.
extends_documentation_fragment:
  - osmigrate.fleet.attributes
  - osmigrate.fleet.attributes.info
attributes:
  platform:
    platforms: linux
author:
  - osmigrate.fleet contributors (@osmigrate)
"""

EXAMPLES = r"""
- name: Look at the deployments
  osmigrate.fleet.ostree_info:
  register: ostree
"""

RETURN = r"""
version:
  description: Version of the ostree program, empty if it is not installed.
  returned: always
  type: str
  sample: "2022.7"
booted:
  description: Whether an OSTree deployment runs.
  returned: always
  type: bool
repository:
  description: Whether the node has an OSTree repository.
  returned: always
  type: bool
boot_menu_is_ours:
  description: Whether ostree is told to leave the boot menu to this collection.
  returned: always
  type: bool
stateroots:
  description: Names of the stateroots.
  returned: always
  type: list
  elements: str
deployments:
  description: The deployments, newest first.
  returned: always
  type: list
  elements: dict
  contains:
    stateroot:
      description: Name of its stateroot.
      type: str
    commit:
      description: Its commit.
      type: str
    serial:
      description: Tells deployments of the same commit apart.
      type: int
    path:
      description: Where it lies.
      type: str
    link:
      description: The link that its boot entry names.
      type: str
    kernel:
      description: Its kernel in C(/boot).
      type: str
    initrd:
      description: Its initramfs in C(/boot).
      type: str
    devicetree:
      description: Its device tree in C(/boot), empty if it brings none.
      type: str
    booted:
      description: Whether it runs now.
      type: bool
"""

import typing

from ansible_collections.osmigrate.fleet.plugins.module_utils._backends.ostree.program import Ostree
from ansible_collections.osmigrate.fleet.plugins.module_utils._errors import answer, failing
from ansible_collections.osmigrate.fleet.plugins.module_utils._module import FleetModule


def facts(ostree: Ostree, installed: typing.Any) -> typing.Any:
    """Return what the module documents, as dict.

    :param ostree: Ostree.
    :param installed: bool, whether the program is there.
    """
    running = ostree.booted()
    return {
        "version": ostree.version() if installed else "",
        "booted": ostree.is_booted(),
        "repository": ostree.has_repository(),
        "boot_menu_is_ours": installed and ostree.has_repository() and ostree.bootloader_is_ours(),
        "stateroots": ostree.stateroots(),
        "deployments": [dict(found._asdict(), booted=found == running) for found in ostree.deployments()],
    }


def main() -> None:
    module = FleetModule(argument_spec={}, supports_check_mode=True)
    with failing(module):
        result = facts(Ostree(), installed=module.get_bin_path("ostree") is not None)
    answer(module, changed=False, **result)


if __name__ == "__main__":
    main()

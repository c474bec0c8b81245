#!/usr/bin/python
# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Find out which packages a recipe needs, and keep them."""

DOCUMENTATION = r"""
module: release_lock
short_description: Find out which packages a recipe needs, and keep them
version_added: 1.0.0
description:
  - Resolves the packages of a recipe by apt, independent of what this machine has installed, and downloads them. apt
    verifies them with the keyrings that the recipe names.
  - The lock is a directory with the package files, an index by which apt reads it, and C(lock.json), the list of names,
    versions and digests. Builds read packages from there alone, and see that each is the one of the list.
  - A lock that holds what the recipe asks for stays as it is.
author:
  - osmigrate.fleet contributors (@osmigrate)
extends_documentation_fragment:
  - osmigrate.fleet.attributes
  - osmigrate.fleet.recipe
attributes:
  check_mode:
    support: full
  diff_mode:
    support: none
  idempotent:
    support: full
  platform:
    support: full
    platforms: debian
requirements:
  - apt, dpkg
  - PyYAML
options:
  update:
    description: Resolve anew, for newer packages, although the lock holds what the recipe asks for.
    type: bool
    default: false
  locked:
    description: Never resolve; fail where there is no lock that holds what the recipe asks for.
    type: bool
    default: false
  epoch:
    description:
      - Time that everything gets which builds with this lock write, in seconds of the epoch. V(0) is the time at which
        the lock is made.
    type: int
    default: 0
seealso:
  - module: osmigrate.fleet.release_tree
"""

EXAMPLES = r"""
- name: Take this month's packages
  osmigrate.fleet.release_lock:
    recipe: node.yml
    update: true
  delegate_to: localhost
"""

RETURN = r"""
actions:
  description: Packages that were added, removed or changed; in check mode, that a lock would be made.
  returned: success
  type: list
  elements: str
  sample: ["change openssl from 3.5.1-1 to 3.5.1-1+deb13u1"]
lock:
  description: Directory of the lock.
  returned: success
  type: str
packages:
  description: How many packages it holds.
  returned: success
  type: int
bytes:
  description: How much room the package files take.
  returned: success
  type: int
"""

from ansible_collections.osmigrate.fleet.plugins.module_utils._build import locking, recipe, tree
from ansible_collections.osmigrate.fleet.plugins.module_utils._errors import answer, failing
from ansible_collections.osmigrate.fleet.plugins.module_utils._module import FleetModule, need_libraries
from ansible_collections.osmigrate.fleet.plugins.module_utils._release import reader


def main() -> None:
    module = FleetModule(
        argument_spec={
            **recipe.ARGUMENT_SPEC,
            "update": {"type": "bool", "default": False},
            "locked": {"type": "bool", "default": False},
            "epoch": {"type": "int", "default": 0},
        },
        supports_check_mode=True,
    )
    need_libraries(module, reader.MISSING)
    params = module.params
    with failing(module):
        read, directory = recipe.asked(params)
        with tree.alone(params["work_directory"]) as log:
            found = locking.ensure(
                read, directory, params["update"], params["locked"], params["epoch"], log, module.check_mode
            )
    actions = locking.changes(found) if found.is_new else []
    if found.is_new and module.check_mode:
        actions = [f"make lock {directory}"]
    answer(
        module,
        changed=found.is_new,
        actions=actions,
        lock=directory,
        packages=len(found.lock.packages),
        bytes=sum(one.size for one in found.lock.packages),
    )


if __name__ == "__main__":
    main()

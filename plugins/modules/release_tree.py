#!/usr/bin/python
# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Build the tree of a release, stage by stage."""

DOCUMENTATION = r"""
module: release_tree
short_description: Build the tree of a release, stage by stage
version_added: 1.0.0
description:
  - Builds a root file system as a recipe and its lock say, in stages. Programs run in one environment (time, locale,
    time zone, umask) for everybody, scripts of the recipe without a network.
  - What took long is kept in the work directory by the digest of all that it depends on. So a second run goes on where
    the first one stopped, and what did not change is not built again. What no build has used for 30 days is removed.
  - Needs root, or a user namespace in which it is root.
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
    platforms: linux
requirements:
  - mmdebstrap, for recipes that begin with it
  - PyYAML
options:
  until:
    description: The last stage to build.
    type: str
    choices: [base, packages, users, files, units, kernel, tidy]
    default: tidy
seealso:
  - module: osmigrate.fleet.release_lock
  - module: osmigrate.fleet.release_payload
"""

EXAMPLES = r"""
- name: Build the tree
  osmigrate.fleet.release_tree:
    recipe: node.yml
  register: node_tree
  delegate_to: localhost
"""

RETURN = r"""
actions:
  description: Stages that were built, or would be in check mode.
  returned: success
  type: list
  elements: str
  sample: ["build stage base"]
tree:
  description: Directory of the tree after the last stage. Others read it, and do not write into it.
  returned: success
  type: str
digest:
  description: Digest of all that the tree depends on, recipe, lock, files and scripts, in hex.
  returned: success
  type: str
stages:
  description: All stages up to the last one.
  returned: success
  type: list
  elements: dict
  contains:
    name:
      description: Its name.
      type: str
      sample: base
    does:
      description: What it does, and what it waits for.
      type: str
      sample: "waits for mmdebstrap: 231 packages, 528 MB to unpack"
"""

from ansible_collections.osmigrate.fleet.plugins.module_utils._build import locking, recipe, schema, stages, tree
from ansible_collections.osmigrate.fleet.plugins.module_utils._errors import answer, failing
from ansible_collections.osmigrate.fleet.plugins.module_utils._module import FleetModule, need_libraries
from ansible_collections.osmigrate.fleet.plugins.module_utils._release import reader


def main() -> None:
    module = FleetModule(
        argument_spec={
            **recipe.ARGUMENT_SPEC,
            "until": {"type": "str", "choices": list(schema.STAGES), "default": schema.TIDY},
        },
        supports_check_mode=True,
    )
    need_libraries(module, reader.MISSING)
    params = module.params
    with failing(module):
        read, directory = recipe.asked(params)
        with tree.alone(params["work_directory"]) as log:
            locked = locking.ensure(read, directory, False, True, 0, log, module.check_mode).lock
            wanted = stages.of(read.document, locked)
            build = tree.planned if module.check_mode else tree.build
            built = build(read.document, locked, directory, params["work_directory"], params["until"], log)
    shown = wanted[: schema.STAGES.index(params["until"]) + 1]
    answer(
        module,
        changed=bool(built.made),
        actions=[f"build stage {name}" for name in built.made],
        tree=built.path,
        digest=shown[-1].digest,
        stages=[{"name": one.name, "does": one.does} for one in shown],
    )


if __name__ == "__main__":
    main()

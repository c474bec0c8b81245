#!/usr/bin/python
# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Publish a tree: an OSTree commit, an image for slots, and the manifest that names them."""

DOCUMENTATION = r"""
module: release_payload
short_description: Publish a tree as OSTree commit, or as image too, with its manifest
version_added: 1.0.0
description:
  - Brings a copy of a tree, which M(osmigrate.fleet.release_tree) has built, into the shape that OSTree deploys,
    commits it, and writes the manifest of the release. The commit gets its names, and the manifest its place, when all
    is whole.
  - The same recipe, lock, name and version give the same commit everywhere. It has no parent.
  - The manifest is not signed yet.
author:
  - osmigrate.fleet contributors (@osmigrate)
extends_documentation_fragment:
  - osmigrate.fleet.attributes
  - osmigrate.fleet.recipe
attributes:
  check_mode:
    support: partial
    details:
      - It reads the recipe, and says that it would change something.
  diff_mode:
    support: none
  idempotent:
    support: full
  platform:
    support: full
    platforms: linux
requirements:
  - ostree
  - PyYAML
options:
  version:
    description: Version of the release.
    type: str
    required: true
  destination:
    description: Directory that gets C(repo) and, in a directory of the release's id, C(release.yml).
    type: path
    required: true
  url:
    description: URL under which nodes see the destination.
    type: str
    required: true
  serial:
    description: Number that grows with each release of the name, for the manifest; V(0) is none.
    type: int
    default: 0
  minimum_from:
    description: Versions one of which has to run before this one; none are any.
    type: list
    elements: str
    default: []
  gpg_sign:
    description: Key with which OSTree signs the commit, as gpg names it. Without it the commit is not signed.
    type: str
  gpg_homedir:
    description: Home directory of gpg.
    type: path
  gpg_keys:
    description: Public keys for the manifest, ASCII-armoured, with which nodes verify the commit.
    type: list
    elements: str
    default: []
  slots:
    description:
      - Make an image for nodes with two root partitions, too, from the same tree. The destination gets it in C(slots),
        packed, with the index of its blocks. The image has a file system without a journal, whose UUID is that of the
        release and whose files all have the time of the lock, so that the same inputs give the same image everywhere.
      - It needs e2fsprogs 1.47 or newer.
    type: bool
    default: false
  locked:
    description:
      - Build all stages anew, in a place of their own below O(work_directory), and fail if the same inputs gave another
        commit or image before, and say which files differ. C(outcomes.json) of the lock has what they gave; where it
        has nothing of these inputs, RV(unproved) says so.
      - Where diffoscope is installed, C(differs.txt) of O(work_directory) then has what differs in them.
    type: bool
    default: false
seealso:
  - module: osmigrate.fleet.release_tree
  - module: osmigrate.fleet.release_sign
"""

EXAMPLES = r"""
- name: Publish the tree
  osmigrate.fleet.release_payload:
    recipe: node.yml
    version: "13.1"
    destination: public
    url: http://images.example
  delegate_to: localhost
"""

RETURN = r"""
actions:
  description: What was done.
  returned: success
  type: list
  elements: str
  sample: ["commit 8c3b1bf6f2a5", "write public/debian-13-13.1/release.yml"]
manifest:
  description: Path of the manifest.
  returned: success, but not in check mode
  type: str
id:
  description: Id of the release, its name and version.
  returned: success, but not in check mode
  type: str
  sample: debian-13-13.1
commit:
  description: The commit.
  returned: success, but not in check mode
  type: str
previous:
  description:
    - The commit of the newest release there that is older, of those that are signed if any is; where there is none,
      what the branch had before. Empty if there is no other one.
  returned: success, but not in check mode
  type: str
unproved:
  description:
    - With O(locked), payloads of which no outcome of the same inputs was known, so that there was nothing to compare
      them with. What they are now is noted.
  returned: success, but not in check mode
  type: list
  elements: str
  sample: [ostree]
differs:
  description: With O(locked), files that differ from what the same inputs gave before.
  returned: failure
  type: list
  elements: str
  sample: ["M    /usr/etc/motd"]
"""

from ansible_collections.osmigrate.fleet.plugins.module_utils._build import (
    locking,
    ostree,
    payload,
    recipe,
    schema,
    stages,
    tree,
)
from ansible_collections.osmigrate.fleet.plugins.module_utils._errors import answer, failing
from ansible_collections.osmigrate.fleet.plugins.module_utils._module import FleetModule, need_libraries
from ansible_collections.osmigrate.fleet.plugins.module_utils._release import reader


def main() -> None:
    module = FleetModule(
        argument_spec={
            **recipe.ARGUMENT_SPEC,
            "version": {"type": "str", "required": True},
            "destination": {"type": "path", "required": True},
            "url": {"type": "str", "required": True},
            "serial": {"type": "int", "default": 0},
            "minimum_from": {"type": "list", "elements": "str", "default": []},
            "gpg_sign": {"type": "str"},
            "gpg_homedir": {"type": "path"},
            "gpg_keys": {"type": "list", "elements": "str", "default": [], "no_log": False},
            "slots": {"type": "bool", "default": False},
            "locked": {"type": "bool", "default": False},
        },
        supports_check_mode=True,
    )
    need_libraries(module, reader.MISSING)
    params = module.params
    with failing(module):
        read, directory = recipe.asked(params)
        if module.check_mode:
            answer(module, changed=True, actions=["build and commit the release"])
        work = params["work_directory"]
        with tree.alone(work) as log:
            locked = locking.ensure(read, directory, False, True, 0, log, False).lock
            wanted = payload.Wanted(
                params["version"],
                params["destination"],
                params["url"],
                params["serial"],
                params["minimum_from"],
                ostree.Signer(params["gpg_sign"] or "", params["gpg_homedir"] or ""),
                params["gpg_keys"],
                stages.of(read.document, locked)[-1].digest,
                params["locked"],
                params["slots"],
            )
            with tree.place(work, params["locked"]) as place:
                built = tree.build(read.document, locked, directory, place, schema.TIDY, log)
                done = payload.publish(read.document, built.path, work, locked, directory, wanted, log)
    actions = [f"commit {done.commit[:12]}", f"write {done.manifest}"] if done.changed else []
    unproved = done.unknown if params["locked"] else []
    actions += [f"note the outcome of {kind}, of which none was known: nothing is proved yet" for kind in unproved]
    answer(
        module,
        changed=bool(actions),
        actions=actions,
        id=done.id,
        manifest=done.manifest,
        commit=done.commit,
        previous=done.previous,
        unproved=unproved,
    )


if __name__ == "__main__":
    main()

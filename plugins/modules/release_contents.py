#!/usr/bin/python
# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Say what is in a release."""

DOCUMENTATION = r"""
module: release_contents
short_description: Say what is in a release
version_added: 1.0.0
description:
  - Reads a release, a directory or a commit of an OSTree repository, and says what is in it, packages with their sizes
    and licences, files with the rights of others, with capabilities, that everybody may write, or that no package
    brought, users and groups with their numbers, enabled units, sockets that listen, sysctls, kernel options, and what
    the initramfs holds.
  - Lists the packages of dpkg as CycloneDX 1.6 and as SPDX 2.3, too. Packages of rpm are counted and not listed, and no
    such list is made of them.
  - The same release gives the same files, byte by byte, on every machine.
author:
  - osmigrate.fleet contributors (@osmigrate)
extends_documentation_fragment:
  - osmigrate.fleet.attributes
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
  - ostree, for commits
  - the program that unpacks the initramfs, such as zstd
options:
  tree:
    description: Directory of the release, or, with O(repository), a commit or a branch.
    type: str
    required: true
  repository:
    description: Path of the OSTree repository that has O(tree).
    type: path
  name:
    description: What the release is called in the lists of software.
    type: str
    default: release
  version:
    description: Its version there; left out, the first part of its id.
    type: str
  destination:
    description:
      - Directory that gets C(contents.json), C(contents.txt), C(sbom.cdx.json) and C(sbom.spdx.json). It is made if it
        is not there.
      - Without it, nothing is written.
    type: path
  work_directory:
    description: Directory for what other programs have to read as files (a database of rpm), while the module runs.
    type: path
    default: /var/tmp
seealso:
  - module: osmigrate.fleet.release_difference
"""

EXAMPLES = r"""
- name: Say what is in the release
  osmigrate.fleet.release_contents:
    repository: public/repo
    tree: debian/13/x86_64
    name: debian-13
    version: "13.2"
    destination: public/debian-13-13.2
  delegate_to: localhost
"""

RETURN = r"""
actions:
  description: What was written, or would be in check mode.
  returned: success
  type: list
  elements: str
  sample: ["write review/debian-13-13.2/contents.json"]
text:
  description: What is in the release as text; long lists are cut off.
  returned: success
  type: str
counts:
  description: How many of each kind there are.
  returned: success
  type: dict
  sample: {"packages": 231, "set_id": 9, "capabilities": 1, "world_writable": 0, "devices": 0, "without_package": 31,
           "users": 24, "groups": 41, "units": 38, "listens": 2, "sysctls": 12, "kernel_options": 9100,
           "initramfs": 1240}
"""

import typing

from ansible_collections.osmigrate.fleet.plugins.module_utils._errors import failing
from ansible_collections.osmigrate.fleet.plugins.module_utils._module import FleetModule
from ansible_collections.osmigrate.fleet.plugins.module_utils._review import contents, release, report, sbom
from ansible_collections.osmigrate.fleet.plugins.module_utils._review.written import write

COUNTED = (
    "packages",
    "set_id",
    "capabilities",
    "world_writable",
    "devices",
    "without_package",
    "users",
    "groups",
    "units",
    "listens",
    "sysctls",
    "kernel_options",
    "initramfs",
)


def look(params: typing.Dict[str, typing.Any]) -> typing.Tuple[typing.Dict[str, typing.Any], typing.Dict[str, str]]:
    """Read the release: what is in it, as contents.of returns it, and the texts of all files by name.

    :param params: dict, the module's parameters.
    """
    with release.opened(params["tree"], params["repository"] or "", params["work_directory"]) as one:
        found = contents.of(one)
        licences = {package["name"]: package["licences"] for package in found["packages"]}
        version = params["version"] or one.id[:12]
        named = (one.software, licences, params["name"], version, one.id, one.made, one.system or "linux")
        files = {"contents.json": report.as_json(found), "contents.txt": contents.as_text(found)}
        # A list without packages would say that there are none.
        if not found["packages_of_others"]:
            files["sbom.cdx.json"] = sbom.as_json(sbom.cyclonedx(*named))
            files["sbom.spdx.json"] = sbom.as_json(sbom.spdx(*named))
    return found, files


def main() -> None:
    module = FleetModule(
        argument_spec={
            "tree": {"type": "str", "required": True},
            "repository": {"type": "path"},
            "name": {"type": "str", "default": "release"},
            "version": {"type": "str"},
            "destination": {"type": "path"},
            "work_directory": {"type": "path", "default": "/var/tmp"},
        },
        supports_check_mode=True,
    )
    with failing(module):
        found, files = look(module.params)
        destination = module.params["destination"]
        actions = write(destination, files, module.check_mode) if destination else []
    module.exit_json(
        changed=bool(actions),
        actions=actions,
        text=files["contents.txt"],
        counts={part: len(found[part]) for part in COUNTED},
    )


if __name__ == "__main__":
    main()

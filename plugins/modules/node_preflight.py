#!/usr/bin/python
# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)


DOCUMENTATION = r"""
module: node_preflight
short_description: Find what speaks against moving a node to a release
version_added: 0.1.0
description:
  - Looks at the node and returns findings, each with a key that never changes, a severity and a remedy.
  - A finding of severity V(inhibitor) stops the node, unless its key is in O(accepted).
  - Changes nothing.
extends_documentation_fragment:
  - osmigrate.fleet.attributes
  - osmigrate.fleet.attributes.info
attributes:
  platform:
    platforms: linux
author:
  - osmigrate.fleet contributors (@osmigrate)
options:
  release:
    description: What has to be known of the release.
    type: dict
    required: true
    suboptions:
      name:
        description: Name of the release.
        type: str
        required: true
      version:
        description: Version of the release.
        type: str
        required: true
      architecture:
        description: Architecture of its operating system.
        type: str
        required: true
      backend:
        description: The backend by which the node gets it.
        type: str
        default: ostree
      commit:
        description: What the release is pinned to; no room is asked for one that lies there already.
        type: str
        required: true
      size:
        description: Bytes that it takes on the root.
        type: int
        required: true
      boot_size:
        description: Bytes of its kernel and initramfs together.
        type: int
        required: true
      os_id:
        description: What its operating system calls itself (C(ID) of os-release); an empty one is not compared.
        type: str
        default: ''
        version_added: 1.0.0
      serial:
        description: Its place among the releases of its name; V(0) if it has none.
        type: int
        default: 0
      minimum_from:
        description: Versions of the same name, one of which must run now. Empty means any.
        type: list
        elements: str
        default: []
  allow_downgrade:
    description: Let the node go to a release that is older than one of its name that was confirmed on it.
    type: bool
    default: false
  plain_http:
    description: Whether the manifest came over plain http, as RV(osmigrate.fleet.release_info#module:plain_http) says.
    type: bool
    default: false
  deadman_seconds:
    description: Seconds after which a trial that nobody confirms is ended, V(0) if none is.
    type: int
    default: 0
  deadman_most:
    description:
      - The most that this may become on a node whose boots take long, as
        O(osmigrate.fleet.node_carry#module:deadman_most).
    type: int
    default: 0
  reboot_method:
    description: How trials are to be started, as O(osmigrate.fleet.boot_trial#module:method).
    type: str
    choices: [auto, firmware, kexec, soft]
    default: firmware
    version_added: 1.0.0
  firmware_within:
    description: As O(osmigrate.fleet.boot_trial#module:firmware_within).
    type: int
    default: 0
    version_added: 1.0.0
  slot_layout:
    description:
      - What M(osmigrate.fleet.slot_layout) is going to be asked for on this node, by the options of the same names. A
        node without slots is then judged as it is after that, and where they cannot be made the finding
        V(slots-layout) says why.
    type: dict
    version_added: 1.0.0
    suboptions:
      slot_size:
        description: As O(osmigrate.fleet.slot_layout#module:slot_size).
        type: int
        default: 4096
      persist_size:
        description: As O(osmigrate.fleet.slot_layout#module:persist_size).
        type: int
        default: 16384
      disk:
        description: As O(osmigrate.fleet.slot_layout#module:disk).
        type: path
      spare:
        description: As O(osmigrate.fleet.slot_layout#module:spare).
        type: str
  accepted:
    description:
      - Keys of findings that the operator accepts.
      - Findings after which the node would not come back cannot be accepted; naming one fails, and so does a key that
        does not exist.
    type: list
    elements: str
    default: []
seealso:
  - module: osmigrate.fleet.node_info
"""

EXAMPLES = r"""
- name: Can the node be moved
  osmigrate.fleet.node_preflight:
    release:
      name: debian-13
      version: "13.1"
      architecture: x86_64
      commit: 1b4f0e9851971998e732078544c96b36c3d01cedf7caa332359d6f1d83567014
      size: 650000000
      boot_size: 60000000
    accepted:
      - volume-plugin-dir
"""

RETURN = r"""
findings:
  description: What was found, the worst first.
  returned: always
  type: list
  elements: dict
  contains:
    key:
      description: Name of the finding, which never changes.
      type: str
      sample: root-space
    severity:
      description: One of V(info), V(low), V(medium), V(high) and V(inhibitor).
      type: str
    title:
      description: What it is about.
      type: str
    detail:
      description: What was found on this node.
      type: str
    remedy:
      description: What can be done.
      type: str
    acceptable:
      description: Whether an operator may accept it.
      type: bool
    accepted:
      description: Whether the operator accepts it.
      type: bool
inhibitors:
  description: Keys of the findings that stop the node.
  returned: always
  type: list
  elements: str
"""

import typing

from ansible_collections.osmigrate.fleet.plugins.module_utils._backends import registry
from ansible_collections.osmigrate.fleet.plugins.module_utils._backends.slots import backend as slots, making
from ansible_collections.osmigrate.fleet.plugins.module_utils._boot import method
from ansible_collections.osmigrate.fleet.plugins.module_utils._errors import FleetError, answer, failing
from ansible_collections.osmigrate.fleet.plugins.module_utils._module import FleetModule
from ansible_collections.osmigrate.fleet.plugins.module_utils._node import facts, findings as checks

RELEASE = dict(
    name=dict(type="str", required=True),
    version=dict(type="str", required=True),
    architecture=dict(type="str", required=True),
    backend=dict(type="str", default="ostree"),
    commit=dict(type="str", required=True),
    size=dict(type="int", required=True),
    boot_size=dict(type="int", required=True),
    os_id=dict(type="str", default=""),
    serial=dict(type="int", default=0),
    minimum_from=dict(type="list", elements="str", default=[]),
)


def foretold(params: typing.Dict[str, typing.Any]) -> typing.Dict[str, typing.Any]:
    """Return the facts of a node's slots as they are once they were made, or why they cannot be."""
    try:
        return slots.facts_of(making.foretell(*making.asked(params)), {})
    except FleetError as error:
        return slots.no_facts(error.problem)


def main() -> None:
    module = FleetModule(
        argument_spec=dict(
            release=dict(type="dict", required=True, options=RELEASE),
            allow_downgrade=dict(type="bool", default=False),
            plain_http=dict(type="bool", default=False),
            deadman_seconds=dict(type="int", default=0),
            deadman_most=dict(type="int", default=0),
            reboot_method=dict(type="str", choices=method.WANTED, default=method.FIRMWARE),
            firmware_within=dict(type="int", default=0),
            slot_layout=dict(type="dict", options=making.ARGUMENT_SPEC),
            accepted=dict(type="list", elements="str", default=[]),
        ),
        supports_check_mode=True,
    )
    asked = ("deadman_seconds", "deadman_most", "allow_downgrade", "plain_http", "reboot_method", "firmware_within")
    wanted = dict(module.params["release"], **{name: module.params[name] for name in asked})
    with failing(module):
        node = facts.gather()
        if module.params["slot_layout"] and wanted["backend"] == slots.NAME and node[slots.NAME]["problem"]:
            node[slots.NAME] = foretold(module.params["slot_layout"])
        findings = checks.examine(node, wanted, module.params["accepted"], registry.backends())
        stopped = checks.inhibitors(findings)
        result = dict(changed=False, findings=findings, inhibitors=stopped)
        if stopped:
            said = "The node cannot be moved to {name} {version}".format(**wanted)
            refused = checks.refusal(said, findings, stopped)
            refused.result = result
            raise refused
    answer(module, **result)


if __name__ == "__main__":
    main()
